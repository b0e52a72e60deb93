using System.Buffers.Binary;
using System.Text;

namespace Gpux.Conversion.Checkpoints.Zip;

/// <summary>The entries of a zip file, each with the place of its bytes.</summary>
internal sealed class ZipArchive
{
    private const ushort SizesFollow = 1 << 3;
    private readonly FileBytes _file;

    private ZipArchive(FileBytes file, IReadOnlyDictionary<string, ZipEntry> entries)
    {
        _file = file;
        Entries = entries;
    }

    public IReadOnlyDictionary<string, ZipEntry> Entries { get; }

    /// <exception cref="InvalidCheckpointException">Damaged, or its directory and its local headers say different things.</exception>
    public static ZipArchive Read(FileBytes file)
    {
        var tail = Math.Min(file.Length, ZipDirectory.TailBytes);
        var (directory, count) = ZipDirectory.Find(file.Span(file.Length - tail, tail), file.Name, file.Length);
        var listed = ZipDirectory.Parse(file.Span(directory.Offset, directory.Length), count, file.Name, directory.Offset);
        var entries = new Dictionary<string, ZipEntry>(listed.Count);
        for (var i = 0; i < listed.Count; i++)
        {
            var entry = Locate(file, listed[i]);
            if (entry.Offset + entry.StoredBytes > (i + 1 < listed.Count ? listed[i + 1].HeaderOffset : directory.Offset))
                throw new InvalidCheckpointException(file.Name, $"'{entry.Name}' reaches into what follows it");
            entries.Add(entry.Name, entry);
        }
        return new ZipArchive(file, entries);
    }

    /// <summary>The bytes of an entry; compression is undone.</summary>
    /// <exception cref="InvalidCheckpointException">More than <paramref name="limit"/>, or damaged.</exception>
    public ReadOnlySpan<byte> Read(ZipEntry entry, long limit)
    {
        if (entry.Bytes > limit)
            throw new InvalidCheckpointException(_file.Name, $"'{entry.Name}' has {entry.Bytes} bytes, where {limit} are the most");
        var stored = _file.Span(entry.Offset, entry.StoredBytes);
        return entry.IsDeflated ? Inflater.Inflate(stored, entry.Bytes, _file.Name) : stored;
    }

    // The directory and the local header are read by different programs: where they differ, someone is being deceived.
    private static ZipEntry Locate(FileBytes file, ZipEntry entry)
    {
        var header = file.Span(entry.HeaderOffset, ZipDirectory.LocalHeaderBytes);
        if (!header.StartsWith("PK\u0003\u0004"u8))
            throw new InvalidCheckpointException(file.Name, $"'{entry.Name}' is not at byte {entry.HeaderOffset}, where the directory places it");
        var (flags, method) = (BinaryPrimitives.ReadUInt16LittleEndian(header[6..]), BinaryPrimitives.ReadUInt16LittleEndian(header[8..]));
        var (stored, bytes) = (BinaryPrimitives.ReadUInt32LittleEndian(header[18..]), BinaryPrimitives.ReadUInt32LittleEndian(header[22..]));
        var (nameBytes, extraBytes) = (BinaryPrimitives.ReadUInt16LittleEndian(header[26..]), BinaryPrimitives.ReadUInt16LittleEndian(header[28..]));
        var name = file.Span(entry.HeaderOffset + ZipDirectory.LocalHeaderBytes, nameBytes);
        if (!name.SequenceEqual(Encoding.UTF8.GetBytes(entry.Name)))
            throw new InvalidCheckpointException(file.Name, $"'{entry.Name}' has another name in its own header");
        if (method != (entry.IsDeflated ? 8 : 0) || (flags & ~SizesFollow) != (entry.Flags & ~SizesFollow))
            throw new InvalidCheckpointException(file.Name, $"'{entry.Name}' is stored in another way than the directory says");
        var isStated = (flags & SizesFollow) == 0;
        if (Contradicts(stored, entry.StoredBytes, isStated) || Contradicts(bytes, entry.Bytes, isStated))
            throw new InvalidCheckpointException(file.Name, $"'{entry.Name}' has other sizes in its own header than in the directory");
        return entry with { Offset = entry.HeaderOffset + ZipDirectory.LocalHeaderBytes + nameBytes + extraBytes };
    }

    // 2^32 - 1 stands for a size in the 64-bit field.
    private static bool Contradicts(uint local, long listed, bool isStated) =>
        local != listed && local != uint.MaxValue && (isStated || local != 0);
}
