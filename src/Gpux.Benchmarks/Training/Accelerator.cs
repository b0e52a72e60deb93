namespace Gpux.Benchmarks.Training;

/// <summary>A GPU as its vendor describes it: what it holds, computes and sends.</summary>
/// <param name="Name">Such as "H100 SXM".</param>
/// <param name="MemoryBytes">Of one GPU. Vendors write GB for what are GiB.</param>
/// <param name="IntraNodeBytesPerSecond">What one GPU sends to the others of its node, in one direction.</param>
/// <param name="InterNodeBytesPerSecond">What one GPU has of the network that such nodes usually come with, in one direction.</param>
/// <remarks>Peaks are of dense matrix products with float32 sums, in FLOP/s: no sparsity, no boost beyond the datasheet. Sources: the vendors'
/// datasheets (NVIDIA V100, T4, A10, A100, A6000, L4, L40S, H100, H200, B200, GeForce RTX 3090 and 4090; AMD MI250X, MI300X), and DGX and
/// HGX reference nodes for the networks.</remarks>
public sealed record Accelerator(string Name, double MemoryBytes, double IntraNodeBytesPerSecond, double InterNodeBytesPerSecond)
{
    private const double Gibibyte = 1L << 30;

    /// <summary>Null where the GPU has no bfloat16.</summary>
    public double? BrainFloat16Flops { get; init; }

    /// <summary>Null where nothing says.</summary>
    public double? Float16Flops { get; init; }

    /// <summary>Null where the GPU has no TensorFloat-32 or the like.</summary>
    public double? TensorFloat32Flops { get; init; }

    public double? Float32Flops { get; init; }

    /// <summary>The GPUs that are known by name.</summary>
    public static IReadOnlyList<Accelerator> Known { get; } =
    [
        Of("V100 16GB", 16, 150, 6.25, bf16: null, fp16: 125, tf32: null, fp32: 15.7),
        Of("V100 32GB", 32, 150, 6.25, bf16: null, fp16: 125, tf32: null, fp32: 15.7),
        Of("T4", 16, 16, 3.125, bf16: null, fp16: 65, tf32: null, fp32: 8.1),
        Of("A10", 24, 32, 3.125, bf16: 125, fp16: 125, tf32: 62.5, fp32: 31.2),
        Of("A100 40GB", 40, 300, 25, bf16: 312, fp16: 312, tf32: 156, fp32: 19.5),
        Of("A100 80GB", 80, 300, 25, bf16: 312, fp16: 312, tf32: 156, fp32: 19.5),
        Of("RTX 3090", 24, 32, 3.125, bf16: 71, fp16: 71, tf32: 35.6, fp32: 35.6),
        Of("RTX 4090", 24, 32, 3.125, bf16: 165.2, fp16: 165.2, tf32: 82.6, fp32: 82.6),
        Of("A6000", 48, 32, 3.125, bf16: 154.8, fp16: 154.8, tf32: 77.4, fp32: 38.7),
        Of("L4", 24, 32, 3.125, bf16: 121, fp16: 121, tf32: 60, fp32: 30.3),
        Of("L40S", 48, 32, 12.5, bf16: 362, fp16: 362, tf32: 183, fp32: 91.6),
        Of("H100 PCIe", 80, 64, 25, bf16: 756, fp16: 756, tf32: 378, fp32: 51.2),
        Of("H100 SXM", 80, 450, 50, bf16: 989, fp16: 989, tf32: 494, fp32: 66.9),
        Of("H200", 141, 450, 50, bf16: 989, fp16: 989, tf32: 494, fp32: 66.9),
        Of("B200", 180, 900, 50, bf16: 2250, fp16: 2250, tf32: 1125, fp32: 75),
        Of("MI250X", 128, 200, 12.5, bf16: 383, fp16: 383, tf32: null, fp32: 95.7),
        Of("MI300X", 192, 448, 50, bf16: 1307, fp16: 1307, tf32: 653, fp32: 163.4),
    ];

    /// <summary>The GPU of a name, in any case and however it is spaced: "h100-sxm".</summary>
    /// <exception cref="UnknownAcceleratorException">None has the name, or several have it in theirs.</exception>
    public static Accelerator Find(string name)
    {
        var key = Key(name);
        if (Known.FirstOrDefault(known => Key(known.Name) == key) is { } exact)
            return exact;
        Accelerator[] close = [.. Known.Where(known => key.Length > 0 && Key(known.Name).Contains(key, StringComparison.Ordinal))];
        return close.Length == 1 ? close[0]
            : throw new UnknownAcceleratorException(name, [.. (close.Length > 0 ? close : Known).Select(known => known.Name)]);
    }

    /// <summary>FLOP/s at most; null where this GPU does not compute in the precision.</summary>
    public double? PeakFlops(TrainingPrecision precision) => precision switch
    {
        TrainingPrecision.BrainFloat16 => BrainFloat16Flops,
        TrainingPrecision.Float16 => Float16Flops,
        TrainingPrecision.TensorFloat32 => TensorFloat32Flops,
        _ => Float32Flops,
    };

    private static Accelerator Of(
        string name, double gibibytes, double intraNodeGigabytes, double interNodeGigabytes, double? bf16, double? fp16, double? tf32, double? fp32) =>
        new(name, gibibytes * Gibibyte, intraNodeGigabytes * 1e9, interNodeGigabytes * 1e9)
        {
            BrainFloat16Flops = bf16 * 1e12, Float16Flops = fp16 * 1e12, TensorFloat32Flops = tf32 * 1e12, Float32Flops = fp32 * 1e12,
        };

    private static string Key(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
}
