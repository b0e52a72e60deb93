using System.Collections.Concurrent;
using System.Globalization;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Http;
using Gpux.Registries.Store;

namespace Gpux.Registries.OnnxZoo;

/// <summary>Reads the ONNX Model Zoo, and any GitHub repository that keeps the same manifest.</summary>
/// <remarks>Source: onnx.hub of onnx 1.19; the manifest of github.com/onnx/models. The models' files are found where they are now, in the
/// organisation onnxmodelzoo of the Hugging Face Hub, else where they were, in the repository's LFS storage: their SHA-256 is the
/// manifest's either way.</remarks>
public sealed class OnnxZooRegistry : IModelRegistry, IModelSearch
{
    internal const string Name = "onnx-zoo";
    private const string Title = "ONNX Model Zoo";
    private const string HubOwner = "onnxmodelzoo";

    private readonly ZooManifest _manifest;
    private readonly RegistryClient _raw;
    private readonly RegistryClient _hub;
    private readonly HubSettings _hubSettings;
    private readonly Uri _media;
    private readonly ConcurrentDictionary<string, bool> _notOnHub = new();

    /// <exception cref="RegistryUnreachableException">A variable that chooses a server is no web address.</exception>
    public OnnxZooRegistry(RegistryEnvironment environment)
    {
        var raw = ServerAddress.Read(environment, Title, "GPUX_ONNX_ZOO_RAW", "https://raw.githubusercontent.com");
        _media = ServerAddress.Read(environment, Title, "GPUX_ONNX_ZOO_MEDIA", "https://media.githubusercontent.com/media");
        _hubSettings = HubSettings.Read(environment);
        var hub = ServerAddress.Parse(Title, "HF_ENDPOINT", _hubSettings.Endpoint);
        const string remedy = "Name a model of the zoo (gpux search --registry onnx-zoo finds them), or owner/repo/name for a zoo on GitHub.";
        _raw = new RegistryClient(environment, new RegistryHttp(environment, Title, raw, credential: null), remedy);
        _hub = new RegistryClient(environment, new RegistryHttp(environment, Title, hub, credential: null), remedy);
        _manifest = new ZooManifest(environment, _raw, raw);
    }

    /// <summary>The cache of the zoo's own Python client, whose files are used where they lie.</summary>
    internal static string? FindInCache(RegistryEnvironment environment, ModelFile file)
    {
        var folder = environment.Folder("ONNX_HOME") ?? Path.Combine(
            environment.Folder("XDG_CACHE_HOME") ?? Path.Combine(environment.Home, ".cache"), "onnx");
        if (file is not { IsArchive: false, ObjectId: { } path, Digest: { } digest } || RepositoryPath.Problem(path) is not null)
            return null;
        var slash = path.LastIndexOf('/') + 1;
        return StoreFolder.RealPath(Path.Combine(folder, "hub", path[..slash], $"{digest.Hex}_{path[slash..]}"));
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var name = ZooName.Read(model.Name);
        var entries = await _manifest.GetAsync(name, model, cancellationToken);
        var opsets = entries.Where(entry => entry.Model.Equals(name.Model, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(entry => entry.Opset).ToList();
        if (opsets.Count == 0)
            throw new ModelNotFoundException(model.ToString(), $"The zoo {name.Zoo} has no model '{Printable.Text(name.Model)}'.",
                $"Close to it: {string.Join(", ", Closest(entries, name.Model))}.");
        var chosen = model.Revision is not { } revision ? opsets[0]
            : opsets.Find(entry => entry.Opset.ToString(CultureInfo.InvariantCulture) == revision
                || entry.Commit.Equals(revision, StringComparison.OrdinalIgnoreCase))
                ?? throw new UnknownOpsetException(model, opsets.Select(entry => entry.Opset));
        RepositoryPath.CheckAll(model.Name, chosen.Files);
        var path = chosen.File.ObjectId ?? ""; // Every entry's file has one
        var canonical = (name with { Model = chosen.Model }).ToString();
        return new ModelManifest(model with { Name = canonical, Path = null }, chosen.Commit, chosen.Files, Licence: null,
            $"https://github.com/{name.Zoo}/tree/{name.Ref}/{path[..Math.Max(0, path.LastIndexOf('/'))]}")
        {
            Properties = Properties(chosen),
        };
    }

    public async Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var name = ZooName.Read(manifest.Model.Name);
        var path = file.ObjectId ?? throw new FileNotInModelException(manifest, file.Path);
        RepositoryPath.Check(manifest.Model.Name, path);
        if (name.IsDefaultZoo && HubAddress(manifest, file) is { } onHub && !_notOnHub.ContainsKey(path))
        {
            try
            {
                return await _hub.OpenAsync(new RegistryRequest(onHub), manifest, file, range, digest: null, cancellationToken);
            }
            // The Hub says 401 of a repository that does not exist.
            catch (GpuxException exception) when (exception is FileNotInModelException or AccessDeniedException)
            {
                _notOnHub[path] = true;
            }
        }
        var address = new Uri(_media, $"{name.Zoo}/{name.Ref}/{Escaped(path)}");
        return await _raw.OpenAsync(new RegistryRequest(address), manifest, file, range, digest: null, cancellationToken);
    }

    public async Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        var model = new ModelReference(Name, search.Words);
        var entries = await _manifest.GetAsync(ZooName.Default(search.Words), model, cancellationToken);
        var words = search.Words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [.. entries
            .Where(entry => words.All(word => entry.Model.Contains(word, StringComparison.OrdinalIgnoreCase)
                || entry.Tags.Any(tag => tag.Contains(word, StringComparison.OrdinalIgnoreCase))))
            // The zoo states no licences, and so no model is known to have the one that is wanted.
            .Where(entry => search.Licence is null && (search.Task is null || TaskOf(entry) == search.Task)
                && entry.File.SizeBytes <= (search.MaximalBytes ?? long.MaxValue))
            .GroupBy(entry => entry.Model, StringComparer.OrdinalIgnoreCase)
            .Select(opsets => opsets.MaxBy(entry => entry.Opset)!) // A group is never empty
            .OrderByDescending(entry => entry.Model.StartsWith(search.Words, StringComparison.OrdinalIgnoreCase))
            .ThenBy(entry => entry.Model, StringComparer.OrdinalIgnoreCase)
            .Take(search.Limit)
            .Select(entry => new FoundModel(new ModelReference(Name, entry.Model))
            {
                Description = $"{string.Join(", ", entry.Tags)}; opset {entry.Opset}",
                Task = TaskOf(entry),
                Library = "onnx",
                SizeBytes = entry.File.SizeBytes,
            })];
    }

    private Uri? HubAddress(ModelManifest manifest, ModelFile file)
    {
        var model = manifest.Files.FirstOrDefault(each => !each.IsArchive)?.Path;
        var id = $"{HubOwner}/{Path.GetFileNameWithoutExtension(model)}";
        return _hubSettings.OfflineVariable is null && ModelReference.HubIdProblem(id) is null
            ? new Uri($"{_hubSettings.Endpoint}/{id}/resolve/main/{Uri.EscapeDataString(file.Path)}") : null;
    }

    private static Dictionary<string, string> Properties(ZooEntry entry)
    {
        var properties = new Dictionary<string, string>
        {
            ["library_name"] = "onnx",
            ["tags"] = string.Join(',', entry.Tags),
            ["opset_version"] = entry.Opset.ToString(CultureInfo.InvariantCulture),
            ["onnx_version"] = entry.OnnxVersion,
        };
        foreach (var (key, value) in (ReadOnlySpan<(string, string?)>)
            [("pipeline_tag", TaskOf(entry)), ("inputs", entry.Inputs), ("outputs", entry.Outputs)])
        {
            if (value is not null)
                properties[key] = value;
        }
        return properties;
    }

    // The zoo's tags are its folders: this one is a task by itself.
    private static string? TaskOf(ZooEntry entry) =>
        entry.Tags.Contains("vision") && entry.Tags.Contains("classification") ? "image-classification" : null;

    private static IEnumerable<string> Closest(IReadOnlyList<ZooEntry> entries, string name)
    {
        var letters = new string([.. name.TakeWhile(char.IsAsciiLetterOrDigit)]);
        var names = entries.Select(entry => entry.Model).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase).ToList();
        var close = names.Where(known => letters.Length > 0 && known.Contains(letters, StringComparison.OrdinalIgnoreCase)).Take(8).ToList();
        return (close.Count > 0 ? close : names.Take(8)).Select(Printable.Text);
    }

    private static string Escaped(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}

/// <summary>The zoo has the model, but not for this version of the ONNX operators.</summary>
public sealed class UnknownOpsetException(ModelReference model, IEnumerable<int> opsets) : GpuxException(
    ErrorCode.UnknownVariation,
    $"{model.Registry}:{model.Name} is not published for '{model.Revision}'.",
    $"After '@' comes one of its opsets: {string.Join(", ", opsets)}; without it the largest is meant.");
