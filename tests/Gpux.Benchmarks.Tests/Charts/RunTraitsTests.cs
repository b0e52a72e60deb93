using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Charts;

public sealed class RunTraitsTests
{
    private static readonly BenchmarkRun Usual = ExampleRun.Of("usual");

    [Fact]
    public void What_was_asked_tells_runs_apart()
    {
        var traits = RunTraits.Of([Usual, Usual with { Workload = Usual.Workload with { Concurrency = 8 } }, Usual with { Workload = Usual.Workload with { OfferedRate = 12.5 } }, Usual with { Suite = "gpux bench --end-to-end" }]);
        Assert.Equal(["bert-base-uncased", "NVIDIA L4", "cuda", "fp32", "batch 1", "128 tokens"], traits.Common);
        Assert.Equal(["callers", "offered", "benchmark"], traits.Differing);
        Assert.Equal(["", "", ""], traits.OfRuns[0].Select(trait => trait.Text));
        Assert.Equal(["8", "", ""], traits.OfRuns[1].Select(trait => trait.Value));
        Assert.Equal(["", "12.5/s offered", ""], traits.OfRuns[2].Select(trait => trait.Text));
        Assert.Equal(["", "", "end to end"], traits.OfRuns[3].Select(trait => trait.Text));
    }

    [Fact]
    public void What_is_imported_says_of_what()
    {
        Assert.Equal("bert-base-uncased, NVIDIA L4, cuda, fp32, batch 1, 128 tokens, server, vllm, mlperf-inference",
            string.Join(", ", RunTraits.Of([Usual with { Suite = "mlperf-inference", Engine = Usual.Engine with { Backend = "vllm" }, Workload = Usual.Workload with { Scenario = "server" } }]).Common));
        Assert.Empty(RunTraits.Of([]).Common);
    }
}
