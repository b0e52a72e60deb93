using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Of every GPU that is known, how many a training takes and how it is split over them: planned as gpux plan-training plans it.</summary>
internal static class TrainingCandidates
{
    // As many as are sold: parts of a node, then nodes of eight.
    private static readonly long[] Counts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    /// <returns>What fits with its plan; what does not with the reason as its first, and without a plan. Not judged, and without a price.</returns>
    /// <exception cref="TrainingInputException">A number of the request is out of its range.</exception>
    public static IReadOnlyList<HardwareRecommendation> Of(RecommendationRequest request, TrainingModel model, int? sequence) =>
        [.. HardwareCatalog.All.Where(row => Accelerator.Of(row) is not null).Select(row => Of(request, model, sequence, row))];

    private static HardwareRecommendation Of(RecommendationRequest request, TrainingModel model, int? sequence, KnownHardware row)
    {
        var gpu = Accelerator.Of(row)!; // filtered
        var precision = PrecisionOf(request.Precision) ?? (gpu.BrainFloat16Flops is null ? TrainingPrecision.Float16 : TrainingPrecision.BrainFloat16);
        if (gpu.PeakFlops(precision) is null)
            return Misfit(row, $"it does not compute in {precision.Name()}");
        if (request.MaxMemoryBytes is { } bound)
            gpu = gpu with { MemoryBytes = Math.Min(gpu.MemoryBytes, bound / TrainingPlanner.UsableShare) };
        TrainingAdvice? last = null;
        foreach (var count in request.Gpus is { } asked ? [asked] : Counts)
        {
            var advice = TrainingPlanner.Search(new TrainingJob(model, new TrainingCluster(gpu, count))
            {
                Sequence = sequence ?? model.UsualSequence,
                GlobalBatch = request.BatchSize,
                Tokens = request.TrainingTokens,
                Precision = precision,
                IsMemoryConstrained = request.IsMemoryConstrained,
            });
            // More GPUs than can share the layers, heads and sequences are no help, and no news.
            if (last is null || advice.Best is not null || (last.Best is null && advice.NearestMisfit is not null))
                last = advice;
            if (advice.Best is { } plan && KeepsTimes(request, plan))
                break;
        }
        if (last!.Best is { } best) // there is a count
            return Planned(request, row, best);
        return Misfit(row, $"it does not fit {(request.Gpus is null ? "even on" : "on")} {last.Job.Cluster.GpuCount}: {last.NearestMisfitText}");
    }

    // At the slow end of what is expected.
    private static bool KeepsTimes(RecommendationRequest request, TrainingPlan plan) =>
        (request.MaxDuration is not { } duration || plan.DurationMost is not { } most || most <= duration)
        && (request.MaxLatency is not { } step || plan.StepMost <= step);

    private static HardwareRecommendation Planned(RecommendationRequest request, KnownHardware row, TrainingPlan plan)
    {
        var count = plan.Job.Cluster.GpuCount;
        var why = request.Gpus is not null ? "as many as were asked for"
            : count == 1 ? "one holds it"
            : request.MaxDuration is null && request.MaxLatency is null ? "the fewest that hold it"
            : KeepsTimes(request, plan) ? "the fewest that hold it in the time" : "the most that were tried";
        return new HardwareRecommendation(row.Several((int)count))
        {
            Origin = EstimateOrigin.Planned,
            Plan = plan,
            Precision = plan.Job.Precision.Name(),
            Latency = new Estimate(plan.Step.TotalSeconds, plan.StepLeast.TotalSeconds, plan.StepMost.TotalSeconds),
            Throughput = new Estimate(plan.TokensPerSecond, plan.TokensPerSecondLeast, plan.TokensPerSecondMost),
            ThroughputUnit = "tokens",
            MemoryBytes = (long)(plan.Memory.TotalBytes * count),
            RecommendedBatchSize = (int)Math.Min(plan.Job.Batch, int.MaxValue),
            Reasons = [$"planned, not measured: {why}"],
        };
    }

    private static HardwareRecommendation Misfit(KnownHardware row, string reason) =>
        new(row.Platform) { Origin = EstimateOrigin.Planned, Feasibility = Feasibility.Infeasible, Reasons = [reason] };

    private static TrainingPrecision? PrecisionOf(string? name) => name is null ? null : WeightPrecisions.Canonical(name) switch
    {
        "bf16" => TrainingPrecision.BrainFloat16,
        "fp16" => TrainingPrecision.Float16,
        "tf32" => TrainingPrecision.TensorFloat32,
        "fp32" => TrainingPrecision.Float32,
        _ => throw new TrainingInputException($"No training is planned in {name}.", "Name bf16, fp16, tf32 or fp32."),
    };
}
