using System.Globalization;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>What the runs of a machine do not share with those of the machines it is compared with, though they count as one workload.</summary>
/// <remarks>Score version 1 pools versions of the model, engines, and numbers that round up to one power of two (docs/guides/hardware-scores.md). What these
/// change is counted as the machine's doing: so it is said.</remarks>
internal static class MeasuringDifferences
{
    private const int Shown = 3;

    /// <param name="here">The runs of the machine in each workload that counts.</param>
    /// <param name="elsewhere">Those of all other machines in the same workloads, in the same order.</param>
    /// <returns>A sentence or two for each kind of difference.</returns>
    public static IEnumerable<string> Of(IReadOnlyList<RunObservation[]> here, IReadOnlyList<RunObservation[]> elsewhere)
    {
        if (Unlike(run => run.VersionTag ?? "no version") is var (version, versions))
            yield return $"Measured with {version} of the model, other machines with {versions}: what the version changed counts as the machine's doing. A snapshot scores one version.";
        if (Unlike(run => Numbers(run.Workload)) is var (numbers, others) && numbers.Length + others.Length > 0)
            yield return $"Measured at {numbers}; other machines at {others}: these count as one workload, for they round up to the same powers of two, and are not the same work.";
        if (here.FirstOrDefault(runs => Engines(runs).Length > 1) is { } mixed)
            yield return $"The medians are over runs of {Engines(mixed).Length} engines or engine versions: {Speeds(mixed)}.";
        else if (Unlike(run => Name(run.Engine)) is var (engine, engines))
            yield return $"Measured by {engine}, other machines by {engines}: what the engine does counts as the machine's doing.";

        // Of the first workload in which the two sides have not the same.
        (string Here, string Elsewhere)? Unlike(Func<RunObservation, string> trait)
        {
            for (var i = 0; i < here.Count; i++)
            {
                string[] mine = Distinct(here[i]), theirs = Distinct(elsewhere[i]);
                if (theirs.Length > 0 && !mine.SequenceEqual(theirs))
                    return (Listed(mine), Listed(theirs));
            }
            return null;

            string[] Distinct(RunObservation[] runs) => [.. runs.Select(trait).Distinct().Order(StringComparer.Ordinal)];
        }
    }

    private static string[] Engines(RunObservation[] runs) => [.. runs.Select(run => Name(run.Engine)).Distinct()];

    // "llama.cpp 10.0 ms, onnxruntime 1.30.0 (cuda) 500 ms", the fastest first.
    private static string Speeds(RunObservation[] runs) => Listed([.. runs.GroupBy(run => Name(run.Engine)).Select(its =>
        {
            foreach (var metric in (ReadOnlySpan<Metric>)[Metric.Latency, Metric.TimePerOutputToken])
            {
                List<(double, int)> values = [.. its.Where(run => run.Values.GetValueOrDefault(metric) > 0).Select(run => (run.Values[metric], run.LaunchCount))];
                if (values.Count > 0 && WeightedMedian.Of(values) is var latency)
                    return (Text: $"{its.Key} {UnitScale.Format(metric.Unit, latency)}", Latency: latency);
            }
            return (Text: its.Key, Latency: double.MaxValue);
        })
        .OrderBy(engine => engine.Latency).ThenBy(engine => engine.Text, StringComparer.Ordinal).Select(engine => engine.Text)]);

    private static string Name(Engine engine)
    {
        var name = $"{engine.Backend ?? "an unknown engine"} {engine.Version}".TrimEnd();
        return engine.ExecutionProvider is { } provider ? $"{name} ({provider})" : name;
    }

    // What the classes of workloads round; "" where nothing is known.
    private static string Numbers(Workload workload)
    {
        List<string> parts = [];
        Add("batch ", workload.BatchSize, "");
        Add("", workload.InputTokens, " tokens");
        Add("", workload.OutputTokens, " tokens out");
        if (workload.Concurrency > 1)
            Add("", workload.Concurrency, " at a time");
        return string.Join(", ", parts);

        void Add(string before, int? value, string after)
        {
            if (value is { } number)
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{before}{number}{after}"));
        }
    }

    private static string Listed(string[] texts) => texts.Length <= Shown ? string.Join(texts.Any(text => text.Contains(',')) ? "; " : ", ", texts)
        : $"{Listed(texts[..Shown])} and {texts.Length - Shown} more";
}
