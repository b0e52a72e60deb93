using System.Buffers;
using System.Buffers.Binary;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>WAV files: integers of 8 to 32 bits, floats of 32 and 64, A-law and mu-law; RIFF and its 64-bit forms RF64 and BW64.</summary>
/// <remarks>Source: Multimedia Programming Interface and Data Specifications 1.0; EBU Tech 3306; ITU-T G.711. As with libsndfile, a
/// file that ends early is read as far as it goes.</remarks>
internal sealed class WavReader : ISampleReader
{
    /// <summary>The encoding of MP3 inside of WAV.</summary>
    public const int MpegLayer3 = 0x55;

    private const int Pcm = 1, Float = 3, ALaw = 6, MuLaw = 7, Extensible = 0xFFFE;
    private const int FormatBytes = 16, ExtensibleBytes = 26;

    // Of any file that is worth reading; a file of nothing but chunks would else be read for ever.
    private const int MaxChunks = 1 << 12;
    private readonly Stream _stream;
    private readonly Format _format;
    private long _left;

    private WavReader(Stream stream, Format format, long dataBytes)
    {
        _stream = stream;
        _format = format;
        _left = dataBytes;
    }

    public int SampleRate => _format.SampleRate;
    public int Channels => _format.Channels;

    /// <summary>Reads the header.</summary>
    /// <param name="encoding">The number of the samples' encoding.</param>
    /// <returns>Null for an encoding that is not read here; the stream is then where it was.</returns>
    public static WavReader? Open(Stream stream, string name, out int encoding)
    {
        var start = stream.CanSeek ? stream.Position : 0;
        Span<byte> header = stackalloc byte[40];
        stream.ReadExactly(header[..12]); // detected by these
        var is64 = !header.StartsWith("RIFF"u8);
        long? longDataBytes = null;
        Format? format = null;
        for (var chunk = 0; chunk < MaxChunks; chunk++)
        {
            if (stream.ReadAtLeast(header[..8], 8, throwOnEndOfStream: false) < 8)
                throw new DamagedAudioException(name, "it ends before its samples");
            long bytes = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            if (header.StartsWith("data"u8))
            {
                if (format is null)
                    throw new DamagedAudioException(name, "its samples come before their format");
                encoding = format.Tag;
                if (!format.IsRead)
                {
                    stream.Position = start;
                    return null;
                }
                // Who writes to a pipe does not know the size, and says 0 or the greatest there is.
                var dataBytes = bytes == uint.MaxValue && longDataBytes is { } known ? known
                    : bytes is 0 or uint.MaxValue or uint.MaxValue - 1 ? long.MaxValue : bytes;
                return new WavReader(stream, format, dataBytes);
            }
            var content = header[..(int)Math.Min(bytes, header.Length)];
            var isFormat = header.StartsWith("fmt "u8);
            var isSizes = is64 && header.StartsWith("ds64"u8);
            if (isFormat || isSizes)
            {
                if (stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length)
                    throw new DamagedAudioException(name, "its header ends early");
                bytes -= content.Length;
            }
            if (isFormat)
                format = Format.Read(content, name);
            if (isSizes && content.Length >= 16)
                longDataBytes = Math.Max(0, BinaryPrimitives.ReadInt64LittleEndian(content[8..]));
            // Chunks begin at even places.
            Skip(stream, bytes + ((bytes + (isFormat || isSizes ? content.Length : 0)) & 1));
        }
        throw new DamagedAudioException(name, $"none of its first {MaxChunks} parts holds samples");
    }

    public int Read(Span<float> frames)
    {
        var frameBytes = _format.SampleBytes * Channels;
        var wanted = (int)Math.Min((long)frames.Length / Channels * frameBytes, _left / frameBytes * frameBytes);
        var bytes = ArrayPool<byte>.Shared.Rent(Math.Max(1, wanted));
        try
        {
            var read = _stream.ReadAtLeast(bytes.AsSpan(0, wanted), wanted, throwOnEndOfStream: false);
            _left = read < wanted ? 0 : _left - read;
            var samples = read / frameBytes * Channels;
            _format.Decode(bytes.AsSpan(0, samples * _format.SampleBytes), frames[..samples]);
            return samples;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    public void Dispose()
    {
        // The stream is the caller's.
    }

    private static void Skip(Stream stream, long bytes)
    {
        if (stream.CanSeek)
        {
            stream.Position = Math.Min(stream.Length, stream.Position + bytes);
            return;
        }
        Span<byte> block = stackalloc byte[512];
        while (bytes > 0 && stream.Read(block[..(int)Math.Min(bytes, block.Length)]) is > 0 and var read)
            bytes -= read;
    }

    private sealed record Format(int Tag, int Channels, int SampleRate, int SampleBytes)
    {
        public bool IsRead => (Tag, SampleBytes) is (Pcm, >= 1 and <= 4) or (Float, 4 or 8) or (ALaw or MuLaw, 1);

        public static Format Read(ReadOnlySpan<byte> chunk, string name)
        {
            if (chunk.Length < FormatBytes)
                throw new DamagedAudioException(name, "its header ends early");
            var tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk);
            if (tag == Extensible && chunk.Length >= ExtensibleBytes)
                tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk[24..]); // the first two bytes of an identifier are the tag
            var channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
            var rate = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            var frameBytes = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]);
            var bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
            if (channels == 0)
                throw new DamagedAudioException(name, "it has no channel");
            var sampleBytes = (bits + 7) / 8;
            if (tag is Pcm or Float or ALaw or MuLaw && (bits == 0 || frameBytes != channels * sampleBytes))
                throw new DamagedAudioException(name, $"a frame of {channels} samples of {bits} bits does not have {frameBytes} bytes");
            return new Format(tag, channels, (int)Math.Min(rate, int.MaxValue), sampleBytes);
        }

        public void Decode(ReadOnlySpan<byte> bytes, Span<float> samples)
        {
            switch (Tag, SampleBytes)
            {
                case (Pcm, 1):
                    for (var i = 0; i < samples.Length; i++)
                        samples[i] = (bytes[i] - 128) * (1f / 128);
                    break;
                case (Pcm, 2):
                    for (var i = 0; i < samples.Length; i++)
                        samples[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]) * (1f / (1 << 15));
                    break;
                case (Pcm, 3):
                    for (var i = 0; i < samples.Length; i++)
                        samples[i] = (bytes[3 * i] | bytes[3 * i + 1] << 8 | (sbyte)bytes[3 * i + 2] << 16) * (1f / (1 << 23));
                    break;
                case (Pcm, 4):
                    for (var i = 0; i < samples.Length; i++)
                        samples[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]) * (1f / (1L << 31));
                    break;
                case (Float, 4):
                    for (var i = 0; i < samples.Length; i++)
                        samples[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                    break;
                case (Float, 8):
                    for (var i = 0; i < samples.Length; i++)
                        samples[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                    break;
                case (ALaw, _):
                    for (var i = 0; i < samples.Length; i++)
                        samples[i] = FromALaw(bytes[i]) * (1f / (1 << 15));
                    break;
                default:
                    for (var i = 0; i < samples.Length; i++)
                        samples[i] = FromMuLaw(bytes[i]) * (1f / (1 << 15));
                    break;
            }
        }

        private static int FromALaw(byte code)
        {
            code ^= 0x55; // every other bit is stored inverted
            var (exponent, mantissa) = ((code >> 4) & 7, code & 15);
            var value = exponent == 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
            return (code & 0x80) != 0 ? value : -value;
        }

        private static int FromMuLaw(byte code)
        {
            code = (byte)~code;
            var value = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
            return (code & 0x80) != 0 ? -value : value;
        }
    }
}
