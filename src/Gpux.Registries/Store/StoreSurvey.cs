using Gpux.Registries.HuggingFace;

namespace Gpux.Registries.Store;

/// <summary>What lies in the store and in the Hub's cache, measured on the disk: each file once, whoever uses it.</summary>
public sealed class StoreSurvey
{
    private readonly Dictionary<string, long> _bytes = [];
    private readonly Dictionary<string, int> _users = [];
    private readonly HashSet<string> _own = [];
    private readonly HashSet<string> _elsewhere = [];
    private readonly List<SurveyedModel> _models = [];
    private readonly List<Remnant> _remnants = [];
    private readonly ModelStore _store;
    private readonly CancellationToken _cancellationToken;

    private StoreSurvey(ModelStore store, CancellationToken cancellationToken) => (_store, _cancellationToken) = (store, cancellationToken);

    /// <summary>By registry, name and commit: those of <see cref="ModelStore.List"/>, and what other tools keep in the Hub's
    /// cache.</summary>
    public IReadOnlyList<SurveyedModel> Models => _models;

    /// <summary>What nothing uses, or nothing will go on with.</summary>
    public IReadOnlyList<Remnant> Remnants => _remnants;

    /// <summary>All of it, each file once. Files of local models are not counted, since they are the user's, nor what lies elsewhere.</summary>
    public long TotalBytes => _bytes.Where(file => !_elsewhere.Contains(file.Key)).Sum(file => file.Value);

    /// <summary>What models use in the caches of other tools, each file once: it goes when those tools let it go.</summary>
    public long ElsewhereBytes => _elsewhere.Sum(id => _bytes[id]);

    public static StoreSurvey Of(ModelStore store, CancellationToken cancellationToken)
    {
        var survey = new StoreSurvey(store, cancellationToken);
        var pulled = store.List().ToDictionary(model => Key(model.Manifest));
        survey.AddModels(pulled.Values);
        survey.AddBlobs();
        if (store.Knows(ModelReference.HuggingFace) && store.FilesOf(new ModelReference(ModelReference.HuggingFace, "")) is HubCache cache)
            survey.AddCache(cache, pulled);
        survey.CountShared();
        survey._remnants.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        survey._models.Sort((left, right) => string.CompareOrdinal(Key(left.Manifest), Key(right.Manifest)));
        return survey;
    }

    /// <summary>How many bytes would be free if these models went: those of files that no other model uses.</summary>
    public long BytesOf(IReadOnlyCollection<SurveyedModel> models)
    {
        var leaving = models.SelectMany(model => model.Files).GroupBy(id => id).ToDictionary(group => group.Key, group => group.Count());
        return leaving.Where(file => file.Value == _users[file.Key] && !_elsewhere.Contains(file.Key)).Sum(file => _bytes[file.Key])
            + models.Sum(model => model.MadeBytes);
    }

    private static string Key(ModelManifest manifest) => $"{manifest.Model.Registry}:{manifest.Model.Name} {manifest.Commit}";

    private void AddModels(IEnumerable<StoredModel> models)
    {
        foreach (var model in models)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            var isLocal = model.Manifest.Model.Registry == ModelReference.Local;
            var files = _store.FindFiles(model.Manifest);
            AddModel(model.Manifest, isLocal ? [] : files.Names.Select(files.Require), model.Folder, model.Revisions, model.LastUsed);
        }
    }

    private void AddModel(
        ModelManifest manifest, IEnumerable<string> files, string? folder, IReadOnlyCollection<string> revisions, DateTimeOffset lastUsed)
    {
        var (ids, store) = (new HashSet<string>(), _store.FilesOf(manifest.Model));
        foreach (var path in files)
        {
            if (Add(path, store.IsElsewhere(path)) is { } id)
                ids.Add(id);
        }
        foreach (var id in ids)
            _users[id] = _users.GetValueOrDefault(id) + 1;
        var (made, variants) = (0L, new List<SurveyedVariant>());
        if (folder is not null)
        {
            foreach (var sub in Directory.EnumerateDirectories(folder))
            {
                // Of published files, what is not counted above: the notes of what archives held.
                var bytes = AddBelow(sub, except: ids);
                if (File.Exists(Path.Combine(sub, "variant.json")))
                    variants.Add(new SurveyedVariant(sub, bytes));
                made += bytes;
            }
            foreach (var file in Directory.EnumerateFiles(folder))
                made += Added(file);
        }
        _models.Add(new SurveyedModel(manifest, folder, [.. revisions], lastUsed, ids, variants, made));
    }

    private void AddBlobs()
    {
        var layout = _store.Layout;
        var linked = StoreFolder.LinkedFiles(layout.Models, layout.Blobs);
        foreach (var blob in Files(layout.Blobs))
        {
            var bytes = Added(blob);
            if (!linked.Contains(blob))
                _remnants.Add(new Remnant(RemnantKind.UnusedFile, blob, bytes, Model: null));
        }
        foreach (var partial in Directory.Exists(layout.PartialDownloads) ? Directory.EnumerateFileSystemEntries(layout.PartialDownloads) : [])
        {
            // A folder is of an archive that was being unpacked.
            var bytes = Directory.Exists(partial) ? AddBelow(partial) : Added(partial);
            _remnants.Add(new Remnant(RemnantKind.PartialDownload, partial, bytes, Model: null));
        }
        var stale = _store.Environment.Clock.GetUtcNow().UtcDateTime - TimeSpan.FromDays(30);
        foreach (var listing in Files(layout.Listings))
        {
            var bytes = Added(listing);
            if (File.GetLastWriteTimeUtc(listing) < stale)
                _remnants.Add(new Remnant(RemnantKind.Listing, listing, bytes, Model: null));
        }
        foreach (var renamed in Files(layout.Models, "renamed"))
        {
            // It serves as long as there is something under the new name.
            var registry = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(renamed))) ?? "";
            if (!Directory.Exists(layout.NameFolder(registry, File.ReadAllText(renamed) is { Length: > 0 } name ? name : "-")))
                _remnants.Add(new Remnant(RemnantKind.FormerName, renamed, Added(renamed), Model: null));
        }
        // Nobody locks what is renamed a moment later: only what is old was left behind.
        var recent = _store.Environment.Clock.GetUtcNow().UtcDateTime - TimeSpan.FromHours(1);
        foreach (var temporary in Files(layout.Models, "*.tmp").Where(path => File.GetLastWriteTimeUtc(path) < recent))
            _remnants.Add(new Remnant(RemnantKind.Temporary, temporary, Added(temporary), Model: null));
    }

    private void AddCache(HubCache cache, Dictionary<string, StoredModel> pulled)
    {
        if (!Directory.Exists(cache.Root.Path))
            return;
        foreach (var folder in Directory.EnumerateDirectories(cache.Root.Path, "models--*"))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            var name = Path.GetFileName(folder)["models--".Length..].Replace("--", "/");
            if (name.Length == 0 || ModelReference.HubIdProblem(name) is not null)
                continue;
            var model = new ModelReference(ModelReference.HuggingFace, name);
            var snapshots = Path.Combine(folder, "snapshots");
            var named = HubCache.Refs(folder).Where(each => each.Commit is not null)
                .ToLookup(each => each.Commit!, each => Path.GetRelativePath(Path.Combine(folder, "refs"), each.Path)); // filtered above
            foreach (var snapshot in Directory.Exists(snapshots) ? Directory.EnumerateDirectories(snapshots) : [])
            {
                var commit = Path.GetFileName(snapshot);
                var manifest = new ModelManifest(model, commit, []);
                if (pulled.ContainsKey(Key(manifest)))
                    continue;
                var files = Files(snapshot).Select(StoreFolder.RealPath).OfType<string>().ToList();
                var lastUsed = files.Select(File.GetLastAccessTimeUtc).DefaultIfEmpty(Directory.GetLastWriteTimeUtc(snapshot)).Max();
                if (_store.FilesOf(model).FindModel(model, commit) is { } found)
                    manifest = found.Manifest;
                AddModel(manifest, files, folder: null, [.. named[commit]], new DateTimeOffset(lastUsed));
                if (files.Count > 0 && !named.Contains(commit))
                    _remnants.Add(new Remnant(RemnantKind.UnusedSnapshot, snapshot, 0, manifest));
            }
            var blobs = Path.Combine(folder, "blobs");
            var linked = StoreFolder.LinkedFiles(snapshots, blobs);
            foreach (var blob in Files(blobs))
            {
                var bytes = Added(blob);
                if (blob.EndsWith(".incomplete", StringComparison.Ordinal) || blob.EndsWith(".etag", StringComparison.Ordinal))
                    _remnants.Add(new Remnant(RemnantKind.PartialDownload, blob, bytes, new ModelManifest(model, "", [])));
                else if (!linked.Contains(blob))
                    _remnants.Add(new Remnant(RemnantKind.UnusedFile, blob, bytes, new ModelManifest(model, "", [])));
            }
            AddBelow(folder); // refs, listings and whatever else lies there
        }
    }

    private void CountShared()
    {
        _elsewhere.ExceptWith(_own); // Such as what one registry takes from the Hub's cache
        foreach (var model in _models)
        {
            var own = model.Files.Where(id => !_elsewhere.Contains(id)).ToArray();
            model.FileBytes = own.Sum(id => _bytes[id]);
            model.SharedBytes = own.Where(id => _users[id] > 1).Sum(id => _bytes[id]);
            model.ElsewhereBytes = model.Files.Where(_elsewhere.Contains).Sum(id => _bytes[id]);
        }
        for (var i = 0; i < _remnants.Count; i++)
        {
            if (_remnants[i] is { Kind: RemnantKind.UnusedSnapshot, Model: { } manifest } snapshot)
                _remnants[i] = snapshot with { Bytes = BytesOf([.. _models.Where(model => Key(model.Manifest) == Key(manifest))]) };
        }
    }

    private string? Add(string path, bool isElsewhere = false)
    {
        if (DiskBlocks.Of(path) is not { } blocks)
            return null;
        (isElsewhere ? _elsewhere : _own).Add(blocks.Id);
        _bytes[blocks.Id] = blocks.Bytes;
        return blocks.Id;
    }

    private long Added(string path) => Add(path) is { } id ? _bytes[id] : 0;

    // Links lead to files that are counted where they lie.
    private long AddBelow(string folder, HashSet<string>? except = null) => Files(folder)
        .Where(path => new FileInfo(path).LinkTarget is null && (except is null || DiskBlocks.Of(path) is not { } blocks || !except.Contains(blocks.Id)))
        .Sum(Added);

    private static IEnumerable<string> Files(string folder, string pattern = "*") => !Directory.Exists(folder) ? []
        : Directory.EnumerateFiles(folder, pattern, new EnumerationOptions
        {
            RecurseSubdirectories = true, MaxRecursionDepth = 32, AttributesToSkip = 0, IgnoreInaccessible = true,
        });
}

/// <summary>A model of the store or of the Hub's cache, with what it takes of the disk.</summary>
/// <param name="Folder">Holds manifest.json and variants; null for one that only other tools fetched.</param>
/// <param name="Revisions">Branches, tags and commits that mean this commit; "" is the registry's default.</param>
/// <param name="LastUsed">Of one that only other tools fetched: the last reading of its files, as the disk tells it.</param>
public sealed record SurveyedModel(
    ModelManifest Manifest, string? Folder, IReadOnlyCollection<string> Revisions, DateTimeOffset LastUsed,
    IReadOnlyCollection<string> Files, IReadOnlyList<SurveyedVariant> Variants, long MadeBytes)
{
    /// <summary>Its published files, by an id of the disk's.</summary>
    internal IReadOnlyCollection<string> Files { get; } = Files;

    public int FileCount => Files.Count;

    /// <summary>What its published files take, those that are shared included.</summary>
    public long FileBytes { get; internal set; }

    /// <summary>What those of its files take that lie in the caches of other tools: none of the other numbers counts them.</summary>
    public long ElsewhereBytes { get; internal set; }

    /// <summary>What those of its files take that another model or commit uses too.</summary>
    public long SharedBytes { get; internal set; }

    /// <summary>What was made of it takes, and its manifest.</summary>
    public long MadeBytes { get; } = MadeBytes;
}

/// <summary>A runnable form that was made of a model.</summary>
public sealed record SurveyedVariant(string Folder, long Bytes);

public enum RemnantKind
{
    /// <summary>A download that was interrupted, or is under way.</summary>
    PartialDownload,

    /// <summary>A file that no model links to.</summary>
    UnusedFile,

    /// <summary>A registry's list of its models that has not changed for 30 days: it is fetched again when it is needed.</summary>
    Listing,

    /// <summary>A commit in the Hub's cache that no branch or tag names, and that was not pulled.</summary>
    UnusedSnapshot,

    /// <summary>A note that a model has another name by now, of which nothing is here.</summary>
    FormerName,

    /// <summary>What a process that died was about to write.</summary>
    Temporary,
}

/// <param name="Path">A file, the folder of a snapshot, or that of an archive that was being unpacked.</param>
/// <param name="Model">Whose it is; null where that is not known.</param>
public sealed record Remnant(RemnantKind Kind, string Path, long Bytes, ModelManifest? Model);
