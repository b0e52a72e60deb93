using System.Buffers.Binary;
using System.Globalization;

namespace Gpux.Registries.Archives;

/// <summary>Reads tar: ustar, GNU and pax.</summary>
/// <remarks>Source: POSIX.1-2024, pax; GNU tar 1.35, "Basic Tar Format". The framework's own reader allocates whatever size a header
/// claims for a long name, which an archive from anywhere must not decide.</remarks>
internal static class TarEntries
{
    public const int BlockBytes = 512;
    private const int MetadataLimitBytes = 1 << 20;

    /// <summary>Whether a block is the header of an entry, or the zeros that end an archive.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> block) =>
        block.Length == BlockBytes && (IsEnd(block) || HasChecksum(block));

    /// <exception cref="InvalidDataException">The archive breaks its format, or holds what no model needs.</exception>
    /// <exception cref="EndOfStreamException">It was cut short.</exception>
    public static IEnumerable<ArchiveEntry> Read(Stream archive)
    {
        var header = new byte[BlockBytes];
        var extended = new Extended();
        while (true)
        {
            archive.ReadExactly(header);
            if (IsEnd(header))
                break;
            if (!HasChecksum(header))
                throw new InvalidDataException("a header is damaged");
            var (type, size) = ((char)header[156], Number(header.AsSpan(124, 12)));
            switch (type)
            {
                case 'x':
                    extended = extended.With(Metadata(archive, size), isForAll: false);
                    continue;
                case 'g':
                    extended.With(Metadata(archive, size), isForAll: true);
                    continue;
                case 'L':
                    extended = extended with { Path = Text(Metadata(archive, size)) };
                    continue;
                case 'K':
                    extended = extended with { LinkTarget = Text(Metadata(archive, size)) };
                    continue;
            }
            var name = extended.Path ?? Name(header);
            var target = extended.LinkTarget ?? Text(header.AsSpan(157, 100));
            size = extended.SizeBytes ?? size;
            extended = new Extended();
            var kind = type switch
            {
                '\0' or '0' or '7' => name.EndsWith('/') ? EntryKind.Folder : EntryKind.File,
                '1' => EntryKind.HardLink,
                '2' => EntryKind.SymbolicLink,
                '5' => EntryKind.Folder,
                '3' or '4' or '6' => throw new InvalidDataException($"'{name}' is a device or a pipe"),
                _ => throw new InvalidDataException($"'{name}' is of the special type '{type}'"),
            };
            if (kind is EntryKind.HardLink or EntryKind.SymbolicLink && size != 0)
                throw new InvalidDataException($"the link '{name}' has content");
            if (kind != EntryKind.File)
                size = 0; // A folder's is a hint of how much to reserve for it.
            var content = new PartOfStream(archive, size);
            yield return new ArchiveEntry(name, kind, size, content) { LinkTarget = target };
            Skip(archive, content.Remaining + Padding(size));
        }
        // What follows the end is padding. It is read so that a compressed archive is checked as a whole.
        while (archive.Read(header) > 0)
        {
        }
    }

    private static bool IsEnd(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    private static bool HasChecksum(ReadOnlySpan<byte> block)
    {
        // Taken with the checksum's own field as blanks; some old programs added signed bytes.
        var (unsigned, signed) = (0, 0);
        for (var i = 0; i < BlockBytes; i++)
        {
            var value = i is >= 148 and < 156 ? (byte)' ' : block[i];
            unsigned += value;
            signed += (sbyte)value;
        }
        return TryNumber(block.Slice(148, 8), out var stated) && (stated == unsigned || stated == signed);
    }

    private static string Name(ReadOnlySpan<byte> header)
    {
        var name = Text(header[..100]);
        // GNU's older headers have other things where POSIX has the prefix.
        var prefix = header.Slice(257, 6).SequenceEqual("ustar\0"u8) ? Text(header.Slice(345, 155)) : "";
        return prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    private static long Number(ReadOnlySpan<byte> field) =>
        TryNumber(field, out var number) ? number : throw new InvalidDataException("a header states no legal size");

    // Octal digits, or big-endian binary where the first bit is set.
    private static bool TryNumber(ReadOnlySpan<byte> field, out long number)
    {
        number = 0;
        if (field[0] == 0x80)
        {
            number = BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
            return number >= 0 && !field[1..^8].ContainsAnyExcept((byte)0);
        }
        var digits = field.Trim(" \0"u8);
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7')
                return false;
            number = (number << 3) | (uint)(digit - '0');
        }
        return digits.Length <= 12;
    }

    private static byte[] Metadata(Stream archive, long size)
    {
        if (size > MetadataLimitBytes)
            throw new InvalidDataException($"a header is followed by {size:N0} bytes of extensions");
        var bytes = new byte[size];
        archive.ReadExactly(bytes);
        Skip(archive, Padding(size));
        return bytes;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return MemberText.Of(end < 0 ? field : field[..end]);
    }

    private static long Padding(long size) => -size & (BlockBytes - 1);

    private static void Skip(Stream archive, long bytes)
    {
        Span<byte> skipped = stackalloc byte[4096];
        for (; bytes > 0; bytes -= Math.Min(bytes, skipped.Length))
            archive.ReadExactly(skipped[..(int)Math.Min(bytes, skipped.Length)]);
    }

    // What extended headers say of the entry that follows them.
    private sealed record Extended(string? Path = null, string? LinkTarget = null, long? SizeBytes = null)
    {
        // Records of the form "length key=value\n", the length being the record's own.
        public Extended With(ReadOnlySpan<byte> records, bool isForAll)
        {
            var read = this;
            while (!records.IsEmpty)
            {
                var blank = records.IndexOf((byte)' ');
                if (blank <= 0 || !int.TryParse(records[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                    || length <= blank + 2 || length > records.Length || records[length - 1] != '\n')
                    throw new InvalidDataException("an extended header is damaged");
                var record = records[(blank + 1)..(length - 1)];
                var equals = record.IndexOf((byte)'=');
                if (equals <= 0)
                    throw new InvalidDataException("an extended header is damaged");
                var key = MemberText.Of(record[..equals]);
                var value = record[(equals + 1)..];
                if (key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
                    throw new InvalidDataException("it holds a sparse file, of which only parts are stored");
                if (isForAll && (key is "path" or "linkpath" or "size"))
                    throw new InvalidDataException($"it states one {key} for all members");
                read = key switch
                {
                    "path" => read with { Path = MemberText.Of(value) },
                    "linkpath" => read with { LinkTarget = MemberText.Of(value) },
                    "size" => read with { SizeBytes = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size
                        : throw new InvalidDataException("an extended header states no legal size") },
                    _ => read, // Times, owners, labels
                };
                records = records[length..];
            }
            return read;
        }
    }
}
