using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Measurement;

/// <summary>The model that is measured, as far as its launches do not say.</summary>
/// <param name="Commit">Of its repository.</param>
/// <param name="Conversion">From the checkpoint to the graph; null where nothing is converted, or weights would be written.</param>
internal sealed record BenchmarkSubject(BenchmarkedModel Model, string Commit, TimeSpan? Conversion)
{
    /// <summary>The graph that launches run.</summary>
    public string? GraphPath { get; init; }

    /// <summary>The execution provider that is preferred to the CPU; null for none.</summary>
    public string? Provider { get; init; }
}
