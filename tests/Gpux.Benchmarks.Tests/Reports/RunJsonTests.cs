using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Reports;

public sealed class RunJsonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Text(BenchmarkRun run)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
            RunJson.Write(json, run, id: 7);
        return Encoding.UTF8.GetString(memory.ToArray());
    }

    private IReadOnlyList<BenchmarkRun> Read(string text)
    {
        File.WriteAllText(_folder["run.json"], text);
        return RunJson.Read(_folder["run.json"]);
    }

    [Fact]
    public void A_run_comes_back_whole()
    {
        var run = ExampleRun.Of("a", version: "v1") with
        {
            Model = new BenchmarkedModel("bert") { Registry = "hf", Architecture = "bert", Task = "fill-mask", ParameterCount = 1, SizeBytes = 2, MetadataJson = """{"a":1}""" },
            Hardware = new HardwarePlatform("L4", HardwareKind.Gpu) { Vendor = "N", Device = "d", DeviceCount = 2, MemoryBytes = 3, MemoryBytesPerSecond = 0.1, Peaks = [new("fp16", 1e14, "data sheet")], MetadataJson = "{}" },
            Workload = new Workload(TaskType.Training, "open-loop") { Precision = "fp16", BatchSize = 8, InputTokens = 128, OutputTokens = 3, Concurrency = 4, OfferedRate = 17.5 },
            Engine = new Engine("onnxruntime") { Version = "1.30", ExecutionProvider = "cuda", OptionsJson = """{"a":1}""", DriverVersion = "570", Threads = 4 },
            EnvironmentJson = """{"cpu":"EPYC"}""", Seed = -42, LaunchCount = 3, Verdict = RunVerdict.Unstable, Reasons = ["it\nwas \"hot\""], BundleSha256 = new string('a', 64),
            Metrics = [new MetricResult(Metric.Latency, 1000, 1.0 / 3) { P50 = 0.1, P90 = 0.2, P95 = 0.3, P99 = 0.4, StandardDeviation = 0.5, ConfidenceLow = 0.09, ConfidenceHigh = 0.11, ConfidenceLevel = 0.95 }],
            Samples = new RunSamples("float64", [1, 2, 3]),
        };
        Assert.Equivalent(run, Assert.Single(Read(Text(run))), strict: true);
    }

    [Fact]
    public void Lists_are_read_too()
    {
        var (a, b) = (Text(ExampleRun.Of("a")), Text(ExampleRun.Of("b")));
        Assert.Equal(["a", "b"], Read($"[{a},{b}]").Select(run => run.Key));
        Assert.Equal(["a", "b"], Read($$"""{"runs": [{{a}},{{b}}]}""").Select(run => run.Key));
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "its list is empty")]
    [InlineData("3", "requires")]
    [InlineData("{}", "'key' is missing")]
    [InlineData("\"n\":1000", "has no samples", "\"n\":0")]
    [InlineData("\"mean\":0.01", "mean", "\"mean\":-1")]
    [InlineData("\"mean\":0.01", "mean", "\"mean\":1e999")]
    [InlineData("latency.e2e", "there is no metric 'latency.x'", "latency.x")]
    [InlineData("\"unit\":\"s\"", "its unit is 's'", "\"unit\":\"ms\"")]
    [InlineData("throughput.samples", "twice", "latency.e2e")]
    [InlineData("\"valid\"", "'verdict' is 'good', and not one of valid, unstable, invalid", "\"good\"")]
    [InlineData("\"verdict\":\"valid\"", "'verdict'", "\"verdict\":7")]
    [InlineData("\"devices\":1", "'devices' is 1.5, which is no integer", "\"devices\":1.5")]
    [InlineData("\"devices\":1", "'devices' is \"two\", which is no integer", "\"devices\":\"two\"")]
    [InlineData("\"devices\":1", "'devices' is 4294967296, which is not between 0 and 2147483647", "\"devices\":4294967296")]
    [InlineData("\"devices\":1", "'devices' is 1e30, which is no integer", "\"devices\":1e30")]
    [InlineData("\"launches\":1", "'launches' is 0, which is not between 1", "\"launches\":0")]
    [InlineData("\"mean\":0.01", "'mean' is \"fast\", which is no number", "\"mean\":\"fast\"")]
    [InlineData("\"started_at\":\"2026", "'started_at' is \"x2026-01-02T03:04:05+00:00\", which is no time", "\"started_at\":\"x2026")]
    [InlineData("\"duration_seconds\":10", "'duration_seconds' is 1e300, which is longer", "\"duration_seconds\":1e300")]
    [InlineData("\"reasons\":[]", "'reasons' is 5, which is no list", "\"reasons\":5")]
    [InlineData("\"reasons\":[]", "'reasons' is 5, which is no text", "\"reasons\":[5]")]
    [InlineData("\"metrics\":[", "'metrics' is 5, which is no object", "\"metrics\":[5,")]
    [InlineData("\"peaks\":[]", "'peaks' is \"many\", which is no list", "\"peaks\":\"many\"")]
    [InlineData("\"model\":{", "'model' is \"bert\", which is no object", "\"model\":\"bert\",\"other\":{")]
    [InlineData("\"reasons\":[]", "'content' is \"***\", which is no Base64", "\"reasons\":[],\"samples\":{\"format\":\"float64\",\"content\":\"***\"}")]
    public void What_makes_no_sense_is_refused_by_name(string text, string why, string? instead = null)
    {
        var json = instead is null ? text : Text(ExampleRun.Of("a")).Replace(text, instead, StringComparison.Ordinal);
        if (instead == "latency.e2e")
            json = json.Replace("\"1/s\"", "\"s\"", StringComparison.Ordinal);
        var refused = Assert.Throws<RunFileException>(() => Read(json));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.Contains("run.json", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_whose_fraction_is_zero_is_an_integer()
    {
        var json = Text(ExampleRun.Of("a")).Replace("\"devices\":1", "\"devices\":2.0,\"memory_bytes\":24000000000.0", StringComparison.Ordinal)
            .Replace("\"n\":1000,", "\"n\":1e3,", StringComparison.Ordinal).Replace("\"reasons\"", "\"seed\":-9223372036854775807.0,\"reasons\"", StringComparison.Ordinal);
        var run = Assert.Single(Read(json));
        Assert.Equal((2, 24_000_000_000L, 1000L, -long.MaxValue), (run.Hardware.DeviceCount, run.Hardware.MemoryBytes, run.Metrics[0].SampleCount, run.Seed));
    }

    [Fact]
    public void Deep_nesting_is_refused() => Assert.Throws<RunFileException>(() => Read(new string('[', 100_000)));
}
