using System.Globalization;
using System.Net;
using System.Text.Json;
using Gpux.Registries.Archives;
using Gpux.Registries.Http;

namespace Gpux.Registries.Kaggle;

/// <summary>Reads Kaggle Models.</summary>
/// <remarks>Source: kagglehub 0.3 and kagglesdk 0.1; the REST form of their requests, whose files can be asked for in parts. A version never
/// changes. With up to 25 files each is fetched by itself, else the archive of all, as Kaggle's own client does.</remarks>
public sealed class KaggleRegistry : IModelRegistry, IModelSearch
{
    internal const string Name = "kaggle";
    internal const string Title = "Kaggle";
    private const int FilesByThemselves = 25;
    private const int PageBytesLimit = 1 << 16;
    private const int PageLimit = 50;

    private readonly RegistryEnvironment _environment;
    private readonly Uri _api;
    private readonly KagglehubCache _cache;
    // Read with the first request: a stored model needs no credential.
    private readonly Lazy<RegistryClient> _client;

    /// <exception cref="RegistryUnreachableException">A variable that chooses the server is no web address.</exception>
    public KaggleRegistry(RegistryEnvironment environment)
    {
        _environment = environment;
        _api = KaggleSettings.ReadEndpoint(environment);
        _cache = new KagglehubCache(KaggleSettings.CacheFolder(environment));
        _client = new(() => new RegistryClient(environment,
            new RegistryHttp(environment, Title, _api, KaggleSettings.ReadCredential(environment)),
            $"For a private model set {KaggleSettings.TokenVariable} to an access token (kaggle.com, Settings, API), or KAGGLE_USERNAME and KAGGLE_KEY.")
        {
            Refusal = Refusal,
        });
    }

    internal static string? FindInCache(RegistryEnvironment environment, ModelManifest manifest, ModelFile file) =>
        KaggleHandle.Read(manifest.Model.Name) is { } handle && manifest.Properties.GetValueOrDefault("version") is { } version
            ? new KagglehubCache(KaggleSettings.CacheFolder(environment)).Find(handle, version, file) : null;

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var handle = KaggleHandle.Read(model.Name) ?? throw new InvalidReferenceException(model.ToString(), KaggleHandle.Rule);
        if (model.Revision is { } asked && !model.IsPinned && _cache.FindVersion(handle, asked) is { } folder)
            return Manifest(model, handle, asked, KagglehubCache.List(folder, model.Name), variation: null);
        if (!handle.IsComplete)
            handle = await CompletedAsync(handle, model, cancellationToken);
        var variation = await GetAsync($"models/{handle}/get", model,
            json => KaggleVariation.Read(json.TryGetProperty("instance", out var inner) ? inner : json), cancellationToken);
        var version = model.Revision is null || model.IsPinned ? variation.Version.ToString(CultureInfo.InvariantCulture) : model.Revision;
        var manifest = Manifest(model, handle, version, await ListAsync(model, handle, version, cancellationToken), variation);
        return model.IsPinned && !manifest.Commit.Equals(model.Revision, StringComparison.OrdinalIgnoreCase)
            ? throw new RevisionNotFoundException(model) : manifest;
    }

    public async Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        RepositoryPath.Check(manifest.Model.Name, file.Path);
        var path = file.IsArchive ? "" : "/" + string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        var address = new Uri(_api, $"models/{manifest.Model.Name}/{manifest.Properties.GetValueOrDefault("version")}/download{path}");
        var (isZipped, isJson) = (false, false);
        Digest? DigestOf(HttpReply reply)
        {
            isZipped = !file.IsArchive && IsZipped(reply, file);
            isJson = reply.Response.Content.Headers.ContentType?.MediaType == "application/json"
                && RegistryHttp.IsSameOrigin(reply.Response.RequestMessage!.RequestUri!, _api); // SendAsync always sets both
            return isZipped ? null : GoogleHash.Of(reply);
        }
        var content = await _client.Value.OpenAsync(new RegistryRequest(address), manifest, file, range, DigestOf, cancellationToken)
            .WithSizeAsync(file, Title, address);
        if (isZipped)
            return await UnzippedAsync(content, file, range, () => _client.Value.OpenAsync(
                new RegistryRequest(address), manifest, file, default, DigestOf, cancellationToken), address, cancellationToken);
        return isJson && (file.IsArchive || content.TotalBytes != file.SizeBytes)
            ? await WithoutErrorAsync(content, manifest.Model, address, cancellationToken) : content;
    }

    public async Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        var found = new List<FoundModel>();
        var token = "";
        for (var page = 0; page < PageLimit && found.Count < search.Limit; page++)
        {
            var (models, next) = await GetAsync(
                $"models/list?search={Uri.EscapeDataString(search.Words)}&sortBy=hotness&pageSize=20&pageToken={Uri.EscapeDataString(token)}",
                new ModelReference(Name, search.Words),
                json => (KaggleModel.List(json, "models").Select(KaggleModel.Read).ToList(), KaggleVariation.Text(json, "nextPageToken")),
                cancellationToken);
            found.AddRange(models.SelectMany(model => Found(model, search)));
            if (next is null || next == token || models.Count == 0)
                break;
            token = next;
        }
        return found.Count > search.Limit ? found[..search.Limit] : found;
    }

    private static IEnumerable<FoundModel> Found(KaggleModel model, ModelSearch search) => model.Variations
        .Where(variation => (search.Licence is null || search.Licence.Equals(variation.Licence, StringComparison.OrdinalIgnoreCase))
            && (search.Task is null || model.Tags.Contains(search.Task.Replace('-', ' '), StringComparer.OrdinalIgnoreCase))
            && (variation.SizeBytes is not { } size || size <= (search.MaximalBytes ?? long.MaxValue)))
        .Select(variation => new FoundModel(new ModelReference(Name, $"{model.Owner}/{model.Slug}/{variation.Framework}/{variation.Slug}"))
        {
            Description = model.Subtitle ?? model.Title,
            Task = search.Task,
            Licence = variation.Licence,
            Library = variation.Framework,
            SizeBytes = variation.SizeBytes,
            Likes = model.Votes,
            UpdatedAt = model.UpdatedAt,
        });

    // The one variation that a shorter name leaves.
    private async Task<KaggleHandle> CompletedAsync(KaggleHandle handle, ModelReference model, CancellationToken cancellationToken)
    {
        var all = (await GetAsync($"models/{handle.Owner}/{handle.Model}/get", model, KaggleModel.Read, cancellationToken)).Variations;
        var fitting = all.Where(variation => handle.Framework is null || handle.Framework == variation.Framework).ToList();
        if (fitting is [var only])
            return handle with { Framework = only.Framework, Variation = only.Slug };
        throw new UnknownVariationException(model, (fitting.Count > 0 ? fitting : all)
            .Select(variation => $"{variation.Framework}/{variation.Slug}"));
    }

    private async Task<IReadOnlyList<ModelFile>> ListAsync(
        ModelReference model, KaggleHandle handle, string version, CancellationToken cancellationToken)
    {
        try
        {
            var (files, hasMore) = await GetAsync($"models/{handle}/{version}/files?pageSize={FilesByThemselves}", model,
                json => (KaggleModel.List(json, "files").Select(ReadFile).ToList(), KaggleVariation.Text(json, "nextPageToken") is not null),
                cancellationToken);
            if (hasMore || files.Count > FilesByThemselves)
                return [new ModelFile($"{handle.Variation}.tar.gz", SizeBytes: null, Digest: null) { IsArchive = true }];
            RepositoryPath.CheckAll(model.Name, files);
            return files;
        }
        catch (ModelNotFoundException) when (model.Revision is not null)
        {
            throw new RevisionNotFoundException(model); // The variation itself was found before
        }
    }

    private static ModelFile ReadFile(JsonElement file) =>
        new(KaggleVariation.Text(file, "name") ?? throw new FormatException("a file has no name."), KaggleVariation.Number(file, "size"), Digest: null);

    private static ModelManifest Manifest(
        ModelReference model, KaggleHandle handle, string version, IReadOnlyList<ModelFile> files, KaggleVariation? variation)
    {
        var properties = new Dictionary<string, string> { ["version"] = version, ["library_name"] = handle.Framework ?? "" };
        foreach (var (key, value) in (ReadOnlySpan<(string, string?)>)
            [("description", variation?.Overview), ("instance_type", variation?.Kind)])
        {
            if (value is not null)
                properties[key] = value;
        }
        return new ModelManifest(model with { Name = handle.ToString(), Path = null }, CommitId.Of([], $"{handle}/{version}"), files,
            variation?.Licence, Page(handle, version).ToString()) { Properties = properties };
    }

    private async Task<T> GetAsync<T>(string path, ModelReference model, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        Exception? refusal = null;
        var address = new Uri(_api, path);
        var answer = await _client.Value.JsonAsync(new RegistryRequest(address), model, (json, _) =>
        {
            refusal = ErrorIn(json, model, address);
            return refusal is null ? read(json) : default;
        }, cancellationToken);
        return refusal is null ? answer! : throw refusal; // Read where there is no refusal
    }

    // Some errors come with status 200.
    private GpuxException? ErrorIn(JsonElement json, ModelReference model, Uri address)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return null;
        var code = KaggleVariation.Number(json, "code") ?? 0;
        if (code < 400 && !(json.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.String && error.GetString() is { Length: > 0 }))
            return null;
        var said = Printable.Text(KaggleVariation.Text(json, "message") ?? KaggleVariation.Text(json, "error") ?? $"error {code}");
        return code switch
        {
            404 => new ModelNotFoundException(model.ToString(), $"{Title} has no {model}: {said}.", "Check the spelling on the model's page."),
            403 => Gated(model),
            401 => new AccessDeniedException($"{Title} refuses {model}: {said}.", $"Set {KaggleSettings.TokenVariable} to a valid access token."),
            _ => new UnexpectedReplyException(Title, address.GetLeftPart(UriPartial.Path), $"it reports an error: {said}."),
        };
    }

    private async Task<FileContent> WithoutErrorAsync(
        FileContent content, ModelReference model, Uri address, CancellationToken cancellationToken)
    {
        if (content.TotalBytes is not (>= 0 and <= PageBytesLimit))
            return content;
        using var silence = new SilenceTimer(_environment.SilenceLimit, _environment.Clock, cancellationToken);
        var body = new byte[(int)content.TotalBytes];
        await using (content)
            body = body[..await content.Stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, silence.Token)];
        try
        {
            using var json = StrictJson.Parse(body);
            if (ErrorIn(json.RootElement, model, address) is { } refusal)
                throw refusal;
        }
        catch (JsonException)
        {
            // A file after all.
        }
        return new FileContent(new MemoryStream(body), content.Offset, content.TotalBytes) { EntityTag = content.EntityTag, Digest = content.Digest };
    }

    private async Task<FileContent> UnzippedAsync(
        FileContent content, ModelFile file, FileRange range, Func<Task<FileContent>> openWhole, Uri address, CancellationToken cancellationToken)
    {
        if (range != default)
        {
            // A part of a zip is of no use.
            await content.DisposeAsync();
            content = await openWhole();
        }
        using var silence = new SilenceTimer(_environment.SilenceLimit, _environment.Clock, cancellationToken);
        try
        {
            return new FileContent(
                await ZippedFile.OpenAsync(content.Stream, file.SizeBytes, silence.Token), 0, file.SizeBytes, owner: content.Stream);
        }
        catch (InvalidDataException exception)
        {
            await content.DisposeAsync();
            throw new UnexpectedReplyException(Title, address.GetLeftPart(UriPartial.Path), exception.Message, exception);
        }
        catch
        {
            await content.DisposeAsync();
            throw;
        }
    }

    // 403 means a licence that was not accepted, as well as a private model; the page tells which.
    private GatedModelException? Refusal(HttpReply reply, ReadOnlyMemory<byte> body, ModelReference model) =>
        reply.Response.StatusCode == HttpStatusCode.Forbidden && RegistryHttp.IsSameOrigin(reply.Response.RequestMessage!.RequestUri!, _api) // always set
            ? Gated(model) : null;

    private GatedModelException Gated(ModelReference model) => new(model.ToString(),
        Page(KaggleHandle.Read(model.Name) ?? new KaggleHandle(model.Name, "", null, null), model.IsPinned ? null : model.Revision),
        KaggleSettings.TokenVariable, _client.Value.Http.SendsCredential);

    private static Uri Page(KaggleHandle handle, string? version) =>
        new($"https://www.kaggle.com/models/{handle}{(version is null ? "" : "/" + version)}");

    private static bool IsZipped(HttpReply reply, ModelFile file) =>
        reply.Address.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) && !file.Path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase);

}

/// <summary>A model has several variations, and the reference says not which, or one that there is not.</summary>
public sealed class UnknownVariationException(ModelReference model, IEnumerable<string> variations) : GpuxException(
    ErrorCode.UnknownVariation,
    $"{model} names no one variation of the model.",
    $"After owner/model/ comes one of: {string.Join(", ", variations.Select(Printable.Text).Order(StringComparer.Ordinal).Take(20))}.");
