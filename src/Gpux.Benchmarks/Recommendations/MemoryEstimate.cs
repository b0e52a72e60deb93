using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>The memory that a model needs, and of which kind: a platform's own, or the main memory.</summary>
/// <param name="Bytes">Null when nothing tells.</param>
internal readonly record struct MemoryEstimate(double? Bytes, bool IsMeasured);

/// <summary>What memory a model took where it was measured.</summary>
internal sealed class MeasuredMemory
{
    // Values in between, as gpux info has it.
    private const double Overhead = 1.1;

    // Of a device's memory: what takes more of it may have taken all that there was, whatever the model needs. By default vLLM takes 0.9 and JAX 0.75 in advance.
    private const double MayBeReserved = 0.7;

    // Weights and gradients in 16 bits, Adam's two moments and the weights in 32: 2 + 2 + 12.
    private const double TrainingBytesPerParameter = 16;

    private readonly List<Peak> _host = [];
    private readonly List<Peak> _device = [];

    /// <param name="cells">The model's own.</param>
    /// <param name="platforms">By number: those of the cells, and any others.</param>
    public MeasuredMemory(IEnumerable<Cell> cells, IReadOnlyDictionary<long, HardwarePlatform> platforms)
    {
        foreach (var cell in cells)
        {
            var there = platforms[cell.HardwareId];
            if (there.Kind == HardwareKind.Cpu && cell.HostMemoryBytes is { } host)
                _host.Add(new Peak(cell, host, ForOthers: true));
            else if (there.Kind != HardwareKind.Cpu && cell.DeviceMemoryBytes is { } device)
                _device.Add(new Peak(cell, device, ForOthers: !(device > MayBeReserved * there.MemoryBytes)));
        }
    }

    /// <summary>Measured in this configuration on this platform; else what it took on another with memory of the same kind, where it was enough; else estimated, and
    /// corrected by how the nearest measured batch differs from its own estimate.</summary>
    public MemoryEstimate Of(ModelFacts model, HardwarePlatform platform, long? platformId, Runner runner, in WorkPoint work)
    {
        var (nearest, least) = (default(Peak?), long.MaxValue);
        foreach (var peak in platform.Kind == HardwareKind.Cpu ? _host : _device)
        {
            var there = peak.Cell.Work;
            var isHere = peak.Cell.HardwareId == platformId;
            if ((!isHere && !peak.ForOthers) || there.Concurrency != work.Concurrency || there.Precision != work.Precision)
                continue;
            var distance = Math.Abs((long)there.BatchSize - work.BatchSize) + Math.Abs((there.InputTokens ?? 0L) - (work.InputTokens ?? 0))
                + Math.Abs((there.OutputTokens ?? 0L) - (work.OutputTokens ?? 0));
            distance = 4 * distance + (isHere ? 0 : 2) + (peak.Cell.Runner == runner ? 0 : 1);
            if (distance < least || (distance == least && peak.Bytes < nearest!.Bytes)) // there is one
                (nearest, least) = (peak, distance);
        }
        var estimated = Estimated(model, work);
        return nearest is not { } found ? new(estimated, false)
            : least < 4 ? new(found.Bytes, least == 0)
            : new(Estimated(model, found.Cell.Work) is { } then && estimated is { } now ? found.Bytes * Math.Max(now / then, 1) : found.Bytes, false);
    }

    private static double? Estimated(ModelFacts model, in WorkPoint work)
    {
        if (work.Task == TaskType.Training)
            return model.ParameterCount * TrainingBytesPerParameter * Overhead;
        if (model.WeightBytes(work.Precision) is not { } weights)
            return null;
        var tokens = (work.InputTokens ?? RooflineTime.UsualInput(model)) + (work.OutputTokens ?? 0);
        var cache = model.Generates || work.OutputTokens > 0 ? (double)(model.CacheBytesPerToken ?? 0) * tokens * work.BatchSize : 0;
        // Input and output of a layer's widest product, 4 + 1 hidden sizes wide, and the attention's scores, in 32 bits.
        var values = work.BatchSize * 4.0 * tokens * (5.0 * (model.HiddenSize ?? 0) + (double)(model.AttentionHeads ?? 0) * tokens);
        return weights * Overhead + cache + values;
    }

    /// <param name="ForOthers">Whether it tells anything of other platforms.</param>
    private sealed record Peak(Cell Cell, double Bytes, bool ForOthers);
}
