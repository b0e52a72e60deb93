using System.Collections.Concurrent;
using System.Security.Cryptography;
using Gpux.Conversion;
using Gpux.Onnx;
using Gpux.Registries;
using Gpux.Registries.Store;

namespace Gpux.Models.Detection;

/// <summary>Loads what ONNX files need besides their graphs, from what they say of themselves. Each is loaded once while it stays as it is.</summary>
/// <remarks>Safe for concurrent use.</remarks>
public sealed class HubConfigurations
{
    // Asked for by name where no list of the repository is at hand: other clients' caches keep none.
    private static readonly string[] WellKnown =
    [
        "config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "tokenizer.model",
        "chat_template.jinja", "modules.json", "1_Pooling/config.json", "config_sentence_transformers.json", "sentence_bert_config.json",
    ];

    private const string SamplePrefix = $"{ModelReference.Samples}:";

    private readonly ModelStore _store;
    private readonly HubCommits _commits;
    private readonly ConcurrentDictionary<Key, Task<HubConfiguration>> _loaded = new();

    public HubConfigurations(RegistryEnvironment environment, ModelStore store)
    {
        _store = store;
        _commits = new HubCommits(environment, store);
    }

    /// <summary>Loads the configuration of an ONNX file: from the files beside it if its config.json is there, else of the model that its
    /// metadata name, from this machine if they are here and from the Hub if not.</summary>
    /// <exception cref="UnknownOriginException">Neither does it name a model, nor is a config.json beside it.</exception>
    /// <exception cref="CommitPrefixException">It names a commit by digits that are of none, or of several.</exception>
    /// <exception cref="InvalidOnnxException">Not an ONNX model.</exception>
    /// <exception cref="ModelNotFoundException">There is no such file, or no such model.</exception>
    public async Task<HubConfiguration> LoadAsync(string path, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.GetFullPath(path));
        var key = new Key(file.FullName, file.Exists ? file.LastWriteTimeUtc : default, file.Exists ? file.Length : -1);
        if (_loaded.TryGetValue(key, out var known) && known.IsCompletedSuccessfully && IsHere(await known))
            return await known;
        var loading = LoadNewAsync(file.FullName, progress, cancellationToken);
        _loaded[key] = loading;
        return await loading;
    }

    private static bool IsHere(HubConfiguration configuration) =>
        configuration.Refusal is null && configuration.Files.Names.All(name => File.Exists(configuration.Files.Require(name)));

    private async Task<HubConfiguration> LoadNewAsync(string path, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var origin = OnnxOrigin.Read(path);
        if (Beside(path, origin) is { } beside)
            return new HubConfiguration(origin, null, beside, null);
        if (origin.Id is null)
            throw new UnknownOriginException(path, "its metadata name no model (hf_hub_id), and no config.json of it lies beside it");
        try
        {
            var reference = await ReferenceAsync(path, origin, progress, cancellationToken);
            var resolved = await _store.ResolveAsync(reference, Lookup.PreferStore, progress, cancellationToken);
            var files = await FetchAsync(resolved, progress, cancellationToken);
            return new HubConfiguration(origin, resolved.Manifest, WithConfig(path, origin, files), null);
        }
        catch (GpuxException refusal) when (origin.Config is not null && refusal is not CommitPrefixException)
        {
            // Labels and limits are known all the same.
            return new HubConfiguration(origin, null, WithConfig(path, origin, new ModelFiles(new Dictionary<string, string>(), path)), refusal);
        }
    }

    // Not those of another model that happen to lie in the same folder.
    private static ModelFiles? Beside(string path, OnnxOrigin origin)
    {
        var folder = Path.GetDirectoryName(path)!; // a full path of a file
        var config = new FileInfo(Path.Combine(folder, "config.json"));
        try
        {
            if (!config.Exists || (origin.ConfigBytes is { } own && !IsSame(config, own)))
                return null;
            var paths = new Dictionary<string, string>();
            foreach (var name in Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Concat(WellKnown).Distinct())
            {
                var file = new FileInfo(Path.Combine(folder, name.Replace('/', Path.DirectorySeparatorChar)));
                if (file.Exists && WeightFiles.IsConfiguration(new ModelFile(name, file.Length, null)))
                    paths[name] = file.FullName;
            }
            return new ModelFiles(paths, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // What cannot be read is as good as not there.
        }
    }

    private async Task<ModelReference> ReferenceAsync(string path, OnnxOrigin origin, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var id = origin.Id!; // the caller has looked
        // Folders of this machine and other registries are for the user to name, not for a stranger's file.
        if (!origin.IsOnHub)
            return id.StartsWith(SamplePrefix, StringComparison.Ordinal) ? ModelReference.Parse(id)
                : throw new UnknownOriginException(path, $"it was made of '{id}', which is no model of the Hub, and no config.json lies beside it");
        if (origin.Revision is { } stated && ModelReference.RevisionProblem(stated) is { } problem)
            throw new UnknownOriginException(path, $"its metadata name the revision '{stated}' of {id}, but {problem}");
        var revision = origin.HasPrefixOnly ? await _commits.FindAsync(id, origin.Revision!, progress, cancellationToken) : origin.Revision; // has a prefix
        return new ModelReference(ModelReference.HuggingFace, id, revision);
    }

    private async Task<ModelFiles> FetchAsync(ResolvedModel resolved, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var listed = resolved.Manifest.Files.Where(WeightFiles.IsConfiguration).ToArray();
        var here = _store.FindFiles(resolved.Manifest with { Files = listed });
        // Fetching notes that the model is used, which takes longer than all else.
        var fetched = here.Names.Count() == listed.Length ? here : await _store.FetchAsync(resolved, listed, progress, cancellationToken);
        if (resolved.ListsEveryFile)
            return fetched;
        var unlisted = WellKnown.Where(name => resolved.Manifest.Find(name) is null)
            .Select(name => TryFetchAsync(resolved, new ModelFile(name, null, null), cancellationToken));
        var paths = fetched.Names.ToDictionary(name => name, fetched.Require);
        foreach (var found in await Task.WhenAll(unlisted))
            foreach (var name in found?.Names ?? [])
                paths[name] = found!.Require(name); // it has a name
        return new ModelFiles(paths, resolved.Manifest.Model.ToString());
    }

    /// <returns>Null if the model has no such file, which the store then remembers, or nobody can be asked.</returns>
    private async Task<ModelFiles?> TryFetchAsync(ResolvedModel resolved, ModelFile file, CancellationToken cancellationToken)
    {
        try
        {
            return await _store.FetchAsync(resolved, [file], progress: null, cancellationToken);
        }
        catch (GpuxException exception) when (exception is FileNotInModelException or OfflineException or RegistryUnreachableException)
        {
            return null;
        }
    }

    // The file's own config.json decides, and is on this machine in most cases.
    private ModelFiles WithConfig(string path, OnnxOrigin origin, ModelFiles files)
    {
        if (origin.ConfigBytes is not { } config || (files.Find("config.json") is { } here && IsSame(new FileInfo(here), config)))
            return files;
        var paths = files.Names.ToDictionary(name => name, files.Require);
        paths["config.json"] = WriteConfig(path, config);
        return new ModelFiles(paths, path);
    }

    /// <summary>Writes a configuration where GPUX keeps what it makes of a model.</summary>
    /// <returns>Its path.</returns>
    private string WriteConfig(string path, byte[] config)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(config))[..40];
        var target = Path.Combine(_store.FolderOf(new ModelManifest(new ModelReference(ModelReference.Local, path), digest, [])), "config.json");
        if (File.Exists(target))
            return target;
        _store.Write(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!); // a file lies in a folder
            var unfinished = $"{target}.{Path.GetRandomFileName()}";
            File.WriteAllBytes(unfinished, config);
            File.Move(unfinished, target, overwrite: true);
        });
        return target;
    }

    private static bool IsSame(FileInfo file, byte[] content) =>
        file.Length == content.Length && content.AsSpan().SequenceEqual(File.ReadAllBytes(file.FullName));

    private readonly record struct Key(string Path, DateTime Changed, long SizeBytes);
}
