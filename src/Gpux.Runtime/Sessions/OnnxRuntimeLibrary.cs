using System.Collections.Immutable;
using Gpux.Runtime.Native;
using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Runtime.Sessions;

/// <summary>The ONNX Runtime that this process uses: the shipped one, or the one that GPUX_ONNXRUNTIME names.</summary>
/// <remarks>Its data collection, which is on by default in official builds, is switched off.</remarks>
public static unsafe class OnnxRuntimeLibrary
{
    /// <summary>The file of the library, whether or not it could be loaded.</summary>
    public static string Path => NativeLibraries.OnnxRuntimePath;

    /// <summary>Such as 1.30.0.</summary>
    /// <exception cref="NativeLibraryException">No library, or not of ONNX Runtime.</exception>
    public static string Version => OrtApi.LibraryVersion;

    /// <summary>The commit and compiler settings of the build.</summary>
    public static string BuildInfo => OrtText.Read(OrtApi.GetBuildInfoString());

    /// <summary>The execution providers that the library was built with, such as CPUExecutionProvider, in its order of
    /// preference. They may still lack a driver, or a file that the build keeps apart.</summary>
    public static ImmutableArray<string> AvailableProviders
    {
        get
        {
            byte** names;
            int count;
            OrtStatus.Check(OrtApi.GetAvailableProviders(&names, &count));
            var providers = ImmutableArray.CreateBuilder<string>(count);
            for (var i = 0; i < count; i++)
                providers.Add(OrtText.Read(names[i]));
            OrtStatus.Check(OrtApi.ReleaseAvailableProviders(names, count));
            return providers.MoveToImmutable();
        }
    }

    /// <summary>The devices that execution providers offer to choose from. Not all providers do: of those in the shipped
    /// library, WebGPU, CUDA and TensorRT do not list theirs.</summary>
    public static ImmutableArray<ProviderDevice> Devices
    {
        get
        {
            nint* devices;
            nuint count;
            OrtStatus.Check(OrtApi.GetEpDevices(OrtEnvironment.Value, &devices, &count));
            var list = ImmutableArray.CreateBuilder<ProviderDevice>((int)count);
            for (nuint i = 0; i < count; i++)
            {
                var hardware = OrtApi.EpDevice_Device(devices[i]);
                list.Add(new ProviderDevice(
                    OrtText.Read(OrtApi.EpDevice_EpName(devices[i])),
                    OrtText.Read(OrtApi.EpDevice_EpVendor(devices[i])),
                    new HardwareDevice(
                        (HardwareDeviceType)OrtApi.HardwareDevice_Type(hardware),
                        OrtApi.HardwareDevice_VendorId(hardware),
                        OrtText.Read(OrtApi.HardwareDevice_Vendor(hardware)),
                        OrtApi.HardwareDevice_DeviceId(hardware),
                        Pairs(OrtApi.HardwareDevice_Metadata(hardware))),
                    Pairs(OrtApi.EpDevice_EpMetadata(devices[i]))));
            }
            return list.MoveToImmutable();
        }
    }

    /// <summary>Starts loading the library and creating its environment on another thread, some 20 ms of work that a program
    /// may do while it reads its arguments and files. A failure shows at the first use.</summary>
    /// <returns>Ends when the library is there, and never fails. A process must not end before: the library's own threads and
    /// destructors would meet.</returns>
    public static Task Preload() => Task.Run(static () =>
    {
        try
        {
            _ = OrtEnvironment.Value;
        }
        catch (GpuxException)
        {
            // The first use tries again, and says what is wrong to somebody who waits for it.
        }
    });

    /// <summary>Adds the execution providers of a plug-in library; their names then appear in <see cref="Devices"/>.</summary>
    /// <param name="name">A name for the library, of the caller's choice, once in the process.</param>
    /// <exception cref="ProviderUnavailableException">It cannot be loaded, or is no plug-in of this ONNX Runtime.</exception>
    public static void RegisterProviders(string name, string path)
    {
        fixed (byte* nameText = OrtText.Utf8(name), pathText = OrtText.Path(System.IO.Path.GetFullPath(path)))
        {
            var status = OrtApi.RegisterExecutionProviderLibrary(OrtEnvironment.Value, nameText, pathText);
            if (status != 0)
                throw new ProviderUnavailableException(name,
                    $"The execution provider library '{path}' cannot be registered: {SessionErrors.Readable(OrtStatus.Take(status).Message)}",
                    $"Check the file, the libraries it needs, and that it is made for ONNX Runtime {Version}.");
        }
    }

    private static ImmutableArray<KeyValuePair<string, string>> Pairs(nint pairs)
    {
        byte** keys, values;
        nuint count;
        OrtApi.GetKeyValuePairs(pairs, &keys, &values, &count);
        var list = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>((int)count);
        for (nuint i = 0; i < count; i++)
            list.Add(new(OrtText.Read(keys[i]), OrtText.Read(values[i])));
        return list.MoveToImmutable();
    }
}

/// <summary>A device as an execution provider offers it.</summary>
public sealed record ProviderDevice(
    string Provider, string ProviderVendor, HardwareDevice Hardware, ImmutableArray<KeyValuePair<string, string>> Metadata);

/// <param name="VendorId">The PCI vendor, such as 0x10DE; 0 if unknown.</param>
/// <param name="DeviceId">The PCI device; 0 if unknown. Not the position among several devices.</param>
public sealed record HardwareDevice(
    HardwareDeviceType Type, uint VendorId, string Vendor, uint DeviceId, ImmutableArray<KeyValuePair<string, string>> Metadata);

public enum HardwareDeviceType
{
    Cpu,
    Gpu,
    Npu,
}
