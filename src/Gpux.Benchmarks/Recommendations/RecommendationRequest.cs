using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>For what hardware is sought, and what it must keep to.</summary>
/// <param name="Model">The model, as the database names it, and what is known of it.</param>
public sealed record RecommendationRequest(ModelFacts Model)
{
    public TaskType Task { get; init; } = TaskType.Inference;

    /// <summary>Inputs of a request, or sequences of a training step, at least 1; null: 1, and for training as most of the model's results have it, else 512.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Tokens of an input; null: as most of the model's results have it, else 128, and for training what the model takes, at most 4096.</summary>
    public int? InputTokens { get; init; }

    /// <summary>Tokens that a model writes; null: as most of its results have it, else 128.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>Whether latency counts twice.</summary>
    public bool IsLatencySensitive { get; init; }

    /// <summary>Whether memory counts twice.</summary>
    public bool IsMemoryConstrained { get; init; }

    /// <summary>How many are wanted, at least 1.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>Bound of the 99th percentile, or of a training step, at the upper end of its interval.</summary>
    public TimeSpan? MaxLatency { get; init; }

    /// <summary>Bound of the memory that the model takes; of a training: that it takes of each device.</summary>
    public long? MaxMemoryBytes { get; init; }

    /// <summary>Bound of the price of a million tokens or inferences in the currency of the prices, at the upper end of its interval.</summary>
    public double? MaxCost { get; init; }

    /// <summary>Such as "int8"; null: the published one, or a lower one whose outputs were checked.</summary>
    public string? Precision { get; init; }

    public PriceList Prices { get; init; } = PriceList.BuiltIn;

    /// <summary>Share of the paid time in which the hardware has work, above 0 to 1; null: 0.5, and 1 for training, which does not wait for requests.</summary>
    public double? Utilisation { get; init; }

    /// <summary>What is trained, for <see cref="TaskType.Training"/>; null: as models of the same size are.</summary>
    public TrainingModel? Training { get; init; }

    /// <summary>How many GPUs train, 1 to 1,000,000; null: the fewest that hold the training in the time that it may take.</summary>
    public long? Gpus { get; init; }

    /// <summary>Tokens of the whole training; null where only the speed is asked for.</summary>
    public double? TrainingTokens { get; init; }

    /// <summary>What the whole training may take, at the upper end of what is expected; it needs <see cref="TrainingTokens"/>.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>Of the intervals, above 0.5 and below 1.</summary>
    public double ConfidenceLevel { get; init; } = 0.9;

    /// <summary>Whether the coverage of held-out results is computed too.</summary>
    public bool Explain { get; init; }

    /// <summary><see cref="Utilisation"/>, or what stands for it.</summary>
    public double PaidShare => Utilisation ?? (Task == TaskType.Training ? 1 : 0.5);

    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize ?? 1, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Gpus ?? 1, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(TopK, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(InputTokens ?? 0);
        ArgumentOutOfRangeException.ThrowIfNegative(OutputTokens ?? 0);
        if (!(PaidShare > 0 && PaidShare <= 1))
            throw new ArgumentOutOfRangeException(nameof(Utilisation), Utilisation, "Utilisation is above 0 and at most 1.");
        if (!(ConfidenceLevel > 0.5 && ConfidenceLevel < 1))
            throw new ArgumentOutOfRangeException(nameof(ConfidenceLevel), ConfidenceLevel, "A level is above 0.5 and below 1.");
        if (MaxCost is { } cost && !(cost > 0))
            throw new ArgumentOutOfRangeException(nameof(MaxCost), cost, "A bound is above 0.");
        if (MaxLatency is { } latency && latency <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(MaxLatency), latency, "A bound is above 0.");
        if (TrainingTokens is { } tokens && !(tokens > 0))
            throw new ArgumentOutOfRangeException(nameof(TrainingTokens), tokens, "A training has tokens.");
        if (MaxDuration is { } duration && (duration <= TimeSpan.Zero || TrainingTokens is null))
            throw new ArgumentOutOfRangeException(nameof(MaxDuration), duration, "A bound is above 0, and bounds a training whose tokens are known.");
        if (MaxMemoryBytes is <= 0)
            throw new ArgumentOutOfRangeException(nameof(MaxMemoryBytes), MaxMemoryBytes, "A bound is above 0.");
    }
}

/// <summary>How much throughput, latency and memory count: parts of 1.</summary>
/// <remarks>The seed's 0.5, 0.3 and 0.2, multiplied for what is asked for, and made to sum to 1 again.</remarks>
public readonly record struct UtilityWeights(double Throughput, double Latency, double Memory)
{
    public static UtilityWeights Of(TaskType task, bool isLatencySensitive, bool isMemoryConstrained)
    {
        var (throughput, latency, memory) = task == TaskType.Inference ? (0.5, 0.3 * 1.5, 0.2) : (0.5 * 1.5, 0.3 * 0.5, 0.2 * 1.5);
        latency *= isLatencySensitive ? 2 : 1;
        memory *= isMemoryConstrained ? 2 : 1;
        var sum = throughput + latency + memory;
        return new(throughput / sum, latency / sum, memory / sum);
    }
}
