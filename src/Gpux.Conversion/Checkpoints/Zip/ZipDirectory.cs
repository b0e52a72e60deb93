using System.Buffers.Binary;
using System.Text;

namespace Gpux.Conversion.Checkpoints.Zip;

/// <param name="HeaderOffset">Where its local header begins, in bytes from the file's start.</param>
/// <param name="StoredBytes">Its size in the file.</param>
/// <param name="Bytes">Its size when compression is undone.</param>
internal sealed record ZipEntry(string Name, bool IsDeflated, long HeaderOffset, long StoredBytes, long Bytes)
{
    /// <summary>Where its bytes begin; known once its local header was read.</summary>
    public long Offset { get; init; }

    /// <summary>General purpose bit flags.</summary>
    public ushort Flags { get; init; }

    public FilePart Part => new(Offset, StoredBytes);
}

/// <summary>Reads the list of entries at the end of a zip file.</summary>
/// <remarks>Source: PKWARE APPNOTE 6.3.10, 4.3.12 to 4.3.16 and 4.5.3. Stricter on purpose: no other data before, between or after
/// the archive's parts, and no entry that names a place outside of it.</remarks>
internal static class ZipDirectory
{
    /// <summary>The bytes at a file's end that always hold its end records: a comment takes at most 65 535.</summary>
    public const int TailBytes = (1 << 16) + 22 + 20 + 56;

    private const int EndBytes = 22;
    private const int LocatorBytes = 20;
    private const int EntryBytes = 46;
    private const int LargestDirectoryBytes = 64 << 20;
    private const uint In64Bits = uint.MaxValue;

    /// <summary>Where the directory is, by the end records.</summary>
    /// <param name="tail">The last bytes of the file, <see cref="TailBytes"/> or all of them.</param>
    public static (FilePart Directory, long EntryCount) Find(ReadOnlySpan<byte> tail, string file, long fileBytes)
    {
        var at = tail.Length - EndBytes;
        while (at >= 0 && !(tail[at..].StartsWith("PK\u0005\u0006"u8)
            && at + EndBytes + BinaryPrimitives.ReadUInt16LittleEndian(tail[(at + 20)..]) == tail.Length))
            at--;
        if (at < 0)
            throw new InvalidCheckpointException(file, "it begins as a zip archive, but has no end: it is incomplete or has other data after it");
        var end = tail[at..];
        var (count, length, offset) = ((long)Short(end, 10), (long)Int(end, 12), (long)Int(end, 16));
        if (Short(end, 4) is not (0 or ushort.MaxValue) || Short(end, 6) is not (0 or ushort.MaxValue) || Short(end, 8) != Short(end, 10))
            throw new InvalidCheckpointException(file, "it is one part of a zip archive of several");
        var records = fileBytes - tail.Length + at;
        // PyTorch writes the 64-bit records always, others where they are needed.
        if (count == ushort.MaxValue || length == In64Bits || offset == In64Bits || Has64(tail, at))
            (count, length, offset, records) = Find64(tail, at, file, fileBytes);
        if (length is < 0 or > LargestDirectoryBytes || offset < 0 || offset > records || offset + length != records)
            throw new InvalidCheckpointException(file, $"its directory of {length} bytes at byte {offset} does not end at byte {records}, where the archive's end begins");
        return (new FilePart(offset, length), count);
    }

    private static bool Has64(ReadOnlySpan<byte> tail, int at) => at >= LocatorBytes && tail[(at - LocatorBytes)..].StartsWith("PK\u0006\u0007"u8);

    private static (long Count, long Length, long Offset, long Records) Find64(ReadOnlySpan<byte> tail, int at, string file, long fileBytes)
    {
        var start = fileBytes - tail.Length;
        if (!Has64(tail, at))
            throw new InvalidCheckpointException(file, "its directory lacks the 64-bit sizes that it announces");
        var records = Long(tail, at - LocatorBytes + 8);
        if (records < start || records > start + at - LocatorBytes - 56 || !tail[(int)(records - start)..].StartsWith("PK\u0006\u0006"u8))
            throw new InvalidCheckpointException(file, "its 64-bit end record is not where it should be");
        var record = tail[(int)(records - start)..];
        if (Int(record, 16) != 0 || Int(record, 20) != 0 || Long(record, 24) != Long(record, 32))
            throw new InvalidCheckpointException(file, "it is one part of a zip archive of several");
        return (Long(record, 32), Long(record, 40), Long(record, 48), records);
    }

    /// <summary>The entries in the order of their places, which do not overlap.</summary>
    public static IReadOnlyList<ZipEntry> Parse(ReadOnlySpan<byte> directory, long entryCount, string file, long directoryOffset)
    {
        var entries = new List<ZipEntry>();
        var names = new HashSet<string>();
        while (!directory.IsEmpty)
        {
            if (directory.Length < EntryBytes || !directory.StartsWith("PK\u0001\u0002"u8))
                throw new InvalidCheckpointException(file, $"entry {entries.Count} of its directory is damaged");
            var (nameBytes, extraBytes, commentBytes) = (Short(directory, 28), Short(directory, 30), Short(directory, 32));
            if (directory.Length - EntryBytes < nameBytes + extraBytes + commentBytes)
                throw new InvalidCheckpointException(file, $"entry {entries.Count} of its directory is cut off");
            var name = ReadName(directory.Slice(EntryBytes, nameBytes), file);
            if (!names.Add(name))
                throw new InvalidCheckpointException(file, $"it holds '{name}' twice");
            entries.Add(ReadEntry(directory, name, directory.Slice(EntryBytes + nameBytes, extraBytes), file));
            directory = directory[(EntryBytes + nameBytes + extraBytes + commentBytes)..];
        }
        if (entries.Count != entryCount)
            throw new InvalidCheckpointException(file, $"its directory has {entries.Count} entries, but announces {entryCount}");
        entries.Sort((a, b) => a.HeaderOffset.CompareTo(b.HeaderOffset));
        for (var i = 0; i < entries.Count; i++)
        {
            var limit = i + 1 < entries.Count ? entries[i + 1].HeaderOffset : directoryOffset;
            if (entries[i].HeaderOffset < 0 || entries[i].StoredBytes > limit - entries[i].HeaderOffset - LocalHeaderBytes)
                throw new InvalidCheckpointException(file, $"'{entries[i].Name}' claims {entries[i].StoredBytes} bytes that are not its own");
        }
        return entries;
    }

    internal const int LocalHeaderBytes = 30;

    private static ZipEntry ReadEntry(ReadOnlySpan<byte> header, string name, ReadOnlySpan<byte> extra, string file)
    {
        var (flags, method) = (Short(header, 8), Short(header, 10));
        if ((flags & 0x2041) != 0)
            throw new InvalidCheckpointException(file, $"'{name}' is encrypted");
        if (method is not (0 or 8))
            throw new InvalidCheckpointException(file, $"'{name}' is compressed by method {method}; deflate is the only one that is read");
        var (stored, bytes, offset) = ((long)Int(header, 20), (long)Int(header, 24), (long)Int(header, 42));
        if (stored == In64Bits || bytes == In64Bits || offset == In64Bits)
        {
            var wide = Find64BitSizes(extra);
            long Next(ref ReadOnlySpan<byte> from)
            {
                if (from.Length < 8)
                    throw new InvalidCheckpointException(file, $"'{name}' lacks the 64-bit sizes that it announces");
                var value = Long(from, 0);
                from = from[8..];
                return value;
            }
            bytes = bytes == In64Bits ? Next(ref wide) : bytes;
            stored = stored == In64Bits ? Next(ref wide) : stored;
            offset = offset == In64Bits ? Next(ref wide) : offset;
        }
        if (stored < 0 || bytes < 0 || (method == 0 ? stored != bytes : !Inflater.IsPossible(stored, bytes)))
            throw new InvalidCheckpointException(file, $"'{name}' cannot have {bytes} bytes in {stored}");
        return new ZipEntry(name, method == 8, offset, stored, bytes) { Flags = flags };
    }

    private static ReadOnlySpan<byte> Find64BitSizes(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            var length = Short(extra, 2);
            if (length > extra.Length - 4)
                break;
            if (Short(extra, 0) == 1)
                return extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }
        return default;
    }

    private static string ReadName(ReadOnlySpan<byte> bytes, string file)
    {
        string name;
        try
        {
            name = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (ArgumentException)
        {
            throw new InvalidCheckpointException(file, "the name of an entry is no UTF-8");
        }
        if (name.Length == 0 || name[0] == '/' || name.Contains('\\') || name.Any(char.IsControl) || name.Split('/').Contains(".."))
            throw new InvalidCheckpointException(file, $"an entry has the name '{name}', which leads elsewhere");
        return name;
    }

    private static ushort Short(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint Int(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
