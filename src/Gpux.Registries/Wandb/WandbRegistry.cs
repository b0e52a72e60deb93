using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gpux.Registries.Http;
using Gpux.Registries.S3;

namespace Gpux.Registries.Wandb;

/// <summary>Reads model artifacts of Weights &amp; Biases.</summary>
/// <remarks>Source: the GraphQL interface and file addresses that wandb's Python client uses, storage layouts V1 and V2.</remarks>
public sealed class WandbRegistry : IModelRegistry, IModelSearch
{
    // Properties from which OpenAsync makes the address of a file.
    private const string ArtifactId = "wandb_artifact_id";
    private const string Layout = "wandb_storage_layout";
    private const string Region = "wandb_storage_region";
    private const string Version = "wandb_version";

    // What a file's id begins with where it lies elsewhere and the artifact only refers to it.
    private const string ReferenceMark = "ref:";
    private const string RegistryProject = "wandb-registry-";
    // Access tokens last an hour.
    private static readonly TimeSpan AccessTokenLife = TimeSpan.FromMinutes(50);
    private const int PageSize = 100;
    private const int PageLimit = 1000;
    private const int ManifestLimitBytes = 64 << 20;

    private readonly RegistryEnvironment _environment;
    private readonly WandbSettings _settings;
    private RegistryClient? _client;
    private DateTimeOffset _clientUntil;
    private readonly Lazy<S3Client> _amazon;
    private readonly Lazy<S3Client> _google;

    public WandbRegistry(RegistryEnvironment environment) : this(environment, WandbSettings.Read(environment))
    {
    }

    internal WandbRegistry(RegistryEnvironment environment, WandbSettings settings)
    {
        (_environment, _settings) = (environment, settings);
        _amazon = new(() => new S3Client(environment, S3Settings.Amazon(environment)));
        _google = new(() => new S3Client(environment, S3Settings.Google(environment)));
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        ThrowIfOffline(model.ToString());
        var (entity, project, collection) = await CompleteAsync(model, cancellationToken);
        // A commit is none of the registry's names.
        var alias = model.IsPinned ? "latest" : model.Revision ?? "latest";
        var found = await FindAsync(model, entity, project, $"{collection}:{alias}", cancellationToken);
        if (found.State != "COMMITTED")
            throw new ModelNotReadyException(model, found.State);
        var properties = found.Properties;
        var (files, facts) = await ReadManifestAsync(model, found, cancellationToken);
        foreach (var (key, value) in facts)
            properties[key] = value;
        RepositoryPath.CheckAll(model.ToString(), files);
        var commit = CommitId.Of(files, $"{_settings.Base}\n{found.Id}\n{found.Digest}");
        if (model.IsPinned && !model.Revision!.Equals(commit, StringComparison.OrdinalIgnoreCase)) // IsPinned: there is one
            throw new RevisionNotFoundException(model);
        var name = $"{entity}/{project}/{collection}";
        var site = _settings.Base.Host == "api.wandb.ai" ? "https://wandb.ai/" : _settings.Base.AbsoluteUri;
        return new ModelManifest(model with { Name = name, Path = null }, commit, files, found.Licence,
            $"{site}{Uri.EscapeDataString(entity)}/{Uri.EscapeDataString(project)}/artifacts/{Uri.EscapeDataString(found.Type)}/{Uri.EscapeDataString(collection)}/{properties[Version]}")
        {
            Properties = properties,
        };
    }

    public async Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        ThrowIfOffline($"The file {file.Path} of {manifest.Model}");
        RepositoryPath.Check(manifest.Model.ToString(), file.Path);
        if (file.ObjectId?.StartsWith(ReferenceMark, StringComparison.Ordinal) == true)
            return await OpenReferenceAsync(manifest, file, file.ObjectId[ReferenceMark.Length..], range, cancellationToken);
        var client = await ClientAsync(cancellationToken);
        if (file.Digest is not { } digest || manifest.Model.Name.Split('/') is not [var entity, var project, var collection])
            throw new FileNotInModelException(manifest, file.Path);
        var properties = manifest.Properties;
        var last = Uri.EscapeDataString(file.Path[(file.Path.LastIndexOf('/') + 1)..]);
        // Each address redirects to a signed one of the storage, so that none expires between two attempts.
        var (artifact, birth) = (Escaped(properties.GetValueOrDefault(ArtifactId)), Escaped(file.ObjectId));
        var start = $"artifactsV2/{Escaped(properties.GetValueOrDefault(Region) ?? "default")}/{Escaped(entity)}";
        string[] addresses = properties.GetValueOrDefault(Layout) == "V1" ? [$"artifacts/{Escaped(entity)}/{digest.Hex}"]
            : [$"{start}/{Escaped(project)}/{Escaped(collection)}/{artifact}/{birth}/{digest.Hex}/{last}",
                $"{start}/{Escaped(project)}/{Escaped(collection)}/{birth}/{digest.Hex}/{last}"];
        foreach (var address in addresses)
        {
            try
            {
                return await client.OpenAsync(
                    new RegistryRequest(new Uri(_settings.Base, address)), manifest, file, range, digest: null, cancellationToken);
            }
            catch (FileNotInModelException)
            {
                // Of another age of the server: the next form, and at last the list of files with an address each.
            }
        }
        var direct = await FindDirectAsync(manifest, file, entity, project, collection, cancellationToken);
        return await Anonymous(direct).OpenAsync(new RegistryRequest(direct), manifest, file, range, digest: null, cancellationToken);
    }

    public async Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        ThrowIfOffline("What a search finds");
        if (search.Task is not null || search.Licence is not null)
            return []; // Artifacts say neither.
        if (_settings.Project is not { } project)
            throw new RegistryNotConfiguredException("Weights & Biases is searched a project at a time, and no variable names one.",
                "Set WANDB_PROJECT, and WANDB_ENTITY where it is another's.");
        var model = new ModelReference(_settings.Name, project);
        var entity = _settings.Entity ?? await ViewerAsync(model, cancellationToken);
        var words = search.Words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var filter = words.Length == 0 ? null : $"{{\"name\":{{\"$regex\":\"{JsonEncodedText.Encode(System.Text.RegularExpressions.Regex.Escape(words[0]))}\"}}}}";
        var found = new List<FoundModel>();
        string? cursor = null;
        for (var page = 0; page < PageLimit && found.Count < search.Limit; page++)
        {
            cursor = await AskAsync(model, WandbQueries.Collections, (data, _) =>
            {
                var list = Object(Object(data, "project"), "artifactCollections");
                foreach (var edge in list.Items("edges"))
                {
                    var node = edge.GetProperty("node");
                    var name = node.Required("name");
                    if (Object(node, "type").Text("name") is "model" or null
                        && Array.TrueForAll(words, word => name.Contains(word, StringComparison.OrdinalIgnoreCase)) && found.Count < search.Limit)
                        found.Add(new FoundModel(new ModelReference(_settings.Name, $"{entity}/{project}/{name}"))
                        {
                            Description = node.Text("description"),
                            UpdatedAt = DateTimeOffset.TryParse(node.Text("createdAt"), CultureInfo.InvariantCulture, out var time) ? time : null,
                        });
                }
                return NextPage(list);
            }, cancellationToken, ("entity", entity), ("project", project), ("cursor", cursor), ("perPage", PageSize), ("filters", filter));
            if (cursor is null)
                break;
        }
        return found;
    }

    // [entity/]project/collection, with what is left out from the settings or the account.
    private async Task<(string Entity, string Project, string Collection)> CompleteAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var parts = model.Name.Split('/');
        if (parts is [var only])
            parts = [_settings.Project ?? throw new InvalidReferenceException(
                $"{_settings.Name}:{only}", "artifacts are written entity/project/collection, unless WANDB_PROJECT is set"), only];
        if (parts is [var project, var collection])
            parts = [_settings.Entity ?? await ViewerAsync(model, cancellationToken), project, collection];
        // The registry's projects belong to the organisation's own entity, which has a name of its own.
        if (parts[1].StartsWith(RegistryProject, StringComparison.Ordinal))
        {
            var owner = await AskAsync(model, WandbQueries.Organization,
                (data, _) => Object(Object(data, "organization"), "orgEntity").Text("name"), cancellationToken, ("o", parts[0]));
            parts[0] = owner ?? parts[0];
        }
        return (parts[0], parts[1], parts[2]);
    }

    private async Task<string> ViewerAsync(ModelReference model, CancellationToken cancellationToken) =>
        await AskAsync(model, WandbQueries.Viewer, (data, _) => Object(data, "viewer").Text("entity"), cancellationToken)
            ?? throw new AccessDeniedException($"{_settings.Title} does not know whose models are meant: no credential was sent.", _settings.CredentialRemedy);

    private async Task<FoundArtifact> FindAsync(
        ModelReference model, string entity, string project, string name, CancellationToken cancellationToken)
    {
        FoundArtifact? found;
        try
        {
            found = await AskAsync(model, WandbQueries.Membership, (data, _) =>
            {
                var membership = Object(Project(data), "artifactCollectionMembership");
                return membership.ValueKind == JsonValueKind.Object ? FoundArtifact.Read(Object(membership, "artifact"), membership) : null;
            }, cancellationToken, ("entity", entity), ("project", project), ("name", name));
        }
        catch (UnknownFieldException)
        {
            found = await AskAsync(model, WandbQueries.OlderArtifact, (data, _) =>
            {
                var artifact = Object(Project(data), "artifact");
                return artifact.ValueKind == JsonValueKind.Object ? FoundArtifact.Read(artifact, artifact) : null;
            }, cancellationToken, ("entity", entity), ("project", project), ("name", name));
        }
        return found ?? throw new RevisionNotFoundException(model with { Name = $"{entity}/{project}/{name[..name.LastIndexOf(':')]}", Revision = name[(name.LastIndexOf(':') + 1)..] });

        JsonElement Project(JsonElement data)
        {
            var inside = Object(data, "project");
            return inside.ValueKind == JsonValueKind.Object ? inside : throw new ModelNotFoundException(model.ToString(),
                $"{_settings.Title} has no project {entity}/{project}, or this key may not see it.", $"Check the spelling. {_settings.CredentialRemedy}");
        }
    }

    private async Task<(List<ModelFile> Files, Dictionary<string, string> Facts)> ReadManifestAsync(
        ModelReference model, FoundArtifact artifact, CancellationToken cancellationToken)
    {
        // The address expires: one that is refused is asked for once more.
        for (var attempt = 0; ; attempt++)
        {
            var direct = await AskAsync(model, WandbQueries.Manifest, (data, _) => 
                Object(Object(Object(data, "artifact"), "currentManifest"), "file").Required("directUrl"), cancellationToken, ("id", artifact.Id));
            var address = Given(direct);
            try
            {
                return await Anonymous(address).JsonAsync(new RegistryRequest(address), model, (json, reply) =>
                    Read(json, artifact, reply.Address), cancellationToken);
            }
            catch (AccessDeniedException) when (attempt == 0)
            {
            }
        }
    }

    private (List<ModelFile>, Dictionary<string, string>) Read(JsonElement json, FoundArtifact artifact, string address)
    {
        var facts = new Dictionary<string, string>();
        var policy = Object(json, "storagePolicyConfig");
        facts[Layout] = policy.Text("storageLayout") ?? "V1";
        facts[Region] = policy.Text("storageRegion") ?? "default";
        var files = new List<ModelFile>();
        var listed = new List<(string Path, string Digest)>();
        foreach (var entry in json.GetProperty("contents").EnumerateObject())
        {
            var digest = entry.Value.Required("digest");
            listed.Add((entry.Name, digest));
            if (entry.Value.Text("ref") is { } reference)
                // Its digest is the other storage's tag.
                files.Add(new ModelFile(entry.Name, entry.Value.Size("size"), null) { ObjectId = $"{ReferenceMark}{reference}" });
            else
                files.Add(new ModelFile(entry.Name, entry.Value.Size("size"), new Digest(DigestAlgorithm.Md5, OfBase64(digest)))
                {
                    ObjectId = entry.Value.Text("birthArtifactID"),
                });
        }
        files.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        if (artifact.Digest is { } expected && DigestOf(listed) is var actual && actual != expected)
            throw new UnexpectedReplyException(_settings.Title, address, $"the list of files has the digest {actual}, not the artifact's {expected}.");
        return (files, facts);
    }

    /// <summary>An artifact's digest: MD5 of its paths, in order, each with its file's digest.</summary>
    internal static string DigestOf(List<(string Path, string Digest)> entries)
    {
        entries.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
#pragma warning disable CA5351 // The registry's own digest.
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        md5.AppendData("wandb-artifact-manifest-v1\n"u8);
        foreach (var (path, digest) in entries)
            md5.AppendData(Encoding.UTF8.GetBytes($"{path}:{digest}\n"));
        return Convert.ToHexStringLower(md5.GetHashAndReset());
    }

    private Task<FileContent> OpenReferenceAsync(
        ModelManifest manifest, ModelFile file, string reference, FileRange range, CancellationToken cancellationToken)
    {
        var colon = reference.IndexOf("://", StringComparison.Ordinal);
        var scheme = colon < 0 ? "" : reference[..colon];
        if (scheme is "s3" or "gs")
        {
            var place = reference[(colon + 3)..].Split('?')[0];
            var (bucket, key) = ObjectAddress.Split(place);
            return (scheme == "s3" ? _amazon : _google).Value.OpenAsync(manifest, file, bucket, key, entityTag: null, range, cancellationToken);
        }
        if (scheme is not ("http" or "https"))
            throw new UnsupportedStorageException($"'{reference}', to which {manifest.Model} refers", "GPUX follows http, https, s3 and gs");
        var address = Given(reference);
        return Anonymous(address).OpenAsync(new RegistryRequest(address), manifest, file, range, digest: null, cancellationToken);
    }

    private async Task<Uri> FindDirectAsync(
        ModelManifest manifest, ModelFile file, string entity, string project, string collection, CancellationToken cancellationToken)
    {
        string? cursor = null;
        for (var page = 0; page < PageLimit; page++)
        {
            Uri? address = null;
            cursor = await AskAsync(manifest.Model, WandbQueries.Files, (data, _) =>
            {
                var list = Object(Object(Object(Object(data, "project"), "artifactCollection"), "artifactMembership"), "files");
                foreach (var edge in list.Items("edges"))
                {
                    if (edge.GetProperty("node").Text("name") == file.Path && edge.GetProperty("node").Text("directUrl") is { } direct)
                        address = Given(direct);
                }
                return NextPage(list);
            }, cancellationToken, ("entity", entity), ("project", project), ("collection", collection),
                ("alias", manifest.Properties.GetValueOrDefault(Version) ?? "latest"), ("cursor", cursor), ("perPage", PageSize));
            if (address is not null)
                return address;
            if (cursor is null)
                break;
        }
        throw new FileNotInModelException(manifest, file.Path);
    }

    private async Task<T> AskAsync<T>(
        ModelReference model, string query, Func<JsonElement, HttpReply, T> read, CancellationToken cancellationToken,
        params (string Name, object? Value)[] variables)
    {
        var client = await ClientAsync(cancellationToken);
        var request = new RegistryRequest(new Uri(_settings.Base, "graphql")) { Method = HttpMethod.Post, Body = Body(query, variables) };
        return await client.JsonAsync(request, model, (json, reply) =>
        {
            // Errors come with status 200 too.
            if (json.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0)
                throw Refusal(model, errors[0].Text("message") ?? "an error");
            return read(Object(json, "data"), reply);
        }, cancellationToken);
    }

    private Exception Refusal(ModelReference model, string message)
    {
        var shown = Printable.Text(message);
        if (message.Contains("Cannot query field", StringComparison.OrdinalIgnoreCase) || message.Contains("Unknown argument", StringComparison.OrdinalIgnoreCase))
            return new UnknownFieldException(shown);
        if (message.Contains("permission", StringComparison.OrdinalIgnoreCase) || message.Contains("not authorized", StringComparison.OrdinalIgnoreCase)
            || message.Contains("unauthorized", StringComparison.OrdinalIgnoreCase))
            return new AccessDeniedException($"{_settings.Title} refuses {model}: {shown}", _settings.CredentialRemedy);
        return message.Contains("not found", StringComparison.OrdinalIgnoreCase) || message.Contains("could not find", StringComparison.OrdinalIgnoreCase)
            ? new ModelNotFoundException(model.ToString(), $"{_settings.Title} has no {model}: {shown}", $"Check the spelling. {_settings.CredentialRemedy}")
            : new UnexpectedReplyException(_settings.Title, new Uri(_settings.Base, "graphql").AbsoluteUri, shown);
    }

    private static byte[] Body(string query, (string Name, object? Value)[] variables)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("query", query);
            json.WriteStartObject("variables");
            foreach (var (name, value) in variables)
            {
                if (value is int number)
                    json.WriteNumber(name, number);
                else if (value is string text)
                    json.WriteString(name, text);
            }
            json.WriteEndObject();
            // "query Name(" or "query Name {"
            json.WriteString("operationName", query.Split(' ', '(')[1]);
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    private async Task<RegistryClient> ClientAsync(CancellationToken cancellationToken)
    {
        if (_client is { } client && _environment.Clock.GetUtcNow() < _clientUntil)
            return client;
        var (credential, until) = (_settings.Credential(), DateTimeOffset.MaxValue);
        if (credential is null && _settings.IdentityTokenFile is { } file)
        {
            credential = await ExchangeAsync(file, cancellationToken);
            until = _environment.Clock.GetUtcNow() + AccessTokenLife;
        }
        client = new RegistryClient(_environment, new RegistryHttp(_environment, _settings.Title, _settings.Base, credential), _settings.CredentialRemedy);
        (_clientUntil, _client) = (until, client);
        return client;
    }

    // A workload's identity token against an access token of an hour: RFC 7523.
    private async Task<AuthenticationHeaderValue> ExchangeAsync(string file, CancellationToken cancellationToken)
    {
        string token;
        try
        {
            token = (await File.ReadAllTextAsync(file, cancellationToken)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AccessDeniedException($"The identity token in '{file}' cannot be read: {exception.Message}", "Correct WANDB_IDENTITY_TOKEN_FILE.");
        }
        var address = new Uri(_settings.Base, "oidc/token");
        return await Anonymous(address).JsonAsync(new RegistryRequest(address)
        {
            Method = HttpMethod.Post,
            BodyType = "application/x-www-form-urlencoded",
            Body = Encoding.ASCII.GetBytes($"grant_type={Uri.EscapeDataString("urn:ietf:params:oauth:grant-type:jwt-bearer")}&assertion={Uri.EscapeDataString(token)}"),
        }, new ModelReference(_settings.Name, "identity"), (json, _) => new AuthenticationHeaderValue("Bearer", json.Required("access_token")), cancellationToken);
    }

    private RegistryClient Anonymous(Uri address) => new(
        _environment, new RegistryHttp(_environment, $"{_settings.Title}'s storage", address, credential: null), _settings.CredentialRemedy)
    {
        // A signed address has expired most often, and the next attempt asks for a new one.
        Refusal = (reply, _, model) => (int)reply.Response.StatusCode is 400 or 403
            ? new AccessDeniedException($"The storage refuses the files of {model} ({(int)reply.Response.StatusCode}).", "Pull again.") : null,
    };

    private Uri Given(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address)
        ? new RegistryHttp(_environment, _settings.Title, _settings.Base, credential: null).Given(address, _settings.Base)
        : throw new UnexpectedReplyException(_settings.Title, _settings.Base.GetLeftPart(UriPartial.Authority), "the address of a file is none.");

    private void ThrowIfOffline(string what)
    {
        if (_settings.OfflineVariable is { } variable)
            throw new OfflineException(what, variable);
    }

    private static JsonElement Object(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    private static string? NextPage(JsonElement list)
    {
        var page = Object(list, "pageInfo");
        return page.ValueKind == JsonValueKind.Object && page.TryGetProperty("hasNextPage", out var more) && more.ValueKind == JsonValueKind.True
            ? page.Text("endCursor") : null;
    }

    private static string OfBase64(string text)
    {
        Span<byte> hash = stackalloc byte[32];
        return Convert.TryFromBase64String(text, hash, out var written) && written == 16 ? Convert.ToHexStringLower(hash[..16])
            : throw new FormatException("a file has no MD5.");
    }

    private static string Escaped(string? text) => Uri.EscapeDataString(text ?? "");

    // The server is older than the query.
    private sealed class UnknownFieldException(string message) : Exception(message);

    /// <summary>What the registry says of a version of an artifact.</summary>
    private sealed record FoundArtifact(string Id, string State, string? Digest, string Type, string? Licence, Dictionary<string, string> Properties)
    {
        public static FoundArtifact Read(JsonElement artifact, JsonElement membership)
        {
            var id = artifact.Required("id");
            var type = Object(artifact, "artifactType").Text("name") ?? "model";
            var version = membership.Text("versionIndex") ?? artifact.Text("versionIndex");
            var properties = new Dictionary<string, string> { [ArtifactId] = id, [Version] = $"v{version ?? "0"}" };
            var metadata = artifact.Text("metadata");
            foreach (var (key, value) in ((string, string?)[])
            [
                ("description", artifact.Text("description")), ("createdAt", artifact.Text("createdAt")),
                ("lastModified", artifact.Text("updatedAt") ?? artifact.Text("createdAt")),
                ("tags", Joined(artifact, "tags", "name")), ("wandb_aliases", Joined(membership, "aliases", "alias")),
                ("wandb_type", type), ("wandb_digest", artifact.Text("digest")), ("wandb_metadata", metadata is { Length: < 4096 } and not "{}" ? metadata : null),
            ])
            {
                if (value is not null)
                    properties[key] = value;
            }
            return new FoundArtifact(id, artifact.Text("state") ?? "COMMITTED", artifact.Text("digest"), type, LicenceOf(metadata), properties);
        }

        private static string? Joined(JsonElement of, string list, string member)
        {
            var texts = of.Items(list).Select(each => each.Text(member)).OfType<string>().ToArray();
            return texts.Length == 0 ? null : string.Join(',', texts);
        }

        // A JSON text that the publisher wrote freely.
        private static string? LicenceOf(string? metadata)
        {
            try
            {
                using var json = StrictJson.Parse(Encoding.UTF8.GetBytes(metadata ?? "{}"));
                return json.RootElement.Text("license") ?? json.RootElement.Text("licence");
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }
}
