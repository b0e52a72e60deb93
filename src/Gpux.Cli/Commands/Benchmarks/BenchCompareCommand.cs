using System.CommandLine;
using System.Text.Json;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;
using Gpux.Cli.Commands.Database;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Benchmarks;

/// <summary>Whether B is better than A.</summary>
internal sealed class BenchCompareCommand : GpuxCommand
{
    private const string Summary = "Say whether B is faster than A, by how much, and how sure that is.";

    private readonly Argument<string> _a = new("a") { Description = $"Runs: {RunSelection.Forms}. Several runs: 12,13,14." };
    private readonly Argument<string> _b = new("b") { Description = "What is compared with it." };
    private readonly RunSelection _selection = new();

    public BenchCompareCommand(Services services)
        : base(services, "compare", Summary, "gpux bench compare 1,2,3,4 17,18,19,20", "gpux bench compare bert-base-uncased@v1.0.0 bert-base-uncased@v1.1.0")
    {
        Add(_a);
        Add(_b);
        _selection.AddPathTo(this);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (a, b) = (_selection.One(Services, parsed, parsed.GetRequiredValue(_a), cancellationToken), _selection.One(Services, parsed, parsed.GetRequiredValue(_b), cancellationToken));
        var comparisons = RunComparison.Of(a, b);
        Terminal.Print(output => Write(output, comparisons), json => Write(json, comparisons));
        if (comparisons.Any(comparison => comparison.IsOfLaunches && comparison.Metrics.Any(metric => metric.Verdict is ComparisonVerdict.Better or ComparisonVerdict.Worse)))
            Terminal.Note($"note: the launches of a run share what the machine was like in its minutes. {LogRatio.LeastValues} runs a side, taken in turn, tell that from a change.");
        return Task.FromResult(comparisons.Any(comparison => comparison.Metrics.Count > 0) ? ExitCode.Done : ExitCode.Failed);
    }

    private void Write(TextWriter output, IReadOnlyList<RunComparison> comparisons)
    {
        for (var i = 0; i < comparisons.Count; i++)
        {
            if (i > 0)
                output.WriteLine();
            if (comparisons[i] is { A.Count: > 0, B.Count: > 0 } both)
                Write(output, both);
            else
                WriteAlone(output, comparisons[i]);
        }
    }

    private void Write(TextWriter output, RunComparison comparison)
    {
        output.WriteLine($"A: {Describe(comparison.A)}");
        output.WriteLine($"B: {Describe(comparison.B)}");
        if (comparison.Differences.Count > 0)
            output.WriteLine($"They differ: {TerminalText.Safe(string.Join(", ", comparison.Differences))}");
        if (comparison.Obstacles.Count > 0)
        {
            output.WriteLine("Not comparable:");
            foreach (var obstacle in comparison.Obstacles)
                output.WriteLine($"  {TerminalText.Safe(obstacle)}");
            return;
        }
        var table = new Table("metric", "A", "B", "verdict").AlignRight(1, 2);
        foreach (var metric in comparison.Metrics)
        {
            string Size(double value) => UnitScale.Format(metric.Metric.Unit, value);
            var verdict = metric.Verdict switch { ComparisonVerdict.Better => Terminal.Green(metric.Words), ComparisonVerdict.Worse => Terminal.Red(metric.Words), _ => metric.Words };
            table.Row(metric.Metric.Name, Size(metric.TypicalA), Size(metric.TypicalB), verdict);
        }
        if (comparison.Metrics.Count > 0)
            table.Write(Terminal, output);
        foreach (var left in comparison.LeftOut)
            output.WriteLine(Terminal.Dim($"left out: {TerminalText.Safe(left)}"));
    }

    private static void WriteAlone(TextWriter output, RunComparison alone)
    {
        var (side, runs) = alone.A.Count > 0 ? ("A", alone.A) : ("B", alone.B);
        output.WriteLine($"Only {side}{string.Concat(alone.Differences.Select(difference => $", {TerminalText.Safe(difference)}"))}: {Describe(runs)}");
    }

    private static string Describe(IReadOnlyList<BenchmarkRun> runs)
    {
        var (first, last) = (runs.Min(run => run.StartedAt).UtcDateTime, runs.Max(run => run.StartedAt).UtcDateTime);
        return TerminalText.Safe($"{RunNames.Of(runs).Common}; {Plural.Of(runs.Count, "run")}, {first:yyyy-MM-dd}{(last.Date > first.Date ? $" to {last:yyyy-MM-dd}" : "")}");
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<RunComparison> comparisons)
    {
        json.WriteStartArray();
        foreach (var comparison in comparisons)
        {
            json.WriteStartObject();
            Write(json, "a", comparison.A);
            Write(json, "b", comparison.B);
            json.WriteStartArray("differences");
            foreach (var difference in comparison.Differences)
                json.WriteStringValue(difference);
            json.WriteEndArray();
            if (comparison is { A.Count: > 0, B.Count: > 0 })
                Write(json, comparison);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string side, IReadOnlyList<BenchmarkRun> runs)
    {
        json.WriteStartArray(side);
        foreach (var run in runs)
            json.WriteStringValue(run.Key);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, RunComparison comparison)
    {
        json.WriteBoolean("comparable", comparison.Obstacles.Count == 0);
        json.WriteStartArray("obstacles");
        foreach (var obstacle in comparison.Obstacles)
            json.WriteStringValue(obstacle);
        json.WriteEndArray();
        json.WriteStartArray("metrics");
        foreach (var metric in comparison.Metrics)
        {
            json.WriteStartObject();
            json.WriteString("name", metric.Metric.Name);
            json.WriteString("unit", metric.Metric.Unit);
            json.WriteNumber("a", metric.TypicalA);
            json.WriteNumber("b", metric.TypicalB);
            json.WriteString("verdict", metric.Verdict.ToString().ToLowerInvariant());
            json.WriteString("words", metric.Words);
            if (metric.Factor is { } factor)
            {
                // Above 1 B is better. Without an interval there is no end of it.
                json.WriteStartObject("factor");
                json.WriteNumber("estimate", factor.Ratio);
                if (factor.IsBounded)
                {
                    json.WriteNumber("low", factor.Low);
                    json.WriteNumber("high", factor.High);
                }
                json.WriteNumber("level", factor.Level);
                json.WriteNumber("p", factor.PValue);
                if (metric.AdjustedPValue is { } adjusted)
                    json.WriteNumber("adjusted_p", adjusted);
                json.WriteNumber("values_a", factor.CountA);
                json.WriteNumber("values_b", factor.CountB);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("left_out");
        foreach (var left in comparison.LeftOut)
            json.WriteStringValue(left);
        json.WriteEndArray();
    }
}
