using Gpux.Runtime.Images.Decoding;
using Gpux.Runtime.Images.Processors;
using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images;

/// <summary>A decoded image: 8-bit RGB, upright, row by row without gaps.</summary>
/// <remarks>Equal to transformers' <c>load_image</c> over Pillow 13: the EXIF orientation is applied, then the pixels are
/// converted to RGB by Pillow's rules. Alpha is dropped, not composed; 16-bit grey is clipped at 255; CMYK is converted without a
/// colour profile; of an animation the first frame counts.</remarks>
public sealed class Image
{
    /// <summary>Bytes that may be read (not written) behind the last pixel, so that kernels can load whole vectors.</summary>
    internal const int Slack = 16;

    private readonly byte[] _pixels;

    /// <param name="pixels">From <see cref="Allocate"/>; the image takes it over.</param>
    internal Image(ImageSize size, byte[] pixels)
    {
        Size = size;
        _pixels = pixels;
    }

    public ImageSize Size { get; }
    public int Width => Size.Width;
    public int Height => Size.Height;

    /// <summary>Height x Width x 3 bytes: red, green, blue.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels.AsSpan(0, ByteCount(Size));

    /// <summary><see cref="Pixels"/> and <see cref="Slack"/> bytes more.</summary>
    internal ReadOnlySpan<byte> PixelsAndSlack => _pixels;

    /// <summary>Copies pixels that are there already.</summary>
    /// <param name="rgb">Height x Width x 3 bytes.</param>
    public static Image FromPixels(int width, int height, ReadOnlySpan<byte> rgb)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        var size = new ImageSize(width, height);
        if (rgb.Length != 3L * width * height)
            throw new ArgumentException($"An image of {size} has {3L * width * height} bytes, not {rgb.Length}.", nameof(rgb));
        var pixels = Allocate(size);
        rgb.CopyTo(pixels);
        return new Image(size, pixels);
    }

    /// <summary>Reads a file. Its content decides the format, not its name.</summary>
    /// <exception cref="DamagedImageException">Truncated or damaged.</exception>
    /// <exception cref="UnsupportedImageException">Not an image, or of a format that is not read.</exception>
    /// <exception cref="ImageTooLargeException">Beyond <paramref name="limits"/>.</exception>
    public static Image Load(string path, ImageLimits? limits = null)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return Load(stream, limits, path);
    }

    /// <summary>Reads a stream to its end, or to the limit.</summary>
    /// <param name="name">What errors call the image.</param>
    /// <inheritdoc cref="Load(string, ImageLimits?)"/>
    public static Image Load(Stream stream, ImageLimits? limits = null, string name = "image")
    {
        limits ??= ImageLimits.Default;
        return ImageDecoder.Decode(EncodedImage.Read(stream, limits, name));
    }

    /// <param name="encoded">The whole file.</param>
    /// <param name="name">What errors call the image.</param>
    /// <inheritdoc cref="Load(string, ImageLimits?)"/>
    public static Image Load(ReadOnlyMemory<byte> encoded, ImageLimits? limits = null, string name = "image") =>
        ImageDecoder.Decode(new EncodedImage(encoded, limits ?? ImageLimits.Default, name));

    /// <summary>A smaller copy in the same shape, for people to look at; the image itself if it is no larger.</summary>
    /// <param name="longestSide">In pixels.</param>
    public Image Within(int longestSide)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(longestSide);
        var longest = Math.Max(Width, Height);
        if (longest <= longestSide)
            return this;
        var size = new ImageSize(Math.Max(1, (int)((long)Width * longestSide / longest)), Math.Max(1, (int)((long)Height * longestSide / longest)));
        return this.Resized(size, ResampleFilter.Bilinear, ResizeArithmetic.Pillow, ImageLimits.Default);
    }

    /// <summary>Room for the pixels and their slack; contents undefined.</summary>
    internal static byte[] Allocate(ImageSize size) => GC.AllocateUninitializedArray<byte>(ByteCount(size) + Slack);

    private static int ByteCount(ImageSize size) => checked(size.Width * size.Height * 3);
}
