namespace Gpux.Runtime.Tests.Audio;

/// <summary>Writes FLAC files of one small frame, of noise, with parts of every kind.</summary>
/// <remarks>Source: RFC 9639.</remarks>
internal sealed class FlacFile
{
    private const int FrameAt = 42, HeaderBytes = 6, Rate = 16_000, Depth = 16;
    private readonly List<byte> _bytes = [];
    private int _bits;
    private uint _noise = 1;

    /// <param name="assignment">Channels but one, or 8, 9 and 10 for left, right or the middle with the difference.</param>
    /// <param name="kinds">Of the parts: 0 one value, 1 values, 8 to 12 fixed predictors, 32 and on linear prediction.</param>
    public static byte[] Of(int samples, int assignment, params ReadOnlySpan<int> kinds)
    {
        var file = new FlacFile();
        file._bytes.AddRange("fLaC"u8);
        file.Write(8, 0x80);
        file.Write(24, 34);
        file.Write(16, (uint)samples);
        file.Write(16, (uint)samples);
        file.Write(24, 0);
        file.Write(24, 0);
        file.Write(20, Rate);
        file.Write(3, (uint)kinds.Length - 1);
        file.Write(5, Depth - 1);
        file.Write(4, 0);
        file.Write(32, (uint)samples);
        for (var i = 0; i < 4; i++)
            file.Write(32, 0); // the checksum of the sound, which is not known
        file.Write(16, 0xFFF8);
        file.Write(4, 6);
        file.Write(4, 0);
        file.Write(4, (uint)assignment);
        file.Write(4, 4 << 1);
        file.Write(8, 0);
        file.Write(8, (uint)samples - 1);
        file.Write(8, 0);
        for (var channel = 0; channel < kinds.Length; channel++)
        {
            var isDifference = assignment == 9 ? channel == 0 : assignment > 7 && channel == 1;
            file.WritePart(kinds[channel], samples, isDifference ? Depth + 1 : Depth);
        }
        file.Write((8 - file._bits % 8) % 8, 0);
        file.Write(16, 0);
        byte[] bytes = [.. file._bytes];
        CorrectChecksums(bytes);
        return bytes;
    }

    /// <summary>Makes the frame's two checksums right, wherever its length still allows.</summary>
    public static void CorrectChecksums(Span<byte> file)
    {
        if (file.Length < FrameAt + HeaderBytes + 3)
            return;
        file[FrameAt + HeaderBytes] = (byte)Checksum(file.Slice(FrameAt, HeaderBytes), 8, 0x07);
        var checksum = Checksum(file[FrameAt..^2], 16, 0x8005);
        (file[^2], file[^1]) = ((byte)(checksum >> 8), (byte)checksum);
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes, int bits, uint polynomial)
    {
        var checksum = 0u;
        foreach (var value in bytes)
        {
            checksum ^= (uint)value << bits - 8;
            for (var bit = 0; bit < 8; bit++)
                checksum = checksum << 1 ^ ((checksum >> bits - 1 & 1) == 0 ? 0 : polynomial);
        }
        return checksum & (1u << bits) - 1;
    }

    private void WritePart(int kind, int samples, int depth)
    {
        Write(1, 0);
        Write(6, (uint)kind);
        Write(1, 0);
        var order = kind < 2 ? 0 : kind < 32 ? kind - 8 : kind - 31;
        for (var i = kind switch { 0 => 1, 1 => samples, _ => order }; i > 0; i--)
            Write(depth, Noise());
        if (kind < 2)
            return;
        if (kind >= 32)
        {
            Write(4, 4); // coefficients of 5 bits
            Write(5, 6); // shifted by 6, so that no sum grows
            for (var i = 0; i < order; i++)
                Write(5, Noise());
        }
        Write(2, 0);
        Write(4, 1); // two partitions, each with a Rice parameter
        for (var i = order; i < samples; i++)
        {
            if (i == order || i == samples / 2)
                Write(4, 3);
            Write((int)(Noise() & 3), 0);
            Write(1, 1);
            Write(3, Noise());
        }
    }

    private uint Noise() => (_noise = _noise * 1664525 + 1013904223) >> 13;

    private void Write(int bits, uint value)
    {
        for (var bit = bits - 1; bit >= 0; bit--, _bits++)
        {
            if (_bits / 8 + 4 == _bytes.Count)
                _bytes.Add(0);
            _bytes[^1] |= (byte)((value >> bit & 1) << 7 - _bits % 8);
        }
    }
}
