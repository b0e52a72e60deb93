using System.Net;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Versions;

namespace Gpux.Benchmarks.Tests.Examples;

/// <summary>What documentation shows of the code is here, compiled and run.</summary>
public sealed class ExampleTests
{
    [Theory]
    [InlineData("src/Gpux.Benchmarks/Scoring/ModelRegistryIntegration.cs", "ScoresExample.cs")]
    [InlineData("src/Gpux.Benchmarks/Versions/VersionControlSystem.cs", "VersionsExample.cs")]
    public void Examples_of_the_documentation_are_compiled(string source, string example)
    {
        var documented = File.ReadAllLines(Path.Combine(Corpus.Repository, source)).SkipWhile(line => line != "/// <code>").Skip(1)
            .TakeWhile(line => line != "/// </code>").Select(line => WebUtility.HtmlDecode(line["///".Length..]).Trim()).ToArray();
        Assert.True(documented.Length >= 5);
        var compiled = File.ReadAllLines(Path.Combine(Corpus.Repository, "tests", "Gpux.Benchmarks.Tests", "Examples", example)).Select(line => line.Trim());
        Assert.Contains(string.Join('\n', documented), string.Join('\n', compiled), StringComparison.Ordinal);
    }

    [Fact]
    public void Examples_run()
    {
        using var folder = new TemporaryFolder();
        var database = folder["results.duckdb"];
        using (var store = BenchmarkStore.Open(database, TimeSpan.Zero, default))
            store.AddAll(Enumerable.Range(0, 8).Select(i => ExampleRun.Of($"{i}", latencySeconds: i < 4 ? 0.01 : 0.02, version: i < 4 ? null : "v1.1.0")), default);
        ScoresExample.LinkAndScore(database, default);
        using (var store = BenchmarkStore.Open(database, TimeSpan.Zero, default))
            new VersionControlSystem(store).CreateCompatibilitySnapshot("bert-base-uncased", "v1.0.0");
        VersionsExample.AddAndCompare(database, default);
        using var after = BenchmarkStore.Open(database, TimeSpan.Zero, default);
        Assert.Equal([("v1.0.0", null), ("v1.1.0", "abcdef123456")],
            new VersionControlSystem(after).GetVersionHistory("bert-base-uncased").Select(version => (version.Tag, version.Hash)).Order());
        Assert.Single(new ModelRegistryIntegration(after).CalculateSuitabilityScores(updateDatabase: false));
    }
}
