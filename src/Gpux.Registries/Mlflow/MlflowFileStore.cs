using System.Globalization;
using Gpux.Registries.Http;
using Gpux.Registries.Local;
using Gpux.Registries.Yaml;

namespace Gpux.Registries.Mlflow;

/// <summary>Reads a folder of MLflow's file store, "mlruns", without a server.</summary>
/// <remarks>Source: the layout that MLflow 2.x and 3.x write: models/name/version-n/meta.yaml, models/name/aliases/alias,
/// experiment/run/artifacts, experiment/models/m-id/artifacts.</remarks>
/// <param name="registry">Holds models/.</param>
/// <param name="tracking">Holds the experiments; most often the same folder.</param>
internal sealed class MlflowFileStore(string registry, string tracking) : IMlflowTracking
{
    private const int MetaLimitBytes = 1 << 20;

    public string? Page(MlflowTarget target) => target is MlflowTarget.Registered model ? Path.Combine(registry, "models", model.Name) : tracking;

    public Task<RegisteredModel> ModelAsync(ModelReference model, string name, CancellationToken cancellationToken) =>
        Task.FromResult(Read(() => ReadModel(Folder(model, name), name)));

    public Task<ModelVersion> VersionAsync(ModelReference model, string name, VersionChoice choice, CancellationToken cancellationToken) =>
        Task.FromResult(Read(() =>
        {
            var folder = Folder(model, name);
            switch (choice)
            {
                case VersionChoice.Number number:
                    return ReadVersion(model, name, folder, number.Version);
                case VersionChoice.Alias alias:
                    var file = RepositoryPath.Problem(alias.Name) is null ? Path.Combine(folder, "aliases", alias.Name) : "";
                    return new FileInfo(file) is { Exists: true, Length: < 100 }
                        ? ReadVersion(model, name, folder, File.ReadAllText(file).Trim()) : throw new RevisionNotFoundException(model);
                default:
                    var versions = Directory.EnumerateDirectories(folder, "version-*").Select(path => Path.GetFileName(path)["version-".Length..])
                        .OrderByDescending(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)
                        .Select(text => ReadVersion(model, name, folder, text));
                    return versions.FirstOrDefault(version => choice is not VersionChoice.Stage stage || version.Stage == stage.Name)
                        ?? throw new RevisionNotFoundException(model with { Revision = model.Revision ?? "latest" });
            }
        }));

    public Task<string> VersionFolderAsync(ModelReference model, ModelVersion version, CancellationToken cancellationToken)
    {
        var source = version.Source
            ?? throw new ModelNotFoundException(model.ToString(), $"{model} does not say where its files are.", "Register the version again.");
        // An absolute path does not survive that the whole folder is moved or copied; the run's id does.
        if (FileUri.ToPath(source) is { } path && !Directory.Exists(path) && version.RunId is { } run
            && source.IndexOf("/artifacts", StringComparison.Ordinal) is > 0 and var at && Read(() => RunFolder(run)) is { } folder)
            source = Path.Combine(folder, source[(at + 1)..]);
        return Task.FromResult(source);
    }

    public Task<string> LoggedModelFolderAsync(ModelReference model, string id, CancellationToken cancellationToken) =>
        Task.FromResult(Read(() => Experiments().Select(experiment => Path.Combine(experiment, "models", id, "artifacts")).FirstOrDefault(Directory.Exists)
            ?? throw NotFound(model, $"logged model {id}", tracking)));

    public Task<string> RunFolderAsync(ModelReference model, string id, CancellationToken cancellationToken) =>
        Task.FromResult(Read(() => RunFolder(id) is { } folder ? Path.Combine(folder, "artifacts") : throw NotFound(model, $"run {id}", tracking)));

    public Task<IReadOnlyList<RegisteredModel>> SearchAsync(string words, int limit, CancellationToken cancellationToken)
    {
        var wanted = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var models = Path.Combine(registry, "models");
        return Task.FromResult<IReadOnlyList<RegisteredModel>>(!Directory.Exists(models) ? [] : Read(() =>
            Directory.EnumerateDirectories(models).Select(folder => (Folder: folder, Name: Path.GetFileName(folder)))
                .Where(model => Array.TrueForAll(wanted, word => model.Name.Contains(word, StringComparison.OrdinalIgnoreCase))
                    && File.Exists(Path.Combine(model.Folder, "meta.yaml")))
                .OrderBy(model => model.Name, StringComparer.Ordinal).Take(limit)
                .Select(model => ReadModel(model.Folder, model.Name)).ToArray()));
    }

    private string Folder(ModelReference model, string name)
    {
        var folder = Path.Combine(registry, "models", name);
        return RepositoryPath.Problem(name) is null && Directory.Exists(folder) ? folder : throw NotFound(model, $"model '{name}'", registry);
    }

    private string? RunFolder(string id) =>
        Experiments().Select(experiment => Path.Combine(experiment, id)).FirstOrDefault(run => Directory.Exists(Path.Combine(run, "artifacts")));

    private IEnumerable<string> Experiments() => !Directory.Exists(tracking) ? []
        : Directory.EnumerateDirectories(tracking).Where(folder => Path.GetFileName(folder) is not ("models" or ".trash"));

    private static RegisteredModel ReadModel(string folder, string name)
    {
        var meta = Meta(folder);
        var aliases = Path.Combine(folder, "aliases");
        return new RegisteredModel(name, meta?.Text("description"), JsonMembers.Milliseconds(meta?.Text("last_updated_timestamp")), Texts(Path.Combine(folder, "tags")),
            Texts(aliases));
    }

    private static ModelVersion ReadVersion(ModelReference model, string name, string folder, string version)
    {
        var path = Path.Combine(folder, $"version-{version}");
        if (RepositoryPath.Problem(version) is not null || Meta(path) is not { } meta)
            throw new RevisionNotFoundException(model);
        return new ModelVersion(name, version, meta.Text("description"), meta.Text("current_stage"), meta.Text("storage_location") ?? meta.Text("source"),
            meta.Text("run_id"), meta.Text("status"), JsonMembers.Milliseconds(meta.Text("creation_timestamp")), JsonMembers.Milliseconds(meta.Text("last_updated_timestamp")),
            Texts(Path.Combine(path, "tags")));
    }

    // A folder of small files, each named by its key.
    private static List<KeyValuePair<string, string>> Texts(string folder)
    {
        var texts = new List<KeyValuePair<string, string>>();
        if (Directory.Exists(folder))
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
            {
                if (file.Length < MetaLimitBytes)
                    texts.Add(new(file.Name, File.ReadAllText(file.FullName).Trim()));
            }
        }
        return texts;
    }

    private static YamlNode? Meta(string folder) =>
        new FileInfo(Path.Combine(folder, "meta.yaml")) is { Exists: true, Length: <= MetaLimitBytes } file
            ? YamlNode.Read(File.ReadAllBytes(file.FullName)) : null;

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new LocalModelUnreadableException(registry, exception.Message, "Check that the folder is MLflow's file store, and that you may read it.", exception);
        }
    }

    private static ModelNotFoundException NotFound(ModelReference model, string what, string where) =>
        new(model.ToString(), $"'{where}' holds no {what}.", "Check the spelling, and MLFLOW_TRACKING_URI.");
}
