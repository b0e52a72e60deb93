namespace Gpux.Benchmarks.Training;

/// <summary>A training to be planned: of what, on what, and how.</summary>
public sealed record TrainingJob(TrainingModel Model, TrainingCluster Cluster)
{
    /// <summary>Tokens of a sequence, or patches of an image: 1 to 100,000,000.</summary>
    public int Sequence { get; init; } = 2048;

    /// <summary>Sequences of a step, 1 to 1,000,000,000; null for 512, rounded up so that every GPU gets the same number.</summary>
    public long? GlobalBatch { get; init; }

    /// <summary>Tokens of the whole training; null where only the speed is asked for.</summary>
    public double? Tokens { get; init; }

    public TrainingPrecision Precision { get; init; } = TrainingPrecision.BrainFloat16;
    public TrainingOptimizer Optimizer { get; init; } = TrainingOptimizer.Adam;
    public StateConvention Convention { get; init; } = StateConvention.Megatron;

    /// <summary>Null to choose.</summary>
    public Recompute? Recompute { get; init; }

    public bool HasFlashAttention { get; init; }
    public bool IsSequenceParallel { get; init; }

    /// <summary>Whether the memory that a plan takes counts besides its speed: to two thirds, so that half the memory is worth a plan that is 37 % slower.</summary>
    public bool IsMemoryConstrained { get; init; }

    /// <summary>The share of the peak at which a GPU computes while it computes: 0.40 by default, 0.01 to 1. Waiting comes on top of it.</summary>
    /// <remarks>Well-kept trainings reach 0.30 to 0.50 of model FLOPs (arXiv:2104.04473 table 1: 0.33 to 0.39 on A100; Megatron Core on H100: up to 0.48), so times are given with a range of
    /// a quarter of it to both sides.</remarks>
    public double Efficiency { get; init; } = 0.40;

    /// <summary>In any currency; null where it is not known.</summary>
    public double? PricePerGpuHour { get; init; }

    /// <summary>What <see cref="GlobalBatch"/> is, or is chosen to be.</summary>
    public long Batch => GlobalBatch ?? (512 + Cluster.GpuCount - 1) / Cluster.GpuCount * Cluster.GpuCount;

    public double TokensPerStep => (double)Batch * Sequence;

    /// <summary>FLOP/s at most of one GPU in <see cref="Precision"/>.</summary>
    /// <exception cref="TrainingPrecisionException">It does not compute in it.</exception>
    public double PeakFlops() => Cluster.Accelerator.PeakFlops(Precision) ?? throw new TrainingPrecisionException(Cluster.Accelerator, Precision.Name());

    /// <exception cref="TrainingInputException">A value is out of its range.</exception>
    public void Validate()
    {
        Model.Validate();
        Cluster.Validate();
        TrainingInputException.Require(Sequence, 1, 100_000_000, "the length of a sequence");
        TrainingInputException.Require(Batch, 1, 1_000_000_000, "the global batch");
        TrainingInputException.Require(Efficiency, 0.01, 1, "the efficiency");
        TrainingInputException.Require(PeakFlops(), 1, 1e21, "the peak of a GPU in FLOP/s");
        if (Tokens is { } tokens)
            TrainingInputException.Require(tokens, 1, 1e18, "the number of tokens");
        if (PricePerGpuHour is { } price)
            TrainingInputException.Require(price, 0, 1e9, "the price of a GPU hour");
    }
}
