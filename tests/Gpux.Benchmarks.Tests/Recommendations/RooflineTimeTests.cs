using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Recommendations;

public sealed class RooflineTimeTests
{
    /// <summary>Ceilings of 6.74 G parameters in 16 bits, one token at a time: bandwidth divided by weights, of which nine tenths are reached.</summary>
    [Theory]
    [InlineData("NVIDIA A100 80 GB", 151)]
    [InlineData("NVIDIA H100 SXM", 249)]
    [InlineData("NVIDIA H200", 356)]
    [InlineData("NVIDIA L4", 22)]
    public void Decoding_is_bound_by_the_weights(string hardware, double ceiling)
    {
        var model = new ModelFacts("llama-7b") { ParameterCount = 6_740_000_000, Precision = "fp16", Layers = 1 };
        var tokens = 1000 / RooflineTime.Seconds(model, HardwareCatalog.Find(hardware)!.Platform, new WorkPoint(TaskType.Inference, "fp16", 1, 0, 1000, 1));
        Assert.InRange(tokens, 0.87 * ceiling, 0.92 * ceiling);
    }

    [Theory]
    [InlineData(32, 4096, 32, 32, 524_288)] // Llama-2-7B
    [InlineData(32, 4096, 32, 8, 131_072)] // Llama-3-8B
    [InlineData(80, 8192, 64, 8, 327_680)] // Llama-3-70B
    public void Cache_takes_so_much_of_each_token(int layers, int hidden, int heads, int keyValueHeads, long bytes) => Assert.Equal(bytes,
        new ModelFacts("m") { Layers = layers, HiddenSize = hidden, AttentionHeads = heads, KeyValueHeads = keyValueHeads }.CacheBytesPerToken);

    [Theory]
    [InlineData("fp32", 4.0)]
    [InlineData("float16", 2.0)]
    [InlineData("int8", 8.5 / 8)]
    [InlineData("q4_k_m", 4.5 / 8)]
    [InlineData("ternary", null)]
    public void A_weight_takes_so_many_bytes(string precision, double? bytes) => Assert.Equal(bytes, WeightPrecisions.BytesPerWeight(precision));

    [Fact]
    public void The_table_of_hardware_is_found_by_the_names_that_drivers_give()
    {
        Assert.Equal("NVIDIA H100 SXM", HardwareCatalog.Find("NVIDIA H100 80GB HBM3")!.Platform.Name);
        Assert.Equal("NVIDIA T4", HardwareCatalog.Find("Tesla T4")!.Platform.Name);
        Assert.Null(HardwareCatalog.Find("NVIDIA L40S"));
        Assert.All(HardwareCatalog.All, row =>
        {
            Assert.NotEmpty(row.Source);
            Assert.True(RooflineTime.IsKnown(row.Platform));
            Assert.All(row.Aliases.Append(row.Platform.Name), alias => Assert.Same(row, HardwareCatalog.Find(alias)));
        });
    }

    [Fact]
    public void What_was_measured_of_a_platform_stays()
    {
        var platform = HardwareCatalog.Complete(new HardwarePlatform("2x NVIDIA L4", HardwareKind.Gpu) { DeviceCount = 2, MemoryBytesPerSecond = 5e11 });
        Assert.Equal(48_000_000_000, platform.MemoryBytes);
        Assert.Equal(5e11, platform.MemoryBytesPerSecond);
        Assert.Equal(242e12, Assert.Single(platform.Peaks).OperationsPerSecond);
    }
}
