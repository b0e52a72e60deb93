using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>The memory that a model needs, and of which kind: a platform's own, or the main memory.</summary>
/// <param name="Bytes">Null when nothing tells.</param>
internal readonly record struct MemoryEstimate(double? Bytes, bool IsMeasured)
{
    // Values in between, as gpux info has it.
    private const double Overhead = 1.1;

    // Weights and gradients in 16 bits, Adam's two moments and the weights in 32: 2 + 2 + 12.
    private const double TrainingBytesPerParameter = 16;

    /// <summary>Measured in this configuration, on this platform or another with memory of the same kind; else estimated, and
    /// corrected by how the nearest measured batch differs from its own estimate.</summary>
    /// <param name="cells">The model's own.</param>
    public static MemoryEstimate Of(ModelFacts model, HardwarePlatform platform, long? platformId, in WorkPoint work, IReadOnlyList<Cell> cells, Func<long, HardwarePlatform> platformOf)
    {
        var isHost = platform.Kind == HardwareKind.Cpu;
        (long Distance, Cell Cell, double Bytes)? nearest = null;
        foreach (var cell in cells)
        {
            if ((isHost ? cell.HostMemoryBytes : cell.DeviceMemoryBytes) is not { } bytes || platformOf(cell.HardwareId).Kind == HardwareKind.Cpu != isHost
                || cell.Work.Precision != work.Precision || cell.Work.Concurrency != work.Concurrency)
                continue;
            var distance = Math.Abs((long)cell.Work.BatchSize - work.BatchSize) + Math.Abs((cell.Work.InputTokens ?? 0L) - (work.InputTokens ?? 0))
                + Math.Abs((cell.Work.OutputTokens ?? 0L) - (work.OutputTokens ?? 0));
            distance = 2 * distance + (cell.HardwareId == platformId ? 0 : 1);
            if (nearest is not { } best || distance < best.Distance)
                nearest = (distance, cell, bytes);
        }
        var estimated = Estimated(model, work);
        return nearest is not { } found ? new(estimated, false)
            : found.Distance <= 1 ? new(found.Bytes, true)
            : new(Estimated(model, found.Cell.Work) is { } there && estimated is { } here ? found.Bytes * Math.Max(here / there, 1) : found.Bytes, false);
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
