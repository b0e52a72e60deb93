using Gpux.Models.Suitability;
using Gpux.Registries;

namespace Gpux.Models.Tests.Suitability;

public sealed class VerdictTests
{
    private static readonly DeviceMemory[] Memories = [new("CPU", 16_000_000_000), new("card", 8_000_000_000)];

    private static FoundModel Found(string? type, long? bytes = null) =>
        new(new ModelReference(ModelReference.HuggingFace, "org/name")) { ModelType = type, SizeBytes = bytes, Library = "transformers" };

    [Fact]
    public void A_search_answer_tells_what_it_can()
    {
        Assert.True(Verdict.Of(Found("bert"), Memories).Runs);
        Assert.False(Verdict.Of(Found("no-such-family"), Memories).Runs);
        Assert.False(Verdict.Of(Found("bert", 17_000_000_000), Memories).Runs);
        Assert.Null(Verdict.Of(Found(null), Memories).Runs);
    }

    [Fact]
    public void Memory_is_weights_by_precision_and_a_tenth()
    {
        var needs = MemoryNeed.Of(7_000_000_000, Memories);
        Assert.Equal([30_800_000_000, 15_400_000_000, 8_181_250_000, 4_331_250_000], needs.Select(need => need.Bytes));
        Assert.Equal([0, 1, 1, 2], needs.Select(need => need.Fits.Count));
    }

    [Fact]
    public void This_machine_has_memory() => Assert.True(MachineMemory.Read()[0].TotalBytes > 100_000_000);
}
