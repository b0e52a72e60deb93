using System.Globalization;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Results;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

/// <summary>Benchmark results for people: a line each, or everything of one.</summary>
internal static class RunText
{
    /// <summary>What all have in common, and below it a line each with what tells them apart.</summary>
    public static void List(IReadOnlyList<StoredRun> runs, Terminal terminal, TextWriter output)
    {
        var traits = RunTraits.Of([.. runs.Select(stored => stored.Run)]);
        foreach (var line in Lines(traits.Common, terminal.Width))
            output.WriteLine(terminal.Dim(line));
        // A number needs its unit where it stands by itself, and none below a heading.
        var isNumber = traits.Differing.Select((_, i) => traits.OfRuns.Any(run => run[i].Value != run[i].Text)).ToArray();
        var table = new Table(["id", .. traits.Differing, "latency", "throughput", "verdict", "when"]).Cut(Table.NameWidth, [.. Enumerable.Range(1, traits.Differing.Count)])
            .AlignRight([0, .. Enumerable.Range(1, isNumber.Length).Where(column => isNumber[column - 1]), isNumber.Length + 1, isNumber.Length + 2]);
        foreach (var (stored, differing) in runs.Zip(traits.OfRuns))
        {
            var run = stored.Run;
            table.Row([Number(stored.Id), .. differing.Select(trait => trait.Value), Known(run[Metric.Latency]), Throughput(run), Verdict(run), Time(run.StartedAt)]);
        }
        table.Write(terminal, output);
    }

    private static IEnumerable<string> Lines(IReadOnlyList<string> parts, int width)
    {
        var line = "";
        foreach (var part in parts.Select((part, i) => TerminalText.Cut(Safe(part), Table.NameWidth) + (i < parts.Count - 1 ? "," : "")))
        {
            if (line.Length > 0 && TextWidth.Of(line) + 1 + TextWidth.Of(part) > width)
            {
                yield return line;
                line = "";
            }
            line = line.Length == 0 ? part : $"{line} {part}";
        }
        if (line.Length > 0)
            yield return line;
    }

    public static void Whole(StoredRun stored, RunSamples? samples, Terminal terminal, TextWriter output)
    {
        var run = stored.Run;
        var (workload, engine, hardware, model) = (run.Workload, run.Engine, run.Hardware, run.Model);
        (string Name, string Value)[] lines =
        [
            ("id", Number(stored.Id)), ("key", run.Key), ("model", model.Name), ("registry", model.Registry ?? ""), ("architecture", model.Architecture ?? ""),
            ("task", model.Task ?? ""), ("parameters", Number(model.ParameterCount)), ("size", Bytes(model.SizeBytes)), ("version", run.VersionTag ?? ""),
            ("hardware", hardware.Name), ("kind", Lower(hardware.Kind)), ("vendor", hardware.Vendor ?? ""), ("device", hardware.Device ?? ""),
            ("devices", Number(hardware.DeviceCount)), ("memory", Bytes(hardware.MemoryBytes)),
            ("bandwidth", hardware.MemoryBytesPerSecond is { } bandwidth ? UnitScale.Format("B/s", bandwidth) : ""),
            ("peaks", string.Join(", ", hardware.Peaks.Select(peak => $"{peak.Precision} {UnitScale.Format("FLOP/s", peak.OperationsPerSecond)} ({peak.Source})"))),
            ("machine", run.MachineFingerprint), ("work", $"{Lower(workload.TaskType)}, {workload.Scenario}"), ("precision", workload.Precision ?? ""),
            ("batch", Number(workload.BatchSize)), ("input tokens", Number(workload.InputTokens)), ("output tokens", Number(workload.OutputTokens)),
            ("concurrency", Number(workload.Concurrency)), ("offered rate", workload.OfferedRate is { } rate ? UnitScale.Format("1/s", rate) : ""),
            ("backend", $"{engine.Backend} {engine.Version}".Trim()), ("provider", engine.ExecutionProvider ?? ""), ("driver", engine.DriverVersion ?? ""),
            ("threads", Number(engine.Threads)), ("options", engine.OptionsJson ?? ""), ("suite", $"{run.Suite} {run.BenchmarkVersion}".Trim()),
            ("seed", Number(run.Seed)), ("launches", Number(run.LaunchCount)), ("provenance", $"{Lower(run.Provenance)} {run.ProvenanceSource}".Trim()),
            ("bundle", run.BundleSha256 ?? ""), ("started", Time(run.StartedAt)), ("took", run.Duration > TimeSpan.Zero ? UnitScale.Format("s", run.Duration.TotalSeconds) : ""),
            ("samples", samples is null ? "" : $"{samples.Format}, {ByteSize.Format(samples.Content.LongLength)}"),
            ("environment", run.EnvironmentJson ?? ""), ("verdict", Verdict(run)),
        ];
        foreach (var (name, value) in lines.Where(line => line.Value.Length > 0))
            output.WriteLine($"{terminal.Dim(name.PadRight(14))}{Safe(value)}");
        foreach (var reason in run.Reasons)
            output.WriteLine($"{"",14}{Safe(reason)}");
        output.WriteLine();
        var table = new Table("metric", "n", "mean", "p50", "p90", "p95", "p99", "sd", "interval").AlignRight(1, 2, 3, 4, 5, 6, 7);
        foreach (var result in run.Metrics)
        {
            string Cell(double? value) => value is { } number ? UnitScale.Format(result.Metric.Unit, number) : "";
            table.Row(result.Metric.Name, Number(result.SampleCount), Cell(result.Mean), Cell(result.P50), Cell(result.P90), Cell(result.P95), Cell(result.P99),
                Cell(result.StandardDeviation),
                result is { ConfidenceLow: { } low, ConfidenceHigh: { } high, ConfidenceLevel: { } level } ? $"{Cell(low)} to {Cell(high)} at {level:P0}" : "");
        }
        table.Write(terminal, output);
    }

    // Rows of a batch; of a source that counts tokens alone, such as llama-bench, those, which are told by their unit.
    private static string Throughput(BenchmarkRun run) => run[Metric.Throughput] is { } rows ? Known(rows)
        : run[Metric.OutputTokenThroughput] is { } written ? Tokens(written, "tokens/s") : run[Metric.InputTokenThroughput] is { } read ? Tokens(read, "tokens/s in") : "";

    private static string Tokens(MetricResult result, string unit) => result.Typical is { } rate ? $"{UnitScale.Three(rate)} {unit}" : Known(result);

    /// <summary>The typical value, or else the first percentile that is known: "p99 20 ms".</summary>
    private static string Known(MetricResult? result)
    {
        if (result is null)
            return "";
        if (result.Typical is { } typical)
            return UnitScale.Format(result.Metric.Unit, typical);
        (string Name, double? Value)[] percentiles = [("p90", result.P90), ("p95", result.P95), ("p99", result.P99)];
        var (name, value) = Array.Find(percentiles, each => each.Value is not null);
        return value is { } known ? $"{name} {UnitScale.Format(result.Metric.Unit, known)}" : "";
    }

    private static string Bytes(long? value) => value is { } bytes ? ByteSize.Format(bytes) : "";

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Verdict(BenchmarkRun run) => Lower(run.Verdict);

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Safe(string? text) => TerminalText.Safe(text ?? "");
}
