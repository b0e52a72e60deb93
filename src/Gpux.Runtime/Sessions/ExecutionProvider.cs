using System.Collections.ObjectModel;

namespace Gpux.Runtime.Sessions;

/// <summary>An execution provider to run nodes with.</summary>
/// <param name="Name">As ONNX Runtime names it, with or without ExecutionProvider at the end, in any case: CUDA, TensorRT, WebGPU,
/// DML, CoreML, OpenVINO, MIGraphX, ROCM, QNN and so on, or the name of a provider of a registered library.</param>
/// <param name="Options">The provider's own options, such as device_id = 1. For a provider of a registered library, device_id
/// is the position among its devices and defaults to 0.</param>
public sealed record ExecutionProvider(string Name, IReadOnlyDictionary<string, string> Options)
{
    private const string Suffix = "ExecutionProvider";

    /// <summary>The provider with its default options.</summary>
    public ExecutionProvider(string name) : this(name, ReadOnlyDictionary<string, string>.Empty)
    {
    }

    /// <summary>ONNX Runtime's name for nodes that no other provider takes.</summary>
    public const string Cpu = "CPUExecutionProvider";

    /// <summary>Whether two names mean the same provider: CUDA, cuda, CUDAExecutionProvider.</summary>
    public static bool AreSame(string one, string other) =>
        Short(one).Equals(Short(other), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a provider computes on the CPU: ONNX Runtime's own, and those for oneDNN, XNNPACK and the Arm Compute Library.</summary>
    internal static bool IsForCpu(string name) => AreSame(name, Cpu) || AreSame(name, "Dnnl") || AreSame(name, "Xnnpack") || AreSame(name, "ACL");

    private static ReadOnlySpan<char> Short(string name) =>
        name.Equals("DirectML", StringComparison.OrdinalIgnoreCase) ? "DML"
        : name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? name.AsSpan()[..^Suffix.Length] : name;
}
