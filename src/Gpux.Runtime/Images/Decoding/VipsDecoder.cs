using System.Buffers;

namespace Gpux.Runtime.Images.Decoding;

/// <summary>JPEG, PNG, WebP, TIFF and AVIF by libvips: decoded in strips, converted to RGB while they are in the cache.</summary>
internal static unsafe class VipsDecoder
{
    // Large enough to make a strip's cost disappear, small enough for a second-level cache.
    private const int StripBytes = 256 << 10;

    public static Image Decode(EncodedImage file, ImageFormat format)
    {
        if (format == ImageFormat.Png)
            PngChunks.Check(file);
        Vips.Start();
        Vips.vips_error_clear(); // warnings of images that were read all the same
        fixed (byte* bytes = file.Bytes)
        {
            var source = Vips.vips_source_new_from_memory(bytes, (nuint)file.Bytes.Length);
            var image = Open(file, format, source);
            try
            {
                return Read(file, format, image);
            }
            finally
            {
                Vips.g_object_unref(image);
                Vips.g_object_unref(source);
                Vips.vips_thread_shutdown();
            }
        }
    }

    /// <summary>Reads the header; pixels are decoded when they are asked for.</summary>
    private static nint Open(EncodedImage file, ImageFormat format, nint source)
    {
        var operation = Vips.vips_operation_new(format switch
        {
            ImageFormat.Jpeg => "jpegload_source",
            ImageFormat.Png => "pngload_source",
            ImageFormat.WebP => "webpload_source",
            ImageFormat.Tiff => "tiffload_source",
            _ => "heifload_source",
        });
        if (operation == 0)
        {
            Vips.g_object_unref(source);
            throw file.Unsupported($"this build of libvips does not read {format}: {Vips.TakeError()}");
        }
        Vips.SetObject(operation, "source", source);
        Vips.vips_object_set_argument_from_string(operation, "access", "sequential");
        // As Pillow: a JPEG or PNG must be whole, but the first may hold garbage and the second wrong checksums; elsewhere any
        // error counts.
        var failOn = format is ImageFormat.Jpeg or ImageFormat.Png ? "truncated" : "error";
        Vips.vips_object_set_argument_from_string(operation, "fail_on", failOn);
        var built = Vips.vips_cache_operation_build(operation);
        if (built == 0)
        {
            Vips.vips_object_unref_outputs(operation);
            Vips.g_object_unref(operation);
            Vips.g_object_unref(source);
            throw file.Damaged(Vips.TakeError());
        }
        var image = Vips.GetObject(built, "out");
        Vips.vips_object_unref_outputs(built);
        Vips.g_object_unref(built);
        Vips.g_object_unref(operation); // the same object, of which building has given a second reference
        return image;
    }

    private static Image Read(EncodedImage file, ImageFormat format, nint image)
    {
        var size = file.Sized(Vips.vips_image_get_width(image), Vips.vips_image_get_height(image));
        var bands = Vips.vips_image_get_bands(image);
        var convert = RgbConversion.Choose(file, format, Vips.vips_image_get_format(image), bands,
            Vips.vips_image_get_interpretation(image));
        var pixels = Image.Allocate(size);
        ReadStrips(file, image, size, bands * convert.BytesPerElement, convert, pixels);
        // libheif has turned the image already.
        var orientation = format == ImageFormat.Avif ? Orientation.Upright : Orientations.Read(image);
        return Orientations.Apply(new Image(size, pixels), orientation);
    }

    private static void ReadStrips(
        EncodedImage file, nint image, ImageSize size, int bytesPerPixel, RgbConversion convert, Span<byte> pixels)
    {
        var rowBytes = checked(size.Width * bytesPerPixel);
        var stripRows = Math.Clamp(StripBytes / rowBytes, 1, size.Height);
        var strip = ArrayPool<byte>.Shared.Rent(checked(rowBytes * stripRows));
        var region = Vips.vips_region_new(image);
        try
        {
            fixed (byte* memory = strip)
            {
                for (var top = 0; top < size.Height; top += stripRows)
                {
                    var rows = Math.Min(stripRows, size.Height - top);
                    var area = new Vips.Rectangle { Top = top, Width = size.Width, Height = rows };
                    if (!Fill(region, image, memory, area, rowBytes * rows))
                        throw file.Damaged(Vips.TakeError());
                    convert.Apply(strip.AsSpan(0, rowBytes * rows), pixels.Slice(top * size.Width * 3, rows * size.Width * 3));
                }
            }
        }
        finally
        {
            Vips.g_object_unref(region);
            ArrayPool<byte>.Shared.Return(strip);
        }
    }

    /// <summary>Decodes an area into memory of ours.</summary>
    private static bool Fill(nint region, nint image, byte* memory, Vips.Rectangle area, int byteCount)
    {
        var wrapped = Vips.vips_image_new_from_memory(memory, (nuint)byteCount, area.Width, area.Height,
            Vips.vips_image_get_bands(image), Vips.vips_image_get_format(image));
        var target = Vips.vips_region_new(wrapped);
        var whole = area with { Left = 0, Top = 0 };
        var filled = Vips.vips_region_image(target, &whole) == 0 && Vips.vips_region_prepare_to(region, target, &area, 0, 0) == 0;
        Vips.g_object_unref(target);
        Vips.g_object_unref(wrapped);
        return filled;
    }
}
