using Gpux.Benchmarks.Recommendations;
using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Tests.Recommendations;

public sealed class TailModelTests
{
    [Fact]
    public void Runs_of_a_configuration_say_how_its_tail_scatters()
    {
        // Half of ten runs at 8 times the typical latency, half at 1.1 times.
        var wild = Cell(0, [.. Enumerable.Range(0, 10).Select(i => Math.Log(i % 2 == 0 ? 8 : 1.1))]);
        var calm = Enumerable.Range(1, 20).Select(platform => Cell(platform, [.. Enumerable.Range(0, 10).Select(i => Math.Log(1.1 + 0.001 * i))])).ToArray();
        var tails = new TailModel([wild, .. calm], 0.9);
        Assert.True(tails.Of(wild)!.Of(new Estimate(0.010, 0.0099, 0.0101)).High > 0.080);
        Assert.True(tails.Of(calm[0])!.Of(new Estimate(0.010, 0.0099, 0.0101)).High < 0.020);
    }

    [Fact]
    public void One_run_shows_no_scatter_and_others_may()
    {
        var one = Cell(0, [Math.Log(1.2)]);
        var alone = new TailModel([one], 0.9);
        Assert.True(double.IsPositiveInfinity(alone.Of(one)!.HalfWidth));
        Assert.False(alone.Of(one)!.Of(new Estimate(1, 0.9, 1.1)).HasInterval);
        Assert.Equal(1.2, alone.Of(one)!.Of(new Estimate(1, 0.9, 1.1)).Typical, 12);
        var repeated = Cell(1, [0.1, 0.2, 0.3, 0.2]);
        Assert.InRange(new TailModel([one, repeated], 0.9).Of(one)!.HalfWidth, 0.1, 1);
        Assert.Null(new TailModel([], 0.9).Of(null));
    }

    [Fact]
    public void Without_a_tail_of_its_own_a_model_on_a_platform_is_one_value()
    {
        // Two batches of each of three platforms: three values, and not six.
        double[] means = [0.1, 0.2, 0.6];
        var tails = new TailModel([.. means.SelectMany((mean, platform) => new[] { Cell(platform, [mean - 0.03, mean + 0.03], batch: 1), Cell(platform, [mean], batch: 8) })], 0.9);
        var forecast = tails.Of(null)!;
        Assert.Equal(0.3, forecast.Mean, 12);
        // Between the three 0.07, and within them 0.0018, of which a mean of three runs shows a third.
        Assert.Equal(StudentT.InvCDF(0, 1, 2, 0.95) * Math.Sqrt(0.07 * (1 + 1.0 / 3) + 0.0018 * 2 / 3), forecast.HalfWidth, 9);
    }

    [Fact]
    public void An_end_of_the_interval_of_the_99th_percentile_is_not_below_that_of_the_typical_latency()
    {
        var interval = new TailModel([Cell(0, [0.01, 0.5, 0.02])], 0.9).Of(Cell(0, [0.01, 0.5, 0.02]))!.Of(new Estimate(1, 0.9, 1.1));
        Assert.Equal(0.9, interval.Low, 12);
        Assert.True(interval.High > 2);
    }

    /// <summary>The next run's 99th percentile, where the typical latency and the tail scatter by themselves, or together as on a busy machine.</summary>
    [Theory]
    [InlineData(0.0, 3)]
    [InlineData(0.9, 3)]
    [InlineData(0.0, 12)]
    [InlineData(0.9, 12)]
    public void The_interval_holds_what_it_promises(double correlation, int runs)
    {
        const int Fleets = 200, Configurations = 20;
        var random = new Random(3);
        var (covered, count) = (0, 0);
        for (var fleet = 0; fleet < Fleets; fleet++)
        {
            var cells = new Cell[Configurations];
            var next = new double[Configurations];
            for (var i = 0; i < Configurations; i++)
            {
                var usual = 0.3 + 0.05 * Normal.Sample(random, 0, 1);
                (double Typical, double Tail) Run()
                {
                    var (shared, own) = (Normal.Sample(random, 0, 1), Normal.Sample(random, 0, 1));
                    return (0.08 * shared, Math.Max(0, usual + 0.06 * (correlation * shared + Math.Sqrt(1 - correlation * correlation) * own)));
                }
                cells[i] = Cell(i, [.. Enumerable.Range(0, runs).Select(_ => Run().Tail)]);
                var (typical, tail) = Run();
                next[i] = Math.Exp(typical + tail);
            }
            var tails = new TailModel(cells, 0.9);
            var half = 1.645 * 0.08; // of the typical latency, which is 1
            foreach (var (cell, seconds) in cells.Zip(next))
            {
                var interval = tails.Of(cell)!.Of(new Estimate(1, Math.Exp(-half), Math.Exp(half)));
                covered += seconds >= interval.Low && seconds <= interval.High ? 1 : 0;
                count++;
            }
        }
        Assert.InRange((double)covered / count, 0.89, 0.99);
    }

    private static Cell Cell(long platform, double[] tails, int batch = 1)
    {
        var mean = tails.Average();
        return new Cell(0, platform, SimulatedFleet.Cuda, new MeasuringMethod("gpux bench", "1", "closed-loop", null), SimulatedFleet.Work(batch))
        {
            Tail = new LogMean(tails.Length, mean, tails.Sum(tail => (tail - mean) * (tail - mean)), tails[^1]),
        };
    }
}
