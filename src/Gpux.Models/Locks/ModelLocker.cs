using System.Security.Cryptography;
using Gpux.Conversion;
using Gpux.Models.Pulling;
using Gpux.Registries;
using Gpux.Registries.Store;
using Gpux.Registries.Store.Bundles;

namespace Gpux.Models.Locks;

/// <summary>A file, or a whole model, that is not as it was locked.</summary>
/// <param name="Path">Null if the model as a whole is meant.</param>
public sealed record LockDifference(LockedModel Model, string? Path, string Problem);

/// <summary>A model that was fetched as it was locked.</summary>
/// <param name="Files">Those that are locked.</param>
/// <param name="Prepared">Ready to run; null where <paramref name="Refusal"/> says why not.</param>
public sealed record LockedPull(ModelManifest Manifest, ModelFiles Files, PreparedModel? Prepared, GpuxException? Refusal);

/// <summary>Notes the exact bytes of models, and gives exactly these.</summary>
public sealed class ModelLocker(ModelLibrary library)
{
    /// <summary>Brings a model here, by what its revision means now, and notes its files: those that a run needs, or else those that a
    /// pull fetches.</summary>
    /// <exception cref="NotPublishedException">It is a local folder.</exception>
    public async Task<LockedModel> LockAsync(ModelReference asked, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        if (asked.Registry == ModelReference.Local)
            throw new NotPublishedException(asked.Name);
        return await LockAsync(asked, await library.PullAsync(asked, PullOptions.Default, options, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Notes the files of a model that was pulled.</summary>
    public async Task<LockedModel> LockAsync(ModelReference asked, PulledModel pulled, CancellationToken cancellationToken)
    {
        var manifest = pulled.Plan.Resolved.Manifest;
        var held = library.Store.HeldFiles(manifest);
        var files = new List<LockedFile>();
        foreach (var (file, path, archive) in pulled.Prepared is { } prepared ? Needed(prepared, held) : held.Where(held => pulled.Files.Find(held.File.Path) is not null))
        {
            var sha256 = file.Digest is { Algorithm: DigestAlgorithm.Sha256 } digest ? digest.Hex : await HashAsync(path, cancellationToken);
            files.Add(new LockedFile(file.Path, new FileInfo(path).Length, sha256, archive?.Path));
        }
        return new LockedModel(asked.Registry, manifest.Model.Name, asked.Revision, manifest.Commit, files);
    }

    /// <summary>Brings exactly the locked files here, from the store or else the registry, and makes the model ready to run where
    /// something can.</summary>
    /// <exception cref="LockMismatchException">What is published, or what is here, differs.</exception>
    public async Task<LockedPull> FetchAsync(LockedModel locked, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var found = await ResolveAsync(locked, progress, cancellationToken);
        if (found.Manifest.Commit != locked.Commit)
            throw new LockMismatchException([new LockDifference(locked, null, $"the registry has commit {found.Manifest.Commit}, locked is {locked.Commit}")]);
        var files = new HashSet<ModelFile>();
        var differences = new List<LockDifference>();
        foreach (var file in locked.Files)
        {
            var published = found.Manifest.Find(file.PublishedPath);
            if (published is not null)
                files.Add(published);
            if (published is null || published.IsArchive != (file.Archive is not null))
                differences.Add(new LockDifference(locked, file.Path, "the model has no such file"));
            else if (published.IsArchive)
                continue; // What it holds is known when it is here.
            else if (published.SizeBytes is { } size && size != file.SizeBytes)
                differences.Add(new LockDifference(locked, file.Path, $"{size:N0} bytes, locked are {file.SizeBytes:N0}"));
            else if (published.Digest is { Algorithm: DigestAlgorithm.Sha256 } digest && digest.Hex != file.Sha256)
                differences.Add(new LockDifference(locked, file.Path, $"published is {digest}, locked is sha256:{file.Sha256}"));
        }
        if (differences.Count > 0)
            throw new LockMismatchException(differences);
        // From here on the revision means this commit on this machine, as if it had been pulled when it was locked.
        var resolved = new ResolvedModel(locked.Asked, found.Manifest with { Model = locked.Asked }, found.ListsEveryFile, FromStore: false);
        var here = await library.Store.FetchAsync(resolved, files, progress, cancellationToken);
        foreach (var file in locked.Files)
        {
            if (here.Find(file.Path) is not { } path)
                differences.Add(new LockDifference(locked, file.Path, $"{file.Archive} does not hold it"));
            else if (await DifferenceAsync(locked, file, path, cancellationToken) is { } difference)
                differences.Add(difference);
        }
        if (differences.Count > 0)
            throw new LockMismatchException(differences);
        PreparedModel prepared;
        try
        {
            prepared = await library.PrepareAsync(locked.Asked, options with { Lookup = Lookup.PreferStore }, progress, cancellationToken);
        }
        catch (GpuxException refusal) when (ModelLibrary.IsRefusal(refusal))
        {
            return new LockedPull(resolved.Manifest, here, Prepared: null, refusal);
        }
        var known = locked.Files.Select(file => file.Path).ToHashSet();
        differences.AddRange(Needed(prepared, library.Store.HeldFiles(prepared.Manifest)).Where(held => !known.Contains(held.File.Path))
            .Select(held => new LockDifference(locked, held.File.Path, "it is needed, and not locked")));
        return differences.Count == 0 ? new LockedPull(prepared.Manifest, prepared.Files, prepared, Refusal: null) : throw new LockMismatchException(differences);
    }

    /// <summary>Compares what is on this machine with the lock, without a request.</summary>
    public async Task<IReadOnlyList<LockDifference>> CheckAsync(LockFile lockFile, CancellationToken cancellationToken)
    {
        var (differences, stored) = (new List<LockDifference>(), library.Store.List());
        foreach (var locked in lockFile.Models)
        {
            var model = stored.FirstOrDefault(model => model.Manifest.Commit == locked.Commit
                && model.Manifest.Model.Registry == locked.Registry && model.Manifest.Model.Name == locked.Name);
            if (model is null)
            {
                differences.Add(new LockDifference(locked, null, $"commit {locked.Commit[..12]} is not on this machine"));
                continue;
            }
            var here = library.Store.FindFiles(model.Manifest);
            foreach (var file in locked.Files)
            {
                if (here.Find(file.Path) is not { } path)
                    differences.Add(new LockDifference(locked, file.Path, "it is not on this machine"));
                else if (await DifferenceAsync(locked, file, path, cancellationToken) is { } difference)
                    differences.Add(difference);
            }
        }
        return differences;
    }

    // A commit is asked for as such where the registry can do that; else what the revision means now must be that commit.
    private async Task<ResolvedModel> ResolveAsync(LockedModel locked, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return await library.Store.ResolveAsync(locked.Asked with { Revision = locked.Commit }, Lookup.PreferStore, progress, cancellationToken);
        }
        catch (GpuxException reason) when (reason is RevisionNotFoundException or ModelNotFoundException or InvalidReferenceException)
        {
            return await library.Store.ResolveAsync(locked.Asked, Lookup.Default, progress, cancellationToken);
        }
    }

    // What says how to read the model, and the weights that its graph points into: other files may be here by chance.
    private static IEnumerable<HeldFile> Needed(PreparedModel prepared, IEnumerable<HeldFile> here)
    {
        var weights = prepared.Variant.Weights.Select(weight => Path.GetFullPath(Path.Combine(prepared.Variant.WeightsFolder, weight.Location))).ToHashSet();
        weights.Add(Path.GetFullPath(prepared.Variant.ModelPath));
        return here.Where(held => WeightFiles.IsConfiguration(held.File) || weights.Contains(held.Path))
            .OrderBy(held => held.File.Path, StringComparer.Ordinal);
    }

    private static async Task<LockDifference?> DifferenceAsync(LockedModel locked, LockedFile file, string path, CancellationToken cancellationToken)
    {
        var length = new FileInfo(path).Length;
        if (length != file.SizeBytes)
            return new LockDifference(locked, file.Path, $"{length:N0} bytes, locked are {file.SizeBytes:N0}");
        var actual = await HashAsync(path, cancellationToken);
        return actual == file.Sha256 ? null : new LockDifference(locked, file.Path, $"its content is sha256:{actual}, locked is sha256:{file.Sha256}");
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }
}

/// <summary>A model is not in the bytes that gpux.lock states.</summary>
public sealed class LockMismatchException(IReadOnlyList<LockDifference> differences) : GpuxException(ErrorCode.LockMismatch,
    string.Join(" ", differences.Take(5).Select(each => $"{each.Model.Asked}{(each.Path is { } path ? $", {path}" : "")}: {each.Problem}."))
        + (differences.Count > 5 ? $" And {differences.Count - 5} more." : ""),
    "If the new bytes are wanted, lock the model again: gpux lock MODEL. If a stored file is damaged: gpux verify-store --repair.")
{
    public IReadOnlyList<LockDifference> Differences { get; } = differences;
}

/// <summary>There is no gpux.lock in this folder, or it has no entry for a model.</summary>
public sealed class LockFileMissingException(string path, string? model) : GpuxException(ErrorCode.LockFileMissing,
    model is null ? $"There is no {path}." : $"{path} has no entry for {model}.", "Write it: gpux lock MODEL.");
