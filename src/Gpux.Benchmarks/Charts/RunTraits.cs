using System.Globalization;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>What runs have in common, and in what they differ.</summary>
/// <param name="Common">In words: "bert-base-uncased", "NVIDIA L4", "batch 1".</param>
/// <param name="Differing">Names of what differs, such as "batch".</param>
/// <param name="OfRuns">For each run its traits of those names, in their order.</param>
public sealed record RunTraits(IReadOnlyList<string> Common, IReadOnlyList<string> Differing, IReadOnlyList<IReadOnlyList<RunTrait>> OfRuns)
{
    /// <param name="metrics">What is shown of the runs: of goodput the objectives are a trait too.</param>
    public static RunTraits Of(IReadOnlyList<BenchmarkRun> runs, params ReadOnlySpan<Metric> metrics)
    {
        var ofGoodput = metrics.Contains(Metric.Goodput);
        // Of one model the versions tell runs apart; of several each is called by its name and version.
        var areOfVersions = runs.DistinctBy(run => run.Model.Name).Count() == 1 && runs.DistinctBy(run => run.VersionTag).Count() > 1;
        // Results of another version of a benchmark are not those of this one.
        var hasVersions = runs.DistinctBy(run => run.Suite).Count() < runs.DistinctBy(run => (run.Suite, run.BenchmarkVersion)).Count();
        var all = runs.Select(run => ofGoodput ? [.. All(run, areOfVersions, hasVersions), Same("objectives", RunCharts.Objectives(run))] : All(run, areOfVersions, hasVersions)).ToArray();
        if (all.Length == 0)
            return new RunTraits([], [], []);
        int[] differing = [.. Enumerable.Range(0, all[0].Length).Where(i => all.Any(traits => traits[i].Text != all[0][i].Text))];
        return new RunTraits([.. all[0].Where((trait, i) => trait.Text.Length > 0 && !differing.Contains(i)).Select(trait => trait.Text)], [.. differing.Select(i => all[0][i].Name)],
            [.. all.Select(traits => (RunTrait[])[.. differing.Select(i => traits[i])])]);
    }

    /// <summary>What was asked of the model in words: "fp16, batch 8, 128 tokens".</summary>
    internal static string Describe(Workload workload) => string.Join(", ", OfWorkload(workload).Where(trait => trait.Text.Length > 0).Select(trait => trait.Text));

    /// <summary>How the engine ran the model, in words: "cuda, 8 threads"; "" where all is usual.</summary>
    internal static string DescribeEngine(BenchmarkRun run) => string.Join(", ", ((RunTrait[])[Provider(run), Threads(run), Backend(run)]).Where(trait => trait.Text.Length > 0).Select(trait => trait.Text));

    /// <param name="areOfVersions">Whether the version stands beside the model rather than with it.</param>
    /// <param name="hasVersions">Whether the benchmark's version is said.</param>
    private static RunTrait[] All(BenchmarkRun run, bool areOfVersions, bool hasVersions) =>
    [
        Same("model", run.Model.Name + (run.VersionTag is { } tag && !areOfVersions ? $"@{tag}" : "")), Same("version", areOfVersions ? run.VersionTag ?? "no version" : ""),
        Same("hardware", run.Hardware.Name), Provider(run), .. OfWorkload(run.Workload), Threads(run),
        // What is usual needs no word.
        Same("scenario", run.Workload.Scenario is "closed-loop" or "open-loop" ? "" : run.Workload.Scenario), Backend(run),
        Same("benchmark", hasVersions ? $"{run.Suite} {run.BenchmarkVersion}" : run.Suite switch { RunSummary.Suite => "", RunSummary.EndToEndSuite => "end to end", _ => run.Suite }),
    ];

    private static RunTrait Provider(BenchmarkRun run) =>
        Same("provider", run.Engine.ExecutionProvider is { } provider && !provider.Equals(run.Hardware.Kind.ToString(), StringComparison.OrdinalIgnoreCase) ? provider : "");

    private static RunTrait Threads(BenchmarkRun run) => Counted("threads", run.Engine.Threads, run.Engine.Threads == 1 ? "{0} thread" : "{0} threads");

    private static RunTrait Backend(BenchmarkRun run) => Same("backend", run.Engine.Backend is { } backend and not "onnxruntime" ? backend : "");

    private static RunTrait[] OfWorkload(Workload workload) =>
    [
        Same("use", workload.TaskType == TaskType.Training ? "training" : ""), Same("precision", workload.Precision ?? ""), Counted("batch", workload.BatchSize, "batch {0}"),
        Counted("tokens", workload.InputTokens, "{0} tokens"), Counted("generated", workload.OutputTokens, "{0} generated"),
        Counted("callers", workload.Concurrency > 1 ? workload.Concurrency : null, "{0} callers"),
        workload.OfferedRate is { } rate ? new RunTrait("offered", $"{UnitScale.Round(rate)}/s", $"{UnitScale.Round(rate)}/s offered") : Same("offered", ""),
    ];

    private static RunTrait Same(string name, string text) => new(name, text, text);

    private static RunTrait Counted(string name, int? count, string text) => count is { } known
        ? new RunTrait(name, known.ToString(CultureInfo.InvariantCulture), text.Replace("{0}", known.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)) : Same(name, "");
}

/// <summary>One of the things that tell runs apart.</summary>
/// <param name="Value">In a column of that name: "8".</param>
/// <param name="Text">Where it stands by itself: "batch 8". Both are "" where a run says nothing of it or it is as usual.</param>
public sealed record RunTrait(string Name, string Value, string Text);
