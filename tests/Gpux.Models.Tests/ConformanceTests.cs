using System.Collections.Concurrent;
using Gpux.Models.Verification;
using Xunit.Abstractions;

namespace Gpux.Models.Tests;

/// <summary>Every recorded case: equal to the original within its tolerance, or unsupported by name.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
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
        // What was supported once stays so.
        if (Corpus.IsWhole)
            Assert.True(results.Count(result => result.Verdict == Verdict.Passed) >= passedBefore, $"fewer than {passedBefore} {area} pass");
        Assert.Empty(results.Where(result => result.Verdict == Verdict.Failed).Select(result => $"{result.Case}: {result.Reason}"));
    }

    internal static IReadOnlyList<CaseResult> Judge(IReadOnlyList<string> folders)
    {
        var results = new ConcurrentBag<CaseResult>();
        Parallel.ForEach(folders, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, folder => results.Add(Judges.Judge(folder)));
        return [.. results.OrderBy(result => result.Case, StringComparer.Ordinal)];
    }
}
