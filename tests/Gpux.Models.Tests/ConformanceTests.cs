using System.Collections.Concurrent;
using Gpux.Models.Tests.Verification;
using Gpux.Models.Verification;
using Xunit.Abstractions;

namespace Gpux.Models.Tests;

/// <summary>Every recorded case: equal to the original within its tolerance, or unsupported by name, or failing by name.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    // Fails by name where the processor has an instruction for sums of products of unsigned and signed bytes: then they are exact, and the recording is of one that saturates
    // them. ByteProductsTests shows that nothing else differs.
    private static readonly string[] OfSaturatedSums = ["graphs/onnx-layout-optimum"];

    [Theory]
    [InlineData("models", 358)]
    [InlineData("real", 1)]
    [InlineData("checkpoints", 206)]
    [InlineData("graphs", 11)]
    [InlineData("sampling", 25)]
    [InlineData("processors", 107)]
    [InlineData("tokenizers", 85)]
    [InlineData("pipelines", 25)]
    public void Cases_equal_the_original_or_are_unsupported_by_name(string area, int passedBefore)
    {
        var results = Judge([.. Corpus.Cases(area).Select(name => Corpus.PathOf(area, name))]);
        foreach (var group in results.GroupBy(result => result.Verdict).OrderBy(group => group.Key))
        {
            output.WriteLine($"{area}: {group.Count()} {group.Key.ToString().ToLowerInvariant()}");
            if (group.Key != Verdict.Passed)
                foreach (var result in group)
                    output.WriteLine($"  {result.Case}: {result.Reason}");
        }
        string[] named = Corpus.IsWhole && !ByteProductsTests.Saturates() ? [.. OfSaturatedSums.Where(name => name.StartsWith(area + "/", StringComparison.Ordinal))] : [];
        var failed = results.Where(result => result.Verdict == Verdict.Failed).ToLookup(result => named.Contains(result.Case));
        Assert.Empty(failed[false].Select(result => $"{result.Case}: {result.Reason}"));
        Assert.Equal(named, failed[true].Select(result => result.Case)); // one that passes has no place there
        // What was supported once stays so.
        if (Corpus.IsWhole)
            Assert.True(results.Count(result => result.Verdict == Verdict.Passed) + named.Length >= passedBefore, $"fewer than {passedBefore} {area} pass");
    }

    internal static IReadOnlyList<CaseResult> Judge(IReadOnlyList<string> folders)
    {
        var results = new ConcurrentBag<CaseResult>();
        Parallel.ForEach(folders, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, folder => results.Add(Judges.Judge(folder)));
        return [.. results.OrderBy(result => result.Case, StringComparer.Ordinal)];
    }
}
