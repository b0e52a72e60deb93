using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>How much each component counts in a score: positive shares whose sum is 1.</summary>
public sealed record ScoreWeights
{
    /// <summary>Half of the score is throughput, 0.3 latency, 0.2 memory.</summary>
    public static readonly ScoreWeights Default = new(0.5, 0.3, 0.2);

    /// <summary>Weights in any scale: they are divided by their sum.</summary>
    public ScoreWeights(double throughput, double latency, double memory)
    {
        var sum = throughput + latency + memory;
        if (!(throughput > 0 && latency > 0 && memory > 0 && double.IsFinite(sum)))
            throw new ArgumentOutOfRangeException(nameof(throughput), "Weights are positive and finite.");
        (Throughput, Latency, Memory) = (throughput / sum, latency / sum, memory / sum);
    }

    public double Throughput { get; }
    public double Latency { get; }
    public double Memory { get; }

    /// <summary>The default weights for a use of the model: inference counts latency 1.5 times; training counts throughput and
    /// memory 1.5 times, latency half; a caller who waits counts latency twice, a small memory counts memory twice.</summary>
    /// <param name="task">Null for neither.</param>
    public static ScoreWeights For(TaskType? task, bool latencySensitive = false, bool memoryConstrained = false)
    {
        var (throughput, latency, memory) = (Default.Throughput, Default.Latency, Default.Memory);
        (throughput, latency, memory) = task switch
        {
            TaskType.Inference => (throughput, latency * 1.5, memory),
            TaskType.Training => (throughput * 1.5, latency * 0.5, memory * 1.5),
            _ => (throughput, latency, memory),
        };
        return new ScoreWeights(throughput, latencySensitive ? latency * 2 : latency, memoryConstrained ? memory * 2 : memory);
    }

    internal double this[ScoreComponent component] => component switch
    {
        ScoreComponent.Throughput => Throughput,
        ScoreComponent.Latency => Latency,
        _ => Memory,
    };
}

/// <summary>What a score is made of.</summary>
public enum ScoreComponent
{
    Throughput,
    Latency,
    Memory,
}
