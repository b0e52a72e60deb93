using System.Globalization;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>A run under the name that tells it from the others of a picture.</summary>
public sealed record NamedRun(string Name, BenchmarkRun Run);

/// <summary>Names for runs: what they have in common is said once, and each is called by what is its own.</summary>
/// <param name="Common">Such as "bert-base-uncased, NVIDIA L4, batch 1"; "" when they share nothing.</param>
public sealed record RunNames(string Common, IReadOnlyList<NamedRun> Runs)
{
    /// <param name="names">What to call them if they are otherwise alike, such as "run 12"; null: numbers from 1.</param>
    public static RunNames Of(IReadOnlyList<BenchmarkRun> runs, IReadOnlyList<string>? names = null)
    {
        var parts = runs.Select(Parts).ToArray();
        var differs = Enumerable.Range(0, parts.Length == 0 ? 0 : parts[0].Length).Where(i => parts.Select(part => part[i]).Distinct().Count() > 1).ToArray();
        var common = parts.Length == 0 ? "" : string.Join(", ", parts[0].Where((part, i) => part.Length > 0 && !differs.Contains(i)));
        var own = parts.Select(part => string.Join(", ", differs.Select(i => part[i]).Where(text => text.Length > 0))).ToArray();
        var isUnique = own.Distinct().Count() == own.Length && own.All(name => name.Length > 0);
        return new RunNames(common, [.. runs.Select((run, i) =>
        {
            var number = names?[i] ?? $"run {i + 1}";
            return new NamedRun(isUnique ? own[i] : own[i].Length == 0 ? number : $"{own[i]} ({number})", run);
        })]);
    }

    /// <summary>The run's workload in words: "fp16, batch 8, 128 tokens".</summary>
    public static string Describe(Workload workload) => string.Join(", ", WorkloadParts(workload).Where(part => part.Length > 0));

    private static string[] Parts(BenchmarkRun run) =>
    [
        run.Model.Name + (run.VersionTag is { } tag ? $"@{tag}" : ""), run.Hardware.Name,
        run.Engine.ExecutionProvider is { } provider && !provider.Equals(run.Hardware.Kind.ToString(), StringComparison.OrdinalIgnoreCase) ? provider : "",
        .. WorkloadParts(run.Workload), run.Engine.Threads is { } threads ? string.Create(CultureInfo.InvariantCulture, $"{threads} thread{(threads == 1 ? "" : "s")}") : "",
    ];

    private static string[] WorkloadParts(Workload workload) =>
    [
        workload.TaskType == TaskType.Training ? "training" : "", workload.Precision ?? "",
        workload.BatchSize is { } batch ? string.Create(CultureInfo.InvariantCulture, $"batch {batch}") : "",
        workload.InputTokens is { } input ? string.Create(CultureInfo.InvariantCulture, $"{input} tokens") : "",
        workload.OutputTokens is { } output ? string.Create(CultureInfo.InvariantCulture, $"{output} generated") : "",
        workload.Concurrency is { } callers and > 1 ? string.Create(CultureInfo.InvariantCulture, $"{callers} callers") : "",
        workload.OfferedRate is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{rate:0.##}/s offered") : "",
    ];
}
