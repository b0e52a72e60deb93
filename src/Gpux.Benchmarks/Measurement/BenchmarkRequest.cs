using Gpux.Benchmarks.Statistics;
using Gpux.Conversion.Precision;
using Gpux.Models.Projects;

namespace Gpux.Benchmarks.Measurement;

/// <summary>What to measure: a model in every combination of batches, precisions and concurrencies.</summary>
/// <param name="Model">As the user calls it.</param>
public sealed record BenchmarkRequest(ModelReference Model)
{
    /// <summary>The gpux.yml of the folder that the model is; null where there is none.</summary>
    public ProjectFile? Project { get; init; }

    /// <summary>Null for what the model is for.</summary>
    public string? Task { get; init; }

    public IReadOnlyList<int> Batches { get; init; } = [1];
    public IReadOnlyList<WeightPrecision> Precisions { get; init; } = [WeightPrecision.Float32];
    public IReadOnlyList<int> Concurrencies { get; init; } = [1];

    /// <summary>Tokens of each row; null for 128, or as many as the model takes.</summary>
    public int? Sequence { get; init; }

    /// <summary>Tokens to generate after them; null for 64, or as many as the model takes.</summary>
    public int? NewTokens { get; init; }

    /// <summary>An execution provider; null for that of the project, else the CPU.</summary>
    public string? Provider { get; init; }

    /// <summary>Threads of the CPU; 0 for one on each core.</summary>
    public int Threads { get; init; }

    /// <summary>Requests a second in an open loop; null for a closed loop.</summary>
    public double? Rate { get; init; }

    /// <summary>Processes that measure each configuration, one after the other. Two runs of one launch cannot be compared.</summary>
    public int Launches { get; init; } = LogRatio.UsualLaunches;

    /// <summary>Whether whole pipelines are measured rather than sessions.</summary>
    public bool IsEndToEnd { get; init; }

    /// <summary>Whether a precision that does more damage than its bound allows is measured all the same.</summary>
    public bool AllowsDamage { get; init; }

    /// <summary>The version of the model that the results belong to; null for none.</summary>
    public string? VersionTag { get; init; }

    /// <summary>Of inputs, arrivals and the order of launches.</summary>
    public int Seed { get; init; }

    /// <summary>That good requests keep; null for none.</summary>
    public GoodputObjectives? Objectives { get; init; }

    public MeasurementLimits Limits { get; init; } = MeasurementLimits.Default;

    internal IReadOnlyList<LaunchRequest> Configurations =>
    [
        .. from precision in Precisions
           from batch in Batches
           from concurrency in Concurrencies
           select new LaunchRequest
           {
               Model = Model.ToString(), Task = Task, Precision = precision, AllowsDamage = AllowsDamage, Batch = batch, Sequence = Sequence, NewTokens = NewTokens,
               Provider = Provider, Threads = Threads, Concurrency = concurrency, Rate = Rate, Seed = Seed, IsEndToEnd = IsEndToEnd, Objectives = Objectives, Limits = Limits,
           },
    ];
}

/// <summary>What was found of one configuration.</summary>
/// <param name="Title">What distinguishes it, for people: "fp32, batch 8".</param>
/// <param name="Run">Null if no launch measured it.</param>
/// <param name="Failures">Of launches that did not.</param>
public sealed record BenchmarkOutcome(string Title, Results.BenchmarkRun? Run, IReadOnlyList<GpuxException> Failures)
{
    /// <summary>Of latency, with intervals: the median, 90, 95, 99 and 99.9 %; empty without a run.</summary>
    public IReadOnlyList<Percentile> Percentiles { get; init; } = [];

    /// <summary>Latencies in seconds, from the least: all of them, or evenly chosen ones of more than a million.</summary>
    public IReadOnlyList<double> Latencies { get; init; } = [];

    /// <summary>How many requests kept their objectives; null without objectives.</summary>
    public GoodputShare? Goodput { get; init; }

    /// <summary>Why there is no energy, in a sentence; null where there is.</summary>
    public string? EnergyAbsence { get; init; }
}
