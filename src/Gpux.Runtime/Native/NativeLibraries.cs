using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gpux.Runtime.Native;

/// <summary>Finds the native libraries: the file that an environment variable names, else the one shipped beside the program.</summary>
internal static class NativeLibraries
{
    /// <summary>The name under which C# declarations import libvips.</summary>
    internal const string Vips = "vips";

    private static readonly Component OnnxRuntimeComponent = new("ONNX Runtime", "GPUX_ONNXRUNTIME",
        OperatingSystem.IsWindows() ? "onnxruntime.dll"
        : OperatingSystem.IsMacOS() ? "libonnxruntime.1.30.0.dylib" : "libonnxruntime.so.1");

    private static readonly Component VipsComponent = new("libvips", "GPUX_LIBVIPS",
        OperatingSystem.IsWindows() ? "libvips-42.dll"
        : OperatingSystem.IsMacOS() ? "libvips-cpp.8.18.7.dylib" : "libvips-cpp.so.8.18.7");

    /// <summary>The file of ONNX Runtime that is, or would be, loaded.</summary>
    public static string OnnxRuntimePath => OnnxRuntimeComponent.Path;

    /// <exception cref="NativeLibraryException">The file is missing or cannot be loaded.</exception>
    public static nint LoadOnnxRuntime() => OnnxRuntimeComponent.Load();

#pragma warning disable CA2255 // Imports of this assembly must find their library whichever of its types is used first.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize() =>
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Vips ? VipsComponent.Load() : 0);

    private sealed record Component(string Name, string Variable, string FileName)
    {
        public string Path
        {
            get
            {
                if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
                    return chosen;
                var shipped = System.IO.Path.Combine(
                    AppContext.BaseDirectory, "runtimes", PortableRuntimeIdentifier, "native", FileName);
                return File.Exists(shipped) ? shipped : System.IO.Path.Combine(AppContext.BaseDirectory, FileName);
            }
        }

        public nint Load()
        {
            var path = Path;
            if (!File.Exists(path))
                throw new NativeLibraryException(Name, $"The library {Name} was looked for at '{path}', where there is no file.",
                    Environment.GetEnvironmentVariable(Variable) is { Length: > 0 }
                        ? $"Correct or unset the environment variable {Variable}."
                        : $"Build again (npm must be installed), reinstall GPUX, or set {Variable} to a build of the library.");
            try
            {
                return NativeLibrary.Load(path);
            }
            catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
            {
                throw new NativeLibraryException(Name, $"The library {Name} at '{path}' cannot be loaded: {exception.Message}",
                    $"Set {Variable} to a build for {RuntimeInformation.RuntimeIdentifier}, or unset it to use the shipped one.", exception);
            }
        }

        private static string PortableRuntimeIdentifier =>
            (OperatingSystem.IsWindows() ? "win-" : OperatingSystem.IsMacOS() ? "osx-" : "linux-")
            + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
    }
}

/// <summary>A native library is missing, damaged or of another platform.</summary>
public sealed class NativeLibraryException(string library, string problem, string remedy, Exception? inner = null)
    : GpuxException(ErrorCode.NativeLibrary, problem, remedy, inner)
{
    public string Library { get; } = library;
}
