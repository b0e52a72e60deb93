using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Commands.Database;

/// <summary>A benchmark result as JSON: names as the database has them, quantities in SI base units.</summary>
internal static class RunJson
{
    /// <param name="samples">Null: none, or not asked for.</param>
    public static void Write(Utf8JsonWriter json, StoredRun stored, RunSamples? samples)
    {
        var run = stored.Run;
        var (workload, engine) = (run.Workload, run.Engine);
        json.WriteStartObject();
        json.WriteNumber("id", stored.Id);
        json.WriteString("key", run.Key);
        Write(json, run.Model);
        json.WriteString("version", run.VersionTag);
        Write(json, run.Hardware);
        json.WriteString("machine_fingerprint", run.MachineFingerprint);
        Raw(json, "environment", run.EnvironmentJson);
        json.WriteString("task_type", Lower(workload.TaskType));
        json.WriteString("scenario", workload.Scenario);
        json.WriteString("precision", workload.Precision);
        Number(json, "batch_size", workload.BatchSize);
        Number(json, "input_tokens", workload.InputTokens);
        Number(json, "output_tokens", workload.OutputTokens);
        Number(json, "concurrency", workload.Concurrency);
        Number(json, "offered_rate", workload.OfferedRate);
        json.WriteString("backend", engine.Backend);
        json.WriteString("runtime_version", engine.Version);
        json.WriteString("execution_provider", engine.ExecutionProvider);
        Raw(json, "execution_provider_options", engine.OptionsJson);
        json.WriteString("driver_version", engine.DriverVersion);
        Number(json, "threads", engine.Threads);
        json.WriteString("suite", run.Suite);
        json.WriteString("benchmark_version", run.BenchmarkVersion);
        Number(json, "seed", run.Seed);
        json.WriteNumber("launch_count", run.LaunchCount);
        json.WriteString("provenance", Lower(run.Provenance));
        json.WriteString("provenance_source", run.ProvenanceSource);
        json.WriteString("bundle_sha256", run.BundleSha256);
        json.WriteString("verdict", Lower(run.Verdict));
        json.WriteStartArray("verdict_reasons");
        foreach (var reason in run.Reasons)
            json.WriteStringValue(reason);
        json.WriteEndArray();
        json.WriteString("started_at", run.StartedAt.UtcDateTime);
        json.WriteNumber("duration_seconds", run.Duration.TotalSeconds);
        json.WriteStartArray("metrics");
        foreach (var result in run.Metrics)
            Write(json, result);
        json.WriteEndArray();
        if (samples is not null)
        {
            json.WriteStartObject("samples");
            json.WriteString("format", samples.Format);
            json.WriteBase64String("content", samples.Content);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, BenchmarkedModel model)
    {
        json.WriteStartObject("model");
        json.WriteString("name", model.Name);
        json.WriteString("registry", model.Registry);
        json.WriteString("architecture", model.Architecture);
        json.WriteString("task", model.Task);
        Number(json, "parameter_count", model.ParameterCount);
        Number(json, "size_bytes", model.SizeBytes);
        Raw(json, "metadata", model.MetadataJson);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, HardwarePlatform hardware)
    {
        json.WriteStartObject("hardware");
        json.WriteString("name", hardware.Name);
        json.WriteString("kind", Lower(hardware.Kind));
        json.WriteString("vendor", hardware.Vendor);
        json.WriteString("device", hardware.Device);
        json.WriteNumber("device_count", hardware.DeviceCount);
        Number(json, "memory_bytes", hardware.MemoryBytes);
        Number(json, "memory_bytes_per_second", hardware.MemoryBytesPerSecond);
        json.WriteStartArray("peaks");
        foreach (var peak in hardware.Peaks)
        {
            json.WriteStartObject();
            json.WriteString("precision", peak.Precision);
            json.WriteNumber("operations_per_second", peak.OperationsPerSecond);
            json.WriteString("source", peak.Source);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Raw(json, "metadata", hardware.MetadataJson);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, MetricResult result)
    {
        json.WriteStartObject();
        json.WriteString("metric", result.Metric.Name);
        json.WriteString("unit", result.Metric.Unit);
        json.WriteNumber("sample_count", result.SampleCount);
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

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    private static void Raw(Utf8JsonWriter json, string name, string? value)
    {
        json.WritePropertyName(name);
        if (value is null)
            json.WriteNullValue();
        else
            json.WriteRawValue(value);
    }

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
