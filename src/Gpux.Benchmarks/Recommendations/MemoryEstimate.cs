using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>The memory that a model needs, and of which kind: a platform's own, or the main memory.</summary>
/// <param name="Bytes">Null when nothing tells.</param>
internal readonly record struct MemoryEstimate(double? Bytes, bool IsMeasured)
{
    // Values in between, as gpux info has it.
    private const double Overhead = 1.1;

    // Of a device's memory: what takes more of it may have taken all that there was, whatever the model needs. By default vLLM takes 0.9 and JAX 0.75 in advance.
    private const double MayBeReserved = 0.7;

    // Weights and gradients in 16 bits, Adam's two moments and the weights in 32: 2 + 2 + 12.
    private const double TrainingBytesPerParameter = 16;

    /// <summary>Measured in this configuration on this platform; else what it took on another with memory of the same kind, where it was enough; else estimated, and
    /// corrected by how the nearest measured batch differs from its own estimate.</summary>
    /// <param name="cells">The model's own.</param>
    public static MemoryEstimate Of(
        ModelFacts model, HardwarePlatform platform, long? platformId, Runner runner, in WorkPoint work, IReadOnlyList<Cell> cells, Func<long, HardwarePlatform> platformOf)
    {
        var isHost = platform.Kind == HardwareKind.Cpu;
        (long Distance, Cell Cell, double Bytes)? nearest = null;
        foreach (var cell in cells)
        {
            var there = platformOf(cell.HardwareId);
            if ((isHost ? cell.HostMemoryBytes : cell.DeviceMemoryBytes) is not { } bytes || there.Kind == HardwareKind.Cpu != isHost
                || (!isHost && cell.HardwareId != platformId && bytes > MayBeReserved * there.MemoryBytes) || cell.Work.Precision != work.Precision || cell.Work.Concurrency != work.Concurrency)
                continue;
            var distance = Math.Abs((long)cell.Work.BatchSize - work.BatchSize) + Math.Abs((cell.Work.InputTokens ?? 0L) - (work.InputTokens ?? 0))
                + Math.Abs((cell.Work.OutputTokens ?? 0L) - (work.OutputTokens ?? 0));
            distance = 4 * distance + (cell.HardwareId == platformId ? 0 : 2) + (cell.Runner == runner ? 0 : 1);
            if (nearest is not { } best || distance < best.Distance || (distance == best.Distance && bytes < best.Bytes))
                nearest = (distance, cell, bytes);
        }
        var estimated = Estimated(model, work);
        return nearest is not { } found ? new(estimated, false)
            : found.Distance < 4 ? new(found.Bytes, found.Distance == 0)
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
}
