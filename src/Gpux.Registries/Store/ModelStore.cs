using System.Collections.Concurrent;
using Gpux.Registries.Archives;
using Gpux.Registries.Download;
using Gpux.Registries.Http;
using Gpux.Registries.HuggingFace;

namespace Gpux.Registries.Store;

/// <summary>Finds models, fetches their files and knows which are on this machine. Safe for concurrent use.</summary>
/// <remarks>Hub files lie in the Hub's cache (HF_HUB_CACHE), others below $GPUX_HOME, local ones where they are.</remarks>
public sealed class ModelStore
{
    /// <summary>A manifest's property: the name that was asked for, where the registry calls the model otherwise by
    /// now.</summary>
    public const string FormerName = "former_name";

    /// <summary>A manifest's property: the server that it came from, of a registry of which there are several.</summary>
    public const string Server = "server";

    private const int FilesAtOnce = 4;

    private readonly RegistryEnvironment _environment;
    private readonly StoreLayout _layout;
    private readonly Retry _retry;
    private readonly Downloader _downloader;
    private readonly Func<string, long> _freeBytes;
    private readonly IReadOnlyList<RegistryEntry> _registries;
    private readonly ConcurrentDictionary<string, OpenedRegistry> _opened = new();

    /// <param name="registries">Those of <see cref="RegistryCatalog"/> where null.</param>
    public ModelStore(RegistryEnvironment environment, IEnumerable<RegistryEntry>? registries = null)
        : this(environment, registries, FreeBytes)
    {
    }

    /// <param name="freeBytes">Gives the free space of a folder's volume.</param>
    internal ModelStore(RegistryEnvironment environment, IEnumerable<RegistryEntry>? registries, Func<string, long> freeBytes)
    {
        _environment = environment;
        _layout = new StoreLayout(environment);
        _retry = new Retry(environment.Clock, Random.Shared);
        _downloader = new Downloader(environment, _retry);
        _freeBytes = freeBytes;
        _registries = registries is null ? RegistryCatalog.For(environment) : [.. registries];
    }

    /// <summary>Pins a reference to a commit and lists the model's files.</summary>
    /// <param name="progress">Told of waits for a busy registry.</param>
    /// <exception cref="ModelNotFoundException">No such model, or this user may not see it.</exception>
    /// <exception cref="OfflineException">Not on this machine, and requests are forbidden.</exception>
    /// <exception cref="RegistryUnreachableException">Not on this machine, and the registry does not answer.</exception>
    public async Task<ResolvedModel> ResolveAsync(
        ModelReference model, Lookup lookup, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var opened = Find(model);
        var (entry, registry, _, server) = opened;
        var stored = lookup == Lookup.Registry ? null : FindStored(model, opened);
        if (stored is not null && (model.IsPinned || (lookup == Lookup.PreferStore && !entry.IsOnThisMachine)))
            return stored;
        try
        {
            // With an answer at hand, a registry that cannot be reached is not waited for.
            var manifest = await _retry.RunAsync(
                () => registry.Value.ResolveAsync(model, cancellationToken),
                stored is null ? Retry.Limit : 0,
                wait => progress?.Report(new Progress(TransferProgress.WaitStep(wait), model.ToString(), 0, null)),
                cancellationToken);
            if (manifest.Model.Name != model.Name && model.Registry != ModelReference.Local)
                manifest = With(manifest, FormerName, model.Name);
            if (server.Value is { } from)
                manifest = With(manifest, Server, from);
            return new ResolvedModel(model, manifest, ListsEveryFile: true, FromStore: false);
        }
        catch (OfflineException) when (stored is not null)
        {
            return stored;
        }
        catch (GpuxException reason) when (stored is not null
            && reason is RegistryUnreachableException or RateLimitedException or UnexpectedReplyException or CertificateRefusedException)
        {
            var note = $"{reason.Message} Using commit {stored.Manifest.Commit}, which {model} meant when last asked.";
            return stored with { Note = note };
        }
    }

    /// <summary>Asks several registries at once for models.</summary>
    /// <param name="registries">Their names; null for every one that can be searched.</param>
    /// <param name="patience">How long one registry may take before the others' answers count without it.</param>
    /// <returns>What each of them answered, or why it did not, in the order of the catalog.</returns>
    /// <exception cref="UnknownRegistryException">A name is no registry's.</exception>
    public async Task<IReadOnlyList<SearchAnswer>> SearchAsync(
        ModelSearch search, IReadOnlyCollection<string>? registries, TimeSpan patience, CancellationToken cancellationToken)
    {
        foreach (var name in registries ?? [])
            _ = Find(name);
        var asked = _registries.Where(entry => registries?.Contains(entry.Name) != false).Select(entry => Find(entry.Name)).ToArray();
        var answers = await Task.WhenAll(asked.Select(registry =>
            Task.Run(() => SearchOneAsync(registry, search, patience, isNamed: registries is not null, cancellationToken), cancellationToken)));
        return [.. answers.OfType<SearchAnswer>()];
    }

    /// <summary>The commits of a Hub model's default branch, the newest first, as far back as some pages go.</summary>
    internal async Task<IReadOnlyList<string>> ListCommitsAsync(ModelReference model, CancellationToken cancellationToken) =>
        Find(model).Registry.Value is not HuggingFaceRegistry hub ? []
            : await _retry.RunAsync(() => hub.ListCommitsAsync(model, cancellationToken), Retry.Limit, onWait: null, cancellationToken);

    /// <summary>Reads a part of a file: from this machine if it is here, else by a request for just these bytes.</summary>
    /// <param name="length">In bytes; fewer come where the file ends before.</param>
    public async Task<byte[]> ReadAsync(
        ModelManifest manifest, ModelFile file, long offset, int length, CancellationToken cancellationToken)
    {
        var (_, registry, files, _) = Find(manifest.Model);
        if (!file.IsArchive && files.Value.Find(manifest, file) is { } path)
        {
            await using var local = File.OpenRead(path);
            local.Position = offset;
            return await ReadAsync(local, length, cancellationToken);
        }
        return await _retry.RunAsync(async () =>
        {
            try
            {
                await using var content = await registry.Value.OpenAsync(
                    manifest, file, new FileRange(offset, length), cancellationToken);
                for (var skip = offset - content.Offset; skip > 0;)
                {
                    // A server that ignores ranges sends the file from its start.
                    var before = await ReadAsync(content.Stream, (int)Math.Min(skip, 1 << 16), cancellationToken);
                    if (before.Length == 0)
                        return [];
                    skip -= before.Length;
                }
                return await ReadAsync(content.Stream, length, cancellationToken);
            }
            catch (Exception exception) when (Retry.Interruption(exception, file.Path, cancellationToken) is { } interruption)
            {
                throw interruption;
            }
        }, Retry.Limit, onWait: null, cancellationToken);
    }

    /// <summary>Sees to it that files are here, downloading those that are not: several at once, each verified, resumed where an
    /// earlier download stopped, and shared with other processes that want the same. In place of an archive come its
    /// members.</summary>
    /// <param name="wanted">Of the manifest, or another name with neither size nor digest, which is then asked for.</param>
    /// <param name="progress">Bytes per file, and with a null item those of all files.</param>
    /// <exception cref="FileNotInModelException">The registry has no such file.</exception>
    /// <exception cref="DownloadInterruptedException">A file broke off too often; what came is kept for the next
    /// time.</exception>
    /// <exception cref="ContentMismatchException">A file came with other bytes than published.</exception>
    /// <exception cref="InvalidArchiveException">An archive is damaged, or holds what may not be unpacked.</exception>
    /// <exception cref="ArchiveTooLargeException">An archive unpacks to more than a model's archive does.</exception>
    /// <exception cref="DiskFullException">The files do not fit.</exception>
    /// <exception cref="NotWritableException">The folder for the files cannot be written.</exception>
    /// <exception cref="DownloadCancelledException">The caller cancelled; it says how much is kept.</exception>
    public async Task<ModelFiles> FetchAsync(
        ResolvedModel model, IReadOnlyCollection<ModelFile> wanted, IProgress<Progress>? progress,
        CancellationToken cancellationToken)
    {
        var (_, registry, files, server) = Find(model.Manifest.Model);
        var paths = new ConcurrentDictionary<string, string>();
        var missing = new List<ModelFile>();
        foreach (var file in wanted)
        {
            if (files.Value.Find(model.Manifest, file) is { } path)
                Add(paths, files.Value, model.Manifest, file, path);
            else if (files.Value.IsKnownMissing(model.Manifest, file.Path))
                throw new FileNotInModelException(model.Manifest, file.Path);
            else
                missing.Add(file);
        }
        try
        {
            if (missing.Count > 0 && !IsFrom(server, model.Manifest))
                throw new OtherServerException(model.Manifest, server.Value!); // IsFrom has looked
            if (missing.Count > 0)
                await FetchMissingAsync(model, registry.Value, files.Value, missing, paths, progress, cancellationToken);
        }
        finally
        {
            if (!paths.IsEmpty)
                Note(model, files.Value);
        }
        return new ModelFiles(paths, model.Manifest.Model.ToString());
    }

    /// <summary>A manifest with what archives hold in place of those archives that are here.</summary>
    public ModelManifest Unpacked(ModelManifest manifest)
    {
        var files = Find(manifest.Model).Files.Value;
        var unpacked = new List<ModelFile>();
        foreach (var file in manifest.Files)
        {
            if (file.IsArchive && files.FindMembers(manifest, file) is { } members)
                unpacked.AddRange(members.Select(member => new ModelFile(member.Key, new FileInfo(member.Value).Length, null)));
            else
                unpacked.Add(file);
        }
        return manifest with { Files = unpacked };
    }

    /// <summary>Says what fetching these files would do, without a request and without writing anything.</summary>
    public DownloadPlan PlanFetch(ResolvedModel model, IReadOnlyCollection<ModelFile> wanted)
    {
        var files = Find(model.Manifest.Model).Files.Value;
        var planned = new List<PlannedFile>(wanted.Count);
        DownloadTarget? target = null;
        foreach (var file in wanted)
        {
            if (files.Find(model.Manifest, file) is { } path)
            {
                planned.Add(new PlannedFile(file, path, new FileInfo(path).Length));
                continue;
            }
            target = files.Prepare(model.Manifest, file);
            planned.Add(new PlannedFile(file, null, PartialFile.KeptBytes(target.PartialPath)));
        }
        var folder = target?.Folder.Path ?? FolderOf(model.Manifest);
        var free = _freeBytes(folder);
        return new DownloadPlan(planned, model.Manifest.Source ?? model.Manifest.Model.Registry, folder, free == long.MaxValue ? null : free);
    }

    /// <summary>Those files of a model that are here, without a request.</summary>
    public ModelFiles FindFiles(ModelManifest manifest)
    {
        var files = Find(manifest.Model).Files;
        var paths = new Dictionary<string, string>();
        foreach (var file in manifest.Files)
        {
            if (files.Value.Find(manifest, file) is { } path)
                Add(paths, files.Value, manifest, file, path);
        }
        return new ModelFiles(paths, manifest.Model.ToString());
    }

    /// <summary>The files of a model that are here, without a request: in place of an archive its members, each with the SHA-256 that
    /// was noted when it was unpacked.</summary>
    public IReadOnlyList<HeldFile> HeldFiles(ModelManifest manifest)
    {
        var (files, held) = (FilesOf(manifest.Model), new List<HeldFile>());
        foreach (var file in manifest.Files)
        {
            if (!file.IsArchive || files.Members(manifest, file) is not { } members)
            {
                if (files.Find(manifest, file) is { } path)
                    held.Add(new HeldFile(file, path, Archive: null));
            }
            else if (files.FindMembers(manifest, file) is { } paths)
            {
                held.AddRange(members.Select(member => new HeldFile(member.AsFile, paths[member.Path], file)));
            }
        }
        return held;
    }

    /// <summary>Takes files that were fetched by their own names as what an archive held.</summary>
    internal void PlaceMembers(ModelManifest manifest, ModelFile archive, IReadOnlyList<ArchiveMember> members) =>
        FilesOf(manifest.Model).PlaceMembers(manifest, archive, members);

    /// <summary>The folder for what is made of a model, such as its runnable variants. It may not exist yet.</summary>
    public string FolderOf(ModelManifest manifest) => _layout.ModelFolder(manifest);

    /// <summary>Writes below <see cref="FolderOf"/>.</summary>
    /// <exception cref="NotWritableException">$GPUX_HOME cannot be written.</exception>
    /// <exception cref="DiskFullException">Its disk is full.</exception>
    public void Write(Action write) => _layout.Home.Write(write);

    /// <summary>Writes a model's manifest into its folder, so that <see cref="List"/> and <see cref="RemoveAsync"/> know what is made
    /// there.</summary>
    /// <exception cref="NotWritableException">$GPUX_HOME cannot be written.</exception>
    public void Record(ResolvedModel model)
    {
        var folder = _layout.ModelFolder(model.Manifest);
        var known = ManifestFile.Read(folder);
        if (known is { ListsEveryFile: true } && model.FromStore)
        {
            // The time of the last use; rewriting the file for it would take longer.
            _layout.Home.Write(() =>
                File.SetLastWriteTimeUtc(ManifestFile.PathIn(folder), _environment.Clock.GetUtcNow().UtcDateTime));
            return;
        }
        var revisions = new Dictionary<string, DateTimeOffset>(known?.Revisions ?? new Dictionary<string, DateTimeOffset>());
        if (!model.FromStore)
            revisions[model.Asked.Revision ?? ""] = _environment.Clock.GetUtcNow();
        _layout.Home.WriteFile(
            ManifestFile.PathIn(folder), new ManifestFile(model.Manifest, model.ListsEveryFile, revisions).Write());
        if (model.Manifest.Properties.TryGetValue(FormerName, out var former))
            _layout.Home.WriteFile(
                RenamedPath(model.Asked.Registry, former), System.Text.Encoding.UTF8.GetBytes(model.Manifest.Model.Name));
    }

    /// <summary>Notes that a model is used now, by the time of its manifest's last change. Does nothing where that cannot be
    /// written.</summary>
    public void Touch(ModelManifest manifest)
    {
        try
        {
            var path = ManifestFile.PathIn(_layout.ModelFolder(manifest));
            if (File.Exists(path))
                File.SetLastWriteTimeUtc(path, _environment.Clock.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A store that may only be read still serves what is in it.
        }
    }

    /// <summary>Takes a model's folder for this process alone, waiting for others. Dispose to give it back; the process's end
    /// does too.</summary>
    /// <exception cref="NotWritableException">$GPUX_HOME cannot be written.</exception>
    public async Task<IDisposable> LockAsync(ModelManifest manifest, CancellationToken cancellationToken) =>
        await FileLock.AcquireAsync(
            _layout.Home, _layout.ModelLock(manifest), shared: false, _environment.Clock, onWait: null, cancellationToken);

    /// <summary>The models of which something is kept here, by registry and name.</summary>
    public IReadOnlyList<StoredModel> List()
    {
        var models = new List<StoredModel>();
        if (!Directory.Exists(_layout.Models))
            return models;
        foreach (var registry in Directory.EnumerateDirectories(_layout.Models))
        {
            foreach (var folder in Directory.EnumerateDirectories(registry).SelectMany(Directory.EnumerateDirectories))
            {
                if (ManifestFile.Read(folder) is not { } file || !Knows(file.Manifest.Model.Registry))
                    continue;
                var present = FindFiles(file.Manifest);
                var lastUsed = new DateTimeOffset(File.GetLastWriteTimeUtc(ManifestFile.PathIn(folder)));
                models.Add(new StoredModel(file.Manifest, folder, [.. file.Revisions.Keys],
                    present.Names.Sum(name => new FileInfo(present.Require(name)).Length),
                    file.Revisions.Count == 0 ? lastUsed : file.Revisions.Values.Max(), lastUsed));
            }
        }
        models.Sort((left, right) => string.CompareOrdinal(
            $"{left.Manifest.Model} {left.Manifest.Commit}", $"{right.Manifest.Model} {right.Manifest.Commit}"));
        return models;
    }

    /// <summary>Deletes a model at one commit: what was made of it, and those published files that no other model or commit
    /// uses.</summary>
    /// <exception cref="ModelInUseException">Another process is fetching or converting it.</exception>
    /// <exception cref="NotWritableException">A folder cannot be written.</exception>
    public async Task RemoveAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        using var alone = FileLock.TryAcquire(_layout.Home, _layout.ModelLock(manifest))
            ?? throw new ModelInUseException(manifest.Model.ToString());
        await Find(manifest.Model).Files.Value.RemoveAsync(manifest, cancellationToken);
        _layout.Home.Write(() => StoreFolder.DeleteUpTo(_layout.Models, _layout.ModelFolder(manifest)));
    }

    private async Task<SearchAnswer?> SearchOneAsync(
        OpenedRegistry registry, ModelSearch search, TimeSpan patience, bool isNamed, CancellationToken cancellationToken)
    {
        var watch = _environment.Clock.GetTimestamp();
        using var limit = new CancellationTokenSource(patience, _environment.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (registry.Registry.Value is not IModelSearch searched)
                return isNamed ? Failed(new SearchUnsupportedException(registry.Entry.Name)) : null;
            return Found(await _retry.RunAsync(() => searched.SearchAsync(search, either.Token), limit: 1, onWait: null, either.Token));
        }
        catch (GpuxException reason)
        {
            return Failed(reason);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return Failed(new RegistryUnreachableException(registry.Entry.Description, $"it did not answer within {patience.TotalSeconds:0} s."));
        }

        SearchAnswer Found(IReadOnlyList<FoundModel> models) => new(registry.Entry.Name, models, null, _environment.Clock.GetElapsedTime(watch));
        SearchAnswer Failed(GpuxException reason) => new(registry.Entry.Name, [], reason, _environment.Clock.GetElapsedTime(watch));
    }

    // A file is itself, an archive what it held.
    private static void Add(IDictionary<string, string> paths, IFileStore files, ModelManifest manifest, ModelFile file, string path)
    {
        if (!file.IsArchive || files.FindMembers(manifest, file) is not { } members)
            paths[file.Path] = path;
        else
        {
            foreach (var (name, member) in members)
                paths[name] = member;
        }
    }

    private async Task FetchMissingAsync(
        ResolvedModel model, IModelRegistry registry, IFileStore files, List<ModelFile> missing,
        ConcurrentDictionary<string, string> paths, IProgress<Progress>? report, CancellationToken cancellationToken)
    {
        if (!model.FromStore)
            files.Remember(model.Manifest);
        var targets = missing.ConvertAll(file => (File: file, Target: files.Prepare(model.Manifest, file)));
        foreach (var (_, target) in targets)
            target.Folder.MakeFolder(Path.GetDirectoryName(target.PartialPath)!); // Below the store's folder
        EnsureSpace(targets);
        var progress = new TransferProgress(report, missing, _environment.Clock);
        using var used = await ShareAsync(model.Manifest, cancellationToken);
        // The largest first: it decides when all are done.
        targets.Sort((left, right) => (right.File.SizeBytes ?? 0).CompareTo(left.File.SizeBytes ?? 0));
        var options = new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancellationToken };
        try
        {
            await Parallel.ForEachAsync(targets, options, async (each, token) =>
            {
                var path = await FetchAsync(registry, files, model.Manifest, each.File, each.Target, progress, token);
                Add(paths, files, model.Manifest, each.File, path);
                progress.Bytes(each.File, each.File.SizeBytes ?? new FileInfo(path).Length, isComplete: true);
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            var kept = targets.Sum(each => paths.TryGetValue(each.File.Path, out var path)
                ? new FileInfo(path).Length : PartialFile.KeptBytes(each.Target.PartialPath));
            throw new DownloadCancelledException(
                kept, missing.TrueForAll(file => file.SizeBytes is not null) ? missing.Sum(file => file.SizeBytes) : null, cancellationToken);
        }
    }

    private async Task<string> FetchAsync(
        IModelRegistry registry, IFileStore files, ModelManifest manifest, ModelFile file, DownloadTarget target,
        TransferProgress progress, CancellationToken cancellationToken)
    {
        using var alone = await SharedDownload.WaitAsync(target, file, progress, _environment.Clock, cancellationToken);
        // Whoever held the lock has most likely brought the file.
        if ((files.Find(manifest, file) ?? await files.AdoptAsync(manifest, file, cancellationToken)) is { } path)
            return path;
        try
        {
            var task = new DownloadTask(registry, manifest, file, target,
                bytes => progress.Bytes(file, bytes), wait => progress.Waiting(TransferProgress.WaitStep(wait), file));
            var downloaded = await _downloader.DownloadAsync(task, cancellationToken);
            return await files.PlaceAsync(manifest, file, downloaded, bytes => progress.Unpacked(file, bytes, downloaded.SizeBytes), cancellationToken);
        }
        catch (FileNotInModelException exception) when (exception.IsLasting)
        {
            files.RememberMissing(manifest, file.Path);
            throw;
        }
    }

    private void EnsureSpace(List<(ModelFile File, DownloadTarget Target)> targets)
    {
        var folder = targets[0].Target.Folder;
        long needed = 0;
        foreach (var (file, target) in targets)
        {
            needed += Math.Max(0, (file.SizeBytes ?? 0) - PartialFile.KeptBytes(target.PartialPath));
        }
        if (_freeBytes(folder.Path) is var free && needed > free)
            throw new DiskFullException(folder.Path, folder.Variable, needed, free);
    }

    private static long FreeBytes(string folder)
    {
        try
        {
            // Of a folder that is still to be made, its parent's disk.
            while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
                folder = parent;
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue; // Such as a network share on Windows: a full one tells when it is written.
        }
    }

    // Keeps the model from being removed while its files come. A home that cannot be written has nothing to remove.
    private async Task<FileLock?> ShareAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            return await FileLock.AcquireAsync(
                _layout.Home, _layout.ModelLock(manifest), shared: true, _environment.Clock, onWait: null, cancellationToken);
        }
        catch (NotWritableException)
        {
            return null;
        }
    }

    // The files are here: that it cannot be noted must not keep anybody from using them.
    private void Note(ResolvedModel model, IFileStore files)
    {
        if (model.Manifest.Model.Registry == ModelReference.Local)
            return;
        try
        {
            if (!model.FromStore)
                files.Remember(model.Manifest);
            Record(model);
        }
        catch (GpuxException exception) when (exception is NotWritableException or DiskFullException)
        {
        }
    }

    private static ModelManifest With(ModelManifest manifest, string property, string value) =>
        manifest with { Properties = new Dictionary<string, string>(manifest.Properties) { [property] = value } };

    // Where no server is configured there is none that could mean another model.
    private static bool IsFrom(Lazy<string?> server, ModelManifest manifest) =>
        !manifest.Properties.TryGetValue(Server, out var from) || server.Value is not { } now || now == from;

    private ResolvedModel? FindStored(ModelReference model, OpenedRegistry registry)
    {
        if (model.Registry == ModelReference.Local)
            return null;
        var (files, server) = (registry.Files.Value, registry.Server);
        foreach (var name in (ReadOnlySpan<string?>)[model.Name, Renamed(model)])
        {
            if (name is null)
                continue;
            var named = model with { Name = name, Path = null };
            var commit = model.IsPinned
                ? model.Revision!.ToLowerInvariant() // IsPinned implies a revision
                : files.FindCommit(named) ?? LastCommit(named, server);
            if (commit is null)
                continue;
            var file = ManifestFile.Read(Path.Combine(_layout.NameFolder(model.Registry, name), commit));
            if (file?.Manifest.Model.Name != name)
                file = null; // A folder whose file system ignores case, or one that was moved by hand.
            if (file is not null && !IsFrom(server, file.Manifest))
                continue;
            // A list that another client keeps may have grown since it was copied.
            if (file is not { ListsEveryFile: true } && files.FindModel(named, commit) is { } found)
                return new ResolvedModel(model, found.Manifest, found.ListsEveryFile, FromStore: true);
            if (file is not null)
                return new ResolvedModel(model, file.Manifest with { Model = named }, file.ListsEveryFile, FromStore: true);
        }
        return null;
    }

    private string? LastCommit(ModelReference model, Lazy<string?> server)
    {
        var folder = _layout.NameFolder(model.Registry, model.Name);
        (string? commit, var latest) = (null, DateTimeOffset.MinValue);
        if (Directory.Exists(folder))
        {
            foreach (var version in Directory.EnumerateDirectories(folder))
            {
                if (ManifestFile.Read(version) is { } file && file.Revisions.TryGetValue(model.Revision ?? "", out var resolved)
                    && resolved > latest && IsFrom(server, file.Manifest))
                    (commit, latest) = (file.Manifest.Commit, resolved);
            }
        }
        return commit;
    }

    private string? Renamed(ModelReference model) =>
        new FileInfo(RenamedPath(model.Registry, model.Name)) is { Exists: true, Length: > 0 and < 1024 } file
            ? File.ReadAllText(file.FullName) : null;

    private string RenamedPath(string registry, string name) => Path.Combine(_layout.NameFolder(registry, name), "renamed");

    private async Task<byte[]> ReadAsync(Stream stream, int length, CancellationToken cancellationToken)
    {
        using var silence = new SilenceTimer(_environment.SilenceLimit, _environment.Clock, cancellationToken);
        var bytes = new byte[length];
        var done = 0;
        for (int read; done < length && (read = await stream.ReadAsync(bytes.AsMemory(done), silence.Restarted())) > 0;)
            done += read;
        return done == length ? bytes : bytes[..done];
    }

    internal StoreLayout Layout => _layout;

    internal RegistryEnvironment Environment => _environment;

    internal bool Knows(string registry) => TryFind(registry) is not null;

    internal IFileStore FilesOf(ModelReference model) => Find(model).Files.Value;

    private OpenedRegistry Find(ModelReference model) => Find(model.Registry);

    private OpenedRegistry Find(string registry) => TryFind(registry)
        ?? throw (_registries as RegistryList)?.Damage ?? (GpuxException)new UnknownRegistryException(registry, _registries.Select(entry => entry.Name));

    // In the list's order: the user's own registries are read for none that comes before them.
    private OpenedRegistry? TryFind(string registry)
    {
        if (_opened.TryGetValue(registry, out var opened))
            return opened;
        foreach (var entry in _registries)
        {
            if (entry.Name == registry)
                return _opened.GetOrAdd(registry, new OpenedRegistry(entry, _environment));
        }
        return null;
    }

    // Opened on first use: the settings of one registry must not hinder another's.
    private sealed class OpenedRegistry(RegistryEntry entry, RegistryEnvironment environment)
    {
        public RegistryEntry Entry => entry;
        public Lazy<IModelRegistry> Registry { get; } = new(() => entry.Open(environment));
        public Lazy<IFileStore> Files { get; } = new(() => entry.Files(environment));

        /// <summary>Null too where the settings name none.</summary>
        public Lazy<string?> Server { get; } = new(() =>
        {
            try
            {
                return entry.Server(environment);
            }
            catch (GpuxException)
            {
                return null; // Whoever asks the registry is told.
            }
        });

        public void Deconstruct(out RegistryEntry its, out Lazy<IModelRegistry> registry, out Lazy<IFileStore> files, out Lazy<string?> server) =>
            (its, registry, files, server) = (entry, Registry, Files, Server);
    }
}

/// <summary>A file of a stored model is missing, and its registry is another server by now: that would send a file of another model.</summary>
public sealed class OtherServerException(ModelManifest model, string now) : GpuxException(
    ErrorCode.OtherServer,
    $"{model.Model} at commit {model.Commit[..12]} came from {model.Properties.GetValueOrDefault(ModelStore.Server)}; '{model.Model.Registry}' means {now} now, so what is missing of it is not fetched.",
    $"Set the variables of '{model.Model.Registry}' as they were (see: gpux registries), or remove the model: gpux remove {ShellWord.Of(model.Model.ToString())}");

/// <summary>No registry has this name.</summary>
public sealed class UnknownRegistryException(string name, IEnumerable<string> known) : GpuxException(
    ErrorCode.UnknownRegistry,
    $"No registry is named '{Printable.Text(name)}'.",
    $"Use one of: {string.Join(", ", known.Order(StringComparer.Ordinal))}.");

/// <summary>The registry offers no search.</summary>
public sealed class SearchUnsupportedException(string registry) : GpuxException(
    ErrorCode.SearchUnsupported,
    $"The registry '{registry}' cannot be searched: it offers no list of its models.",
    "Look on its web page, and pull the model by its name.");

/// <summary>What one registry answered to a search.</summary>
/// <param name="Failure">Why it gave none; null if it answered.</param>
public sealed record SearchAnswer(string Registry, IReadOnlyList<FoundModel> Models, GpuxException? Failure, TimeSpan Duration);
