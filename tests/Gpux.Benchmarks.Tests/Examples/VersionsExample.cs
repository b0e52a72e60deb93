using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Versions;

namespace Gpux.Benchmarks.Tests.Examples;

internal static class VersionsExample
{
    public static void AddAndCompare(string database, CancellationToken cancellationToken)
    {
        using var store = BenchmarkStore.Open(database, lockWait: TimeSpan.FromSeconds(10), cancellationToken);
        var versions = new VersionControlSystem(store);
        versions.AddModelVersion("bert-base-uncased", "v1.1.0", "abcdef123456", """{"author": "ada"}""", cancellationToken: cancellationToken);
        versions.CreateCompatibilitySnapshot("bert-base-uncased", "v1.1.0", cancellationToken: cancellationToken);
        var comparison = versions.CompareCompatibilityVersions("bert-base-uncased", "v1.0.0", "v1.1.0", cancellationToken);
        foreach (var change in comparison.Changes.Where(change => change.IsLarge))
            Console.WriteLine($"{change.Hardware}: {change.Compatibility}, {(change.IsSignificant ? "more than chance" : "may be chance")}");
    }
}
