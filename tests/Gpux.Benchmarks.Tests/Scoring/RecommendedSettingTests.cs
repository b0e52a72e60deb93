using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using static Gpux.Benchmarks.Tests.Scoring.ExampleObservation;

namespace Gpux.Benchmarks.Tests.Scoring;

public sealed class RecommendedSettingTests
{
    private static readonly HardwarePlatform Gpu = new("GPU", HardwareKind.Gpu) { MemoryBytes = 1000 };
    private static readonly HashSet<string> Int8 = ["int8"];

    [Fact]
    public void The_smallest_batch_that_is_nearly_as_fast_as_the_best_is_recommended()
    {
        var setting = RecommendedSetting.Of(Gpu, [Of(1, 100, 1, 10, batch: 1), Of(1, 96, 1, 20, batch: 2), Of(1, 189, 1, 30, batch: 4), Of(1, 190, 1, 40, batch: 8), Of(1, 199, 1, 50, batch: 16)], Int8);
        Assert.Equal((8, "fp32", 40.0), (setting.BatchSize, setting.Precision, setting.MemoryBytes)); // 189 is less than 95 % of 199
        Assert.Equal(Metric.PeakDeviceMemory, setting.MemoryMetric);
    }

    [Fact]
    public void A_batch_that_fills_the_memory_is_not_recommended() =>
        Assert.Equal(1, RecommendedSetting.Of(Gpu, [Of(1, 100, 1, 100, batch: 1), Of(1, 500, 1, 901, batch: 8)], Int8).BatchSize);

    [Fact]
    public void A_lower_precision_needs_a_proof()
    {
        RunObservation[] runs = [Of(1, 100, 1), Of(1, 400, 1, precision: "int8"), Of(1, 900, 1, precision: "int4")];
        Assert.Equal("fp32", RecommendedSetting.Of(Gpu, runs, new HashSet<string>()).Precision);
        Assert.Equal("int8", RecommendedSetting.Of(Gpu, runs, Int8).Precision);
        var none = RecommendedSetting.Of(Gpu, runs[1..], new HashSet<string>());
        Assert.Null(none.Precision);
        Assert.Contains("int4, int8", Assert.Single(none.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Uses_are_not_mixed()
    {
        // Long texts were measured most; short ones at larger batches are faster, and say nothing of long ones.
        var longText = Of(1, 10, 1, launches: 5);
        var shortText = Of(1, 900, 1, batch: 64);
        shortText = shortText with { Workload = shortText.Workload with { InputTokens = 8 } };
        Assert.Equal(1, RecommendedSetting.Of(Gpu, [longText, shortText], Int8).BatchSize);
    }

    [Fact]
    public void Without_throughput_no_batch_is_made_up()
    {
        var setting = RecommendedSetting.Of(Gpu, [Of(1, 0, 1, 300)], Int8);
        Assert.Equal((null, null, 300.0), (setting.BatchSize, setting.Precision, setting.MemoryBytes));
        Assert.NotEmpty(setting.Notes);
    }
}
