using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using Gpux.Registries.Store;

namespace Gpux.Registries.Download;

/// <summary>A file that is not complete yet. What was written outlives this process, however it ends.</summary>
/// <remarks>It begins as X.incomplete, which grows from its start, so that its length says what is there: the form that the Hub's
/// clients know, and go on from too. When several requests are to fill it at once, it becomes X.gpux, which no other client looks
/// at, with X.gpux.map beside it: a file with holes under the first name would pass for complete up to its length.</remarks>
internal sealed partial class PartialFile : IDisposable
{
    private const string PrefixEnding = ".incomplete";

    // Without a digest nothing else would show bytes that a power failure took: they are flushed before they are noted.
    private const long FlushBytes = 8 << 20;

    private const uint SyncFileRangeWrite = 2; // of Linux

    private readonly string _path;
    private readonly StoreFolder _folder;
    private readonly FileStream _file;
    private readonly Dictionary<int, long> _flushed = [];
    private BlockMap? _map;
    private bool _flushes;
    private bool _isEmpty;

    private PartialFile(string path, FileStream file, StoreFolder folder) => (_path, _file, _folder) = (path, file, folder);

    /// <summary>What is there, as an earlier process left it.</summary>
    public List<Extent> Kept { get; private set; } = [];

    /// <summary>The strong entity tag under which the bytes came; null where none was noted.</summary>
    public string? EntityTag { get; private set; }

    /// <summary>Whether it has holes that several requests fill.</summary>
    public bool IsSpread => _map is not null;

    /// <summary>Opens the file with what an earlier process, or another client, left of it.</summary>
    /// <param name="path">Of the form that grows from its start.</param>
    /// <param name="digest">Tells bytes of another version in the end; without it they must have come under a noted
    /// tag.</param>
    /// <exception cref="NotWritableException">The file cannot be written.</exception>
    public static PartialFile Open(string path, long? sizeBytes, Digest? digest, StoreFolder folder)
    {
        var (spread, map) = (SpreadPath(path), MapPath(path));
        // Only a digest vouches for bytes that another program wrote.
        if (digest is not null && LengthOf(path) is null && LengthOf(map) is null)
            Orphan.Adopt(path);
        var prefix = LengthOf(path) ?? 0;
        if (BlockMap.Read(map, LengthOf(spread) ?? 0) is var (size, validator, kept)
            && size == (sizeBytes ?? size) && Extent.Sum(kept) > prefix
            && (digest is { } known ? validator == known.ToString() : StrongTag(validator) is not null))
        {
            var file = new PartialFile(path, OpenFile(spread, folder), folder) { Kept = kept, _flushes = digest is null };
            try
            {
                file.EntityTag = digest is null ? validator : null;
                file._map = BlockMap.Create(map, size, validator, kept, folder);
                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        folder.Write(() =>
        {
            BlockMap.Delete(map);
            File.Delete(spread);
        });
        var grown = new PartialFile(path, OpenFile(path, folder), folder);
        grown.EntityTag = digest is null ? ReadTag(path) : null;
        if (prefix > (sizeBytes ?? long.MaxValue) || (digest is null && grown.EntityTag is null))
            grown.Restart();
        else if (prefix > 0)
            grown.Kept = [new Extent(0, prefix)];
        grown._isEmpty = grown.Kept.Count == 0;
        return grown;
    }

    /// <summary>How many bytes of a download are there, whoever writes it.</summary>
    public static long KeptBytes(string path)
    {
        var prefix = LengthOf(path) ?? 0;
        return BlockMap.Read(MapPath(path), LengthOf(SpreadPath(path)) ?? 0) is var (_, _, kept)
            ? Math.Max(prefix, Extent.Sum(kept)) : prefix;
    }

    /// <summary>Deletes all that is there of a download.</summary>
    public static void Delete(string path)
    {
        BlockMap.Delete(MapPath(path));
        File.Delete(SpreadPath(path));
        File.Delete(path);
        File.Delete(TagPath(path));
    }

    /// <summary>Whether several requests may fill the file: what they bring must be told from another version's bytes.</summary>
    public static bool MaySpread(string? validator) => validator is not null && BlockMap.Takes(validator);

    /// <summary>Lets the file have holes from now on.</summary>
    /// <param name="validator">Its digest, or the tag of a file that has none.</param>
    /// <param name="prefixBytes">What is there, from the start; it gets slot 0.</param>
    /// <exception cref="GpuxException">The folder cannot be written.</exception>
    public void SpreadOut(long sizeBytes, string validator, bool isDigest, long prefixBytes)
    {
        // In this order: a map without its file is ignored, and a file that is shorter than the map says is cut short by it.
        _map = BlockMap.Create(MapPath(_path), sizeBytes, validator, [new Extent(0, prefixBytes)], _folder);
        _flushes = !isDigest;
        _folder.Write(() =>
        {
            File.Move(_path, SpreadPath(_path), overwrite: true);
            File.Delete(TagPath(_path));
            _file.SetLength(sizeBytes);
        });
    }

    /// <summary>A slot to note a stretch with; -1 where its length says what is there.</summary>
    public int AddSlot() => _map?.AddSlot() ?? -1;

    /// <exception cref="DiskFullException">The disk is full; what was written stays.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long at)
    {
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, bytes, at);
        }
        catch (IOException exception)
        {
            throw _folder.Failure(exception);
        }
        _isEmpty = false;
    }

    /// <summary>Has the system begin to write a stretch to the disk, so that <see cref="Complete"/> does not wait for the whole file.
    /// Where it cannot, nothing is lost but time.</summary>
    public void BeginFlush(long at, long length)
    {
        // A length of 0 would mean all that follows.
        if (OperatingSystem.IsLinux() && length > 0)
            _ = sync_file_range((int)_file.SafeFileHandle.DangerousGetHandle(), at, length, SyncFileRangeWrite);
    }

    /// <summary>Notes up to where a stretch is written. One caller at a time.</summary>
    /// <param name="isLast">Whether nothing more of it will be noted soon.</param>
    public void Note(int slot, Extent written, bool isLast)
    {
        if (_map is null || slot < 0)
            return;
        if (_flushes)
        {
            var before = _flushed.GetValueOrDefault(slot, written.Start);
            if (written.End == before || (!isLast && written.End - before < FlushBytes))
                return;
            Flush();
            _flushed[slot] = written.End;
        }
        _map.Note(slot, written.Start, written.End);
    }

    public void Read(Span<byte> bytes, long at)
    {
        while (bytes.Length > 0)
        {
            var read = RandomAccess.Read(_file.SafeFileHandle, bytes, at);
            if (read == 0)
                throw new IOException($"'{_path}' was cut short by another program.");
            bytes = bytes[read..];
            at += read;
        }
    }

    /// <summary>Keeps the tag under which bytes come, for a later process.</summary>
    public void NoteTag(string tag)
    {
        EntityTag = tag;
        _folder.Write(() => File.WriteAllText(TagPath(_path), tag));
    }

    /// <summary>Forgets all bytes.</summary>
    public void Restart()
    {
        _folder.Write(() =>
        {
            if (_map is not null)
            {
                _map.Dispose();
                _map = null;
                BlockMap.Delete(MapPath(_path));
                File.Move(SpreadPath(_path), _path, overwrite: true);
            }
            _file.SetLength(0);
            File.Delete(TagPath(_path));
        });
        _flushed.Clear();
        Kept = [];
        _isEmpty = true;
    }

    /// <summary>Waits until the bytes are on the disk, so that a renamed file is never an empty one after a power failure, and
    /// gives the file the name that says by its length what is there.</summary>
    public void Complete()
    {
        Flush();
        _isEmpty = false;
        _folder.Write(() =>
        {
            if (_map is not null)
            {
                _map.Dispose();
                _map = null;
                File.Move(SpreadPath(_path), _path, overwrite: true);
                BlockMap.Delete(MapPath(_path));
            }
            File.Delete(TagPath(_path));
        });
    }

    public void Dispose()
    {
        _map?.Dispose();
        _file.Dispose();
        // Nothing to go on with: the request itself failed.
        if (_isEmpty)
            File.Delete(_path);
    }

    private void Flush()
    {
        try
        {
            RandomAccess.FlushToDisk(_file.SafeFileHandle);
        }
        catch (IOException exception)
        {
            throw _folder.Failure(exception);
        }
    }

    private static FileStream OpenFile(string path, StoreFolder folder)
    {
        try
        {
            return new FileStream(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw folder.Failure(exception);
        }
    }

    private static string? ReadTag(string path)
    {
        try
        {
            return new FileInfo(TagPath(path)) is { Exists: true, Length: < 4096 } note ? StrongTag(File.ReadAllText(note.FullName)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? StrongTag(string text) =>
        EntityTagHeaderValue.TryParse(text, out var tag) && !tag.IsWeak ? tag.ToString() : null;

    private static long? LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : null;

    private static string TagPath(string path) => $"{path}.etag";

    private static string SpreadPath(string path) =>
        (path.EndsWith(PrefixEnding, StringComparison.Ordinal) ? path[..^PrefixEnding.Length] : path) + ".gpux";

    private static string MapPath(string path) => SpreadPath(path) + ".map";

    [LibraryImport("libc")]
    private static partial int sync_file_range(int file, long offset, long length, uint flags);
}
