using System.Collections.Concurrent;
using Gpux.Models.Verification;
using Xunit.Abstractions;

namespace Gpux.Models.Tests;

/// <summary>Every recorded case: equal to the original within its tolerance, or unsupported by name.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("models")]
    [InlineData("real")]
    [InlineData("checkpoints")]
    [InlineData("graphs")]
    [InlineData("sampling")]
    [InlineData("processors")]
    [InlineData("tokenizers")]
    [InlineData("pipelines")]
    public void Cases_equal_the_original_or_are_unsupported_by_name(string area)
    {
        var results = Judge([.. Corpus.Cases(area).Select(name => Corpus.PathOf(area, name))]);
        foreach (var group in results.GroupBy(result => result.Verdict).OrderBy(group => group.Key))
        {
            output.WriteLine($"{area}: {group.Count()} {group.Key.ToString().ToLowerInvariant()}");
            if (group.Key != Verdict.Passed)
                foreach (var result in group)
                    output.WriteLine($"  {result.Case}: {result.Reason}");
        }
        Assert.Empty(results.Where(result => result.Verdict == Verdict.Failed).Select(result => $"{result.Case}: {result.Reason}"));
    }

    internal static IReadOnlyList<CaseResult> Judge(IReadOnlyList<string> folders)
    {
        var results = new ConcurrentBag<CaseResult>();
        Parallel.ForEach(folders, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, folder => results.Add(Judges.Judge(folder)));
        return [.. results.OrderBy(result => result.Case, StringComparer.Ordinal)];
    }
}
