namespace Gpux.Runtime.Sessions.Interop;

/// <summary>ONNX Runtime's descriptions of memory.</summary>
internal static unsafe class OrtMemory
{
    private const int DeviceAllocator = 0;
    private const int MemoryTypeDefault = 0;
    private const int DeviceTypeCpu = 0;

    // Both live as long as the process: the library owns the allocator, and one description serves all tensors.
    private static nint _defaultAllocator;
    private static nint _cpu;

    /// <summary>The allocator of plain CPU memory, in which ONNX Runtime returns names and arrays.</summary>
    public static nint DefaultAllocator
    {
        get
        {
            if (_defaultAllocator == 0)
            {
                nint allocator;
                OrtStatus.Check(OrtApi.GetAllocatorWithDefaultOptions(&allocator));
                _defaultAllocator = allocator;
            }
            return _defaultAllocator;
        }
    }

    /// <summary>The description of CPU memory.</summary>
    public static nint Cpu
    {
        get
        {
            if (_cpu == 0)
            {
                nint memory;
                OrtStatus.Check(OrtApi.CreateCpuMemoryInfo(DeviceAllocator, MemoryTypeDefault, &memory));
                // Of two threads that come here at once, the second leaves its description unused.
                Interlocked.CompareExchange(ref _cpu, memory, 0);
            }
            return _cpu;
        }
    }

    public static bool IsCpu(nint memory)
    {
        int type;
        OrtApi.MemoryInfoGetDeviceType(memory, &type);
        return type == DeviceTypeCpu;
    }
}
