using System.Buffers.Binary;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>The raw latencies of a run in seconds, launch by launch, in the order in which they were measured.</summary>
public sealed record RunLatencies(IReadOnlyList<double[]> Launches)
{
    /// <summary>All launches together, from the shortest to the longest.</summary>
    public double[] Sorted()
    {
        double[] all = [.. Launches.SelectMany(launch => launch)];
        Array.Sort(all);
        return all;
    }

    /// <returns>Null where the run brings no samples, or in a format that this version does not read.</returns>
    public static RunLatencies? Of(RunSamples? samples) => samples?.Format switch
    {
        SampleSeries.Format => Of(SampleSeries.Read(samples)),
        "float64" => Float64(samples.Content),
        _ => null,
    };

    /// <summary>The value at a share of a sorted sample by nearest rank.</summary>
    /// <param name="share">0 to 1.</param>
    internal static double Quantile(double[] sorted, double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];

    private static RunLatencies? Of(IReadOnlyList<SampleSeries> series) => series.FirstOrDefault(each => each.Metric == Metric.Latency) is not { } latency ? null
        : new RunLatencies([.. latency.Launches.Select(launch => launch.Windows.SelectMany(window => window).Select(nanoseconds => nanoseconds / 1e9).ToArray()).Where(launch => launch.Length > 0)])
            is { Launches.Count: > 0 } latencies ? latencies : null;

    // Seconds, little-endian, one after the other, of one launch.
    private static RunLatencies? Float64(byte[] content)
    {
        var values = new double[content.Length / sizeof(double)];
        for (var i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadDoubleLittleEndian(content.AsSpan(i * sizeof(double)));
        return values.Length > 0 && Array.TrueForAll(values, value => value is > 0 and < double.PositiveInfinity) ? new RunLatencies([values]) : null;
    }
}
