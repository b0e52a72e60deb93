using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;

namespace Gpux.Benchmarks.Tests.Examples;

internal static class ScoresExample
{
    public static void LinkAndScore(string database, CancellationToken cancellationToken)
    {
        using var store = BenchmarkStore.Open(database, lockWait: TimeSpan.FromSeconds(10), cancellationToken);
        var integration = new ModelRegistryIntegration(store);
        integration.LinkTestResults("bert-base-uncased", "v1.0.0", [1, 2, 3, 4], cancellationToken: cancellationToken);
        foreach (var score in integration.CalculateSuitabilityScores(cancellationToken: cancellationToken))
            Console.WriteLine($"{score.Model} on {score.Hardware.Name}: {score.Compatibility:0.00}");
    }
}
