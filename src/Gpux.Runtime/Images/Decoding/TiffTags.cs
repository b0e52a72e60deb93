using System.Buffers.Binary;

namespace Gpux.Runtime.Images.Decoding;

/// <summary>What libvips does not tell of a TIFF.</summary>
internal static class TiffTags
{
    private const int Compression = 259;
    private const int PhotometricInterpretation = 262;

    /// <summary>Whether the first image holds YCbCr that libtiff does not turn into RGB, as it does for JPEG compression
    /// only.</summary>
    public static bool IsUnconvertedYCbCr(ReadOnlySpan<byte> file) =>
        Read(file, PhotometricInterpretation) == 6 && Read(file, Compression) is not (6 or 7);

    /// <summary>A short number of the first directory; -1 where there is none, and in BigTIFF, which nobody writes for
    /// YCbCr.</summary>
    private static int Read(ReadOnlySpan<byte> file, int tag)
    {
        var big = file[0] == 'M';
        if (file.Length < 8 || ReadShort(file[2..], big) != 42)
            return -1;
        var directory = big
            ? BinaryPrimitives.ReadUInt32BigEndian(file[4..])
            : BinaryPrimitives.ReadUInt32LittleEndian(file[4..]);
        if (directory > file.Length - 2)
            return -1;
        var entries = file[(int)directory..];
        var count = ReadShort(entries, big);
        for (var i = 0; i < count && entries.Length >= 2 + (i + 1) * 12; i++)
            if (ReadShort(entries[(2 + i * 12)..], big) == tag)
                return ReadShort(entries[(2 + i * 12 + 8)..], big);
        return -1;
    }

    private static int ReadShort(ReadOnlySpan<byte> bytes, bool big) =>
        big ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
