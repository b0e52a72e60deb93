using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Gpux.Registries.Store.Bundles;

/// <summary>The one form of tar header that bundles have, so that reading one is comparing it.</summary>
/// <remarks>Source: POSIX.1-2001, ustar interchange format; sizes of 8 GiB and more in base 256, as GNU tar writes them.</remarks>
internal static class TarHeader
{
    public const int BlockBytes = 512;
    private const int SizeAt = 124;
    private const int SizeDigits = 11;
    private const int ChecksumAt = 148;
    private const long LargestOctal = (1L << (3 * SizeDigits)) - 1;

    /// <summary>A regular file that everybody may read, of no owner and no time.</summary>
    public static byte[] Of(string name, long sizeBytes)
    {
        var block = new byte[BlockBytes];
        Encoding.ASCII.GetBytes(name, block.AsSpan(0, 99));
        "0000644"u8.CopyTo(block.AsSpan(100));
        "0000000"u8.CopyTo(block.AsSpan(108));
        "0000000"u8.CopyTo(block.AsSpan(116));
        if (sizeBytes <= LargestOctal)
        {
            Octal(sizeBytes, SizeDigits, block.AsSpan(SizeAt));
        }
        else
        {
            block[SizeAt] = 0x80;
            BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(SizeAt + 4), sizeBytes);
        }
        "00000000000"u8.CopyTo(block.AsSpan(136));
        block[156] = (byte)'0';
        "ustar\0"u8.CopyTo(block.AsSpan(257));
        "00"u8.CopyTo(block.AsSpan(263));
        block.AsSpan(ChecksumAt, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var value in block)
            sum += value;
        Octal(sum, 6, block.AsSpan(ChecksumAt));
        block[ChecksumAt + 6] = 0;
        return block;
    }

    /// <summary>The size that a header states, which only comparing the whole header makes certain; null if it is none of
    /// these.</summary>
    public static long? Size(ReadOnlySpan<byte> header)
    {
        var size = 0L;
        foreach (var digit in header.Slice(SizeAt, SizeDigits))
        {
            if (digit is < (byte)'0' or > (byte)'7')
                return null;
            size = size << 3 | (long)(digit - (byte)'0');
        }
        return size;
    }

    /// <summary>What a file takes with its header and the filling behind it.</summary>
    public static long EntryBytes(long sizeBytes) => checked(BlockBytes + (sizeBytes + BlockBytes - 1) / BlockBytes * BlockBytes);

    private static void Octal(long number, int digits, Span<byte> to) =>
        Encoding.ASCII.GetBytes(Convert.ToString(number, 8).PadLeft(digits, '0').ToString(CultureInfo.InvariantCulture), to);
}
