using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Roofline;
using Gpux.Benchmarks.Training;

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
        Assert.Null(HardwareCatalog.Find("NVIDIA GeForce 256"));
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
        Assert.Equal(48L << 30, platform.MemoryBytes);
        Assert.Equal(5e11, platform.MemoryBytesPerSecond);
        Assert.Equal(242e12, Assert.Single(platform.Peaks, peak => peak.Precision == "fp16").OperationsPerSecond);
    }

    /// <summary>Names that imports and drivers give to what the table has.</summary>
    [Theory]
    [InlineData("NVIDIA A100 80GB SXM", "NVIDIA A100 80GB")]
    [InlineData("A100-PCIE-40GB", "NVIDIA A100 40GB PCIe")]
    [InlineData("NVIDIA A100 80GB PCIe", "NVIDIA A100 80GB PCIe")]
    [InlineData("NVIDIA H100 80GB SXM", "NVIDIA H100 SXM")]
    [InlineData("NVIDIA H200 SXM", "NVIDIA H200")]
    [InlineData("NVIDIA B200 SXM", "NVIDIA B200")]
    [InlineData("NVIDIA V100 32GB SXM", "NVIDIA V100 32GB")]
    [InlineData("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090")]
    [InlineData("AMD Instinct MI300X", "AMD Instinct MI300X")]
    public void Imported_names_are_found(string name, string expected) => Assert.Equal(expected, HardwareCatalog.Find(name)?.Platform.Name);

    [Fact]
    public void Work_that_was_counted_stands_for_parameters()
    {
        var hardware = HardwareCatalog.Find("NVIDIA T4")!.Platform;
        var model = new ModelFacts("m") { ParameterCount = 1_000_000, Precision = "fp32", Layers = 1 };
        double Seconds(ModelFacts facts, int? tokens) => RooflineTime.Seconds(facts, hardware, new WorkPoint(TaskType.Inference, "fp32", 1, tokens, null, 1));
        // A convolution uses its weights at every place: 8 GFLOP of a model of a million parameters.
        var convolutions = model with { OperationsPerInput = 8e9 };
        Assert.Equal(8e9 / (0.7 * 8.1e12), Seconds(convolutions, null) - LaunchSeconds, 9);
        // Of text in proportion to its length.
        var text = model with { OperationsPerInput = 8e9, CountedTokens = 128 };
        Assert.Equal(Seconds(convolutions, null), Seconds(text, 128), 9);
        Assert.Equal(4 * 8e9 / (0.7 * 8.1e12), Seconds(text, 512) - LaunchSeconds, 9);
    }

    [Fact]
    public void Work_is_counted_in_the_model_s_own_graph()
    {
        var bert = new ModelFacts("bert") { Task = "fill-mask", ParameterCount = 110_000_000, ContextLength = 512 };
        var counted = bert.WithWorkOf(ExampleGraphs.Encoder());
        Assert.Equal(128, counted.CountedTokens);
        // Tables that are looked up in cost nothing: 86 of 110 million parameters are multiplied with.
        Assert.InRange(counted.OperationsPerInput!.Value, 2 * 85e6 * 128, 2 * 90e6 * 128);
        Assert.Equal(64, bert.WithWorkOf(ExampleGraphs.Encoder(), tokens: 64).CountedTokens);
        // What cannot be counted wholly is not counted.
        var odd = ExampleGraphs.Node("NobodyKnows", [(ElementType.Float32, [1, 8])]);
        Assert.Same(bert, bert.WithWorkOf(odd));
    }

    private const double LaunchSeconds = 10 * 5e-6; // ten launches of the one layer

    [Theory]
    [InlineData(39_432, "39400")]
    [InlineData(0.070_44, "0.0704")]
    [InlineData(2_345_678, "2.35M")]
    [InlineData(99.96, "100")]
    [InlineData(1.5, "1.5")]
    [InlineData(0.000_012_34, "1.23e-5")]
    [InlineData(0, "0")]
    public void Three_digits_matter(double number, string expected) => Assert.Equal(expected, Quantity.Three(number));

    [Fact]
    public void What_is_known_of_hardware_is_in_one_table()
    {
        Assert.Equal(HardwareCatalog.All.Count, Accelerator.Known.Count);
        Assert.All(HardwareCatalog.All, row =>
        {
            var gpu = Accelerator.Of(row)!;
            Assert.Equal(gpu, Accelerator.Find(gpu.Name));
            Assert.Equal((double)row.Platform.MemoryBytes!.Value, gpu.MemoryBytes); // of every row
            Assert.Equal(gpu.Float16Flops, row.Platform.Peaks.Single(peak => peak.Precision == "fp16").OperationsPerSecond);
            Assert.True(row.AsOf.Year >= 2026);
            // A row that says of itself that something is from memory is not verified.
            Assert.False(row.IsVerified && row.Source.Contains("from memory", StringComparison.Ordinal));
        });
    }
}
