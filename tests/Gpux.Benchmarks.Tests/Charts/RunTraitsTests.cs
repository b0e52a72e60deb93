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
    public void Model_is_said_once_where_its_versions_tell_runs_apart()
    {
        BenchmarkRun[] versions = [Usual with { VersionTag = "v1" }, Usual with { VersionTag = "v2" }, Usual];
        var traits = RunTraits.Of(versions);
        Assert.Equal("bert-base-uncased", traits.Common[0]);
        Assert.Equal(["version"], traits.Differing);
        Assert.Equal(["v1", "v2", "no version"], traits.OfRuns.Select(run => run[0].Text));
        Assert.Equal("bert-base-uncased@v1", RunTraits.Of(versions[..1]).Common[0]);
        // A version of one model is none of another's.
        traits = RunTraits.Of([versions[0], versions[1] with { Model = new BenchmarkedModel("other") }]);
        Assert.Equal(["bert-base-uncased@v1", "other@v2"], traits.OfRuns.Select(run => Assert.Single(run).Text));
    }

    [Fact]
    public void What_is_imported_says_of_what()
    {
        Assert.Equal("bert-base-uncased, NVIDIA L4, cuda, fp32, batch 1, 128 tokens, server, vllm, mlperf-inference",
            string.Join(", ", RunTraits.Of([Usual with { Suite = "mlperf-inference", Engine = Usual.Engine with { Backend = "vllm" }, Workload = Usual.Workload with { Scenario = "server" } }]).Common));
        Assert.Empty(RunTraits.Of([]).Common);
    }
}
