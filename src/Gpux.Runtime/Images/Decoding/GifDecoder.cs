using System.Buffers;
using System.Buffers.Binary;

namespace Gpux.Runtime.Images.Decoding;

/// <summary>The first frame of a GIF on its canvas.</summary>
/// <remarks>Source: GIF89a; where that leaves a choice, Pillow 13: a transparent pixel keeps its palette colour, and what the
/// frame does not cover has the transparent index, else index 0. Decoders that compose frames (libvips) give black
/// there.</remarks>
internal static class GifDecoder
{
    public static Image Decode(EncodedImage file)
    {
        var reader = new Reader(file);
        var header = reader.Take(13);
        int canvasWidth = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        int canvasHeight = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        var globalPalette = ReadPalette(ref reader, header[10]);
        var transparent = SeekFrame(ref reader);

        var frame = reader.Take(9);
        var (left, top) = (BinaryPrimitives.ReadUInt16LittleEndian(frame), BinaryPrimitives.ReadUInt16LittleEndian(frame[2..]));
        int width = BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]);
        int height = BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]);
        var palette = (frame[8] & 0x80) != 0 ? ReadPalette(ref reader, frame[8]) : globalPalette;
        var interlaced = (frame[8] & 0x40) != 0;
        if (width == 0 || height == 0)
            throw file.Damaged("its first frame is empty");
        var size = file.Sized(Math.Max(canvasWidth, left + width), Math.Max(canvasHeight, top + height));

        var count = size.Width * size.Height;
        var indices = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            indices.AsSpan(0, count).Fill((byte)(transparent ?? 0));
            Decompress(ref reader, new Frame(indices, size.Width, left, top, width, height, interlaced));
            var pixels = Image.Allocate(size);
            for (int i = 0, to = 0; i < count; i++, to += 3)
                palette.Slice(indices[i] * 3, 3).CopyTo(pixels.AsSpan(to));
            return new Image(size, pixels);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(indices);
        }
    }

    /// <returns>256 colours; the missing ones are a ramp of greys.</returns>
    private static ReadOnlySpan<byte> ReadPalette(ref Reader reader, byte flags)
    {
        var colours = new byte[256 * 3];
        for (var i = 0; i < colours.Length; i++)
            colours[i] = (byte)(i / 3);
        if ((flags & 0x80) != 0)
            reader.Take(3 << (flags & 7) + 1).CopyTo(colours);
        return colours;
    }

    /// <summary>Passes the extensions before the first frame.</summary>
    /// <returns>The index of the transparent colour, if there is one.</returns>
    private static byte? SeekFrame(ref Reader reader)
    {
        byte? transparent = null;
        while (true)
        {
            switch (reader.TakeByte())
            {
                case (byte)',':
                    return transparent;
                case (byte)';':
                    throw reader.File.Damaged("it has no frame");
                case (byte)'!':
                    var isControl = reader.TakeByte() == 0xF9;
                    var first = reader.TakeBlock();
                    if (isControl && first.Length >= 4 && (first[0] & 1) != 0)
                        transparent = first[3];
                    while (!first.IsEmpty && !reader.TakeBlock().IsEmpty)
                    {
                    }
                    break;
                default:
                    break; // bytes between blocks are passed over
            }
        }
    }

    /// <summary>LZW with codes of up to 12 bits that grow.</summary>
    private static void Decompress(ref Reader reader, Frame frame)
    {
        var file = reader.File;
        int minimum = reader.TakeByte();
        if (minimum > 11)
            throw file.Damaged($"its codes start with {minimum} bits");
        int clear = 1 << minimum, end = clear + 1;
        Span<ushort> prefixes = stackalloc ushort[4096];
        Span<byte> suffixes = stackalloc byte[4096];
        Span<byte> word = stackalloc byte[4097];
        int next = clear + 2, bits = minimum + 1, previous = -1;
        byte firstOfPrevious = 0;

        ReadOnlySpan<byte> block = [];
        var at = 0;
        uint buffer = 0;
        var buffered = 0;
        while (!frame.IsFull)
        {
            while (buffered < bits)
            {
                if (at == block.Length)
                {
                    block = reader.TakeBlock();
                    at = 0;
                    if (block.IsEmpty)
                        throw file.Damaged("its pixels end early");
                }
                buffer |= (uint)block[at++] << buffered;
                buffered += 8;
            }
            var code = (int)(buffer & ((1u << bits) - 1));
            buffer >>= bits;
            buffered -= bits;

            if (code == clear)
            {
                (next, bits, previous) = (clear + 2, minimum + 1, -1);
                continue;
            }
            if (code == end)
                throw file.Damaged("its pixels end early");
            if (code > next || (previous < 0 && code > clear))
                throw file.Damaged("a code of its pixels has no meaning");

            // The word comes out last byte first. A code that is just being defined is the previous word and its first byte
            // again.
            var start = word.Length;
            var rest = code;
            if (code == next && previous >= 0)
            {
                word[--start] = firstOfPrevious;
                rest = previous;
            }
            while (rest >= clear)
            {
                if (start == 0 || rest >= next)
                    throw file.Damaged("a code of its pixels has no meaning");
                word[--start] = suffixes[rest];
                rest = prefixes[rest];
            }
            word[--start] = (byte)rest;
            frame.Write(word[start..]);

            if (previous >= 0 && next < 4096)
            {
                prefixes[next] = (ushort)previous;
                suffixes[next] = (byte)rest;
                next++;
                if (next == 1 << bits && bits < 12)
                    bits++;
            }
            (previous, firstOfPrevious) = (code, (byte)rest);
        }
    }

    /// <summary>Where on the canvas the frame's next pixel goes.</summary>
    private sealed class Frame(byte[] canvas, int canvasWidth, int left, int top, int width, int height, bool interlaced)
    {
        private int _x;
        private int _y;
        private int _pass = interlaced ? 0 : 4;

        public bool IsFull { get; private set; }

        public void Write(ReadOnlySpan<byte> indices)
        {
            while (!indices.IsEmpty && !IsFull)
            {
                var count = Math.Min(indices.Length, width - _x);
                indices[..count].CopyTo(canvas.AsSpan((top + _y) * canvasWidth + left + _x));
                indices = indices[count..];
                _x += count;
                if (_x == width)
                    StartRow();
            }
        }

        private void StartRow()
        {
            _x = 0;
            _y += _pass switch { 0 or 1 => 8, 2 => 4, 3 => 2, _ => 1 };
            while (_y >= height && _pass < 3)
                _y = 8 >> ++_pass; // rows 4, 2 and 1 start the later passes
            IsFull = _y >= height;
        }
    }

    /// <summary>Reads forward; the file's end is an error.</summary>
    private ref struct Reader(EncodedImage file)
    {
        private ReadOnlySpan<byte> _rest = file.Bytes;

        public EncodedImage File { get; } = file;

        public byte TakeByte() => Take(1)[0];

        /// <summary>A sub-block: a length, and as many bytes. An empty one ends a row of them.</summary>
        public ReadOnlySpan<byte> TakeBlock() => Take(TakeByte());

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count > _rest.Length)
                throw File.Damaged("it ends early");
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
