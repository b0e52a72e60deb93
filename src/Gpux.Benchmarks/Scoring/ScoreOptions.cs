namespace Gpux.Benchmarks.Scoring;

/// <summary>How components become one number.</summary>
public enum ScoreForm
{
    /// <summary>Their weighted mean, as the seed of this product has it. The order of two machines may change when a third is measured.</summary>
    Arithmetic,

    /// <summary>Their weighted geometric mean. The order of two machines does not depend on the others, while all are measured in the
    /// same workloads.</summary>
    Geometric,
}

public sealed record ScoreOptions
{
    public static readonly ScoreOptions Default = new();

    public ScoreWeights Weights { get; init; } = ScoreWeights.Default;

    /// <summary>Default: <see cref="ScoreForm.Arithmetic"/>.</summary>
    public ScoreForm Form { get; init; }
}
