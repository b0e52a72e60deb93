using System.Buffers.Binary;

namespace Gpux.Runtime.Images.Decoding;

/// <summary>PBM, PGM and PPM, plain (P1 to P3) and binary (P4 to P6). The shipped libvips does not read them.</summary>
/// <remarks>Source: the Netpbm manual pages. As in Pillow 13, samples of colour and of 8-bit grey are scaled to 255; deeper grey
/// is scaled to 65535 and then clipped, not scaled, to 255.</remarks>
internal static class NetpbmDecoder
{
    public static Image Decode(EncodedImage file)
    {
        var kind = file.Bytes[1] - '0';
        var isBits = kind is 1 or 4;
        var isPlain = kind <= 3;
        var channels = kind is 3 or 6 ? 3 : 1;
        var reader = new Reader(file) { Position = 2 };
        var size = file.Sized(reader.ReadNumber(), reader.ReadNumber());
        var maximum = isBits ? 1 : reader.ReadNumber();
        if (maximum is 0 or > 65535)
            throw file.Damaged($"its greatest sample is {maximum}");

        var pixels = Image.Allocate(size);
        var rgb = pixels.AsSpan(0, size.Width * size.Height * 3);
        if (isPlain)
            ReadPlain(ref reader, isBits, channels, maximum, rgb);
        else if (isBits)
            ReadBits(file, file.Bytes[reader.Position..], size.Width, rgb);
        else
            ReadSamples(file, file.Bytes[reader.Position..], channels, maximum, rgb);
        return new Image(size, pixels);
    }

    private static void ReadPlain(ref Reader reader, bool isBits, int channels, int maximum, Span<byte> rgb)
    {
        for (var i = 0; i < rgb.Length; i += 3)
            for (var channel = 0; channel < channels; channel++)
            {
                // 1 is black in a bitmap, whose digits need no white space between them.
                var value = isBits ? 1 - reader.ReadBit() : reader.ReadNumber();
                if (value > maximum)
                    throw reader.File.Damaged($"a sample is {value}, the greatest should be {maximum}");
                Store(rgb, i, channel, channels, Scale(value, maximum, channels));
            }
    }

    private static void ReadBits(EncodedImage file, ReadOnlySpan<byte> bits, int width, Span<byte> rgb)
    {
        var rowBytes = (width + 7) / 8;
        if (bits.Length < (long)rowBytes * (rgb.Length / 3 / width))
            throw file.Damaged("its pixels end early");
        for (var i = 0; i < rgb.Length / 3; i++)
        {
            var (y, x) = Math.DivRem(i, width);
            rgb.Slice(i * 3, 3).Fill((bits[y * rowBytes + x / 8] & 0x80 >> (x & 7)) == 0 ? (byte)255 : (byte)0);
        }
    }

    private static void ReadSamples(EncodedImage file, ReadOnlySpan<byte> samples, int channels, int maximum, Span<byte> rgb)
    {
        var sampleBytes = maximum < 256 ? 1 : 2;
        if (samples.Length < rgb.Length / 3L * channels * sampleBytes)
            throw file.Damaged("its pixels end early");
        if (channels == 3 && maximum == 255)
        {
            samples[..rgb.Length].CopyTo(rgb);
            return;
        }
        for (int i = 0, at = 0; i < rgb.Length; i += 3)
            for (var channel = 0; channel < channels; channel++, at += sampleBytes)
                Store(rgb, i, channel, channels, Scale(
                    sampleBytes == 1 ? samples[at] : BinaryPrimitives.ReadUInt16BigEndian(samples[at..]), maximum, channels));
    }

    private static void Store(Span<byte> rgb, int pixel, int channel, int channels, byte value)
    {
        if (channels == 3)
            rgb[pixel + channel] = value;
        else
            rgb.Slice(pixel, 3).Fill(value);
    }

    private static byte Scale(int value, int maximum, int channels)
    {
        var target = maximum > 255 && channels == 1 ? 65535 : 255;
        // Python's round: halves go to the even neighbour.
        return maximum == 255
            ? (byte)value
            : (byte)Math.Min(255, Math.Round(value / (double)maximum * target, MidpointRounding.ToEven));
    }

    private ref struct Reader(EncodedImage file)
    {
        public EncodedImage File { get; } = file;
        public int Position { get; set; }

        /// <summary>A decimal number and the one white space behind it.</summary>
        public int ReadNumber()
        {
            var value = 0;
            var digits = 0;
            while (true)
            {
                var next = digits > 0 && Position == File.Bytes.Length ? (byte)' ' : Next();
                if (next is >= (byte)'0' and <= (byte)'9' && ++digits <= 9)
                    value = value * 10 + (next - '0');
                else if (!ImageFormats.IsSpace(next))
                    throw File.Damaged("a number is expected where there is none");
                else if (digits > 0)
                    return value;
            }
        }

        public int ReadBit()
        {
            byte next;
            do
                next = Next();
            while (ImageFormats.IsSpace(next));
            return next is (byte)'0' or (byte)'1' ? next - '0' : throw File.Damaged("a bit is neither 0 nor 1");
        }

        /// <summary>The next byte; a comment, from # to the end of its line, counts as the line's end.</summary>
        private byte Next()
        {
            var bytes = File.Bytes;
            if (Position == bytes.Length)
                throw File.Damaged("it ends early");
            if (bytes[Position] != '#')
                return bytes[Position++];
            var end = bytes[Position..].IndexOfAny((byte)'\n', (byte)'\r');
            Position = end < 0 ? bytes.Length : Position + end + 1;
            return (byte)'\n';
        }
    }
}
