using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Where a number comes from, the surest first.</summary>
public enum EstimateOrigin
{
    /// <summary>Runs of this very configuration, so many that what others say hardly counts.</summary>
    Measured,

    /// <summary>Runs of this very configuration, drawn towards what others say by how few they are.</summary>
    Shrunk,

    /// <summary>Never measured: from other models, platforms and configurations.</summary>
    Predicted,

    /// <summary>A training that was never measured: as it is planned from the model's sizes and published numbers. Its intervals are the range of
    /// efficiencies that well-kept trainings reach, and no statement of probability.</summary>
    Planned,

    /// <summary>From published peaks alone: an upper bound of what is possible, with no interval.</summary>
    Roofline,
}

/// <summary>An estimate and its interval.</summary>
/// <param name="Low">0 where too little was measured for an interval.</param>
/// <param name="High">Infinite where too little was measured for an interval.</param>
public readonly record struct Estimate(double Typical, double Low, double High)
{
    public bool HasInterval => double.IsFinite(High);
}

/// <summary>Whether a platform can do what is asked.</summary>
public enum Feasibility
{
    Feasible,

    /// <summary>Its estimate keeps the bounds, but nothing shows that all of the interval does.</summary>
    Unproven,
    Infeasible,

    /// <summary>Nothing tells: what a bound is set for, or all of it, is not known.</summary>
    Unknown,
}

/// <summary>A platform, and what is expected of the model on it.</summary>
/// <param name="Hardware">As the database has it, with what the table of known hardware adds.</param>
public sealed record HardwareRecommendation(HardwarePlatform Hardware)
{
    /// <summary>From 1; 0 for one that is infeasible, or of which nothing tells.</summary>
    public int Rank { get; init; }

    /// <summary>Null for a platform that the database does not have.</summary>
    public long? HardwareId { get; init; }

    /// <summary>Such as "cuda"; null: whichever the platform has.</summary>
    public string? ExecutionProvider { get; init; }

    /// <summary>What runs the model, such as "onnxruntime"; null: unknown.</summary>
    public string? Backend { get; init; }

    public string? Precision { get; init; }

    /// <summary>How the results came about that the estimates are made of; null where there are none.</summary>
    public MeasuringMethod? Method { get; init; }

    /// <summary>The version of the model whose results they are; null where they belong to none.</summary>
    public string? VersionTag { get; init; }

    /// <summary>How a training is split; null for what was measured, and for inference.</summary>
    public TrainingPlan? Plan { get; init; }

    /// <summary>The smallest batch that reaches 95 % of the best throughput that the bounds allow; of a training that was planned the sequences of a step.</summary>
    public int RecommendedBatchSize { get; init; } = 1;

    /// <summary>Seconds of a typical request, or of a training step; null when nothing tells.</summary>
    public Estimate? Latency { get; init; }

    /// <summary>Seconds that 99 of 100 requests keep, in the next run: its interval has the scatter of the typical latency and that of the tail. Null where no result has a
    /// 99th percentile; without an interval where the runs that have one are too few to show any scatter.</summary>
    public Estimate? LatencyP99 { get; init; }

    /// <summary>Inputs a second, written tokens a second, or tokens a second that are trained on.</summary>
    public Estimate? Throughput { get; init; }

    /// <summary>"tokens" or "inferences".</summary>
    public string ThroughputUnit { get; init; } = "inferences";

    /// <summary>That the model needs, on all devices together; null when nothing tells its size.</summary>
    public long? MemoryBytes { get; init; }

    public bool IsMemoryMeasured { get; init; }

    /// <summary>What a million tokens or inferences cost, in the currency of the prices; null without a price.</summary>
    public Estimate? CostPerMillion { get; init; }

    public HardwarePrice? Price { get; init; }

    /// <summary>What an hour of the whole platform costs; null without a price.</summary>
    public double? CostPerHour => Price?.PerHourOf(Hardware.DeviceCount);

    /// <summary>Joules of an inference, the mean of the runs that measured it.</summary>
    public double? EnergyJoules { get; init; }

    /// <summary>Whether no other feasible platform is better in one respect, and worse in none.</summary>
    public bool IsOnFront { get; init; }

    /// <summary>0 to 1: in how many of 1000 draws from what is known this platform was the most useful one of those that were measured in the same way.</summary>
    public double ChanceOfBest { get; init; }

    /// <summary>Above 0 to 1: its usefulness as a share of the most useful one's of those that were measured in the same way.</summary>
    public double Utility { get; init; }

    public EstimateOrigin Origin { get; init; }

    /// <summary>Whether the estimate rests on published numbers that not all were verified in a source; the reasons say of which.</summary>
    public bool RestsOnUnverified { get; init; }

    /// <summary>Of this very configuration.</summary>
    public int Runs { get; init; }

    public Feasibility Feasibility { get; init; }

    /// <summary>In plain words, the most important first.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];
}

/// <summary>Which platforms suit a model, the best first.</summary>
public sealed record HardwareAdvice(
    RecommendationRequest Request, UtilityWeights Weights, IReadOnlyList<HardwareRecommendation> Ranked, IReadOnlyList<HardwareRecommendation> Infeasible)
{
    /// <summary>Tokens of an input and of an output that the estimates are for; null where they do not matter.</summary>
    public int? InputTokens { get; init; }

    public int? OutputTokens { get; init; }

    /// <summary>Of all that can do it as surely as the first, the one whose price for a million tokens or inferences is the lowest; null without prices.</summary>
    public HardwareRecommendation? Cheapest { get; init; }

    /// <summary>What to measure next, and why; null when nothing more would change the advice.</summary>
    public string? NextExperiment { get; init; }

    /// <summary>Of what nothing tells whether it can do it, and why.</summary>
    public IReadOnlyList<HardwareRecommendation> Unknown { get; init; } = [];

    /// <summary>How the results came about that predictions and the order are about; null where nothing was measured.</summary>
    public MeasuringMethod? Method { get; init; }

    /// <summary>The version of the model that they are about; null where its results belong to none.</summary>
    public string? VersionTag { get; init; }

    /// <summary>What limits the advice.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Filled when it was asked for.</summary>
    public IReadOnlyList<HeldOutCoverage> Coverage { get; init; } = [];

    /// <summary>Runs of the model that count; runs of others that the effects are learnt from.</summary>
    public (int OfModel, int OfOthers) Runs { get; init; }
}
