using System.Runtime.InteropServices;

namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>The energy counters of NVIDIA's cards, of Volta and later.</summary>
/// <remarks>Source: NVML, nvmlDeviceGetTotalEnergyConsumption. The library comes with the driver.</remarks>
internal sealed unsafe class NvidiaEnergy : IDisposable
{
    private readonly nint _library;
    private readonly nint[] _devices;
    private readonly delegate* unmanaged<nint, ulong*, int> _energy;

    private NvidiaEnergy(nint library, nint[] devices, nint energy)
    {
        (_library, _devices) = (library, devices);
        _energy = (delegate* unmanaged<nint, ulong*, int>)energy;
    }

    /// <returns>Null without such cards or their driver.</returns>
    public static NvidiaEnergy? Open()
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1", out var library))
            return null;
        if (NativeLibrary.TryGetExport(library, "nvmlInit_v2", out var init) && NativeLibrary.TryGetExport(library, "nvmlDeviceGetCount_v2", out var countOf)
            && NativeLibrary.TryGetExport(library, "nvmlDeviceGetHandleByIndex_v2", out var handleOf)
            && NativeLibrary.TryGetExport(library, "nvmlDeviceGetTotalEnergyConsumption", out var energy) && ((delegate* unmanaged<int>)init)() == 0)
        {
            uint count;
            if (((delegate* unmanaged<uint*, int>)countOf)(&count) == 0 && count > 0)
            {
                var devices = new nint[count];
                fixed (nint* device = devices)
                    for (var i = 0u; i < count; i++)
                        if (((delegate* unmanaged<uint, nint*, int>)handleOf)(i, device + i) != 0)
                            device[i] = 0;
                return new NvidiaEnergy(library, devices, energy);
            }
        }
        NativeLibrary.Free(library);
        return null;
    }

    /// <summary>Of all cards together, since the driver was loaded; null if none counts.</summary>
    public ulong? Millijoules()
    {
        ulong? sum = null;
        foreach (var device in _devices)
        {
            ulong each;
            if (device != 0 && _energy(device, &each) == 0)
                sum = (sum ?? 0) + each;
        }
        return sum;
    }

    public void Dispose()
    {
        if (NativeLibrary.TryGetExport(_library, "nvmlShutdown", out var shutdown))
            _ = ((delegate* unmanaged<int>)shutdown)();
        NativeLibrary.Free(_library);
    }
}
