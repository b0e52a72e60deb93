using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Gpux.Runtime.Native;

namespace Gpux.Runtime.Images.Decoding;

/// <summary>The part of libvips' C API that decoding needs.</summary>
/// <remarks>Operations are made by name and set by property, as variadic functions cannot be called portably.</remarks>
internal static unsafe partial class Vips
{
    private static readonly Lock Starting = new();
    private static bool _started;

    /// <summary>Starts libvips on first use.</summary>
    public static void Start()
    {
        if (Volatile.Read(ref _started))
            return;
        lock (Starting)
        {
            if (_started)
                return;
            g_log_set_default_handler(&Discard, 0); // else its warnings go to stderr
            if (vips_init("gpux") != 0)
                throw new NativeLibraryException(
                    "libvips", $"libvips does not start: {TakeError()}", "Unset GPUX_LIBVIPS to use the shipped library.");
            vips_block_untrusted_set(1);
            vips_concurrency_set(1); // images are decoded in parallel, not parts of one
            vips_cache_set_max(0); // a cache would keep the files' bytes alive
            Volatile.Write(ref _started, true);
        }
    }

    /// <summary>The last line of what went wrong, and clears it. Lines before may be warnings.</summary>
    /// <remarks>libvips keeps one text for the process: of two images that fail at once, one may show the other's.</remarks>
    public static string TakeError()
    {
        var text = vips_error_buffer_copy();
        vips_error_clear();
        try
        {
            var message = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).TrimEnd(" .\n"u8);
            message = message[(message.LastIndexOf((byte)'\n') + 1)..];
            return message.IsEmpty ? "libvips cannot read it" : System.Text.Encoding.UTF8.GetString(message);
        }
        finally
        {
            g_free((nint)text);
        }
    }

    /// <summary>Sets a property that is an object.</summary>
    public static void SetObject(nint target, string name, nint value)
    {
        Value holder = default;
        g_value_init(&holder, Value.TypeObject);
        g_value_set_object(&holder, value);
        g_object_set_property(target, name, &holder);
        g_value_unset(&holder);
    }

    /// <summary>Reads a property that is an object; the caller releases it.</summary>
    public static nint GetObject(nint target, string name)
    {
        Value holder = default;
        g_value_init(&holder, Value.TypeObject);
        g_object_get_property(target, name, &holder);
        var value = g_value_dup_object(&holder);
        g_value_unset(&holder);
        return value;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Discard(byte* domain, int level, byte* message, nint data)
    {
    }

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int vips_init(string program);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial void vips_block_untrusted_set(int state);

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void vips_operation_block_set(string name, int state);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial void vips_concurrency_set(int threads);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial void vips_cache_set_max(int operations);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial byte* vips_error_buffer_copy();

    [LibraryImport(NativeLibraries.Vips)]
    public static partial void vips_error_clear();

    /// <summary>Frees what libvips keeps for the calling thread.</summary>
    [LibraryImport(NativeLibraries.Vips)]
    public static partial void vips_thread_shutdown();

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint vips_operation_new(string name);

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int vips_object_set_argument_from_string(nint target, string name, string value);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial nint vips_cache_operation_build(nint operation);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial void vips_object_unref_outputs(nint operation);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial nint vips_source_new_from_memory(byte* data, nuint length);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial nint vips_image_new_from_memory(
        byte* data, nuint length, int width, int height, int bands, BandFormat format);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial int vips_image_get_width(nint image);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial int vips_image_get_height(nint image);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial int vips_image_get_bands(nint image);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial BandFormat vips_image_get_format(nint image);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial Interpretation vips_image_get_interpretation(nint image);

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint vips_image_get_typeof(nint image, string name);

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int vips_image_get_int(nint image, string name, int* value);

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int vips_image_get_blob(nint image, string name, byte** data, nuint* length);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial nint vips_region_new(nint image);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial int vips_region_image(nint region, Rectangle* area);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial int vips_region_prepare_to(nint region, nint target, Rectangle* area, int x, int y);

    [LibraryImport(NativeLibraries.Vips)]
    public static partial void g_object_unref(nint target);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial void g_free(nint memory);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial nint g_log_set_default_handler(
        delegate* unmanaged[Cdecl]<byte*, int, byte*, nint, void> handler, nint data);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial Value* g_value_init(Value* value, nint type);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial void g_value_unset(Value* value);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial void g_value_set_object(Value* value, nint target);

    [LibraryImport(NativeLibraries.Vips)]
    private static partial nint g_value_dup_object(Value* value);

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    private static partial void g_object_set_property(nint target, string name, Value* value);

    [LibraryImport(NativeLibraries.Vips, StringMarshalling = StringMarshalling.Utf8)]
    private static partial void g_object_get_property(nint target, string name, Value* value);

    /// <summary>VipsRect.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Rectangle
    {
        public int Left, Top, Width, Height;
    }

    /// <summary>VipsBandFormat: the type of a band's elements.</summary>
    internal enum BandFormat
    {
        UInt8 = 0,
        Int8 = 1,
        UInt16 = 2,
        Int16 = 3,
        UInt32 = 4,
        Int32 = 5,
        Float32 = 6,
        Complex64 = 7,
        Float64 = 8,
        Complex128 = 9,
    }

    /// <summary>VipsInterpretation, as far as decoding tells them apart.</summary>
    internal enum Interpretation
    {
        Multiband = 0,
        BlackWhite = 1,
        Cmyk = 15,
        SRgb = 22,
        Rgb16 = 25,
        Grey16 = 26,
    }

    /// <summary>GValue: a type and two words.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Value
    {
        public const nint TypeObject = 20 << 2;

        private fixed long _words[3];
    }
}
