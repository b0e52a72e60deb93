using System.Collections.Concurrent;
using System.Globalization;
using Gpux.Registries.Http;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.S3;

namespace Gpux.Registries.Mlflow;

/// <summary>Reads models of an MLflow server, or of a folder of MLflow's file store.</summary>
/// <remarks>
/// Files are named as the model's flavor needs them: what MLflow keeps in the flavor's own folder (model/, data/, components/tokenizer/)
/// lies at the model's root, and keeps its place in <see cref="ModelFile.ObjectId"/>. What a transformers model was logged without is
/// listed from its repository on the Hugging Face Hub.
/// </remarks>
public sealed class MlflowRegistry : IModelRegistry, IModelSearch
{
    /// <summary>A property: the address of the folder that holds the files.</summary>
    public const string ArtifactUri = "mlflow_artifact_uri";

    private const string HubScheme = "hf:";
    private const int HopLimit = 4;
    private const int MlmodelLimitBytes = 1 << 20;

    private readonly RegistryEnvironment _environment;
    private readonly RegistryEnvironment _overTls;
    private readonly MlflowSettings _settings;
    private readonly Lazy<RegistryClient> _tracking;
    private readonly Lazy<IMlflowTracking> _models;
    private readonly ConcurrentDictionary<string, IArtifactStore> _stores = new();
    private readonly Lazy<HuggingFaceRegistry> _hub;

    public MlflowRegistry(RegistryEnvironment environment) : this(environment, MlflowSettings.Read(environment))
    {
    }

    internal MlflowRegistry(RegistryEnvironment environment, MlflowSettings settings)
    {
        (_environment, _settings) = (environment, settings);
        _overTls = settings.Tls.Apply(environment);
        _tracking = new(() => Client(Server(settings.TrackingUri)));
        _models = new(OpenTracking);
        _hub = new(() => new HuggingFaceRegistry(environment));
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var (target, models) = (MlflowReference.Target(model), _models.Value);
        var properties = new Dictionary<string, string>();
        string address;
        string? licence = null;
        switch (target)
        {
            case MlflowTarget.Registered registered:
                var known = await models.ModelAsync(model, registered.Name, cancellationToken);
                var version = await models.VersionAsync(model, registered.Name, registered.Choice, cancellationToken);
                if (version.Status is { } status && status != "READY")
                    throw new ModelNotReadyException(model, status);
                licence = Describe(known, version, properties);
                target = new MlflowTarget.Registered(registered.Name, new VersionChoice.Number(version.Version));
                address = await models.VersionFolderAsync(model, version, cancellationToken);
                break;
            case MlflowTarget.Logged logged:
                properties["mlflow_model_id"] = logged.Id;
                address = await models.LoggedModelFolderAsync(model, logged.Id, cancellationToken);
                break;
            default:
                var run = (MlflowTarget.Run)target;
                properties["mlflow_run_id"] = run.Id;
                address = Below(await models.RunFolderAsync(model, run.Id, cancellationToken), run.Path);
                break;
        }
        address = await FollowAsync(model, address, cancellationToken);
        var (store, inStore, addressOf) = StoreOf(address);
        var (folder, files) = await store.ListAsync(model, inStore, cancellationToken);
        if (files.Count == 0)
            throw new ModelNotFoundException(model.ToString(), $"{_settings.Title} knows {model}, but there is no file at {Printable.Text(address)}.",
                "Check the path of the artifact, or whether its files were deleted.");
        properties[ArtifactUri] = addressOf(folder);
        if (files.FirstOrDefault(file => file.Path == Mlmodel.FileName) is { } description)
        {
            var mlmodel = Mlmodel.Read(model, await ReadAsync(model, store, folder, description, cancellationToken));
            foreach (var (key, value) in mlmodel.Properties)
                properties.TryAdd(key, value);
            files = await CompleteAsync(model, mlmodel, mlmodel.Arrange(files), properties, cancellationToken);
        }
        RepositoryPath.CheckAll(model.ToString(), files);
        var created = properties.GetValueOrDefault("createdAt");
        var commit = CommitId.Of(files, $"{_settings.TrackingUri}\n{properties[ArtifactUri]}\n{created}");
        if (model.IsPinned && !model.Revision!.Equals(commit, StringComparison.OrdinalIgnoreCase)) // IsPinned: there is one
            throw new RevisionNotFoundException(model);
        return new ModelManifest(model with { Path = null }, commit, files, licence, models.Page(target)) { Properties = properties };
    }

    public async Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        if (file.ObjectId?.StartsWith(HubScheme, StringComparison.Ordinal) == true)
        {
            // hf:name@commit/path: only the path may contain another '/' after the commit.
            var (at, slash) = (file.ObjectId.IndexOf('@'), file.ObjectId.IndexOf('/', file.ObjectId.IndexOf('@') + 1));
            if (at < 0 || slash < 0)
                throw new FileNotInModelException(manifest, file.Path);
            var source = new ModelReference(ModelReference.HuggingFace, file.ObjectId[HubScheme.Length..at]);
            return await _hub.Value.OpenAsync(new ModelManifest(source, file.ObjectId[(at + 1)..slash], []),
                file with { Path = file.ObjectId[(slash + 1)..] }, range, cancellationToken);
        }
        if (!manifest.Properties.TryGetValue(ArtifactUri, out var folder))
            throw new FileNotInModelException(manifest, file.Path);
        var path = file.ObjectId ?? file.Path;
        RepositoryPath.Check(manifest.Model.ToString(), path);
        var (store, inStore, _) = StoreOf(folder);
        return await store.OpenAsync(manifest, file, inStore, path, range, cancellationToken);
    }

    public async Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        // MLflow keeps no task, licence or size that a search could ask for.
        if (search.Task is not null || search.Licence is not null)
            return [];
        var found = await _models.Value.SearchAsync(search.Words, search.Limit, cancellationToken);
        return [.. found.Select(model => new FoundModel(new ModelReference(_settings.Name, model.Name))
        {
            Description = model.Description,
            UpdatedAt = model.UpdatedAt,
        })];
    }

    // models:/ and runs:/ are what a version was registered from: asked further until a place is named.
    private async Task<string> FollowAsync(ModelReference model, string address, CancellationToken cancellationToken)
    {
        for (var hop = 0; hop < HopLimit; hop++)
        {
            if (address.StartsWith("runs:/", StringComparison.Ordinal) || address.StartsWith("models:/", StringComparison.Ordinal))
            {
                var colon = address.IndexOf(':');
                var named = MlflowReference.Target(MlflowReference.Read(model.Registry, address[..colon], address[(colon + 1)..]));
                address = named switch
                {
                    MlflowTarget.Run run => Below(await _models.Value.RunFolderAsync(model, run.Id, cancellationToken), run.Path),
                    MlflowTarget.Logged logged => await _models.Value.LoggedModelFolderAsync(model, logged.Id, cancellationToken),
                    MlflowTarget.Registered other => await _models.Value.VersionFolderAsync(model,
                        await _models.Value.VersionAsync(model, other.Name, other.Choice, cancellationToken), cancellationToken),
                    _ => throw new InvalidOperationException("All targets are named."),
                };
                continue;
            }
            return address;
        }
        throw new UnexpectedReplyException(_settings.Title, address, "its models refer to one another in a circle.");
    }

    private static string Below(string address, string path) => path.Length == 0 ? address : $"{address.TrimEnd('/')}/{path}";

    /// <returns>The store, the part of the address that it needs, and what makes an address of such a part again.</returns>
    private (IArtifactStore Store, string InStore, Func<string, string> AddressOf) StoreOf(string address)
    {
        const string service = "/api/2.0/mlflow-artifacts/artifacts/";
        var colon = address.IndexOf(':');
        var scheme = colon > 1 ? address[..colon] : "file"; // A letter alone is a drive.
        switch (scheme)
        {
            case "mlflow-artifacts":
                var rest = address[(colon + 1)..];
                var tracking = Server(_settings.TrackingUri);
                if (!rest.StartsWith("//", StringComparison.Ordinal))
                    return (Proxy(tracking), rest.TrimStart('/'), folder => $"mlflow-artifacts:/{folder}");
                var slash = rest.IndexOf('/', 2);
                var host = slash < 0 ? rest[2..] : rest[2..slash];
                // By the tracking server's scheme, as MLflow's client has it.
                return (Proxy(Server($"{tracking.Scheme}://{host}")), slash < 0 ? "" : rest[(slash + 1)..], folder => $"mlflow-artifacts://{host}/{folder}");
            case "http" or "https" when address.IndexOf(service, StringComparison.Ordinal) is > 0 and var at:
                var server = address[..at];
                return (Proxy(Server(server)), Uri.UnescapeDataString(address[(at + service.Length)..]),
                    folder => $"{server}{service}{string.Join('/', folder.Split('/').Select(Uri.EscapeDataString))}");
            case "s3":
                return (_stores.GetOrAdd(scheme, _ => new BucketArtifacts(
                    new S3Client(_environment, S3Settings.Amazon(_environment, _environment.Variable("MLFLOW_S3_ENDPOINT_URL"))), "s3://")), address, folder => folder);
            case "gs":
                return (_stores.GetOrAdd(scheme, _ => new BucketArtifacts(new S3Client(_environment, S3Settings.Google(_environment)), "gs://")), address, folder => folder);
            case "file":
                var path = FileUri.ToPath(address);
                // A folder of the server's machine is none of ours, and a stranger must not choose which of ours are read.
                if (path is null || (IsWeb(_settings.TrackingUri) && !Server(_settings.TrackingUri).IsLoopback))
                    throw new UnsupportedStorageException($"'{address}'", "it is a folder of the server's machine");
                return (_stores.GetOrAdd(scheme, _ => new FolderArtifacts()), path, folder => folder);
            default:
                throw new UnsupportedStorageException($"'{address}'", $"it knows mlflow-artifacts, http, s3, gs and file, not '{scheme}'");
        }
    }

    private IArtifactStore Proxy(Uri server) =>
        _stores.GetOrAdd(server.AbsoluteUri, _ => new ProxiedArtifacts(_overTls,
            IsWeb(_settings.TrackingUri) && RegistryHttp.IsSameOrigin(server, Server(_settings.TrackingUri)) ? _tracking.Value : Anonymous(server), server));

    private IMlflowTracking OpenTracking()
    {
        if (IsWeb(_settings.RegistryUri) && IsWeb(_settings.TrackingUri))
        {
            var (registry, tracking) = (Server(_settings.RegistryUri), Server(_settings.TrackingUri));
            return new MlflowServer(registry == tracking ? _tracking.Value : Client(registry), registry, _tracking.Value, tracking);
        }
        if (FileUri.ToPath(_settings.RegistryUri) is { } folder && FileUri.ToPath(_settings.TrackingUri) is { } runs)
            return new MlflowFileStore(folder, runs);
        throw new RegistryNotConfiguredException(
            $"GPUX reads MLflow servers and folders of its file store, not '{Printable.Text(IsWeb(_settings.TrackingUri) ? _settings.RegistryUri : _settings.TrackingUri)}'.",
            "Start a server on it (mlflow server --backend-store-uri ...), and set MLFLOW_TRACKING_URI to its address.");
    }

    private async Task<byte[]> ReadAsync(
        ModelReference model, IArtifactStore store, string folder, ModelFile file, CancellationToken cancellationToken)
    {
        if (file.SizeBytes > MlmodelLimitBytes)
            throw new InvalidMlmodelException(model, $"it exceeds {MlmodelLimitBytes >> 20} MiB");
        await using var content = await store.OpenAsync(
            new ModelManifest(model, "", [file]), file, folder, file.Path, default, cancellationToken);
        using var silence = new SilenceTimer(_environment.SilenceLimit, _environment.Clock, cancellationToken);
        var bytes = new byte[MlmodelLimitBytes + 1];
        var length = 0;
        try
        {
            for (int read; length < bytes.Length && (read = await content.Stream.ReadAsync(bytes.AsMemory(length), silence.Restarted())) > 0;)
                length += read;
        }
        catch (Exception broken) when (RegistryHttp.IsBrokenConnection(broken, cancellationToken))
        {
            throw new TransferInterruptedException(new RegistryUnreachableException(_settings.Title, broken.Message, broken));
        }
        catch (InvalidDataException undecodable)
        {
            throw new UnexpectedReplyException(_settings.Title, Mlmodel.FileName, "it cannot be decompressed.", undecodable);
        }
        if (content.TotalBytes is { } total && length < total)
            throw new TransferInterruptedException(new RegistryUnreachableException(_settings.Title, $"{Mlmodel.FileName} ended after {length:N0} of {total:N0} bytes."));
        return bytes[..length];
    }

    // What was not stored with the model is listed from the Hub; what is stored has precedence.
    private async Task<IReadOnlyList<ModelFile>> CompleteAsync(
        ModelReference model, Mlmodel mlmodel, IReadOnlyList<ModelFile> files, Dictionary<string, string> properties,
        CancellationToken cancellationToken)
    {
        if (mlmodel.Sources.Count == 0)
            return files;
        var all = new List<ModelFile>(files);
        var taken = files.Select(file => file.Path).ToHashSet(StringComparer.OrdinalIgnoreCase);
        // A component's own repository before the model's.
        foreach (var source in mlmodel.Sources.Reverse())
        {
            var manifest = await _hub.Value.ResolveAsync(
                new ModelReference(ModelReference.HuggingFace, source.Name, source.Revision), cancellationToken);
            if (source.Component is null)
            {
                properties["mlflow_source_model"] = manifest.Model.Name;
                properties["mlflow_source_commit"] = manifest.Commit;
            }
            foreach (var file in manifest.Files)
            {
                if ((source.Component is null || HubSource.IsOfComponents(file.Path)) && taken.Add(file.Path))
                    all.Add(file with { ObjectId = $"{HubScheme}{manifest.Model.Name}@{manifest.Commit}/{file.Path}" });
            }
        }
        all.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        return all;
    }

    // The same keys as the Hub's where they mean the same.
    private static string? Describe(RegisteredModel model, ModelVersion version, Dictionary<string, string> properties)
    {
        var tags = model.Tags.Concat(version.Tags).ToArray();
        foreach (var (key, value) in ((string, string?)[])
        [
            ("description", version.Description ?? model.Description),
            ("lastModified", (version.UpdatedAt ?? version.CreatedAt)?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)),
            ("createdAt", version.CreatedAt?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)),
            ("tags", tags.Length == 0 ? null : string.Join(',', tags.Select(tag => $"{tag.Key}:{tag.Value}"))),
            ("mlflow_model_version", version.Version),
            ("mlflow_stage", version.Stage is "None" ? null : version.Stage),
            ("mlflow_aliases", string.Join(',', model.Aliases.Where(alias => alias.Value == version.Version).Select(alias => alias.Key))),
            ("mlflow_run_id", version.RunId),
            ("mlflow_source", version.Source),
        ])
        {
            if (!string.IsNullOrEmpty(value))
                properties[key] = value;
        }
        // The version's own tag before the model's.
        return tags.LastOrDefault(tag => tag.Key.ToLowerInvariant() is "license" or "licence").Value;
    }

    private RegistryClient Client(Uri server) => new(_overTls,
        new RegistryHttp(_overTls, _settings.Title, server, _settings.Credential()), _settings.CredentialRemedy) { Refusal = MlflowServer.Refusal };

    // The credential is the tracking server's: no other host may see it.
    private RegistryClient Anonymous(Uri server) => new(_overTls,
        new RegistryHttp(_overTls, _settings.Title, server, credential: null), _settings.CredentialRemedy) { Refusal = MlflowServer.Refusal };

    private static bool IsWeb(string uri) =>
        uri.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || uri.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private Uri Server(string uri) => IsWeb(uri) && Uri.TryCreate(uri.TrimEnd('/') + "/", UriKind.Absolute, out var server) ? server
        : throw new RegistryNotConfiguredException($"{_settings.Title}'s address '{Printable.Text(uri)}' is no web address.",
            "Set MLFLOW_TRACKING_URI to the address of the MLflow server, such as https://mlflow.example.");
}
