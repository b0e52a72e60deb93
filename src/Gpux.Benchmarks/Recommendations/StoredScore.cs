namespace Gpux.Benchmarks.Recommendations;

/// <summary>A platform's score of version 1, as it was stored when scores were last calculated.</summary>
/// <param name="Compatibility">Above 0 to 1.</param>
/// <param name="Suitability">The same, times the confidence of how many runs there were.</param>
public sealed record StoredScore(string Hardware, double Compatibility, double Suitability, long? BatchSize, string? Precision, double? MemoryBytes);

/// <summary>No scores were stored of a model.</summary>
public sealed class ScoresMissingException(string model) : GpuxException(
    ErrorCode.ScoresMissing,
    $"No scores of '{model}' are stored.",
    $"Calculate them: gpux db calculate-scores --model {ShellWord.Of(model)}")
{
    public string Model { get; } = model;
}
