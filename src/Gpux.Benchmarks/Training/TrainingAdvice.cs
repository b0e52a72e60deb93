using System.Globalization;
using Gpux.Benchmarks.Recommendations;

namespace Gpux.Benchmarks.Training;

/// <summary>How near a technique comes to fitting.</summary>
/// <param name="Least">The split that needs the least memory; null where the numbers of GPUs, layers, heads and sequences allow none.</param>
/// <param name="LeastBytes">What its fullest GPU needs.</param>
/// <param name="Best">The fastest that fits; null where none does.</param>
public sealed record TechniqueFit(ParallelismKind Kind, Parallelism? Least, double LeastBytes, TrainingPlan? Best);

/// <summary>What a search for plans found.</summary>
/// <param name="Plans">Those that fit: the fastest first, and among those that are as fast within a tenth the simplest first. One of each split by tensor, pipeline and data parallelism and
/// ZeRO stage: its best micro-batch, recomputation and interleaving.</param>
/// <param name="Techniques">From the simplest on.</param>
/// <param name="NearestMisfit">The split that does not fit and lacks the least memory; null where everything fits.</param>
public sealed record TrainingAdvice(
    TrainingJob Job, IReadOnlyList<TrainingPlan> Plans, IReadOnlyList<TechniqueFit> Techniques, (Parallelism Parallelism, MemoryBreakdown Memory)? NearestMisfit)
{
    /// <summary>What a plan may take of each GPU.</summary>
    public double UsableBytes => TrainingPlanner.UsableShare * Job.Cluster.Accelerator.MemoryBytes;

    /// <summary>Everything that fits, with every micro-batch, recomputation and interleaving.</summary>
    internal IReadOnlyList<TrainingPlan> Fitting { get; init; } = Plans;

    public TrainingPlan? Best => Plans.Count > 0 ? Plans[0] : null;

    /// <summary>Where nothing fits, what would: as a sentence. Empty where something fits.</summary>
    public string WhatWouldFit { get; init; } = "";

    /// <summary>The split that came nearest to fitting, and what it lacks, as a sentence.</summary>
    public string NearestMisfitText => NearestMisfit is var (split, memory)
        ? $"{Describe(split)} needs {Quantity.Bytes(memory.TotalBytes)} of each GPU, {Quantity.Bytes(memory.TotalBytes - UsableBytes)} more than the {Quantity.Bytes(UsableBytes)} that may be filled."
        : Plans.Count > 0 ? "" : $"{Job.Cluster.GpuCount} GPUs cannot share {Job.Model.Shape.Layers} layers, {Job.Model.Shape.Heads} heads and {Job.Batch} sequences evenly.";

    /// <summary>Why the best plan is as it is, technique by technique, as sentences.</summary>
    public IReadOnlyList<string> Reasons
    {
        get
        {
            var reasons = new List<string>();
            foreach (var technique in Techniques)
            {
                if (technique.Least is not { } least)
                {
                    reasons.Add($"{Name(technique.Kind)}: {Job.Cluster.GpuCount} GPUs, {Job.Model.Shape.Layers} layers, {Job.Model.Shape.Heads} heads and {Job.Batch} sequences cannot be split so.");
                    continue;
                }
                if (technique.Best is not { } best)
                {
                    reasons.Add($"{Name(technique.Kind)}: does not fit. At the least {Quantity.Bytes(technique.LeastBytes)} of each GPU ({Describe(least)}), {Quantity.Bytes(technique.LeastBytes - UsableBytes)} too much.");
                    continue;
                }
                var first = Plans[0];
                reasons.Add($"{Name(technique.Kind)}: fits, {Quantity.Bytes(best.Memory.TotalBytes)} of each GPU ({Describe(best.Parallelism)}), "
                    + (best == first ? "and is the plan." : Comparison(best, first)));
            }
            return reasons;
        }
    }

    private static string Comparison(TrainingPlan plan, TrainingPlan first)
    {
        var slower = 1 - plan.TokensPerSecond / first.TokensPerSecond;
        return slower > 0.02 ? string.Create(CultureInfo.InvariantCulture, $"{slower * 100:0} % slower than the plan{Because(plan, first)}.")
            : slower < -0.02 ? string.Create(CultureInfo.InvariantCulture, $"{-slower * 100:0} % faster, if the estimate is as good as that, but less simple.")
            : "as fast, but less simple.";
    }

    // What costs the most beside the plan.
    private static string Because(TrainingPlan plan, TrainingPlan first)
    {
        var (most, reason) = (0.0, "");
        foreach (var (own, other, text) in (ReadOnlySpan<(double, double, string)>)
        [
            (plan.Step.ComputeSeconds, first.Step.ComputeSeconds, ": it computes more again"),
            (plan.Step.BubbleSeconds, first.Step.BubbleSeconds, ": its pipeline fills and empties"),
            (plan.Step.TensorSeconds, first.Step.TensorSeconds, ": its GPUs wait for each other in every layer"),
            (plan.Step.PipelineSeconds, first.Step.PipelineSeconds, ": its stages wait for each other"),
            (plan.Step.DataSeconds, first.Step.DataSeconds, ": its replicas wait for each other"),
        ])
        {
            if (own - other > most)
                (most, reason) = (own - other, text);
        }
        return reason;
    }

    /// <summary>A technique's name for people.</summary>
    public static string Name(ParallelismKind kind) => kind switch
    {
        ParallelismKind.DataParallel => "plain data parallelism (DDP)",
        ParallelismKind.Zero1 => "ZeRO-1, sharded optimizer",
        ParallelismKind.Zero2 => "ZeRO-2, sharded gradients too",
        ParallelismKind.Zero3 => "ZeRO-3 (FSDP), sharded weights too",
        ParallelismKind.Tensor => "tensor parallelism in nodes",
        _ => "pipeline parallelism",
    };

    /// <summary>A split in a few words: "TP 8, ZeRO-1 on 8, micro-batch 2, full recomputation".</summary>
    public static string Describe(Parallelism split) => $"{split}, micro-batch {split.MicroBatch}, "
        + (split.Recompute switch { Recompute.None => "no recomputation", Recompute.Selective => "selective recomputation", _ => "full recomputation" });
}
