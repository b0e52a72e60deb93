namespace Gpux.Runtime.Images.Decoding;

/// <summary>An image file in memory, with what decoders of all formats need: its limits, and its name for errors.</summary>
internal sealed class EncodedImage
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ImageLimits _limits;
    private readonly string _name;

    public EncodedImage(ReadOnlyMemory<byte> bytes, ImageLimits limits, string name)
    {
        _bytes = bytes;
        _limits = limits;
        _name = name;
        if (bytes.Length > limits.MaxFileBytes)
            throw TooManyBytes(limits, name);
    }

    public ReadOnlySpan<byte> Bytes => _bytes.Span;

    public static EncodedImage Read(Stream stream, ImageLimits limits, string name)
    {
        // A length is a hint, as files of /proc show; the stream's end decides.
        var expected = stream.CanSeek ? Math.Max(0, stream.Length - stream.Position) : 0;
        if (expected > limits.MaxFileBytes)
            throw TooManyBytes(limits, name);
        var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(expected + 1, Array.MaxLength));
        var count = 0;
        while (true)
        {
            var read = stream.Read(bytes, count, bytes.Length - count);
            count += read;
            if (read == 0)
                return new EncodedImage(bytes.AsMemory(0, count), limits, name);
            if (count > limits.MaxFileBytes)
                throw TooManyBytes(limits, name);
            if (count == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(Math.Max(2L * count, 1 << 16), Array.MaxLength));
        }
    }

    /// <summary>Checks a size that a header promises; to be called before anything of that size is allocated.</summary>
    public ImageSize Sized(long width, long height)
    {
        if (width <= 0 || height <= 0)
            throw Damaged($"its size is {width}x{height}");
        if (Math.Max(width, height) > _limits.MaxSide)
            throw TooLarge($"{width}x{height}, the limit of a side is {_limits.MaxSide} pixels");
        if (width * height > _limits.MaxPixels || width * height > (Array.MaxLength - Image.Slack) / 3)
            throw TooLarge($"{width}x{height}, the limit is {_limits.MaxPixels} pixels");
        return new ImageSize((int)width, (int)height);
    }

    public DamagedImageException Damaged(string problem) => new(_name, problem);
    public UnsupportedImageException Unsupported(string problem) => new(_name, problem);
    private ImageTooLargeException TooLarge(string problem) => new(_name, problem);

    private static ImageTooLargeException TooManyBytes(ImageLimits limits, string name) =>
        new(name, $"the limit of a file is {limits.MaxFileBytes} bytes");
}
