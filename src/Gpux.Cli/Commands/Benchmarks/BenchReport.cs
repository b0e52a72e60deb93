using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Benchmarks;

/// <summary>Shows what a benchmark found: a table, latencies as a plot, and why a verdict is what it is.</summary>
/// <param name="ids">Of the runs in the database, in the order of the outcomes; null where they were not kept.</param>
internal sealed class BenchReport(Terminal terminal, IReadOnlyList<BenchmarkOutcome> outcomes, long?[]? ids)
{
    public void Print() => terminal.Print(Write, Write);

    private void Write(TextWriter output)
    {
        if (outcomes.FirstOrDefault(outcome => outcome.Run is not null)?.Run is not { } first)
            return;
        output.WriteLine($"{terminal.Bold(TerminalText.Safe(first.Model.Name))} on {TerminalText.Safe(first.Hardware.Name)}: {first.Model.Task}{Sizes(first)}");
        output.WriteLine();
        WriteLatencies(output);
        if (outcomes.Any(outcome => outcome.Run?[Metric.TimePerOutputToken] is not null))
            WriteTokens(output);
        WriteGoodput(output);
        WriteCosts(output);
        foreach (var outcome in outcomes)
        {
            if (outcome.Latencies.Count == 0)
                continue;
            output.WriteLine();
            output.WriteLine(terminal.Dim(outcomes.Count > 1 ? $"latency, {outcome.Title}" : "latency"));
            foreach (var line in LatencyPlot.Draw(outcome.Latencies, terminal.Width))
                output.WriteLine(terminal.Cyan(line));
        }
        foreach (var outcome in outcomes)
        {
            if (outcome.Run is not { Reasons.Count: > 0 } run)
                continue;
            output.WriteLine();
            output.WriteLine(outcomes.Count > 1 ? $"{outcome.Title}: {Coloured(run.Verdict)}" : Coloured(run.Verdict));
            foreach (var reason in run.Reasons)
                output.WriteLine($"  {TerminalText.Safe(reason)}");
        }
        if (ids is not null)
        {
            output.WriteLine();
            output.WriteLine($"Kept as {string.Join(", ", ids.Where(id => id is not null).Select(id => $"run {id}"))}.");
        }
    }

    private static string Sizes(BenchmarkRun run)
    {
        var workload = run.Workload;
        var sizes = workload.InputTokens is { } tokens ? $", {tokens} tokens" : "";
        return workload.OutputTokens is { } generated ? $"{sizes} and {generated} new ones" : sizes;
    }

    private void WriteLatencies(TextWriter output)
    {
        var table = new Table("", "n", "p50", "", "p90", "p99", "throughput", "memory", "verdict").AlignRight(1, 2, 4, 5, 6, 7);
        foreach (var outcome in outcomes)
        {
            if (outcome.Run is not { } run)
            {
                table.Row(outcome.Title, "", "", "", "", "", "", "", terminal.Red("failed"));
                continue;
            }
            var latency = run[Metric.Latency];
            table.Row(outcome.Title, (latency?.SampleCount ?? 0).ToString(CultureInfo.InvariantCulture), At(outcome, 0.5), Interval(latency), At(outcome, 0.9), At(outcome, 0.99),
                Rate(run[Metric.Throughput], "rows/s"), Mean(run[Metric.PeakMemory]), Coloured(run.Verdict));
        }
        table.Write(terminal, output);
        if (outcomes.FirstOrDefault(outcome => Interval(outcome.Run?[Metric.Latency]).Length > 0)?.Run is { LaunchCount: var launches })
            output.WriteLine(terminal.Dim(launches > 1 ? $"in brackets: 95 % interval of p50, by its {launches} launches" : "in brackets: 95 % interval of p50 within its one launch; launches may differ by more"));
    }

    private void WriteGoodput(TextWriter output)
    {
        if (outcomes.FirstOrDefault(outcome => outcome.Goodput is not null)?.Goodput is not { Objectives: var objectives })
            return;
        output.WriteLine();
        var table = new Table("", "goodput", "", "share", "of requests").AlignRight(1, 3, 4);
        foreach (var outcome in outcomes)
            if (outcome is { Goodput: { } goodput, Run: { } run })
                table.Row(outcome.Title, Rate(run[Metric.Goodput], "requests/s"), Interval(run[Metric.Goodput], UnitScale.Three), UnitScale.Format("1", goodput.Share), goodput.Requests.ToString(CultureInfo.InvariantCulture));
        table.Write(terminal, output);
        output.WriteLine(terminal.Dim($"goodput: {objectives}"));
    }

    private void WriteTokens(TextWriter output)
    {
        output.WriteLine();
        var table = new Table("", "first token", "p99", "each further", "p99", "prompt", "generated").AlignRight(1, 2, 3, 4, 5, 6);
        foreach (var (outcome, run) in Measured())
        {
            var (first, each) = (run[Metric.TimeToFirstToken], run[Metric.TimePerOutputToken]);
            table.Row(outcome.Title, Time(first?.Typical), P99(first), Time(each?.Typical), P99(each), Rate(run[Metric.InputTokenThroughput], "tokens/s"),
                Rate(run[Metric.OutputTokenThroughput], "tokens/s"));
        }
        table.Write(terminal, output);
    }

    private void WriteCosts(TextWriter output)
    {
        (string Heading, Func<BenchmarkRun, string> Text)[] all =
        [
            ("conversion", run => Mean(run[Metric.ConversionTime])), ("load", run => Mean(run[Metric.LoadTime])), ("first answer", run => Mean(run[Metric.FirstInference])),
            ("weights", run => Mean(run[Metric.WeightMemory])), ("cache", run => Mean(run[Metric.CacheMemory])), ("device memory", run => Mean(run[Metric.PeakDeviceMemory])),
            ("energy", run => Mean(run[Metric.Energy])), ("of roofline", run => Mean(run[Metric.RooflineShare])),
        ];
        // What none of the runs has needs no column.
        var columns = Array.FindAll(all, column => Measured().Any(measured => column.Text(measured.Run).Length > 0));
        output.WriteLine();
        var table = new Table(["", .. columns.Select(column => column.Heading)]).AlignRight([.. Enumerable.Range(1, columns.Length)]);
        foreach (var (outcome, run) in Measured())
            table.Row([outcome.Title, .. columns.Select(column => column.Text(run))]);
        table.Write(terminal, output);
    }

    private IEnumerable<(BenchmarkOutcome Outcome, BenchmarkRun Run)> Measured()
    {
        foreach (var outcome in outcomes)
            if (outcome.Run is { } run)
                yield return (outcome, run);
    }

    private static string At(BenchmarkOutcome outcome, double share)
    {
        if (outcome.Percentiles.Count == 0)
            return "";
        return outcome.Percentiles.First(percentile => percentile.Share == share) switch
        {
            { IsBounded: true } known => Time(known.Value),
            // As far as the samples go.
            { Low: { } low } => $">= {Time(low)}",
            _ => "too few",
        };
    }

    private static string P99(MetricResult? result) => result is null ? "" : result.P99 is { } known ? Time(known) : "too few";

    private static string Interval(MetricResult? result) => Interval(result, seconds => Time(seconds));

    private static string Interval(MetricResult? result, Func<double, string> format) => result is { ConfidenceLow: { } low, ConfidenceHigh: { } high } ? $"({format(low)} to {format(high)})" : "";

    private string Coloured(RunVerdict verdict) => verdict switch
    {
        RunVerdict.Valid => terminal.Green("valid"),
        RunVerdict.Unstable => terminal.Red("unstable"),
        _ => terminal.Red("invalid"),
    };

    private static string Time(double? seconds) => seconds is { } known ? UnitScale.Format("s", known) : "";

    private static string Rate(MetricResult? result, string unit) => result?.Mean is { } mean ? $"{UnitScale.Three(mean)} {unit}" : "";

    private static string Mean(MetricResult? result) => result?.Mean is { } mean ? UnitScale.Format(result.Metric.Unit, mean) : "";

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("runs");
        for (var i = 0; i < outcomes.Count; i++)
            if (outcomes[i].Run is { } run)
                RunJson.Write(json, run, ids?[i]);
        json.WriteEndArray();
        json.WriteStartArray("failures");
        foreach (var outcome in outcomes)
        {
            foreach (var failure in outcome.Failures)
            {
                json.WriteStartObject();
                json.WriteString("configuration", outcome.Title);
                json.WriteString("code", $"GPUX{(int)failure.Code}");
                json.WriteString("problem", failure.Message);
                json.WriteString("remedy", failure.Remedy);
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
