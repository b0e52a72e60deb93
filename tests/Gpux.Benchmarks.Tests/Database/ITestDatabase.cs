namespace Gpux.Benchmarks.Tests.Database;

/// <summary>An empty database of a test's own, which is gone when disposed of.</summary>
public interface ITestDatabase : IDisposable
{
    /// <summary>What BenchmarkStore.Open takes.</summary>
    string Location { get; }
}
