using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Tests.Statistics;

public sealed class LatencyRecorderTests
{
    private static readonly double[] Shares = [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Percentiles_are_within_the_stated_error_of_exact_ones(int seed)
    {
        var chance = new Random(seed);
        long[] values = [.. Enumerable.Range(0, 50_000).Select(_ => (long)Math.Exp(chance.NextDouble() * 29))]; // 1 ns to an hour
        var recorder = new LatencyRecorder();
        foreach (var value in values)
            recorder.Record(value);
        Array.Sort(values);
        Assert.All(Shares, share =>
        {
            double exact = values[Percentiles.Rank(values.Length, share) - 1];
            Assert.InRange(recorder.Percentile(share), exact * (1 - LatencyRecorder.RelativeError), exact * (1 + LatencyRecorder.RelativeError));
        });
    }

    [Fact]
    public void Several_threads_lose_nothing_and_allocate_nothing()
    {
        var recorder = new LatencyRecorder();
        var allocated = new long[4];
        var threads = Enumerable.Range(0, 4).Select(index => new Thread(() =>
        {
            recorder.Record(1); // compiled
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100_000; i++)
                recorder.Record(i * 1000L);
            allocated[index] = GC.GetAllocatedBytesForCurrentThread() - before;
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(400_004, recorder.Count);
        Assert.All(allocated, bytes => Assert.Equal(0, bytes));
    }

    [Fact]
    public void Merged_recorders_are_one_and_differences_take_them_apart()
    {
        var (one, other, both) = (new LatencyRecorder(), new LatencyRecorder(), new LatencyRecorder());
        for (var i = 1; i <= 1000; i++)
        {
            one.Record(i * 1_000);
            other.Record(i * 50_000);
            both.Record(i * 1_000);
            both.Record(i * 50_000);
        }
        var merged = one.Copy();
        merged.Merge(other);
        Assert.Equal(both.Buckets, merged.Buckets);
        Assert.Equal(other.Buckets, merged.Since(one).Buckets);
    }

    [Fact]
    public void What_is_out_of_range_counts_at_its_end()
    {
        var recorder = new LatencyRecorder();
        Assert.Equal(0, recorder.Percentile(0.5));
        recorder.Record(-5);
        recorder.Record(long.MaxValue);
        Assert.Equal(0, recorder.Percentile(0.5));
        Assert.InRange(recorder.Percentile(1), LatencyRecorder.Longest * 0.999, LatencyRecorder.Longest * 1.001);
    }
}
