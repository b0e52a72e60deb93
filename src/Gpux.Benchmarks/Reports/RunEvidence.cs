using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Reports;

/// <summary>What runs of one kind say of a metric, by values that are independent of each other.</summary>
/// <param name="Logarithms">Of the values, which are in the metric's unit.</param>
/// <param name="IsOfLaunches">Whether more launches in a run would make more values.</param>
internal sealed record RunEvidence(Moments Logarithms, bool IsOfLaunches)
{
    /// <param name="runs">At least one, of all of which a typical value of the metric is known.</param>
    /// <returns>Null where a value is not positive, and so has no logarithm.</returns>
    public static RunEvidence? Of(Metric metric, IReadOnlyList<BenchmarkRun> runs)
    {
        if (runs.Any(run => run[metric]!.Typical is not (> 0 and < double.PositiveInfinity))) // all have it
            return null;
        var each = runs.Select(run => OfRun(metric, run)).ToArray();
        return new RunEvidence(Moments.OfRuns(each), runs.Any(run => run.LaunchCount == 1) || each.Any(launches => launches.Count > 1));
    }

    // The medians of launches where the raw values are there, else what a run keeps of a metric that each launch measures once: mean and scatter.
    private static Moments OfRun(Metric metric, BenchmarkRun run)
    {
        var result = run[metric]!; // as asked
        if (SampleSeries.LaunchMedians(run.Samples).TryGetValue(metric, out var medians) && medians.All(median => median > 0))
            return Moments.OfLogarithms(medians);
        return result is { StandardDeviation: { } deviation, P50: null, Mean: { } mean } && result.SampleCount == run.LaunchCount && run.LaunchCount > 1
            ? Moments.Logarithms(new Moments(run.LaunchCount, mean, deviation * deviation)) : new Moments(1, Math.Log(result.Typical!.Value), 0); // as asked
    }
}
