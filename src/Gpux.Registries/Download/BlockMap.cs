using System.Buffers.Binary;
using System.Text;
using Gpux.Registries.Store;

namespace Gpux.Registries.Download;

/// <summary>Notes beside a partial file which of its bytes are there, so that they outlive this process.</summary>
/// <remarks>A head of 512 bytes (the form, the file's size, the validator), then a slot of 16 bytes for each stretch: where it
/// starts and up to where it is written. A slot is overwritten in place, by one write within one page, after the bytes themselves
/// were written: a process that is killed leaves the slot as it was before or after. A machine that loses its power may keep the
/// slot without the bytes, which the digest shows in the end; where there is none, bytes are flushed before they are noted.</remarks>
internal sealed class BlockMap : IDisposable
{
    private const int HeadBytes = 512;
    private const int SlotBytes = 16;
    private const int LimitBytes = 16 << 20;

    private readonly FileStream _file;
    private readonly StoreFolder _folder;
    private int _slots;

    private BlockMap(FileStream file, StoreFolder folder, int slots) => (_file, _folder, _slots) = (file, folder, slots);

    private static ReadOnlySpan<byte> Form => "gpuxmap1"u8;

    /// <summary>Begins a map, replacing what was there as a whole.</summary>
    /// <param name="validator">What tells this version of the file from others: its digest or its entity tag.</param>
    /// <param name="kept">Stretches that are there already; each gets the slot of its index.</param>
    /// <exception cref="GpuxException">It cannot be written.</exception>
    public static BlockMap Create(string path, long sizeBytes, string validator, List<Extent> kept, StoreFolder folder)
    {
        // More slots than most files need, so that a disk that fills up has room for the notes at least.
        var bytes = new byte[Math.Max(4096, HeadBytes + (kept.Count * SlotBytes))];
        Form.CopyTo(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), sizeBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), Encoding.UTF8.GetBytes(validator, bytes.AsSpan(20, HeadBytes - 20)));
        for (var i = 0; i < kept.Count; i++)
            WriteSlot(bytes.AsSpan(HeadBytes + (i * SlotBytes)), kept[i].Start, kept[i].End);
        FileStream? file = null;
        folder.Write(() =>
        {
            // One name for the new map, so that a process that is killed here leaves nothing that the next does not replace.
            File.WriteAllBytes(NewPath(path), bytes);
            File.Move(NewPath(path), path, overwrite: true);
            file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        });
        return new BlockMap(file!, folder, kept.Count); // Write has opened it or thrown
    }

    /// <summary>Deletes a map, and one that was being written.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        File.Delete(NewPath(path));
    }

    /// <summary>Whether a validator has room in a map.</summary>
    public static bool Takes(string validator) => Encoding.UTF8.GetByteCount(validator) <= HeadBytes - 20;

    /// <summary>What a map says; null where there is none, or one that is damaged.</summary>
    /// <param name="writtenBytes">The length of the partial file: nothing beyond it is there.</param>
    public static (long SizeBytes, string Validator, List<Extent> Kept)? Read(string path, long writtenBytes)
    {
        byte[] bytes;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (file.Length is < HeadBytes or > LimitBytes)
                return null;
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        var size = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(16));
        if (!bytes.AsSpan().StartsWith(Form) || size <= 0 || length is <= 0 or > HeadBytes - 20)
            return null;
        var kept = new List<Extent>();
        for (var at = HeadBytes; at + SlotBytes <= bytes.Length; at += SlotBytes)
        {
            var start = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
            var end = Math.Min(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at + 8)), Math.Min(size, writtenBytes));
            if (start >= 0 && start < end)
                kept.Add(new Extent(start, end));
        }
        return (size, Encoding.UTF8.GetString(bytes, 20, length), Extent.Union(kept));
    }

    /// <summary>A new slot, for a stretch of which nothing is there yet.</summary>
    public int AddSlot() => _slots++;

    /// <summary>Notes up to where a stretch is there.</summary>
    /// <exception cref="GpuxException">It cannot be written.</exception>
    public void Note(int slot, long start, long end)
    {
        Span<byte> bytes = stackalloc byte[SlotBytes];
        WriteSlot(bytes, start, end);
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, bytes, HeadBytes + ((long)slot * SlotBytes));
        }
        catch (IOException exception)
        {
            throw _folder.Failure(exception);
        }
    }

    public void Dispose() => _file.Dispose();

    private static string NewPath(string path) => $"{path}.new";

    private static void WriteSlot(Span<byte> slot, long start, long end)
    {
        BinaryPrimitives.WriteInt64LittleEndian(slot, start);
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], end);
    }
}
