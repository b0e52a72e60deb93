namespace Gpux.Runtime.Images.Decoding;

/// <summary>The EXIF tag 274: where the first row and column of the stored pixels are seen.</summary>
internal enum Orientation
{
    Upright = 1,
    MirroredLeftRight = 2,
    Rotated180 = 3,
    MirroredTopBottom = 4,
    Transposed = 5,
    Rotated90Clockwise = 6,
    Transversed = 7,
    Rotated90CounterClockwise = 8,
}

internal static unsafe class Orientations
{
    /// <summary>The orientation that EXIF or, in its absence, XMP gives; others than 1 to 8 count as upright.</summary>
    public static Orientation Read(nint image)
    {
        int value;
        if (Vips.vips_image_get_typeof(image, "orientation") != 0 && Vips.vips_image_get_int(image, "orientation", &value) == 0)
            return value is >= 1 and <= 8 ? (Orientation)value : Orientation.Upright;
        byte* xmp;
        nuint length;
        if (Vips.vips_image_get_typeof(image, "xmp-data") != 0 && Vips.vips_image_get_blob(image, "xmp-data", &xmp, &length) == 0)
            return ReadXmp(new ReadOnlySpan<byte>(xmp, (int)length));
        return Orientation.Upright;
    }

    /// <summary>Finds tiff:Orientation written as an attribute or as an element, which is all that Pillow looks for.</summary>
    internal static Orientation ReadXmp(ReadOnlySpan<byte> xmp)
    {
        for (var at = xmp.IndexOf("tiff:Orientation"u8); at >= 0; at = xmp.IndexOf("tiff:Orientation"u8))
        {
            xmp = xmp[(at + "tiff:Orientation"u8.Length)..];
            var digit = xmp.StartsWith("=\""u8) ? 2 : xmp.StartsWith(">"u8) ? 1 : xmp.Length;
            if (digit < xmp.Length && xmp[digit] is >= (byte)'0' and <= (byte)'9')
                return xmp[digit] is >= (byte)'1' and <= (byte)'8' ? (Orientation)(xmp[digit] - '0') : Orientation.Upright;
        }
        return Orientation.Upright;
    }

    /// <summary>The image as it is meant to be seen.</summary>
    public static Image Apply(Image stored, Orientation orientation)
    {
        if (orientation == Orientation.Upright)
            return stored;
        var (width, height) = (stored.Width, stored.Height);
        var turned = orientation >= Orientation.Transposed;
        var size = turned ? new ImageSize(height, width) : stored.Size;
        var pixels = Image.Allocate(size);
        fixed (byte* source = stored.Pixels, target = pixels)
        {
            // Where stored pixel (0, 0) is seen, and the way from one stored column or row to the next, in pixels.
            var (origin, column, row) = orientation switch
            {
                Orientation.MirroredLeftRight => (width - 1, -1, width),
                Orientation.Rotated180 => (width * height - 1, -1, -width),
                Orientation.MirroredTopBottom => (width * (height - 1), 1, -width),
                Orientation.Transposed => (0, height, 1),
                Orientation.Rotated90Clockwise => (height - 1, height, -1),
                Orientation.Transversed => (width * height - 1, -height, -1),
                _ => (height * (width - 1), -height, 1),
            };
            Copy(source, target, width, height, origin, column, row);
        }
        return new Image(size, pixels);
    }

    // In blocks, so that the lines of the target stay in the cache when rows become columns.
    private static void Copy(byte* source, byte* target, int width, int height, int origin, int column, int row)
    {
        const int Block = 64;
        for (var top = 0; top < height; top += Block)
            for (var left = 0; left < width; left += Block)
                for (var y = top; y < Math.Min(height, top + Block); y++)
                {
                    var from = source + 3L * (y * (long)width + left);
                    var to = target + 3L * (origin + y * (long)row + left * (long)column);
                    for (var x = Math.Min(Block, width - left); x > 0; x--)
                    {
                        (to[0], to[1], to[2]) = (from[0], from[1], from[2]);
                        from += 3;
                        to += 3L * column;
                    }
                }
    }
}
