using System.Runtime.InteropServices;
using Gpux.Runtime.Native;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>The part of libsndfile's C API that decoding needs. The library is the machine's, and loaded on first use.</summary>
/// <remarks>Source: sndfile.h of libsndfile 1.2.</remarks>
internal sealed unsafe class Sndfile
{
    /// <summary>Names the library's file, where it is not to be searched for.</summary>
    private const string Variable = "GPUX_LIBSNDFILE";

    /// <summary>SFM_READ.</summary>
    public const int ReadMode = 0x10;

    private static readonly Lazy<Sndfile?> Loaded = new(Load);

    private Sndfile(nint library)
    {
        OpenVirtual = (delegate* unmanaged[Cdecl]<VirtualIo*, int, Info*, nint, nint>)NativeLibrary.GetExport(library, "sf_open_virtual");
        ReadFrames = (delegate* unmanaged[Cdecl]<nint, float*, long, long>)NativeLibrary.GetExport(library, "sf_readf_float");
        Error = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(library, "sf_error");
        _describe = (delegate* unmanaged[Cdecl]<nint, byte*>)NativeLibrary.GetExport(library, "sf_strerror");
        Close = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(library, "sf_close");
    }

    /// <summary>Null where the machine has no libsndfile.</summary>
    /// <exception cref="NativeLibraryException">GPUX_LIBSNDFILE names something else.</exception>
    public static Sndfile? Instance => Loaded.Value;

    public static string HowToInstall => $"Install it ({(OperatingSystem.IsWindows() ? "libsndfile's releases bring sndfile.dll"
        : OperatingSystem.IsMacOS() ? "brew install libsndfile" : "apt install libsndfile1, or dnf install libsndfile")}), "
        + $"or set {Variable} to its file; or convert the sound to WAV or FLAC.";

    public delegate* unmanaged[Cdecl]<VirtualIo*, int, Info*, nint, nint> OpenVirtual { get; }
    public delegate* unmanaged[Cdecl]<nint, float*, long, long> ReadFrames { get; }
    public delegate* unmanaged[Cdecl]<nint, int> Error { get; }
    public delegate* unmanaged[Cdecl]<nint, int> Close { get; }

    private readonly delegate* unmanaged[Cdecl]<nint, byte*> _describe;

    /// <summary>What went wrong with a file; with 0, at opening one.</summary>
    public string Describe(nint file) => Marshal.PtrToStringUTF8((nint)_describe(file))?.TrimEnd('.', ' ', '\n') is { Length: > 0 } text
        ? text : "libsndfile cannot read it";

    private static Sndfile? Load()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
        {
            try
            {
                return new Sndfile(NativeLibrary.Load(chosen));
            }
            catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
            {
                throw new NativeLibraryException("libsndfile", $"The library libsndfile at '{chosen}' cannot be loaded: {exception.Message}",
                    $"Correct or unset the environment variable {Variable}.", exception);
            }
        }
        ReadOnlySpan<string> names = OperatingSystem.IsWindows() ? ["sndfile.dll", "libsndfile-1.dll"]
            : OperatingSystem.IsMacOS() ? ["libsndfile.1.dylib", "/opt/homebrew/lib/libsndfile.1.dylib", "/usr/local/lib/libsndfile.1.dylib"]
            : ["libsndfile.so.1"];
        foreach (var name in names)
            if (NativeLibrary.TryLoad(name, out var library))
                return new Sndfile(library);
        return null;
    }

    /// <summary>SF_INFO.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Info
    {
        public long Frames;
        public int SampleRate, Channels, Format, Sections, Seekable;
    }

    /// <summary>SF_VIRTUAL_IO.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct VirtualIo
    {
        public delegate* unmanaged[Cdecl]<nint, long> Length;
        public delegate* unmanaged[Cdecl]<long, int, nint, long> Seek;
        public delegate* unmanaged[Cdecl]<byte*, long, nint, long> Read;
        public delegate* unmanaged[Cdecl]<byte*, long, nint, long> Write;
        public delegate* unmanaged[Cdecl]<nint, long> Tell;
    }
}
