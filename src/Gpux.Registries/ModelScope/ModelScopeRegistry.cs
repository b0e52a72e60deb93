using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.ModelScope;

/// <summary>Reads ModelScope: modelscope.cn, or the site that MODELSCOPE_ENDPOINT names.</summary>
/// <remarks>Source: hub/api.py and hub/file_download.py of the modelscope client 1.2x. It tells no commit of a branch, so the commit
/// here is a digest of its list of files.</remarks>
public sealed class ModelScopeRegistry : IModelRegistry, IModelSearch
{
    /// <summary>What stands before the colon of a reference.</summary>
    public const string Name = "modelscope";

    private const string Title = "ModelScope";
    private const string DefaultRevision = "master";
    private const string RevisionProperty = "revision";
    private const string TokenVariable = "MODELSCOPE_API_TOKEN";
    private const int SearchLimit = 3000;

    private readonly Uri _home;
    private readonly KeyValuePair<string, string>[] _headers;
    private readonly RegistryClient _client;

    /// <exception cref="RegistryUnreachableException">MODELSCOPE_ENDPOINT is no web address.</exception>
    public ModelScopeRegistry(RegistryEnvironment environment)
    {
        _home = Address(environment);
        var token = Token(environment);
        _headers = token is null ? [Request()] : [Request(), new("Cookie", $"m_session_id={token}")];
        _client = new RegistryClient(environment, new RegistryHttp(
            environment, Title, _home, token is null ? null : new AuthenticationHeaderValue("Bearer", token)),
            $"Set {TokenVariable} to an access token of an account that may read it.");
    }

    /// <summary>The server, with a '/' at its end.</summary>
    /// <exception cref="RegistryUnreachableException">MODELSCOPE_ENDPOINT is no web address.</exception>
    public static Uri Address(RegistryEnvironment environment)
    {
        var domain = environment.Variable("MODELSCOPE_DOMAIN");
        return ServerAddress.Read(environment, Title, "MODELSCOPE_ENDPOINT",
            domain is null ? "https://modelscope.cn" : domain.Contains("://", StringComparison.Ordinal) ? domain : $"https://{domain}");
    }

    /// <summary>Reads "owner/name" and "owner/name@revision".</summary>
    /// <exception cref="InvalidReferenceException">Another form.</exception>
    public static ModelReference ReadReference(string text)
    {
        var model = ModelReference.ReadPlain(Name, text);
        var problem = NameProblem(model.Name) ?? (model.Revision is { } revision ? ModelReference.RevisionProblem(revision) : null);
        return problem is null ? model : throw new InvalidReferenceException($"{Name}:{text}", problem);
    }

    /// <summary>Reads a link to a model's page.</summary>
    /// <exception cref="InvalidReferenceException">It is on the site, but no model's.</exception>
    public static ModelReference? ReadAddress(Uri address)
    {
        if (address.Host is not ("modelscope.cn" or "www.modelscope.cn" or "modelscope.ai" or "www.modelscope.ai"))
            return null;
        if (address.Host.EndsWith(".ai", StringComparison.Ordinal))
            throw new InvalidReferenceException(address.AbsoluteUri,
                "it is on ModelScope's international site: set MODELSCOPE_ENDPOINT=https://www.modelscope.ai and write modelscope:owner/name");
        return address.AbsolutePath.Trim('/').Split('/') is ["models", var owner, var name, ..] ? ReadReference($"{owner}/{name}")
            : throw new InvalidReferenceException(address.AbsoluteUri, "it is no link to a model: expected /models/owner/name");
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        if (NameProblem(model.Name) is { } problem)
            throw new InvalidReferenceException(model.ToString(), problem);
        model = model with { Path = null };
        // A commit of ours names no revision of theirs: whether it is still the same is seen from the list.
        var commit = model is { IsPinned: true, Revision: { Length: 64 } pinned } ? pinned.ToLowerInvariant() : null;
        var revision = commit is null ? model.Revision ?? DefaultRevision : DefaultRevision;
        var properties = new Dictionary<string, string> { [RevisionProperty] = revision };
        var licence = await GetAsync($"api/v1/models/{model.Name}", model, data => Describe(data, properties), cancellationToken);
        List<ModelFile> files;
        try
        {
            files = await GetAsync(
                $"api/v1/models/{model.Name}/repo/files?Revision={Uri.EscapeDataString(revision)}&Recursive=True&Root=", model, ReadFiles,
                cancellationToken);
        }
        catch (ModelNotFoundException) when (model.Revision is not null)
        {
            throw new RevisionNotFoundException(model, await RevisionsAsync(model, cancellationToken));
        }
        RepositoryPath.CheckAll(model.ToString(), files);
        var found = CommitId.Of(files);
        if (commit is not null && commit != found)
            throw new RevisionNotFoundException(model);
        return new ModelManifest(model, found, files, licence, new Uri(_home, $"models/{model.Name}").AbsoluteUri) { Properties = properties };
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var revision = manifest.Properties.GetValueOrDefault(RevisionProperty, DefaultRevision);
        var address = new Uri(_home, $"api/v1/models/{manifest.Model.Name}/repo?Revision={Uri.EscapeDataString(revision)}"
            + $"&FilePath={Uri.EscapeDataString(file.Path)}");
        return _client.OpenAsync(new RegistryRequest(address) { Headers = _headers }, manifest, file, range, digest: null, cancellationToken);
    }

    public Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        var address = $"openapi/v1/models?search={Uri.EscapeDataString(search.Words)}&page_number=1"
            + string.Create(CultureInfo.InvariantCulture, $"&page_size={Math.Clamp(search.Limit, 1, SearchLimit)}")
            + (search.Task is { } task ? $"&task={Uri.EscapeDataString(task)}" : "")
            + (search.Licence is { } licence ? $"&license={Uri.EscapeDataString(licence)}" : "");
        return GetAsync<IReadOnlyList<FoundModel>>(address, new ModelReference(Name, search.Words), data =>
            [.. data.Items("models").Where(item => Id(item) is { } id && NameProblem(id) is null).Take(search.Limit).Select(ReadFound)],
            cancellationToken);
    }

    private static string? Id(JsonElement item) => item.Text("id") is { } id && id.Contains('/') ? id
        : item.Text("Path") is { } owner && item.Text("Name") is { } name ? $"{owner}/{name}" : null;

    private static FoundModel ReadFound(JsonElement item) => new(new ModelReference(Name, Id(item)!)) // Those without an id are left out
    {
        Description = (item.Text("description") ?? item.Text("display_name")) is { } text ? Printable.Text(text) : null,
        Task = item.Joined("tasks")?.Split(',')[0],
        Licence = item.Text("license"),
        Library = item.Joined("libraries") ?? item.Joined("library"),
        ModelType = item.Joined("model_type"),
        Parameters = item.Long("params"),
        Downloads = item.Long("downloads"),
        Likes = item.Long("likes"),
        UpdatedAt = item.Time("last_modified"),
    };

    /// <returns>The licence.</returns>
    private static string? Describe(JsonElement data, Dictionary<string, string> properties)
    {
        foreach (var (from, to) in (ReadOnlySpan<(string, string)>)
            [("Downloads", "downloads"), ("Stars", "likes"), ("Description", "description"), ("LastUpdatedTime", "lastModified"),
            ("Libraries", "library_name"), ("ModelType", "model_type"), ("BaseModel", "base_model"), ("Tags", "tags")])
        {
            if (data.Joined(from) is { } value)
                properties[to] = value;
        }
        // Tasks are names, or objects that have one.
        var tasks = data.Joined("Tasks") ?? string.Join(',', data.Items("Tasks").Select(task => task.Text("Name")).Where(name => name is not null));
        if (tasks.Length > 0)
            properties["pipeline_tag"] = tasks.Split(',')[0];
        return data.Text("License");
    }

    private static List<ModelFile> ReadFiles(JsonElement data)
    {
        var files = new List<ModelFile>();
        foreach (var file in data.Items("Files"))
        {
            if (file.Text("Type") == "tree")
                continue;
            var path = file.Text("Path") ?? throw new FormatException("it lists a file without a path.");
            var digest = file.Text("Sha256") is { Length: 64 } sha256 ? Digest.Parse($"sha256:{sha256.ToLowerInvariant()}") : (Digest?)null;
            files.Add(new ModelFile(path, file.Long("Size") is >= 0 and var size ? size : null, digest) { ObjectId = file.Text("Revision") });
        }
        return files;
    }

    private async Task<IReadOnlyCollection<string>> RevisionsAsync(ModelReference model, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync<IReadOnlyCollection<string>>($"api/v1/models/{model.Name}/revisions", model, data =>
                data.Member("RevisionMap") is { } map
                    ? [.. map.Items("Branches").Concat(map.Items("Tags")).Select(each => each.Text("Revision") ?? "")
                        .Where(name => name.Length > 0).Take(20)]
                    : [], cancellationToken);
        }
        catch (Exception exception) when (exception is GpuxException or TransferInterruptedException)
        {
            return []; // That the revision is missing is the news.
        }
    }

    /// <param name="read">Reads what the answer carries: "Data", or "data", or the answer itself.</param>
    private Task<T> GetAsync<T>(string path, ModelReference model, Func<JsonElement, T> read, CancellationToken cancellationToken) =>
        _client.JsonAsync(new RegistryRequest(new Uri(_home, path)) { Headers = _headers }, model, (json, _) =>
        {
            // An error may come as 200.
            if ((json.Member("Success") ?? json.Member("success")) is { ValueKind: JsonValueKind.False })
                throw Failure(model, json);
            return read(json.Member("Data") ?? json.Member("data") ?? json);
        }, cancellationToken);

    private static GpuxException Failure(ModelReference model, JsonElement json)
    {
        var said = Printable.Text(json.Text("Message") ?? json.Text("message") ?? "no reason given");
        return (json.Text("Code") ?? json.Text("code")) switch
        {
            "401" or "403" => new AccessDeniedException($"{Title} refuses {model}: {said}",
                $"Set {TokenVariable} to an access token of an account that may read it."),
            "404" or "10010205001" => NotFound(),
            _ when said.Contains("not found", StringComparison.OrdinalIgnoreCase)
                || said.Contains("not exist", StringComparison.OrdinalIgnoreCase) => NotFound(),
            _ => new UnexpectedReplyException(Title, model.ToString(), said),
        };

        ModelNotFoundException NotFound() => new(model.ToString(), $"{Title} has no {model}: {said}",
            $"Check the spelling. For a private model set {TokenVariable} to an access token.");
    }

    private static string? NameProblem(string name)
    {
        var parts = name.Split('/');
        return parts.Length == 2 && parts.All(part => part.Length is > 0 and <= 128 && part[0] != '.'
            && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')) ? null
            : "a model is owner/name, of letters, digits, '_', '-' and '.'";
    }

    private static string? Token(RegistryEnvironment environment) =>
        environment.Variable(TokenVariable)?.Trim() is { Length: > 0 } token && token.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 ? token : environment.StoredCredential(Name);

    // For their support to find a request by; nothing is known by it.
    private static KeyValuePair<string, string> Request() => new("X-Request-ID", Guid.NewGuid().ToString("N"));
}
