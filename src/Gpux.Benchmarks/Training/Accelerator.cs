using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Training;

/// <summary>A GPU as its vendor describes it: what it holds, computes and sends.</summary>
/// <param name="Name">Such as "H100 SXM".</param>
/// <param name="MemoryBytes">Of one GPU. Vendors write GB for what are GiB.</param>
/// <param name="IntraNodeBytesPerSecond">What one GPU sends to the others of its node, in one direction.</param>
/// <param name="InterNodeBytesPerSecond">What one GPU has of the network that such nodes usually come with, in one direction.</param>
/// <remarks>Peaks are of dense matrix products with float32 sums, in FLOP/s. The numbers, with a source in each row, are those of
/// <see cref="HardwareCatalog"/>.</remarks>
public sealed record Accelerator(string Name, double MemoryBytes, double IntraNodeBytesPerSecond, double InterNodeBytesPerSecond)
{
    private static readonly Lazy<IReadOnlyList<Accelerator>> Rows = new(() => [.. HardwareCatalog.All.Select(Of).OfType<Accelerator>()]);

    /// <summary>Null where the GPU has no bfloat16.</summary>
    public double? BrainFloat16Flops { get; init; }

    /// <summary>Null where nothing says.</summary>
    public double? Float16Flops { get; init; }

    /// <summary>Null where the GPU has no TensorFloat-32 or the like.</summary>
    public double? TensorFloat32Flops { get; init; }

    public double? Float32Flops { get; init; }

    /// <summary>The GPUs that are known by name: those of the table of hardware that have links to each other.</summary>
    public static IReadOnlyList<Accelerator> Known => Rows.Value;

    /// <summary>The GPU of a row of the table of hardware; null for a row that is none, or whose links are not known.</summary>
    public static Accelerator? Of(KnownHardware row)
    {
        var platform = row.Platform;
        if (platform is not { Kind: HardwareKind.Gpu, MemoryBytes: { } memory } || row is not { LinkBytesPerSecond: { } link, NetworkBytesPerSecond: { } network })
            return null;
        double? Peak(string precision) => platform.Peaks.FirstOrDefault(peak => peak.Precision == precision)?.OperationsPerSecond;
        return new Accelerator(ShortName(platform.Name), memory, link, network)
        {
            BrainFloat16Flops = Peak("bf16"), Float16Flops = Peak("fp16"), TensorFloat32Flops = Peak("tf32"), Float32Flops = Peak("fp32"),
        };
    }

    /// <summary>The GPU of a name, in any case and however it is spaced: "h100-sxm". A driver's name will do too.</summary>
    /// <exception cref="UnknownAcceleratorException">None has the name, or several have it in theirs.</exception>
    public static Accelerator Find(string name)
    {
        var key = Key(name);
        if (Known.FirstOrDefault(known => Key(known.Name) == key) is { } exact)
            return exact;
        Accelerator[] close = [.. Known.Where(known => key.Length > 0 && Key(known.Name).Contains(key, StringComparison.Ordinal))];
        return close.Length == 1 ? close[0]
            : close.Length == 0 && HardwareCatalog.Find(name) is { } row && Of(row) is { } device ? device
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

    // Of "AMD Instinct MI300X" what people call it.
    private static string ShortName(string name)
    {
        foreach (var maker in (ReadOnlySpan<string>)["NVIDIA ", "AMD Instinct "])
            if (name.StartsWith(maker, StringComparison.Ordinal))
                return name[maker.Length..];
        return name;
    }

    private static string Key(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
}
