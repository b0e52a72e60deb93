using System.Buffers;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;
using Gpux.Benchmarks.Statistics;
using Gpux.Models;
using Gpux.Models.Precision;
using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Makes one run of what several launches found: pooled percentiles, metrics, and a verdict with its reasons.</summary>
internal sealed class RunSummary(LaunchRequest request, BenchmarkSubject subject, MachineDescription machine, HardwarePlatform hardware)
{
    /// <summary>Of <see cref="BenchmarkRun.BenchmarkVersion"/>: changes with whatever makes the same machine give other numbers.</summary>
    public const string Version = "1";

    public const string Suite = "gpux bench";

    /// <summary>What is measured with --end-to-end is something else, and is compared with its like only.</summary>
    public const string EndToEndSuite = "gpux bench --end-to-end";

    private static readonly double[] Shares = [0.5, 0.9, 0.95, 0.99, 0.999];

    public string? VersionTag { get; init; }
    public string Title { get; init; } = "";
    public DateTimeOffset StartedAt { get; init; }

    public BenchmarkOutcome Of(IReadOnlyList<LaunchReport> launches, IReadOnlyList<GpuxException> failures)
    {
        if (launches.Count == 0)
            return new BenchmarkOutcome(Title, Run: null, failures);
        var samples = Pooled(launches);
        var latencies = samples.FirstOrDefault(series => series.Metric == Metric.Latency)?.Ordered() ?? [];
        var percentiles = latencies.Length == 0 ? [] : LatencyPercentiles(launches, latencies);
        var verdict = RunJudgement.Of(request, launches, failures);
        var run = new BenchmarkRun
        {
            Key = Guid.NewGuid().ToString(),
            Model = subject.Model with { Task = launches[0].Task, SizeBytes = launches[0].WeightBytes },
            VersionTag = VersionTag,
            Hardware = hardware,
            Workload = new Results.Workload(TaskType.Inference, request.Rate is null ? "closed-loop" : "open-loop")
            {
                Precision = PrecisionNames.Of(request.Precision), BatchSize = request.Batch, InputTokens = launches[0].InputTokens, OutputTokens = launches[0].OutputTokens,
                Concurrency = request.Concurrency, OfferedRate = request.Rate,
            },
            Engine = new Engine("onnxruntime")
            {
                Version = machine.Libraries.FirstOrDefault(library => library.Name == "onnxruntime").Version,
                ExecutionProvider = subject.Provider?.ToLowerInvariant() ?? "cpu",
                DriverVersion = NvidiaDriver(),
                Threads = launches[0].Threads,
            },
            Provenance = Provenance.Measured,
            MachineFingerprint = machine.Fingerprint,
            EnvironmentJson = Environment(launches, percentiles, latencies),
            Suite = request.IsEndToEnd ? EndToEndSuite : Suite,
            BenchmarkVersion = Version,
            Seed = request.Seed,
            LaunchCount = launches.Count,
            Verdict = verdict.Verdict,
            Reasons = verdict.Reasons,
            StartedAt = StartedAt,
            Duration = TimeSpan.FromSeconds(launches.Sum(launch => launch.Seconds)),
            Metrics = [.. Metrics(launches, samples, latencies, percentiles)],
            Samples = SampleSeries.Write(samples),
        };
        return new BenchmarkOutcome(Title, run, failures) { Percentiles = percentiles, Latencies = latencies, EnergyAbsence = launches[0].EnergyAbsence };
    }

    // One series of all launches for each metric: percentiles of launches are never averaged.
    private static List<SampleSeries> Pooled(IReadOnlyList<LaunchReport> launches) =>
        [.. launches.SelectMany(launch => launch.Samples).GroupBy(series => series.Metric).Select(group => new SampleSeries(group.Key, [.. group.SelectMany(series => series.Launches)]))];

    // Of the samples, or where these are a part, of everything that was counted, in buckets.
    private static Percentile[] LatencyPercentiles(IReadOnlyList<LaunchReport> launches, double[] latencies)
    {
        if (launches.All(launch => launch.All is null))
            return Array.ConvertAll(Shares, share => Percentiles.Of(latencies, share));
        var all = new LatencyRecorder();
        foreach (var launch in launches)
        {
            if (launch.All is not null)
                all.Merge(launch.All);
            else
                foreach (var value in launch.Samples.Where(series => series.Metric == Metric.Latency).SelectMany(series => series.Ordered()))
                    all.Record((long)(value * 1e9));
        }
        var count = (int)Math.Min(all.Count, int.MaxValue);
        return Array.ConvertAll(Shares, share =>
        {
            var (low, high) = Percentiles.IntervalRanks(count, share);
            return new Percentile(share, count, all.Percentile(share) / 1e9, low is { } from ? all.AtRank(from) / 1e9 : null, high is { } to ? all.AtRank(to) / 1e9 : null, Percentiles.Level);
        });
    }

    private IEnumerable<MetricResult> Metrics(IReadOnlyList<LaunchReport> launches, List<SampleSeries> samples, double[] latencies, Percentile[] percentiles)
    {
        if (latencies.Length > 0)
        {
            // The windows of all launches bound the median: neighbouring requests are alike, neighbouring windows less so.
            double[] medians = [.. launches.SelectMany(launch => launch.Windows).Where(window => window.Count > 0).Select(window => window.Median).Order()];
            var interval = Percentiles.Of(medians, 0.5);
            yield return Distribution(Metric.Latency, latencies, percentiles) with
            {
                SampleCount = launches.Sum(launch => launch.Count),
                ConfidenceLow = interval is { Low: { } low, High: not null } ? low : null,
                ConfidenceHigh = interval is { Low: not null, High: { } high } ? high : null,
                ConfidenceLevel = interval is { Low: not null, High: not null } ? interval.Level : null,
            };
        }
        foreach (var metric in (Metric[])[Metric.TimeToFirstToken, Metric.TimePerOutputToken])
            if (samples.Find(series => series.Metric == metric)?.Ordered() is { Length: > 0 } ordered)
                yield return WithInterval(Distribution(metric, ordered, Array.ConvertAll(Shares, share => Percentiles.Of(ordered, share))), ordered);

        foreach (var result in Rates(launches, samples))
            yield return result;
        yield return OfLaunches(Metric.FirstInference, launches.Select(launch => launch.FirstInferenceSeconds));
        yield return OfLaunches(Metric.LoadTime, launches.Select(launch => launch.LoadSeconds));
        if (subject.Conversion is { } conversion)
            yield return new MetricResult(Metric.ConversionTime, 1, conversion.TotalSeconds);

        var (succeeded, failed) = (launches.Sum(launch => launch.Count), launches.Sum(launch => launch.Failures.Values.Sum()));
        if (succeeded + failed > 0)
            yield return new MetricResult(Metric.ErrorRate, succeeded + failed, (double)failed / (succeeded + failed));
        foreach (var (metric, values) in ((Metric, IEnumerable<long?>)[])
            [
                (Metric.PeakMemory, launches.Select(launch => launch.PeakMemory)), (Metric.PeakDeviceMemory, launches.Select(launch => launch.DeviceMemory)),
                (Metric.CacheMemory, launches.Select(launch => launch.CacheBytes)), (Metric.WeightMemory, launches.Select(launch => (long?)launch.WeightBytes)),
            ])
        {
            if (values.All(value => value is > 0))
                yield return OfLaunches(metric, values.Select(value => (double)value!.Value)); // all have one
        }
        if (succeeded > 0 && launches.All(launch => launch.Joules is not null))
            yield return OfLaunches(Metric.Energy, launches.Where(launch => launch.Count > 0).Select(launch => launch.Joules!.Value / launch.Count)); // all have one
        if (latencies.Length > 0 && Roofline(launches) is { } bound)
        {
            // One request at a time has the machine for itself; of several, each has a part of it.
            yield return OfLaunches(Metric.RooflineShare, launches.Where(launch => launch is { Seconds: > 0, Count: > 0 }).Select(launch => bound.Least.TotalSeconds * launch.Count / launch.Seconds));
        }
    }

    // What the machine allows for a request; null where its speed is not known, or the graph is not wholly counted.
    private RooflineBound? Roofline(IReadOnlyList<LaunchReport> launches)
    {
        if (subject.GraphPath is not { } graph || launches[0].InputShapes is not { } shapes)
            return null;
        try
        {
            var cost = GraphCost.Of(graph, shapes.ToDictionary(input => input.Key, input => new Shape(input.Value)));
            return cost.Uncounted.Count == 0 ? RooflineBound.Of(cost, hardware) : null;
        }
        catch (GraphCostException)
        {
            // Known by its absence: a share of what cannot be counted would be made up.
            return null;
        }
    }

    private IEnumerable<MetricResult> Rates(IReadOnlyList<LaunchReport> launches, List<SampleSeries> samples)
    {
        var measured = launches.Where(launch => launch is { Seconds: > 0, Count: > 0 }).ToList();
        if (measured.Count == 0)
            yield break;
        double RowsPerSecond(LaunchReport launch) => launch.Count * request.Batch / launch.Seconds;
        yield return OfLaunches(Metric.Throughput, measured.Select(RowsPerSecond));
        if (launches[0].OutputTokens is { } generated)
        {
            yield return OfLaunches(Metric.OutputTokenThroughput, measured.Select(launch => RowsPerSecond(launch) * generated));
            // Prompts are read in the time to the first token.
            if (launches[0].InputTokens is { } prompt && samples.Find(series => series.Metric == Metric.TimeToFirstToken)?.Ordered() is { Length: > 0 } first && first.Average() > 0)
                yield return new MetricResult(Metric.InputTokenThroughput, first.Length, prompt * request.Batch / first.Average());
        }
        else if (launches[0].InputTokens is { } tokens)
        {
            yield return OfLaunches(Metric.InputTokenThroughput, measured.Select(launch => RowsPerSecond(launch) * tokens));
        }
    }

    private static MetricResult Distribution(Metric metric, double[] ordered, Percentile[] percentiles)
    {
        var mean = ordered.Average();
        // The parts of a percentile that samples do not bound are not said: p99 of a hundred is their greatest, and no more.
        double? At(double share) => percentiles.First(percentile => percentile.Share == share) is { IsBounded: true } known ? known.Value : null;
        return new MetricResult(metric, ordered.Length, mean)
        {
            P50 = At(0.5), P90 = At(0.9), P95 = At(0.95), P99 = At(0.99),
            StandardDeviation = ordered.Length > 1 ? Math.Sqrt(ordered.Sum(value => (value - mean) * (value - mean)) / (ordered.Length - 1)) : null,
        };
    }

    private static MetricResult WithInterval(MetricResult result, double[] ordered) => Percentiles.Of(ordered, 0.5) is { Low: { } low, High: { } high } median
        ? result with { ConfidenceLow = low, ConfidenceHigh = high, ConfidenceLevel = median.Level } : result;

    /// <summary>A value of each launch: their mean, with Student's interval, for launches are independent of each other.</summary>
    internal static MetricResult OfLaunches(Metric metric, IEnumerable<double> values)
    {
        double[] each = [.. values];
        var mean = each.Average();
        if (each.Length < 2)
            return new MetricResult(metric, each.Length, mean);
        var deviation = Math.Sqrt(each.Sum(value => (value - mean) * (value - mean)) / (each.Length - 1));
        var half = StudentT.InvCDF(0, 1, each.Length - 1, (1 + Percentiles.Level) / 2) * deviation / Math.Sqrt(each.Length);
        return new MetricResult(metric, each.Length, mean)
        {
            StandardDeviation = deviation, ConfidenceLow = Math.Max(0, mean - half), ConfidenceHigh = mean + half, ConfidenceLevel = Percentiles.Level,
        };
    }

    private string? NvidiaDriver() => hardware.Vendor == "NVIDIA" && machine.Devices.FirstOrDefault(device => device.StartsWith(hardware.Name, StringComparison.Ordinal))
        ?.Split(", driver ") is [_, var driver] ? driver : null;

    // What is good to know of a run beside its metrics.
    private string Environment(IReadOnlyList<LaunchReport> launches, Percentile[] percentiles, double[] latencies)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("gpux", ModelLibrary.Version);
            json.WriteString("commit", subject.Commit);
            json.WriteBoolean("end_to_end", request.IsEndToEnd);
            json.WriteString("input", launches[0].InputDescription);
            json.WriteString("profile", request.Limits.Name ?? "default");
            json.WritePropertyName("machine");
            machine.WriteTo(json);
            json.WritePropertyName("providers");
            ProviderShare.Write(json, launches[0].Providers);
            json.WriteString("energy_source", launches[0].EnergySource);
            if (launches[0].EnergyAbsence is { } absence)
                json.WriteString("energy_absence", absence);
            if (launches[0].IdleWatts is { } watts)
                json.WriteNumber("idle_watts", watts);
            json.WriteStartArray("percentiles");
            foreach (var percentile in percentiles)
                Write(json, percentile);
            json.WriteEndArray();
            if (request.Limits.IsStrict)
                WriteStrict(json, latencies);
            json.WriteStartArray("launches");
            foreach (var launch in launches)
                Write(json, launch);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, Percentile percentile)
    {
        json.WriteStartObject();
        json.WriteNumber("percentile", Math.Round(percentile.Share * 100, 3));
        json.WriteNumber("value", percentile.Value);
        if (percentile.Low is { } low)
            json.WriteNumber("low", low);
        if (percentile.High is { } high)
            json.WriteNumber("high", high);
        json.WriteNumber("level", percentile.Level);
        json.WriteEndObject();
    }

    // What the samples allow to claim, at 99 %.
    private static void WriteStrict(Utf8JsonWriter json, double[] latencies)
    {
        json.WriteStartArray("early_stopping");
        foreach (var share in (ReadOnlySpan<double>)[0.9, 0.95, 0.99])
        {
            if (EarlyStopping.Estimate(latencies, share) is not { } estimate)
                continue;
            json.WriteStartObject();
            json.WriteNumber("percentile", share * 100);
            json.WriteNumber("below", estimate);
            json.WriteNumber("confidence", EarlyStopping.Confidence);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, LaunchReport launch)
    {
        json.WriteStartObject();
        json.WriteNumber("load_seconds", launch.LoadSeconds);
        json.WriteNumber("first_inference_seconds", launch.FirstInferenceSeconds);
        json.WriteNumber("warm_up_seconds", launch.WarmUpSeconds);
        json.WriteBoolean("warm", launch.IsWarm);
        json.WriteNumber("seconds", launch.Seconds);
        json.WriteNumber("requests", launch.Count);
        if (launch.Due is { } due)
            json.WriteNumber("due", due);
        json.WriteStartObject("failures");
        foreach (var (name, count) in launch.Failures)
            json.WriteNumber(name, count);
        json.WriteEndObject();
        json.WriteStartArray("window_medians");
        foreach (var window in launch.Windows)
            json.WriteNumberValue(window.Median);
        json.WriteEndArray();
        json.WritePropertyName("disturbances");
        launch.Disturbances.WriteTo(json);
        json.WriteEndObject();
    }
}
