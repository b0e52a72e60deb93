namespace Gpux.Benchmarks.Measurement;

/// <summary>When warming up and measuring end.</summary>
/// <remarks>Times are of each launch.</remarks>
public sealed record MeasurementLimits
{
    /// <summary>What a result that is kept should be measured with.</summary>
    public static MeasurementLimits Default { get; } = new();

    /// <summary>A look that takes a second: says that a model works, and of its speed the order of magnitude.</summary>
    public static MeasurementLimits Quick { get; } = new()
    {
        Name = "quick",
        Window = TimeSpan.FromMilliseconds(20),
        WarmUpLeast = TimeSpan.FromMilliseconds(100),
        WarmUpMost = TimeSpan.FromMilliseconds(500),
        Least = TimeSpan.FromMilliseconds(300),
        Most = TimeSpan.FromMilliseconds(600),
        Precision = 0.2,
        Agreement = 1.5,
    };

    /// <summary>The rules of MLPerf Inference: ten minutes, and a percentile that the samples support at 99 % confidence.</summary>
    public static MeasurementLimits Strict { get; } = new()
    {
        Name = "strict",
        Least = TimeSpan.FromMinutes(10),
        Most = TimeSpan.FromMinutes(20),
        IsStrict = true,
    };

    /// <summary>Null for <see cref="Default"/>.</summary>
    public string? Name { get; init; }

    /// <summary>The least length of a window, of which a launch's course is made. It ends with a request.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Warm-up lasts at least so long, and as many requests as measuring.</summary>
    public TimeSpan WarmUpLeast { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Then measuring begins though the last windows do not agree, and the run is unstable.</summary>
    public TimeSpan WarmUpMost { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan Least { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan Most { get; init; } = TimeSpan.FromSeconds(120);
    public int LeastRequests { get; init; } = 10;

    /// <summary>Half of the interval of the median over the windows must be less, as a share of the median.</summary>
    public double Precision { get; init; } = 0.02;

    /// <summary>The greatest of three windows in a row may be so many times the least, in throughput and in median latency.</summary>
    public double Agreement { get; init; } = 1.1;

    /// <summary>Whether <see cref="Statistics.EarlyStopping"/> has the last word on how many requests are enough.</summary>
    public bool IsStrict { get; init; }

    /// <summary>With another length: at least so long, at most twelve times as long (of <see cref="Strict"/> twice).</summary>
    public MeasurementLimits Lasting(TimeSpan duration) => this with { Least = duration, Most = duration * Math.Max(1, Most / Least) };
}
