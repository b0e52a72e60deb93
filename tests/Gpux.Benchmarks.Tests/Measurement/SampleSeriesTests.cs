using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Measurement;

public sealed class SampleSeriesTests
{
    private static readonly SampleSeries[] Series =
    [
        new(Metric.Latency, [new LaunchSamples(1, [[1_000_000, 999_000, 5], []]), new LaunchSamples(4, [[0, long.MaxValue, 3]])]),
        new(Metric.TimeToFirstToken, []),
    ];

    [Fact]
    public void What_is_written_is_read()
    {
        var read = SampleSeries.Read(SampleSeries.Write(Series));
        Assert.Equal(Series.Select(series => series.Metric), read.Select(series => series.Metric));
        Assert.Equal(Series[0].Launches.Select(launch => launch.Stride), read[0].Launches.Select(launch => launch.Stride));
        Assert.Equal(Series[0].Launches.SelectMany(launch => launch.Windows), read[0].Launches.SelectMany(launch => launch.Windows));
        Assert.Empty(read[1].Launches);
        Assert.Equal([0, 3e-9, 5e-9, 0.000999, 0.001, long.MaxValue / 1e9], read[0].Ordered());
    }

    [Fact]
    public void Near_samples_take_two_bytes_or_three()
    {
        var chance = new Random(1);
        long[] window = [.. Enumerable.Range(0, 10_000).Select(_ => 2_000_000L + chance.Next(-20_000, 20_000))];
        Assert.InRange(SampleSeries.Write([new SampleSeries(Metric.Latency, [new LaunchSamples(1, [window])])]).Content.Length, 20_000, 30_100);
    }

    [Fact]
    public void Damage_is_a_typed_error_and_takes_no_memory()
    {
        var good = SampleSeries.Write(Series).Content;
        var chance = new Random(7);
        var refused = 0;
        for (var length = 0; length < good.Length; length++)
            refused += Refuses(good[..length]) ? 1 : 0;
        Assert.Equal(good.Length, refused);
        for (var i = 0; i < 2000; i++)
        {
            var bad = (byte[])good.Clone();
            bad[chance.Next(bad.Length)] = (byte)chance.Next(256);
            Refuses(bad);
        }
        Assert.True(Refuses([.. good, 0]));
        Assert.Throws<InvalidSamplesException>(() => SampleSeries.Read(new RunSamples("parquet", good)));
    }

    private static bool Refuses(byte[] content)
    {
        try
        {
            SampleSeries.Read(new RunSamples(SampleSeries.Format, content));
            return false;
        }
        catch (InvalidSamplesException)
        {
            return true;
        }
    }
}
