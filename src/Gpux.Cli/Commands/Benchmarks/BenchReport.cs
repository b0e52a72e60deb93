using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;
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
        output.WriteLine($"{terminal.Bold(first.Model.Name)} on {first.Hardware.Name}: {first.Model.Task}{Sizes(first)}");
        output.WriteLine();
        WriteLatencies(output);
        if (outcomes.Any(outcome => outcome.Run?[Metric.TimePerOutputToken] is not null))
            WriteTokens(output);
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
                Rate(run[Metric.Throughput], "rows/s"), Bytes(run[Metric.PeakMemory]), Coloured(run.Verdict));
        }
        table.Write(terminal, output);
    }

    private void WriteTokens(TextWriter output)
    {
        output.WriteLine();
        var table = new Table("", "first token", "p99", "each further", "p99", "prompt", "generated").AlignRight(1, 2, 3, 4, 5, 6);
        foreach (var (outcome, run) in Measured())
        {
            var (first, each) = (run[Metric.TimeToFirstToken], run[Metric.TimePerOutputToken]);
            table.Row(outcome.Title, Time(first?.Typical), Time(first?.P99), Time(each?.Typical), Time(each?.P99), Rate(run[Metric.InputTokenThroughput], "tokens/s"),
                Rate(run[Metric.OutputTokenThroughput], "tokens/s"));
        }
        table.Write(terminal, output);
    }

    private void WriteCosts(TextWriter output)
    {
        output.WriteLine();
        var table = new Table("", "conversion", "load", "first answer", "weights", "cache", "energy").AlignRight(1, 2, 3, 4, 5, 6);
        foreach (var (outcome, run) in Measured())
        {
            table.Row(outcome.Title, Time(run[Metric.ConversionTime]?.Mean), Time(run[Metric.LoadTime]?.Mean), Time(run[Metric.FirstInference]?.Mean), Bytes(run[Metric.WeightMemory]),
                Bytes(run[Metric.CacheMemory]), run[Metric.Energy] is { } energy ? $"{Digits(energy.Mean)} J" : "");
        }
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

    private static string Interval(MetricResult? latency) => latency is { ConfidenceLow: { } low, ConfidenceHigh: { } high } ? $"({Time(low)} to {Time(high)})" : "";

    private string Coloured(RunVerdict verdict) => verdict switch
    {
        RunVerdict.Valid => terminal.Green("valid"),
        RunVerdict.Unstable => terminal.Red("unstable"),
        _ => terminal.Red("invalid"),
    };

    private static string Time(double? seconds) => seconds is not { } known ? "" : known < 1 ? $"{Digits(known * 1e3)} ms" : $"{Digits(known)} s";

    private static string Rate(MetricResult? result, string unit) => result is null ? "" : $"{Digits(result.Mean)} {unit}";

    private static string Bytes(MetricResult? result) => result is null ? "" : ByteSize.Format((long)result.Mean);

    // Three that matter.
    private static string Digits(double value) => value switch
    {
        >= 99.95 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 9.995 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 0.9995 => value.ToString("0.00", CultureInfo.InvariantCulture),
        >= 0.09995 => value.ToString("0.000", CultureInfo.InvariantCulture),
        _ => value.ToString("0.0000", CultureInfo.InvariantCulture),
    };

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        for (var i = 0; i < outcomes.Count; i++)
        {
            var outcome = outcomes[i];
            json.WriteStartObject();
            json.WriteString("configuration", outcome.Title);
            if (ids?[i] is { } id)
                json.WriteNumber("id", id);
            if (outcome.Run is { } run)
                Write(json, run, outcome.Percentiles);
            json.WriteStartArray("failures");
            foreach (var failure in outcome.Failures)
            {
                json.WriteStartObject();
                json.WriteString("code", $"GPUX{(int)failure.Code}");
                json.WriteString("problem", failure.Message);
                json.WriteString("remedy", failure.Remedy);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, BenchmarkRun run, IReadOnlyList<Percentile> percentiles)
    {
        json.WriteString("key", run.Key);
        json.WriteString("verdict", run.Verdict.ToString().ToLowerInvariant());
        json.WriteStartArray("reasons");
        foreach (var reason in run.Reasons)
            json.WriteStringValue(reason);
        json.WriteEndArray();
        json.WriteStartObject("model");
        json.WriteString("name", run.Model.Name);
        json.WriteString("registry", run.Model.Registry);
        json.WriteString("architecture", run.Model.Architecture);
        json.WriteString("task", run.Model.Task);
        Number(json, "parameters", run.Model.ParameterCount);
        Number(json, "size_bytes", run.Model.SizeBytes);
        json.WriteString("version", run.VersionTag);
        json.WriteEndObject();
        json.WriteStartObject("hardware");
        json.WriteString("name", run.Hardware.Name);
        json.WriteString("kind", run.Hardware.Kind.ToString().ToLowerInvariant());
        Number(json, "memory_bytes", run.Hardware.MemoryBytes);
        Number(json, "memory_bytes_per_second", run.Hardware.MemoryBytesPerSecond);
        json.WriteStartObject("operations_per_second");
        foreach (var peak in run.Hardware.Peaks)
            json.WriteNumber(peak.Precision, peak.OperationsPerSecond);
        json.WriteEndObject();
        json.WriteString("fingerprint", run.MachineFingerprint);
        json.WriteEndObject();
        json.WriteStartObject("workload");
        json.WriteString("scenario", run.Workload.Scenario);
        json.WriteString("precision", run.Workload.Precision);
        Number(json, "batch", run.Workload.BatchSize);
        Number(json, "input_tokens", run.Workload.InputTokens);
        Number(json, "output_tokens", run.Workload.OutputTokens);
        Number(json, "concurrency", run.Workload.Concurrency);
        Number(json, "offered_rate", run.Workload.OfferedRate);
        json.WriteEndObject();
        json.WriteStartObject("engine");
        json.WriteString("backend", run.Engine.Backend);
        json.WriteString("version", run.Engine.Version);
        json.WriteString("provider", run.Engine.ExecutionProvider);
        Number(json, "threads", run.Engine.Threads);
        json.WriteEndObject();
        json.WriteString("suite", run.Suite);
        json.WriteString("benchmark_version", run.BenchmarkVersion);
        Number(json, "seed", run.Seed);
        json.WriteNumber("launches", run.LaunchCount);
        json.WriteString("started_at", run.StartedAt);
        json.WriteNumber("seconds", run.Duration.TotalSeconds);
        WriteMetrics(json, run);
        json.WriteStartArray("latency_percentiles");
        foreach (var percentile in percentiles)
        {
            json.WriteStartObject();
            json.WriteNumber("percentile", Math.Round(percentile.Share * 100, 3));
            json.WriteNumber("value", percentile.Value);
            json.WriteBoolean("bounded", percentile.IsBounded);
            Number(json, "low", percentile.Low);
            Number(json, "high", percentile.High);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WritePropertyName("environment");
        json.WriteRawValue(run.EnvironmentJson ?? "null");
    }

    private static void WriteMetrics(Utf8JsonWriter json, BenchmarkRun run)
    {
        json.WriteStartArray("metrics");
        foreach (var result in run.Metrics)
        {
            json.WriteStartObject();
            json.WriteString("name", result.Metric.Name);
            json.WriteString("unit", result.Metric.Unit);
            json.WriteNumber("n", result.SampleCount);
            json.WriteNumber("mean", result.Mean);
            Number(json, "p50", result.P50);
            Number(json, "p90", result.P90);
            Number(json, "p95", result.P95);
            Number(json, "p99", result.P99);
            Number(json, "standard_deviation", result.StandardDeviation);
            Number(json, "ci_low", result.ConfidenceLow);
            Number(json, "ci_high", result.ConfidenceHigh);
            Number(json, "ci_level", result.ConfidenceLevel);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }
}
