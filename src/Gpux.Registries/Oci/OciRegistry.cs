using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.Oci;

/// <summary>Reads models that are kept as artifacts in container registries: those of ORAS, Docker and ModelPack.</summary>
/// <remarks>Source: OCI distribution and image specifications 1.1. The commit is the digest of the manifest, or of the index, that
/// the tag means.</remarks>
public sealed class OciRegistry(RegistryEnvironment environment) : IModelRegistry, IModelSearch
{
    /// <summary>The variable with the address of a mirror of Docker Hub.</summary>
    public const string HubVariable = "GPUX_DOCKER_HUB_ENDPOINT";

    private const string HubAddress = "https://registry-1.docker.io";
    private const string HubSearchAddress = "https://hub.docker.com";
    private const string HubModels = "ai/";
    private const string ManifestProperty = "manifest";
    private const int ConfigLimitBytes = 1 << 20;
    private const int IndexDepth = 3;
    private const int ShownTags = 20;
    private const int CatalogLimit = 10_000;

    private readonly ConcurrentDictionary<string, OciClient> _clients = new();

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var name = OciName.Read(model.Name, model.Name);
        model = model with { Name = name.ToString(), Path = null };
        var client = Client(name.Host);
        var asked = model with { Revision = model.Revision ?? OciName.DefaultTag };
        var (body, commit, type) = await RootAsync(client, name, asked, cancellationToken);
        var chosen = commit;
        var manifest = Read(name, body, type);
        for (var depth = 0; manifest.Manifests is { } listed; depth++)
        {
            if (depth == IndexDepth)
                throw new UnexpectedReplyException(name.Host, model.ToString(), "its index lists indexes of indexes.");
            chosen = Choose(listed, asked.ToString()).Digest;
            (body, _, type) = await client.ManifestAsync(name.Path, chosen.ToString(), OciMediaTypes.Accepted, asked, cancellationToken);
            manifest = Read(name, body, type);
        }
        var files = OciFiles.Of(manifest, asked.ToString());
        var properties = new Dictionary<string, string>();
        if (chosen != commit)
            properties[ManifestProperty] = chosen.ToString();
        var licence = await DescribeAsync(client, name, model, manifest, properties, cancellationToken);
        return new ModelManifest(model, commit.Hex, files, licence, Page(name)) { Properties = properties };
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var name = OciName.Read(manifest.Model.Name, manifest.Model.Name);
        return Client(name.Host).OpenAsync(name.Path, manifest, file, range, cancellationToken);
    }

    /// <summary>Searches the models of Docker Hub; with a host before the words ("localhost:5000/bert") that registry's
    /// list.</summary>
    public Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        var slash = search.Words.IndexOf('/');
        var host = slash < 0 ? "" : search.Words[..slash];
        return host.AsSpan().ContainsAny('.', ':') || host == "localhost"
            ? SearchCatalogAsync(OciName.Read(search.Words, $"{host}/any").Host, search.Words[(slash + 1)..].Trim(), search.Limit, cancellationToken)
            : SearchHubAsync(search, cancellationToken);
    }

    private async Task<IReadOnlyList<FoundModel>> SearchCatalogAsync(string host, string words, int limit, CancellationToken cancellationToken)
    {
        var repositories = await Client(host).RepositoriesAsync(
            CatalogLimit, new ModelReference(OciName.Registry, host), cancellationToken);
        return [.. repositories.Where(path => path.Contains(words, StringComparison.OrdinalIgnoreCase)).Take(limit)
            .Select(path => new FoundModel(new ModelReference(OciName.Registry, $"{host}/{path}")))];
    }

    // Of Docker Hub's other repositories next to none holds a model.
    private Task<IReadOnlyList<FoundModel>> SearchHubAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        var home = ServerAddress.Read(environment, "Docker Hub", HubVariable, HubSearchAddress);
        var http = new RegistryHttp(environment, "Docker Hub", home, credential: null);
        var query = Uri.EscapeDataString(search.Words.StartsWith(HubModels, StringComparison.Ordinal) ? search.Words : HubModels + search.Words);
        var size = Math.Clamp(search.Limit, 25, 100);
        return new RegistryClient(environment, http, "Try again later.").JsonAsync<IReadOnlyList<FoundModel>>(
            new RegistryRequest(new Uri(home, $"v2/search/repositories/?query={query}&page_size={size}")),
            new ModelReference(OciName.Registry, search.Words),
            (json, _) => [.. json.Items("results").Where(IsModel).Take(search.Limit).Select(found => new FoundModel(
                new ModelReference(OciName.Registry, $"{OciName.DockerHub}/{found.Text("repo_name")}"))
            {
                Description = found.Text("short_description") is { } text ? Printable.Text(text) : null,
                Downloads = found.Long("pull_count"),
                Likes = found.Long("star_count"),
            })], cancellationToken);

        static bool IsModel(JsonElement found) => found.Text("repo_name")?.StartsWith(HubModels, StringComparison.Ordinal) == true;
    }

    private static async Task<(byte[] Body, Digest Digest, string? MediaType)> RootAsync(
        OciClient client, OciName name, ModelReference asked, CancellationToken cancellationToken)
    {
        var revision = asked.Revision!; // ResolveAsync sets it
        var isDigest = revision.Length == 64 && revision.All(char.IsAsciiHexDigitLower);
        try
        {
            return await client.ManifestAsync(
                name.Path, isDigest ? $"sha256:{revision}" : revision, OciMediaTypes.Accepted, asked, cancellationToken);
        }
        catch (RevisionNotFoundException) when (!isDigest)
        {
            throw new RevisionNotFoundException(asked, await TagsAsync(client, name, asked, cancellationToken));
        }
    }

    private static async Task<IReadOnlyCollection<string>> TagsAsync(
        OciClient client, OciName name, ModelReference asked, CancellationToken cancellationToken)
    {
        try
        {
            return await client.TagsAsync(name.Path, ShownTags, asked, cancellationToken);
        }
        // Some registries say of a missing repository, too, that it is the manifest they miss: this tells.
        catch (Exception exception) when (exception is (GpuxException or TransferInterruptedException) and not ModelNotFoundException)
        {
            return []; // That the tag is missing is the news, and some registries list none.
        }
    }

    private static OciManifest Read(OciName name, byte[] body, string? type)
    {
        try
        {
            return OciManifest.Read(body, type);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            throw new UnexpectedReplyException(name.Host, name.ToString(), exception is FormatException ? exception.Message
                : "what it calls a manifest is none; it may be the page of a proxy or a sign-in.", exception);
        }
    }

    // A model is for all platforms. Where all entries name one, this machine's goes before the first.
    private static OciDescriptor Choose(IReadOnlyList<OciDescriptor> listed, string owner)
    {
        var architecture = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "amd64",
            var other => other.ToString().ToLowerInvariant(),
        };
        var candidates = listed.Where(entry => entry.Annotation("vnd.docker.reference.type") is null
            && entry.MediaType is OciMediaTypes.Manifest or OciMediaTypes.DockerManifest or OciMediaTypes.Index or OciMediaTypes.DockerList
                or "").ToList();
        return candidates.Find(entry => entry.ArtifactType?.Contains("model", StringComparison.OrdinalIgnoreCase) == true)
            ?? candidates.Find(entry => entry.Platform is null or "unknown/unknown")
            ?? candidates.Find(entry => entry.Platform == $"linux/{architecture}")
            ?? candidates.FirstOrDefault()
            ?? throw new NotAModelArtifactException(owner, "its index lists no manifest");
    }

    /// <summary>Takes over what annotations and the config say.</summary>
    /// <returns>The licence.</returns>
    private static async Task<string?> DescribeAsync(
        OciClient client, OciName name, ModelReference model, OciManifest manifest, Dictionary<string, string> properties,
        CancellationToken cancellationToken)
    {
        Add("artifact_type", manifest.ArtifactType ?? manifest.Config?.MediaType);
        Add("description", manifest.Annotations.GetValueOrDefault("org.opencontainers.image.description"));
        Add("lastModified", manifest.Annotations.GetValueOrDefault("org.opencontainers.image.created"));
        Add("base_model", manifest.Annotations.GetValueOrDefault("org.opencontainers.image.base.name"));
        var licence = manifest.Annotations.GetValueOrDefault("org.opencontainers.image.licenses");
        if (manifest.Config is not { } config
            || config.SizeBytes > ConfigLimitBytes || !config.MediaType.EndsWith("+json", StringComparison.Ordinal)
            || config.MediaType == OciMediaTypes.Empty)
            return licence;
        try
        {
            using var json = StrictJson.Parse(await client.BlobAsync(name.Path, config, model, cancellationToken));
            if (json.RootElement.Member("descriptor") is { } descriptor)
            {
                Add("lastModified", descriptor.Text("created") ?? descriptor.Text("createdAt"));
                Add("description", descriptor.Text("description") ?? descriptor.Text("title"));
                Add("family", descriptor.Text("family"));
                licence ??= descriptor.Joined("licenses");
            }
            if (json.RootElement.Member("config") is { } details)
            {
                Add("format", details.Text("format"));
                Add("quantization", details.Text("quantization"));
                Add("architecture", details.Text("architecture"));
                Add("parameters", details.Text("parameters") ?? details.Text("paramSize"));
                Add("context_size", details.Text("context_size"));
                Add("precision", details.Text("precision"));
            }
        }
        catch (JsonException)
        {
            // An ORAS artifact may have any bytes as its config.
        }
        return licence;

        void Add(string property, string? value)
        {
            if (value is not null)
                properties.TryAdd(property, value);
        }
    }

    private static string Page(OciName name) => name.Host != OciName.DockerHub ? $"https://{name}"
        : name.Path.StartsWith("library/", StringComparison.Ordinal) ? $"https://hub.docker.com/_/{name.Path["library/".Length..]}"
        : $"https://hub.docker.com/r/{name.Path}";

    private OciClient Client(string host) => _clients.GetOrAdd(host, _ =>
    {
        var home = host == OciName.DockerHub ? ServerAddress.Read(environment, "Docker Hub", HubVariable, HubAddress) : OciHost.Address(environment, host);
        // A mirror of Docker Hub is another host, for which another password is kept.
        var owner = host == OciName.DockerHub && environment.Variable(HubVariable) is not null ? home.Authority : host;
        string? failure = null;
        return new OciClient(environment, host == OciName.DockerHub ? "Docker Hub" : host, home,
            $"Sign in with docker login{(host == OciName.DockerHub ? "" : $" {host}")}: GPUX reads what it stores. Set DOCKER_CONFIG if that is elsewhere.",
            async (_, cancellationToken) =>
            {
                failure = null;
                return await DockerCredential.FindAsync(environment, owner, reason => failure = reason, cancellationToken);
            })
        {
            CredentialFailure = () => failure,
        };
    });
}

/// <summary>A program that keeps credentials failed, and without them the registry refuses.</summary>
public sealed class CredentialHelperException(string registry, string model, string failure) : GpuxException(
    ErrorCode.CredentialHelperFailed,
    $"{registry} refuses {model} without a credential, and none could be had: {failure}.",
    "Repair or remove credsStore or credHelpers in docker's config.json, then sign in again with docker login.");
