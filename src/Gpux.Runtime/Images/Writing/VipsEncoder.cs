using Gpux.Runtime.Images.Decoding;

namespace Gpux.Runtime.Images.Writing;

/// <summary>JPEG and WebP by libvips.</summary>
internal static unsafe class VipsEncoder
{
    private const string Quality = "90";

    /// <param name="operation">libvips' name of the format's writer.</param>
    /// <param name="path">Where to write.</param>
    /// <param name="name">What errors call the file.</param>
    public static void Write(Image image, string operation, string path, string name)
    {
        Vips.Start();
        Vips.vips_error_clear();
        fixed (byte* pixels = image.Pixels)
        {
            var wrapped = Vips.vips_image_new_from_memory(pixels, (nuint)image.Pixels.Length, image.Width, image.Height, 3, Vips.BandFormat.UInt8);
            var save = Vips.vips_operation_new(operation);
            try
            {
                if (wrapped == 0 || save == 0)
                    throw new UnsupportedImageException(name, $"this build of libvips does not write it: {Vips.TakeError()}");
                Vips.SetObject(save, "in", wrapped);
                Vips.vips_object_set_argument_from_string(save, "Q", Quality);
                Vips.vips_object_set_argument_from_string(save, "filename", path);
                var built = Vips.vips_cache_operation_build(save);
                if (built == 0)
                    throw new IOException(Vips.TakeError());
                Vips.vips_object_unref_outputs(built);
                Vips.g_object_unref(built);
            }
            finally
            {
                if (save != 0)
                    Vips.g_object_unref(save);
                if (wrapped != 0)
                    Vips.g_object_unref(wrapped);
                Vips.vips_thread_shutdown();
            }
        }
    }
}
