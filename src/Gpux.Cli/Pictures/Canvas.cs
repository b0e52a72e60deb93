using Gpux.Runtime.Images;

namespace Gpux.Cli.Pictures;

/// <summary>8-bit RGB that is drawn on. What lies outside is not drawn.</summary>
internal sealed class Canvas
{
    private readonly byte[] _pixels;

    private Canvas(ImageSize size, byte[] pixels)
    {
        Size = size;
        _pixels = pixels;
    }

    public ImageSize Size { get; }

    /// <summary>An image, each pixel a square of so many.</summary>
    public static Canvas Of(Image image, int scale)
    {
        var size = new ImageSize(image.Width * scale, image.Height * scale);
        var pixels = new byte[checked(size.Width * size.Height * 3)];
        if (scale == 1)
        {
            image.Pixels.CopyTo(pixels);
            return new Canvas(size, pixels);
        }
        var stride = size.Width * 3;
        for (var y = 0; y < image.Height; y++)
        {
            var row = pixels.AsSpan(y * scale * stride, stride);
            for (var x = 0; x < size.Width; x++)
                image.Pixels.Slice((y * image.Width + x / scale) * 3, 3).CopyTo(row[(x * 3)..]);
            for (var copy = 1; copy < scale; copy++)
                row.CopyTo(pixels.AsSpan((y * scale + copy) * stride));
        }
        return new Canvas(size, pixels);
    }

    public Image ToImage() => Image.FromPixels(Size.Width, Size.Height, _pixels);

    /// <param name="opacity">From 0 to 1.</param>
    public void Blend(int x, int y, Colour colour, float opacity)
    {
        if ((uint)x >= (uint)Size.Width || (uint)y >= (uint)Size.Height)
            return;
        var at = (y * Size.Width + x) * 3;
        _pixels[at] = Mix(_pixels[at], colour.Red);
        _pixels[at + 1] = Mix(_pixels[at + 1], colour.Green);
        _pixels[at + 2] = Mix(_pixels[at + 2], colour.Blue);

        byte Mix(byte old, byte wanted) => (byte)(old + (wanted - old) * opacity + 0.5f);
    }

    public void Fill(int left, int top, int width, int height, Colour colour, float opacity = 1)
    {
        for (var y = Math.Max(0, top); y < Math.Min(Size.Height, (long)top + height); y++)
            for (var x = Math.Max(0, left); x < Math.Min(Size.Width, (long)left + width); x++)
                Blend(x, y, colour, opacity);
    }

    /// <summary>The outline of a rectangle, its lines inside of it.</summary>
    public void Frame(int left, int top, int width, int height, int thickness, Colour colour)
    {
        Fill(left, top, width, thickness, colour);
        Fill(left, top + height - thickness, width, thickness, colour);
        Fill(left, top, thickness, height, colour);
        Fill(left + width - thickness, top, thickness, height, colour);
    }

    /// <param name="scale">Pixels of a dot of a letter.</param>
    public void Write(string text, int left, int top, int scale, Colour colour)
    {
        for (var i = 0; i < text.Length; i++)
            for (var y = 0; y < BitmapFont.Height; y++)
                for (var x = 0; x < BitmapFont.Width; x++)
                    if (BitmapFont.IsSet(text[i], x, y))
                        Fill(left + (i * BitmapFont.Advance + x) * scale, top + y * scale, scale, scale, colour);
    }

    public static int TextWidth(string text, int scale) => (text.Length * BitmapFont.Advance - 1) * scale;
}
