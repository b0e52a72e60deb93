using Gpux.Registries.HuggingFace;

namespace Gpux.Registries.Store;

/// <summary>Deletes what a survey found, unless another process holds it.</summary>
public sealed class StorePruner(ModelStore store)
{
    /// <summary>Deletes a remnant, after looking again under the locks of those who might use it.</summary>
    /// <returns>False if another process holds it, or it has come to be used.</returns>
    /// <exception cref="NotWritableException">A folder cannot be written.</exception>
    public async Task<bool> DeleteAsync(Remnant remnant, CancellationToken cancellationToken)
    {
        if (!Path.Exists(remnant.Path))
            return true;
        var isInCache = remnant.Model is not null;
        switch (remnant.Kind)
        {
            case RemnantKind.UnusedSnapshot:
                return await RemoveAsync(remnant.Model!, cancellationToken); // a snapshot has a model
            case RemnantKind.PartialDownload when isInCache:
                return DeleteFromCache(remnant, isUsed: null);
            case RemnantKind.UnusedFile when isInCache:
                return DeleteFromCache(remnant, folder => StoreFolder.LinkedFiles(Path.Combine(folder, "snapshots"), Path.Combine(folder, "blobs")));
            case RemnantKind.PartialDownload:
                var layout = store.Layout;
                // A second attempt has eight digits between the name and its end: the lock is of the name alone.
                return DeleteAlone(layout.Home, layout.BlobLock(Path.GetFileName(remnant.Path).Split('.')[0]), remnant.Path);
            case RemnantKind.Listing:
                store.Layout.Home.Write(() => StoreFolder.DeleteFileUpTo(store.Layout.Listings, remnant.Path));
                return true;
            case RemnantKind.UnusedFile:
                return DeleteBlob(remnant.Path);
            default:
                store.Layout.Home.Write(() => File.Delete(remnant.Path));
                if (remnant.Kind == RemnantKind.FormerName)
                    store.Layout.Home.Write(() => StoreFolder.DeleteIfEmpty(Path.GetDirectoryName(remnant.Path)!)); // a file lies in a folder
                return true;
        }
    }

    /// <summary>Removes a model at one commit.</summary>
    /// <returns>False if another process holds it.</returns>
    public async Task<bool> RemoveAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            await store.RemoveAsync(manifest, cancellationToken);
            return true;
        }
        catch (ModelInUseException)
        {
            return false;
        }
    }

    /// <summary>Deletes folders of what was made of a model, such as variants.</summary>
    /// <returns>False if another process is fetching or converting the model.</returns>
    /// <exception cref="NotWritableException">The folder cannot be written.</exception>
    public bool DeleteMade(ModelManifest manifest, string folder)
    {
        using var alone = FileLock.TryAcquire(store.Layout.Home, store.Layout.ModelLock(manifest));
        if (alone is null)
            return false;
        store.Write(() =>
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        });
        return true;
    }

    private bool DeleteBlob(string blob)
    {
        var layout = store.Layout;
        using var alone = FileLock.TryAcquire(layout.Home, layout.BlobsLock);
        if (alone is null || StoreFolder.LinkedFiles(layout.Models, layout.Blobs).Contains(blob))
            return false;
        layout.Home.Write(() => StoreFolder.DeleteFileUpTo(layout.Blobs, blob));
        return true;
    }

    private bool DeleteFromCache(Remnant remnant, Func<string, HashSet<string>>? isUsed)
    {
        var cache = (HubCache)store.FilesOf(remnant.Model!.Model); // the caller's case
        var folder = Path.GetDirectoryName(Path.GetDirectoryName(remnant.Path))!; // blobs/ of a model's folder
        using var alone = FileLock.TryAcquire(cache.Root, cache.LockPath(folder, Path.GetFileName(remnant.Path).Split('.')[0]));
        if (alone is null || isUsed?.Invoke(folder).Contains(remnant.Path) == true)
            return false;
        cache.Root.Write(() => File.Delete(remnant.Path));
        return true;
    }

    private static bool DeleteAlone(StoreFolder folder, string lockPath, string path)
    {
        using var alone = FileLock.TryAcquire(folder, lockPath);
        if (alone is null)
            return false;
        folder.Write(() =>
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            else
                File.Delete(path);
        });
        return true;
    }
}
