using System.Numerics;

namespace Gpux.Benchmarks.Statistics;

/// <summary>Counts latencies in buckets whose width grows with the value: three significant digits in fixed memory (264 KiB).</summary>
/// <remarks>Recording allocates nothing and may be done by several threads at once. A value that is read back is within
/// <see cref="RelativeError"/> of one that was recorded. Source of the layout: HdrHistogram.</remarks>
public sealed class LatencyRecorder
{
    /// <summary>The most that a percentile is off, as a share of it.</summary>
    public const double RelativeError = 1.0 / (2 * HalfBuckets);

    /// <summary>Nanoseconds; longer latencies count as this long. Some 73 minutes.</summary>
    public const long Longest = (1L << LongestBits) - 1;

    private const int LongestBits = 42;
    private const int HalfBits = 10;
    private const int HalfBuckets = 1 << HalfBits;
    private readonly long[] _counts = new long[(LongestBits - HalfBits + 1) * HalfBuckets];

    /// <summary>Adds a latency.</summary>
    /// <param name="nanoseconds">Negative ones, which a stepping clock gives, count as 0.</param>
    public void Record(long nanoseconds) => Interlocked.Increment(ref _counts[Index(Math.Clamp(nanoseconds, 0, Longest))]);

    public long Count
    {
        get
        {
            long count = 0;
            foreach (ref readonly var each in _counts.AsSpan())
                count += each;
            return count;
        }
    }

    /// <summary>The value at the nearest rank, in nanoseconds; 0 if nothing was recorded.</summary>
    /// <param name="share">Such as 0.99; above 0, at most 1.</param>
    public double Percentile(double share)
    {
        var count = Count;
        return count == 0 ? 0 : AtRank(Math.Clamp((long)Math.Ceiling(share * count - 1e-9 * count), 1, count));
    }

    /// <summary>The value at a place among all recorded ones, in nanoseconds.</summary>
    /// <param name="rank">From 1 to <see cref="Count"/>.</param>
    public double AtRank(long rank)
    {
        for (var i = 0; i < _counts.Length; i++)
            if ((rank -= _counts[i]) <= 0)
                return Middle(i);
        throw new ArgumentOutOfRangeException(nameof(rank));
    }

    /// <summary>Adds what another one recorded.</summary>
    public void Merge(LatencyRecorder other)
    {
        for (var i = 0; i < _counts.Length; i++)
            if (other._counts[i] != 0)
                Interlocked.Add(ref _counts[i], other._counts[i]);
    }

    /// <summary>What was recorded so far.</summary>
    public LatencyRecorder Copy()
    {
        var copy = new LatencyRecorder();
        CopyTo(copy);
        return copy;
    }

    /// <summary>Makes another one hold what was recorded so far, and nothing else.</summary>
    public void CopyTo(LatencyRecorder other) => _counts.CopyTo(other._counts.AsSpan());

    /// <summary>What was recorded since an earlier copy.</summary>
    public LatencyRecorder Since(LatencyRecorder earlier)
    {
        var since = new LatencyRecorder();
        Since(earlier, since);
        return since;
    }

    /// <summary>As <see cref="Since(LatencyRecorder)"/>, in place of what another one held.</summary>
    public void Since(LatencyRecorder earlier, LatencyRecorder since)
    {
        for (var i = 0; i < _counts.Length; i++)
            since._counts[i] = _counts[i] - earlier._counts[i];
    }

    /// <summary>The buckets that hold anything, from the shortest latency: the middle in nanoseconds, and how many.</summary>
    public IEnumerable<(double Nanoseconds, long Count)> Buckets
    {
        get
        {
            for (var i = 0; i < _counts.Length; i++)
                if (_counts[i] != 0)
                    yield return (Middle(i), _counts[i]);
        }
    }

    /// <summary>Adds a count at a value of <see cref="Buckets"/>.</summary>
    internal void Add(double nanoseconds, long count) => Interlocked.Add(ref _counts[Index(Math.Clamp((long)nanoseconds, 0, Longest))], count);

    // The first 2 x 1024 buckets hold one value each; each further 1024 hold twice as many values as those before.
    private static int Index(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - HalfBits);
        return (shift << HalfBits) + (int)(value >> shift);
    }

    private static double Middle(int index)
    {
        var shift = Math.Max(0, (index >> HalfBits) - 1);
        var first = (long)(index - (shift << HalfBits)) << shift;
        return first + ((1L << shift) - 1) / 2.0;
    }
}
