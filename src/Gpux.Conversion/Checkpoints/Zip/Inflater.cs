using System.IO.Compression;

namespace Gpux.Conversion.Checkpoints.Zip;

/// <summary>Undoes deflate compression into memory of the stated size: neither more nor less may come.</summary>
internal static unsafe class Inflater
{
    // Of the compressed to the original size, from the format itself (RFC 1951): 258 bytes from two bits.
    private const long GreatestRatio = 1032;

    /// <summary>Whether so many bytes can come of so few.</summary>
    public static bool IsPossible(long storedBytes, long bytes) => bytes / GreatestRatio <= storedBytes;

    /// <exception cref="InvalidCheckpointException">The data is damaged, or of another size.</exception>
    public static void Inflate(byte* source, long sourceBytes, byte* target, long targetBytes, string file)
    {
        using var stored = new UnmanagedMemoryStream(source, sourceBytes);
        using var inflated = new DeflateStream(stored, CompressionMode.Decompress);
        try
        {
            long done = 0;
            while (done < targetBytes)
            {
                var read = inflated.Read(new Span<byte>(target + done, (int)Math.Min(targetBytes - done, 1 << 20)));
                if (read == 0)
                    throw new InvalidCheckpointException(file, $"a compressed entry gives {done} bytes instead of {targetBytes}");
                done += read;
            }
            if (inflated.ReadByte() >= 0)
                throw new InvalidCheckpointException(file, $"a compressed entry gives more than its {targetBytes} bytes");
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidCheckpointException(file, "a compressed entry is damaged", exception);
        }
    }

    public static byte[] Inflate(ReadOnlySpan<byte> source, long targetBytes, string file)
    {
        var target = new byte[targetBytes];
        fixed (byte* from = source, to = target)
            Inflate(from, source.Length, to, targetBytes, file);
        return target;
    }

    /// <summary>The first bytes of an entry, at most <paramref name="count"/>.</summary>
    public static byte[] InflateStart(ReadOnlySpan<byte> source, int count, string file)
    {
        fixed (byte* from = source)
        {
            using var stored = new UnmanagedMemoryStream(from, source.Length);
            using var inflated = new DeflateStream(stored, CompressionMode.Decompress);
            var start = new byte[count];
            try
            {
                return start[..inflated.ReadAtLeast(start, count, throwOnEndOfStream: false)];
            }
            catch (InvalidDataException exception)
            {
                throw new InvalidCheckpointException(file, "a compressed entry is damaged", exception);
            }
        }
    }
}
