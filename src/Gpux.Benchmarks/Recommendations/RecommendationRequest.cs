using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>For what hardware is sought, and what it must keep to.</summary>
/// <param name="Model">The model, as the database names it, and what is known of it.</param>
public sealed record RecommendationRequest(ModelFacts Model)
{
    public TaskType Task { get; init; } = TaskType.Inference;

    /// <summary>Inputs of a request, at least 1.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Tokens of an input; null: as most of the model's results have it, else 128.</summary>
    public int? InputTokens { get; init; }

    /// <summary>Tokens that a model writes; null: as most of its results have it, else 128.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>Whether latency counts twice.</summary>
    public bool IsLatencySensitive { get; init; }

    /// <summary>Whether memory counts twice.</summary>
    public bool IsMemoryConstrained { get; init; }

    /// <summary>How many are wanted, at least 1.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>Bound of the 99th percentile, at the upper end of its interval.</summary>
    public TimeSpan? MaxLatency { get; init; }

    public long? MaxMemoryBytes { get; init; }

    /// <summary>Bound of the price of a million tokens or inferences in US dollars, at the upper end of its interval.</summary>
    public double? MaxCost { get; init; }

    /// <summary>Such as "int8"; null: the published one, or a lower one whose outputs were checked.</summary>
    public string? Precision { get; init; }

    public PriceList Prices { get; init; } = PriceList.BuiltIn;

    /// <summary>Share of the paid time in which the hardware has work, above 0 to 1.</summary>
    public double Utilisation { get; init; } = 0.5;

    /// <summary>Of the intervals, above 0.5 and below 1.</summary>
    public double ConfidenceLevel { get; init; } = 0.9;

    /// <summary>Whether the coverage of held-out results is computed too.</summary>
    public bool Explain { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(TopK, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(InputTokens ?? 0);
        ArgumentOutOfRangeException.ThrowIfNegative(OutputTokens ?? 0);
        if (!(Utilisation > 0 && Utilisation <= 1))
            throw new ArgumentOutOfRangeException(nameof(Utilisation), Utilisation, "Utilisation is above 0 and at most 1.");
        if (!(ConfidenceLevel > 0.5 && ConfidenceLevel < 1))
            throw new ArgumentOutOfRangeException(nameof(ConfidenceLevel), ConfidenceLevel, "A level is above 0.5 and below 1.");
        if (MaxCost is { } cost && !(cost > 0))
            throw new ArgumentOutOfRangeException(nameof(MaxCost), cost, "A bound is above 0.");
        if (MaxLatency is { } latency && latency <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(MaxLatency), latency, "A bound is above 0.");
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
