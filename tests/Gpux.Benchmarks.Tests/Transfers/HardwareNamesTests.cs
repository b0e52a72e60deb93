using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Transfers;

namespace Gpux.Benchmarks.Tests.Transfers;

/// <summary>What sources call a device is one device.</summary>
public sealed class HardwareNamesTests
{
    [Theory]
    [InlineData("NVIDIA H100 80GB HBM3", "NVIDIA H100 SXM", 1)]
    [InlineData("Tesla T4", "NVIDIA T4", 1)]
    [InlineData("NVIDIA(R) L40S", "NVIDIA L40S", 1)]
    [InlineData("8x NVIDIA A100-SXM4-80GB", "8x NVIDIA A100 80GB", 8)]
    [InlineData("NVIDIA A30-PCIE-24GB", "NVIDIA A30", 1)] // nothing is published of it here
    [InlineData("Tesla V100-PCIE-16GB", "NVIDIA V100 PCIe 16GB", 1)]
    // Which variant it is, nobody said.
    [InlineData("A100", "NVIDIA A100", 1)]
    [InlineData("NVIDIA A100", "NVIDIA A100", 1)]
    [InlineData("8x A100", "8x NVIDIA A100", 8)]
    [InlineData("NVIDIA A100-SXM4", "NVIDIA A100 SXM", 1)]
    [InlineData("NVIDIA A100-PCIe", "NVIDIA A100 PCIe", 1)]
    [InlineData("H100", "NVIDIA H100", 1)]
    [InlineData("NVIDIA V100", "NVIDIA V100", 1)]
    [InlineData("Tesla V100", "NVIDIA V100", 1)]
    [InlineData("NVIDIA GeForce RTX 4090, NVIDIA GeForce RTX 4090", "2x NVIDIA GeForce RTX 4090", 2)]
    public void A_device_has_one_name(string written, string name, int count)
    {
        var platform = HardwareNames.Known.Platform(written);
        Assert.Equal((name, count, HardwareKind.Gpu, "NVIDIA"), (platform.Name, platform.DeviceCount, platform.Kind, platform.Vendor));
        Assert.True(platform.MemoryBytes is null && platform.Peaks.Count == 0, "what is published was not measured");
    }

    [Theory]
    [InlineData("A100")]
    [InlineData("NVIDIA H100")]
    [InlineData("2x V100")]
    public void A_device_of_unsaid_variant_gets_no_published_figures(string written)
    {
        var platform = HardwareCatalog.Complete(HardwareNames.Known.Platform(written));
        Assert.True(platform is { MemoryBytes: null, MemoryBytesPerSecond: null, Peaks.Count: 0 });
    }

    [Fact]
    public void No_device_is_in_both_tables()
    {
        using var reader = new StreamReader(typeof(HardwareNames).Assembly.GetManifestResourceStream("hardware-names.csv")!); // embedded
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] is not ('#' or '~')).ToArray();
        Assert.NotEmpty(lines);
        foreach (var name in lines.Select(line => line.Split(';')).SelectMany(fields => fields[3].Split('|').Prepend(fields[0])))
            Assert.True(HardwareCatalog.Find(name) is null, name);
    }
}
