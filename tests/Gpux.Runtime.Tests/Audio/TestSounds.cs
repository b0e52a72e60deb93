using System.Buffers.Binary;
using System.Text;

namespace Gpux.Runtime.Tests.Audio;

/// <summary>Sounds that tests make.</summary>
internal static class TestSounds
{
    public static float[] Sine(double hertz, int rate, int count, double amplitude = 0.5)
    {
        var samples = new float[count];
        for (var i = 0; i < count; i++)
            samples[i] = (float)(amplitude * Math.Sin(2 * Math.PI * hertz * i / rate));
        return samples;
    }

    public static float[] Noise(int count, int seed = 7)
    {
        var random = new Random(seed);
        var samples = new float[count];
        for (var i = 0; i < count; i++)
            samples[i] = random.NextSingle() - 0.5f;
        return samples;
    }

    /// <summary>A WAV file.</summary>
    /// <param name="tag">1 integers, 3 floats, 6 A-law, 7 mu-law.</param>
    /// <param name="dataBytes">What the header says of the samples' size; null for the truth.</param>
    public static byte[] Wav(byte[] data, int tag = 1, int channels = 1, int rate = 16_000, int bits = 16, uint? dataBytes = null, byte[]? before = null)
    {
        var format = new byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(format, (ushort)tag);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteUInt32LittleEndian(format.AsSpan(4), (uint)rate);
        BinaryPrimitives.WriteUInt32LittleEndian(format.AsSpan(8), (uint)(rate * channels * bits / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(12), (ushort)(channels * bits / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(14), (ushort)bits);
        return [.. "RIFF"u8, .. Size(uint.MaxValue), .. "WAVE"u8, .. before ?? [], .. Chunk("fmt ", format), .. "data"u8, .. Size(dataBytes ?? (uint)data.Length), .. data];
    }

    public static byte[] Chunk(string name, byte[] content) =>
        [.. Encoding.ASCII.GetBytes(name), .. Size((uint)content.Length), .. content, .. new byte[content.Length & 1]];

    public static byte[] Pcm16(params short[] samples)
    {
        var bytes = new byte[2 * samples.Length];
        for (var i = 0; i < samples.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * i), samples[i]);
        return bytes;
    }

    public static byte[] Float32(params float[] samples)
    {
        var bytes = new byte[4 * samples.Length];
        for (var i = 0; i < samples.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), samples[i]);
        return bytes;
    }

    private static byte[] Size(uint bytes)
    {
        var size = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(size, bytes);
        return size;
    }
}
