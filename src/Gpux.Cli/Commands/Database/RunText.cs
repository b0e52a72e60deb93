using System.Globalization;
using Gpux.Benchmarks.Results;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

/// <summary>Benchmark results for people: a line each, or everything of one.</summary>
internal static class RunText
{
    public static Table Table(IReadOnlyList<StoredRun> runs)
    {
        var table = new Table("id", "model", "version", "hardware", "precision", "batch", "latency", "throughput", "verdict", "when").AlignRight(0, 5, 6, 7);
        foreach (var (id, _, _, run) in runs)
        {
            table.Row(Number(id), Safe(run.Model.Name), Safe(run.VersionTag), Safe(run.Hardware.Name), Safe(run.Workload.Precision), Number(run.Workload.BatchSize),
                Known(run[Metric.Latency]), Known(run[Metric.Throughput]), Verdict(run), Time(run.StartedAt));
        }
        return table;
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
            ("bandwidth", hardware.MemoryBytesPerSecond is { } bandwidth ? Quantity(bandwidth, "B/s") : ""),
            ("peaks", string.Join(", ", hardware.Peaks.Select(peak => $"{peak.Precision} {Quantity(peak.OperationsPerSecond, "1/s")} ({peak.Source})"))),
            ("machine", run.MachineFingerprint), ("work", $"{Lower(workload.TaskType)}, {workload.Scenario}"), ("precision", workload.Precision ?? ""),
            ("batch", Number(workload.BatchSize)), ("input tokens", Number(workload.InputTokens)), ("output tokens", Number(workload.OutputTokens)),
            ("concurrency", Number(workload.Concurrency)), ("offered rate", workload.OfferedRate is { } rate ? Quantity(rate, "1/s") : ""),
            ("backend", $"{engine.Backend} {engine.Version}".Trim()), ("provider", engine.ExecutionProvider ?? ""), ("driver", engine.DriverVersion ?? ""),
            ("threads", Number(engine.Threads)), ("options", engine.OptionsJson ?? ""), ("suite", $"{run.Suite} {run.BenchmarkVersion}".Trim()),
            ("seed", Number(run.Seed)), ("launches", Number(run.LaunchCount)), ("provenance", $"{Lower(run.Provenance)} {run.ProvenanceSource}".Trim()),
            ("bundle", run.BundleSha256 ?? ""), ("started", Time(run.StartedAt)), ("took", run.Duration > TimeSpan.Zero ? Quantity(run.Duration.TotalSeconds, "s") : ""),
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
            string Cell(double? value) => value is { } number ? Quantity(number, result.Metric.Unit) : "";
            table.Row(result.Metric.Name, Number(result.SampleCount), Cell(result.Mean), Cell(result.P50), Cell(result.P90), Cell(result.P95), Cell(result.P99),
                Cell(result.StandardDeviation),
                result is { ConfidenceLow: { } low, ConfidenceHigh: { } high, ConfidenceLevel: { } level } ? $"{Cell(low)} to {Cell(high)} at {level:P0}" : "");
        }
        table.Write(terminal, output);
    }

    /// <summary>The typical value, or else the first percentile that is known: "p99 20 ms".</summary>
    private static string Known(MetricResult? result)
    {
        if (result is null)
            return "";
        if (result.Typical is { } typical)
            return Quantity(typical, result.Metric.Unit);
        (string Name, double? Value)[] percentiles = [("p90", result.P90), ("p95", result.P95), ("p99", result.P99)];
        var (name, value) = Array.Find(percentiles, each => each.Value is not null);
        return value is { } known ? $"{name} {Quantity(known, result.Metric.Unit)}" : "";
    }

    /// <summary>A quantity in SI base units as people write it, with three digits that matter: "12.3 ms", "440 MB".</summary>
    private static string Quantity(double value, string unit) => unit switch
    {
        "s" => value switch
        {
            0 => "0 s",
            < 1e-3 => $"{Digits(value * 1e6)} µs",
            < 1 => $"{Digits(value * 1e3)} ms",
            _ => $"{Digits(value)} s",
        },
        "B" => ByteSize.Format((long)value),
        "1/s" => value switch
        {
            >= 1e12 => $"{Digits(value / 1e12)} T/s",
            >= 1e9 => $"{Digits(value / 1e9)} G/s",
            _ => $"{Digits(value)}/s",
        },
        "B/s" => $"{ByteSize.Format((long)value)}/s",
        "1" => Digits(value),
        _ => $"{Digits(value)} {unit}",
    };

    private static string Digits(double value) => value switch
    {
        >= 99.95 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 9.995 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 0.1 or 0 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("G3", CultureInfo.InvariantCulture),
    };

    private static string Bytes(long? value) => value is { } bytes ? ByteSize.Format(bytes) : "";

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Verdict(BenchmarkRun run) => Lower(run.Verdict);

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Safe(string? text) => TerminalText.Safe(text ?? "");
}
