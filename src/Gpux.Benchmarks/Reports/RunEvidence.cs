using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Reports;

/// <summary>What the runs of two sides say of a metric, by values that are independent of each other.</summary>
/// <param name="A">Logarithms of A's values, which are in the metric's unit.</param>
/// <param name="B">Of B's.</param>
/// <param name="LaunchesTell">Whether more launches in a run would make more values.</param>
internal sealed record RunEvidence(Moments A, Moments B, bool LaunchesTell)
{
    /// <param name="a">At least one run, of all of which a typical value of the metric is known.</param>
    /// <param name="b">As A.</param>
    /// <returns>Null where a value is not positive, and so has no logarithm.</returns>
    public static RunEvidence? Of(Metric metric, IReadOnlyList<BenchmarkRun> a, IReadOnlyList<BenchmarkRun> b)
    {
        BenchmarkRun[] all = [.. a, .. b];
        if (all.Any(run => run[metric]!.Typical is not (> 0 and < double.PositiveInfinity))) // all have it
            return null;
        var each = Array.ConvertAll(all, run => OfRun(metric, run));
        var (ofA, ofB) = Moments.OfRuns(each[..a.Count], each[a.Count..]);
        return new RunEvidence(ofA, ofB, !Moments.AreValues(a.Count, b.Count) && (all.Any(run => run.LaunchCount == 1) || each.Any(launches => launches.Count > 1)));
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
