namespace Gpux.Benchmarks.Training;

/// <summary>How a training is split over GPUs.</summary>
/// <param name="TensorParallel">GPUs that share each matrix: at most a node.</param>
/// <param name="PipelineParallel">Stages that share the layers.</param>
/// <param name="DataParallel">Replicas of the model, which share the batch.</param>
/// <param name="ZeroStage">What replicas shard: 0 nothing, 1 the optimizer's states, 2 gradients too, 3 weights too.</param>
/// <param name="MicroBatch">Sequences that a replica computes at a time.</param>
/// <param name="Chunks">Parts of the model that each pipeline stage has; 1 without interleaving.</param>
public sealed record Parallelism(int TensorParallel, int PipelineParallel, long DataParallel, int ZeroStage, int MicroBatch, Recompute Recompute, int Chunks = 1)
{
    /// <summary>The simplest technique that the split needs.</summary>
    public ParallelismKind Kind => PipelineParallel > 1 ? ParallelismKind.Pipeline : TensorParallel > 1 ? ParallelismKind.Tensor
        : (ParallelismKind)ZeroStage;

    public override string ToString()
    {
        var parts = new List<string>();
        if (TensorParallel > 1)
            parts.Add($"TP {TensorParallel}");
        if (PipelineParallel > 1)
            parts.Add(Chunks > 1 ? $"PP {PipelineParallel} x {Chunks}" : $"PP {PipelineParallel}");
        if (DataParallel > 1)
            parts.Add(ZeroStage == 0 ? $"DDP {DataParallel}" : $"ZeRO-{ZeroStage} on {DataParallel}");
        return parts.Count == 0 ? "one GPU" : string.Join(", ", parts);
    }
}

/// <summary>Techniques from the simplest to the one that asks most of whoever uses it.</summary>
public enum ParallelismKind
{
    /// <summary>Every GPU holds everything.</summary>
    DataParallel,

    /// <summary>The optimizer's states are sharded.</summary>
    Zero1,

    /// <summary>Gradients are sharded too.</summary>
    Zero2,

    /// <summary>Weights are sharded too: also called fully sharded data parallelism (FSDP).</summary>
    Zero3,

    /// <summary>The GPUs of a node share each matrix.</summary>
    Tensor,

    /// <summary>Nodes, or GPUs, share the layers.</summary>
    Pipeline,
}

/// <summary>Bytes of the fullest GPU.</summary>
/// <param name="BufferBytesLeast">The runtime's own memory, buckets of gradients and gathered layers, at least.</param>
/// <param name="BufferBytesMost">The same at most. It is what decides whether a plan fits.</param>
public sealed record MemoryBreakdown(double WeightBytes, double GradientBytes, double OptimizerBytes, double ActivationBytes, double BufferBytesLeast, double BufferBytesMost)
{
    public double LeastBytes => WeightBytes + GradientBytes + OptimizerBytes + ActivationBytes + BufferBytesLeast;
    public double TotalBytes => WeightBytes + GradientBytes + OptimizerBytes + ActivationBytes + BufferBytesMost;
}

/// <summary>What a step takes, at the efficiency that was asked for.</summary>
/// <param name="ComputeSeconds">Of a GPU that never waits.</param>
/// <param name="BubbleSeconds">Waiting while the pipeline fills and empties.</param>
/// <param name="TensorSeconds">Waiting for the GPUs that share a matrix.</param>
/// <param name="PipelineSeconds">Waiting for neighbours of the pipeline.</param>
/// <param name="DataSeconds">Waiting for replicas, as far as computation does not hide it.</param>
public sealed record StepTime(double ComputeSeconds, double BubbleSeconds, double TensorSeconds, double PipelineSeconds, double DataSeconds)
{
    public double TotalSeconds => AtEfficiency(1);

    /// <param name="factor">Of the efficiency: 0.75 for one that is a quarter less.</param>
    /// <remarks>What computation hides of communication is left as it is: a small error, and to both sides.</remarks>
    public double AtEfficiency(double factor) => (ComputeSeconds + BubbleSeconds) / factor + TensorSeconds + PipelineSeconds + DataSeconds;
}

/// <summary>A split of a training that fits, with what it takes.</summary>
public sealed record TrainingPlan(TrainingJob Job, Parallelism Parallelism, MemoryBreakdown Memory, StepTime Step)
{
    private const double Spread = 0.25;

    // Three thousand years are more than anybody asks for, and a TimeSpan holds them.
    private const double Ages = 1e11;

    /// <summary>Steps of gradient accumulation: micro-batches of a step on one replica.</summary>
    public long MicroBatches => Job.Batch / Parallelism.DataParallel / Parallelism.MicroBatch;

    public double TokensPerSecond => Job.TokensPerStep / Step.TotalSeconds;
    public double TokensPerSecondLeast => Job.TokensPerStep / Step.AtEfficiency(1 - Spread);
    public double TokensPerSecondMost => Job.TokensPerStep / Step.AtEfficiency(1 + Spread);

    /// <summary>A step at the most and at the least efficiency that is expected.</summary>
    public TimeSpan StepLeast => TimeSpan.FromSeconds(Math.Min(Step.AtEfficiency(1 + Spread), Ages));
    public TimeSpan StepMost => TimeSpan.FromSeconds(Math.Min(Step.AtEfficiency(1 - Spread), Ages));

    /// <summary>Of the whole training; null where no tokens are named.</summary>
    public TimeSpan? Duration => At(TokensPerSecond);
    public TimeSpan? DurationLeast => At(TokensPerSecondMost);
    public TimeSpan? DurationMost => At(TokensPerSecondLeast);

    /// <summary>Of the whole training, in the currency of the price; null where tokens or price are not named.</summary>
    public double? Cost => At(Duration);
    public double? CostLeast => At(DurationLeast);
    public double? CostMost => At(DurationMost);

    /// <summary>The share of the peak that goes into the model's mathematics, waiting and recomputation counted as lost: 0 to 1.</summary>
    public double ModelFlopsUtilization => TrainingFlops.Utilization(
        TrainingFlops.Model(Job.Model.Shape, Job.TokensPerStep, Job.Sequence) * Job.Model.Scale, Step.TotalSeconds, Job.Cluster.GpuCount, Job.PeakFlops());

    private TimeSpan? At(double tokensPerSecond) => Job.Tokens is { } tokens ? TimeSpan.FromSeconds(Math.Min(tokens / tokensPerSecond, Ages)) : null;

    private double? At(TimeSpan? duration) => duration is { } time && Job.PricePerGpuHour is { } price ? time.TotalHours * Job.Cluster.GpuCount * price : null;
}
