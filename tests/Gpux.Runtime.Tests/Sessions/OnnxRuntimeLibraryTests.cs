using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Gpux.Runtime.Native;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Runtime.Tests.Sessions;

public sealed unsafe class OnnxRuntimeLibraryTests
{
    [Fact]
    public void Library_describes_itself()
    {
        Assert.Equal("1.30.0", OnnxRuntimeLibrary.Version);
        Assert.Contains("git-commit-id=f2c39fe2f", OnnxRuntimeLibrary.BuildInfo);
        Assert.True(File.Exists(OnnxRuntimeLibrary.Path));
        Assert.Contains("CPUExecutionProvider", OnnxRuntimeLibrary.AvailableProviders);
        var cpu = Assert.Single(OnnxRuntimeLibrary.Devices, device => device.Provider == ExecutionProvider.Cpu);
        Assert.Equal(HardwareDeviceType.Cpu, cpu.Hardware.Type);
    }

    [Fact]
    public void Function_table_is_read_at_the_right_places()
    {
        // Offsets in the header of 1.30, as a C compiler gives them.
        Assert.Equal(7, (int)OrtApiIndex.CreateSession);
        Assert.Equal(9, (int)OrtApiIndex.Run);
        Assert.Equal(101, (int)OrtApiIndex.ReleaseCustomOpDomain);
        Assert.Equal(133, (int)OrtApiIndex.RunWithBinding);
        Assert.Equal(216, (int)OrtApiIndex.SessionOptionsAppendExecutionProvider);
        Assert.Equal(304, (int)OrtApiIndex.SessionOptionsAppendExecutionProvider_V2);
        Assert.Equal(425, (int)OrtApiIndex.KernelContext_GetPreallocatedOutput);
        Assert.Equal(426, Enum.GetValues<OrtApiIndex>().Length);
    }

    [Fact]
    public void Older_library_is_refused_and_newer_ones_are_not()
    {
        var older = new OrtApi.ApiBase { GetApi = &NoTable, GetVersionString = &Older };
        var error = Assert.Throws<OnnxRuntimeTooOldException>(() => Negotiate(older));
        Assert.Equal("The ONNX Runtime at '/opt/libonnxruntime.so' is version 1.23.2; GPUX needs 1.30 or later.", error.Message);
        Assert.Contains("GPUX_ONNXRUNTIME", error.Remedy);
        Assert.Equal(30, Negotiate(new OrtApi.ApiBase { GetApi = &Table, GetVersionString = &Newer }));
        // One that does not say what it is gets asked.
        Assert.Throws<OnnxRuntimeTooOldException>(() => Negotiate(new OrtApi.ApiBase { GetApi = &NoTable, GetVersionString = &Unknown }));
    }

    [Fact]
    public void Library_of_something_else_is_refused()
    {
        var error = Assert.Throws<NativeLibraryException>(() => OrtApi.Base(NativeLibrary.GetMainProgramHandle(), "/opt/libother.so"));
        Assert.Contains("'/opt/libother.so' is a library, but not ONNX Runtime", error.Message);
    }

    [Fact]
    public void Telemetry_is_off()
    {
        _ = OrtEnvironment.Value;
        var getenv = (delegate* unmanaged<byte*, byte*>)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "getenv");
        fixed (byte* name = "ORT_DISABLE_TELEMETRY\0"u8)
            Assert.Equal("1", OrtText.Read(getenv(name)));
        // What the collector of 1.30 writes first, when it starts.
        Assert.False(File.Exists(Path.Combine(Path.GetTempPath(), $"mat-debug-{Environment.ProcessId}.log")));
    }

    [Theory]
    [InlineData("0\n", 1)]
    [InlineData("0-1\n", 2)]
    [InlineData("0-3,8-11,15\n", 9)]
    public void Sets_of_processors_are_counted(string ranges, int count) => Assert.Equal(count, Processors.CountOf(ranges));

    private static nint Negotiate(OrtApi.ApiBase of) => (nint)OrtApi.Table(&of, "/opt/libonnxruntime.so");

    [UnmanagedCallersOnly]
    private static nint* NoTable(uint version) => null;

    [UnmanagedCallersOnly]
    private static nint* Table(uint version) => (nint*)version;

    [UnmanagedCallersOnly]
    private static byte* Older() => Text("1.23.2\0"u8);

    [UnmanagedCallersOnly]
    private static byte* Newer() => Text("1.42.0-dev\0"u8);

    [UnmanagedCallersOnly]
    private static byte* Unknown() => Text("private build\0"u8);

    // Literals lie in the assembly's image, which does not move.
    private static byte* Text(ReadOnlySpan<byte> literal) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal));
}
