using System.Runtime.InteropServices;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Keeps ONNX Runtime from collecting and sending data about its use.</summary>
/// <remarks>The official builds from 1.29 on do so by default on Linux and macOS: a device identifier and a database under
/// ~/.cache/Microsoft, a log in the temporary folder for each process, an upload thread. Only a variable that is set
/// before the library starts prevents all of it (microsoft/onnxruntime, pull request 27379); DisableTelemetryEvents comes too
/// late. Windows builds write trace events, which DisableTelemetryEvents stops.</remarks>
internal static unsafe class OrtTelemetry
{
    /// <summary>Sets the variable for this process. Comes before the library is loaded.</summary>
    public static void Disable()
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.SetEnvironmentVariable("ORT_DISABLE_TELEMETRY", "1");
            return;
        }
        // On Unix .NET keeps its own copy of the environment, which native code does not see.
        var setenv = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "setenv");
        fixed (byte* name = "ORT_DISABLE_TELEMETRY\0"u8, value = "1\0"u8)
            _ = ((delegate* unmanaged<byte*, byte*, int, int>)setenv)(name, value, 1);
    }
}
