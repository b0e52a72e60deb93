using System.Globalization;
using System.Text;
using Gpux.Runtime.Images.Decoding;

namespace Gpux.Runtime.Images.Writing;

/// <summary>Turns pictures that GPUX has drawn as SVG into pixels, by libvips. SVG of strangers is not read anywhere.</summary>
public static unsafe class SvgRenderer
{
    private const int Bands = 4; // red, green, blue, alpha

    /// <param name="svg">Opaque: its background is drawn.</param>
    /// <param name="scale">Pixels for each unit of the picture.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="UnsupportedImageException">This build of libvips does not read SVG, or not this one.</exception>
    public static Image Render(string svg, double scale, string name)
    {
        Vips.Start();
        Vips.vips_error_clear();
        // Readers that are not made for hostile files are blocked. This one is asked for by name alone, with what we wrote.
        Vips.vips_operation_block_set("VipsForeignLoadSvg", 0);
        fixed (byte* bytes = Encoding.UTF8.GetBytes(svg))
        {
            var source = Vips.vips_source_new_from_memory(bytes, (nuint)Encoding.UTF8.GetByteCount(svg));
            var operation = Vips.vips_operation_new("svgload_source");
            nint image = 0;
            try
            {
                if (operation == 0)
                    throw new UnsupportedImageException(name, $"this build of libvips does not draw SVG: {Vips.TakeError()}");
                Vips.SetObject(operation, "source", source);
                Vips.vips_object_set_argument_from_string(operation, "scale", scale.ToString(CultureInfo.InvariantCulture));
                var built = Vips.vips_cache_operation_build(operation);
                if (built == 0)
                {
                    Vips.vips_object_unref_outputs(operation);
                    throw new UnsupportedImageException(name, $"libvips does not draw it: {Vips.TakeError()}");
                }
                image = Vips.GetObject(built, "out");
                Vips.vips_object_unref_outputs(built);
                Vips.g_object_unref(built);
                return Read(image, name);
            }
            finally
            {
                if (image != 0)
                    Vips.g_object_unref(image);
                if (operation != 0)
                    Vips.g_object_unref(operation);
                Vips.g_object_unref(source);
                Vips.vips_thread_shutdown();
            }
        }
    }

    private static Image Read(nint image, string name)
    {
        var (width, height) = (Vips.vips_image_get_width(image), Vips.vips_image_get_height(image));
        if (Vips.vips_image_get_bands(image) != Bands || Vips.vips_image_get_format(image) != Vips.BandFormat.UInt8)
            throw new UnsupportedImageException(name, "libvips draws it in another form than four bytes a pixel");
        var pixels = new byte[checked(width * height * Bands)];
        var area = new Vips.Rectangle { Width = width, Height = height };
        var region = Vips.vips_region_new(image);
        try
        {
            fixed (byte* memory = pixels)
            {
                // A region over our own memory, into which libvips draws.
                var own = Vips.vips_image_new_from_memory(memory, (nuint)pixels.Length, width, height, Bands, Vips.BandFormat.UInt8);
                var target = Vips.vips_region_new(own);
                try
                {
                    if (Vips.vips_region_image(target, &area) != 0 || Vips.vips_region_prepare_to(region, target, &area, 0, 0) != 0)
                        throw new UnsupportedImageException(name, $"libvips does not draw it: {Vips.TakeError()}");
                }
                finally
                {
                    Vips.g_object_unref(target);
                    Vips.g_object_unref(own);
                }
            }
        }
        finally
        {
            Vips.g_object_unref(region);
        }
        var rgb = new byte[checked(width * height * 3)];
        for (int from = 0, to = 0; from < pixels.Length; from += Bands, to += 3)
            pixels.AsSpan(from, 3).CopyTo(rgb.AsSpan(to));
        return Image.FromPixels(width, height, rgb);
    }
}
