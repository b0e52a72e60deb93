using System.Buffers.Binary;
using System.IO.Compression;

namespace Gpux.Registries.Archives;

/// <summary>Reads zip: stored and deflated members, also beyond 4 GiB.</summary>
/// <remarks>Source: APPNOTE.TXT 6.3.10. The framework's own reader checks neither the members' checksums nor that the two places which
/// describe a member agree, and so two readers could see two archives in one file.</remarks>
internal static class ZipEntries
{
    // Ways to compress a member.
    public const ushort Stored = 0;
    public const ushort Deflated = 8;

    // Flags of a member.
    public const int Encrypted = 0x0001;
    private const int SizesFollow = 0x0008;
    private const int HeaderMasked = 0x2000;

    private const int EndBytes = 22;
    private const int CentralBytes = 46;
    private const int LocalBytes = 30;
    private const int DirectoryLimitBytes = 64 << 20;
    private const int LinkLimitBytes = 1024;

    private static InvalidDataException Damaged => new("its directory is damaged");

    public static bool IsZip(ReadOnlySpan<byte> start) => start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith("PK\u0005\u0006"u8);

    /// <param name="archive">Seekable, as a whole.</param>
    /// <exception cref="InvalidDataException">The archive breaks its format, or holds what no model needs.</exception>
    /// <exception cref="EndOfStreamException">It was cut short.</exception>
    public static IEnumerable<ArchiveEntry> Read(Stream archive)
    {
        var (directory, directoryAt) = ReadDirectory(archive);
        directory.Sort((left, right) => left.At.CompareTo(right.At));
        var free = 0L;
        foreach (var member in directory)
        {
            if (member.At < free)
                throw new InvalidDataException($"'{member.Name}' lies over another member");
            var start = member.At + CheckLocalHeader(archive, member);
            free = start + member.CompressedBytes;
            if (member.CompressedBytes > directoryAt - start)
                throw new InvalidDataException($"'{member.Name}' does not end before the directory");
            archive.Position = start;
            var stored = new PartOfStream(archive, member.CompressedBytes);
            using Stream content = member.Method == Deflated ? new DeflateStream(stored, CompressionMode.Decompress, leaveOpen: true) : stored;
            yield return Entry(member, content);
        }
    }

    private static ArchiveEntry Entry(Member member, Stream content)
    {
        var kind = member.UnixType switch
        {
            0xa000 => EntryKind.SymbolicLink,
            0x4000 => EntryKind.Folder,
            0 or 0x8000 => member.Name.EndsWith('/') ? EntryKind.Folder : EntryKind.File,
            _ => throw new InvalidDataException($"'{member.Name}' is a device or a pipe"),
        };
        if (kind != EntryKind.SymbolicLink)
            return new ArchiveEntry(member.Name, kind, member.SizeBytes, content) { Crc32 = member.Crc32 };
        if (member.SizeBytes is 0 or > LinkLimitBytes)
            throw new InvalidDataException($"the link '{member.Name}' has no legal target");
        var target = new byte[member.SizeBytes];
        content.ReadExactly(target);
        if (Archives.Crc32.Append(0, target) != member.Crc32)
            throw new InvalidDataException($"the link '{member.Name}' is damaged");
        return new ArchiveEntry(member.Name, kind, 0, Stream.Null) { LinkTarget = MemberText.Of(target) };
    }

    private static (List<Member> Members, long At) ReadDirectory(Stream archive)
    {
        var tail = ReadAt(archive, Math.Max(0, archive.Length - EndBytes - ushort.MaxValue),
            (int)Math.Min(archive.Length, EndBytes + ushort.MaxValue));
        // Whatever follows is the comment, and as long as the record says: bytes that only look like a record are none.
        var end = tail.Length - EndBytes;
        while (end >= 0 && (UInt32(tail, end) != 0x06054b50 || UInt16(tail, end + 20) != tail.Length - end - EndBytes))
            end--;
        if (end < 0)
            throw new InvalidDataException("it has no directory, and was cut short most likely");
        if (UInt16(tail, end + 4) != UInt16(tail, end + 6))
            throw new InvalidDataException("it is one of several parts");
        var (count, size, at) = ((ulong)UInt16(tail, end + 10), (ulong)UInt32(tail, end + 12), (ulong)UInt32(tail, end + 16));
        var limit = archive.Length - tail.Length + end;
        if (count == ushort.MaxValue || size == uint.MaxValue || at == uint.MaxValue)
            (count, size, at, limit) = ReadLargeEnd(archive, limit);
        if (at > (ulong)limit || size > (ulong)limit - at)
            throw Damaged;
        if (count > UnpackingBudget.Members || size > DirectoryLimitBytes)
            throw new InvalidDataException($"its directory claims {count:N0} members in {size:N0} bytes");
        var directory = ReadAt(archive, (long)at, (int)size);
        var members = new List<Member>();
        for (var offset = 0; offset < directory.Length && (ulong)members.Count < count;)
            members.Add(ReadMember(directory, ref offset));
        return (ulong)members.Count == count ? (members, (long)at) : throw Damaged;
    }

    // Where a number does not fit the old record, another one before it has them all.
    private static (ulong Count, ulong Size, ulong At, long Limit) ReadLargeEnd(Stream archive, long end)
    {
        if (end < 20 || ReadAt(archive, end - 20, 20) is var locator && UInt32(locator, 0) != 0x07064b50)
            throw Damaged;
        var at = UInt64(locator, 8);
        if (at > (ulong)(end - 20) || end - 20 - (long)at < 56 || ReadAt(archive, (long)at, 56) is var record && UInt32(record, 0) != 0x06064b50)
            throw Damaged;
        return (UInt64(record, 32), UInt64(record, 40), UInt64(record, 48), (long)at);
    }

    private static Member ReadMember(byte[] directory, ref int offset)
    {
        var entry = directory.AsSpan(offset);
        if (entry.Length < CentralBytes || UInt32(entry, 0) != 0x02014b50)
            throw Damaged;
        var (nameBytes, extraBytes, commentBytes) = (UInt16(entry, 28), UInt16(entry, 30), UInt16(entry, 32));
        if (entry.Length < CentralBytes + nameBytes + extraBytes + commentBytes)
            throw Damaged;
        offset += CentralBytes + nameBytes + extraBytes + commentBytes;
        var rawName = entry.Slice(CentralBytes, nameBytes);
        var name = MemberText.Of(rawName);
        var (flags, method) = (UInt16(entry, 8), UInt16(entry, 10));
        if ((flags & (Encrypted | HeaderMasked)) != 0)
            throw new InvalidDataException($"'{name}' is encrypted");
        if (method is not (Stored or Deflated))
            throw new InvalidDataException($"'{name}' is compressed in an unusual way ({method})");
        var (compressed, size, at) = ((ulong)UInt32(entry, 20), (ulong)UInt32(entry, 24), (ulong)UInt32(entry, 42));
        ReadLargeNumbers(entry.Slice(CentralBytes + nameBytes, extraBytes), ref size, ref compressed, ref at);
        if (size > long.MaxValue || compressed > long.MaxValue || at > long.MaxValue || (method == Stored && size != compressed))
            throw new InvalidDataException($"'{name}' has impossible sizes");
        // Only those who say they are Unix state a mode there.
        var mode = entry[5] is 3 or 19 ? UInt32(entry, 38) >> 16 : 0;
        return new Member(name, rawName.ToArray(), flags, method, UInt32(entry, 16), (long)size, (long)compressed, (long)at, mode & 0xf000);
    }

    // The extra field 1: those numbers that did not fit, in this order.
    private static void ReadLargeNumbers(ReadOnlySpan<byte> extra, ref ulong size, ref ulong compressed, ref ulong at)
    {
        while (extra.Length >= 4)
        {
            var (id, length) = (UInt16(extra, 0), UInt16(extra, 2));
            if (length > extra.Length - 4)
                throw Damaged;
            if (id == 1)
            {
                var numbers = extra.Slice(4, length);
                Take(ref numbers, ref size);
                Take(ref numbers, ref compressed);
                Take(ref numbers, ref at);
                return;
            }
            extra = extra[(4 + length)..];
        }

        static void Take(ref ReadOnlySpan<byte> numbers, ref ulong number)
        {
            if (number != uint.MaxValue)
                return;
            if (numbers.Length < sizeof(ulong))
                throw Damaged;
            number = UInt64(numbers, 0);
            numbers = numbers[sizeof(ulong)..];
        }
    }

    // The length of the member's own header, which must say the same as the directory.
    private static int CheckLocalHeader(Stream archive, Member member)
    {
        if (member.At > archive.Length - LocalBytes)
            throw Damaged;
        var header = ReadAt(archive, member.At, LocalBytes);
        var (nameBytes, extraBytes) = (UInt16(header, 26), UInt16(header, 28));
        if (UInt32(header, 0) != 0x04034b50 || nameBytes != member.RawName.Length || member.At + LocalBytes + nameBytes > archive.Length
            || !ReadAt(archive, member.At + LocalBytes, nameBytes).AsSpan().SequenceEqual(member.RawName)
            || UInt16(header, 8) != member.Method || ((UInt16(header, 6) ^ member.Flags) & (Encrypted | SizesFollow)) != 0
            || ((member.Flags & SizesFollow) == 0 && (UInt32(header, 14) != member.Crc32
                || !Agree(UInt32(header, 18), member.CompressedBytes) || !Agree(UInt32(header, 22), member.SizeBytes))))
            throw new InvalidDataException($"its directory and the header of '{member.Name}' do not agree");
        return LocalBytes + nameBytes + extraBytes;

        static bool Agree(uint here, long there) => here == uint.MaxValue || here == there;
    }

    private static byte[] ReadAt(Stream archive, long at, int count)
    {
        var bytes = new byte[count];
        archive.Position = at;
        archive.ReadExactly(bytes);
        return bytes;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong UInt64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private sealed record Member(
        string Name, byte[] RawName, int Flags, ushort Method, uint Crc32, long SizeBytes, long CompressedBytes, long At, uint UnixType);
}
