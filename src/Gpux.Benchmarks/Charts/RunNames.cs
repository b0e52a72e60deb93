using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>A run under the name that tells it from the others of a picture.</summary>
public sealed record NamedRun(string Name, BenchmarkRun Run)
{
    /// <summary>What to call it where it is otherwise like another, such as "run 12".</summary>
    internal string Number { get; init; } = "";

    /// <summary>The name without that: the same for runs that are otherwise alike; "" where all are.</summary>
    internal string Kind { get; init; } = "";
}

/// <summary>Names for runs: what they have in common is said once, and each is called by what is its own.</summary>
/// <param name="Common">Such as "bert-base-uncased, NVIDIA L4, batch 1"; "" when they share nothing.</param>
public sealed record RunNames(string Common, IReadOnlyList<NamedRun> Runs)
{
    /// <param name="names">What to call them if they are otherwise alike, such as "run 12"; null: numbers from 1.</param>
    /// <param name="metrics">What is shown of the runs, where that is part of what tells them apart.</param>
    public static RunNames Of(IReadOnlyList<BenchmarkRun> runs, IReadOnlyList<string>? names = null, params ReadOnlySpan<Metric> metrics)
    {
        var traits = RunTraits.Of(runs, metrics);
        var own = traits.OfRuns.Select(differing => string.Join(", ", differing.Where(trait => trait.Text.Length > 0).Select(trait => trait.Text))).ToArray();
        var isUnique = own.Distinct().Count() == own.Length && own.All(name => name.Length > 0);
        return new RunNames(string.Join(", ", traits.Common), [.. runs.Select((run, i) =>
        {
            var number = names?[i] ?? $"run {i + 1}";
            return new NamedRun(isUnique ? own[i] : own[i].Length == 0 ? number : $"{own[i]} ({number})", run) { Number = number, Kind = own[i] };
        })]);
    }

    /// <summary>Names for a part of a picture's runs, which have more in common; their numbers stay.</summary>
    internal static RunNames Among(IReadOnlyCollection<NamedRun> runs, params ReadOnlySpan<Metric> metrics) =>
        Of([.. runs.Select(run => run.Run)], [.. runs.Select(run => run.Number)], metrics);

    /// <summary>The same runs, named for a picture of some metrics.</summary>
    internal RunNames For(params ReadOnlySpan<Metric> metrics) => metrics.Contains(Metric.Goodput) ? Among(Runs, metrics) : this;

    /// <summary>The run's workload in words: "fp16, batch 8, 128 tokens".</summary>
    public static string Describe(Workload workload) => RunTraits.Describe(workload);
}
