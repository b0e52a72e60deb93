using System.Runtime.InteropServices;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>The part of libmpg123's C API that decoding needs. The library is the machine's, and loaded on first use; libsndfile brings it
/// on Linux.</summary>
/// <remarks>Source: mpg123.h of libmpg123 1.31. Its off_t is taken for 64 bits wide and its long for as wide as a pointer, as they are
/// everywhere but on Windows.</remarks>
internal sealed unsafe class Mpg123
{
    /// <summary>Results of a call.</summary>
    public const int Ok = 0, Done = -12;

    private const int AddFlags = 2, RemoveFlags = 13;
    private const int Float32 = 0x200;
    private const int Quiet = 0x20, Gapless = 0x40, ForceFloat = 0x400, AutoResample = 0x8000, NoFrankenstein = 0x1000000;

    private static readonly Lazy<Mpg123?> Loaded = new(Load);

    private readonly delegate* unmanaged[Cdecl]<byte*, int*, nint> _new;
    private readonly delegate* unmanaged[Cdecl]<nint, int, nint, double, int> _set;
    private readonly delegate* unmanaged[Cdecl]<nint, nint*, int*, int*, int> _getFormat;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int, int, int> _setFormat;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*> _describe;

    private Mpg123(nint library)
    {
        _new = (delegate* unmanaged[Cdecl]<byte*, int*, nint>)NativeLibrary.GetExport(library, "mpg123_new");
        _set = (delegate* unmanaged[Cdecl]<nint, int, nint, double, int>)NativeLibrary.GetExport(library, "mpg123_param");
        _getFormat = (delegate* unmanaged[Cdecl]<nint, nint*, int*, int*, int>)NativeLibrary.GetExport(library, "mpg123_getformat");
        _setFormat = (delegate* unmanaged[Cdecl]<nint, nint, int, int, int>)NativeLibrary.GetExport(library, "mpg123_format");
        _describe = (delegate* unmanaged[Cdecl]<nint, byte*>)NativeLibrary.GetExport(library, "mpg123_strerror");
        ReadThrough = (delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint>,
            delegate* unmanaged[Cdecl]<nint, long, int, long>, nint, int>)NativeLibrary.GetExport(library, "mpg123_replace_reader_handle");
        Open = (delegate* unmanaged[Cdecl]<nint, nint, int>)NativeLibrary.GetExport(library, "mpg123_open_handle");
        Length = (delegate* unmanaged[Cdecl]<nint, long>)NativeLibrary.GetExport(library, "mpg123_length");
        Scan = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(library, "mpg123_scan");
        Read = (delegate* unmanaged[Cdecl]<nint, float*, nuint, nuint*, int>)NativeLibrary.GetExport(library, "mpg123_read");
        Delete = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(library, "mpg123_delete");
        // Without effect since 1.27, and needed before.
        _ = ((delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(library, "mpg123_init"))();
    }

    /// <summary>Null where the machine has no libmpg123.</summary>
    public static Mpg123? Instance => Loaded.Value;

    public delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint>, delegate* unmanaged[Cdecl]<nint, long, int, long>, nint, int> ReadThrough { get; }
    public delegate* unmanaged[Cdecl]<nint, nint, int> Open { get; }
    public delegate* unmanaged[Cdecl]<nint, long> Length { get; }
    public delegate* unmanaged[Cdecl]<nint, int> Scan { get; }
    public delegate* unmanaged[Cdecl]<nint, float*, nuint, nuint*, int> Read { get; }
    public delegate* unmanaged[Cdecl]<nint, void> Delete { get; }

    /// <summary>A decoder with libsndfile's settings (mpeg_decode.c of 1.2), so that samples are equal to the last bit; and quiet, which
    /// libsndfile's are not.</summary>
    /// <returns>0 if there is no memory.</returns>
    public nint Create()
    {
        int error;
        var decoder = _new(null, &error);
        if (decoder != 0)
        {
            _ = _set(decoder, RemoveFlags, AutoResample, 1);
            _ = _set(decoder, AddFlags, Quiet | ForceFloat | Gapless | NoFrankenstein, 1);
        }
        return decoder;
    }

    /// <summary>Reads up to the first frame.</summary>
    public int GetFormat(nint decoder, out int sampleRate, out int channels, out bool isFloat)
    {
        nint rate;
        int count, encoding;
        var result = _getFormat(decoder, &rate, &count, &encoding);
        (sampleRate, channels, isFloat) = result == Ok ? ((int)rate, count, encoding == Float32) : default;
        return result;
    }

    public int SetFloat(nint decoder, int sampleRate, int channels) => _setFormat(decoder, sampleRate, channels, Float32);

    /// <summary>What went wrong.</summary>
    public string Describe(nint decoder) => Marshal.PtrToStringUTF8((nint)_describe(decoder))?.TrimEnd('.', ' ', '\n') is { Length: > 0 } text
        ? text : "libmpg123 cannot read it";

    private static Mpg123? Load()
    {
        ReadOnlySpan<string> names = OperatingSystem.IsWindows() ? []
            : OperatingSystem.IsMacOS() ? ["libmpg123.0.dylib", "/opt/homebrew/lib/libmpg123.0.dylib", "/usr/local/lib/libmpg123.0.dylib"]
            : ["libmpg123.so.0"];
        foreach (var name in names)
            if (NativeLibrary.TryLoad(name, out var library))
                return new Mpg123(library);
        return null;
    }
}
