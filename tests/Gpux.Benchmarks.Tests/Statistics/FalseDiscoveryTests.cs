using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Tests.Statistics;

public sealed class FalseDiscoveryTests
{
    /// <summary>The example of the paper, chapter 3.2: 15 tests of treatments of heart attacks.</summary>
    private static readonly double[] Published =
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000];

    [Fact]
    public void The_paper_s_example_keeps_the_first_four()
    {
        var adjusted = FalseDiscovery.Adjust(Published);
        Assert.Equal(4, adjusted.Count(value => value <= 0.05));
        // R: p.adjust(p, "BH").
        double[] expected = [0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.063857, 0.063857, 0.0645, 0.0765, 0.486, 0.581182, 0.714875, 0.753231, 0.813214, 1];
        Assert.All(expected.Zip(adjusted), pair => Assert.Equal(pair.First, pair.Second, 6));
    }

    [Fact]
    public void The_order_of_the_tests_does_not_matter()
    {
        var reversed = FalseDiscovery.Adjust(Published.Reverse().ToArray());
        Assert.Equal(FalseDiscovery.Adjust(Published), reversed.Reverse());
    }

    [Fact]
    public void Adjusted_values_are_never_smaller_and_never_more_than_1()
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 500).Select(_ => random.NextDouble()).ToArray();
        Assert.All(values.Zip(FalseDiscovery.Adjust(values)), pair => Assert.InRange(pair.Second, pair.First, 1));
        Assert.Empty(FalseDiscovery.Adjust([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => FalseDiscovery.Adjust([double.NaN]));
    }

    [Fact]
    public void Wrong_alarms_stay_below_the_rate_that_was_asked_for()
    {
        // 60 pairs of versions, of which 20 became 20 % slower; 5 runs a side with 5 % noise.
        const int Repetitions = 400, Pairs = 60, Changed = 20;
        var random = new Random(20260102);
        double wrongShare = 0, found = 0, unadjusted = 0;
        for (var i = 0; i < Repetitions; i++)
        {
            var p = new double[Pairs];
            for (var pair = 0; pair < Pairs; pair++)
            {
                p[pair] = WelchTest.Of(NormalValues.Draw(random, 5, mean: 0, deviation: 0.05),
                    NormalValues.Draw(random, 5, mean: pair < Changed ? Math.Log(1.2) : 0, deviation: 0.05)).PValue;
            }
            var adjusted = FalseDiscovery.Adjust(p);
            var alarms = Enumerable.Range(0, Pairs).Where(pair => adjusted[pair] <= 0.05).ToArray();
            wrongShare += alarms.Length == 0 ? 0 : alarms.Count(pair => pair >= Changed) / (double)alarms.Length;
            found += alarms.Count(pair => pair < Changed) / (double)Changed;
            var loose = Enumerable.Range(0, Pairs).Where(pair => p[pair] <= 0.05).ToArray();
            unadjusted += loose.Length == 0 ? 0 : loose.Count(pair => pair >= Changed) / (double)loose.Length;
        }
        // The theory says 0.05 x 40 / 60.
        Assert.InRange(wrongShare / Repetitions, 0.02, 0.045);
        Assert.True(found / Repetitions > 0.9, $"{found / Repetitions:0.000} of the real changes are found");
        // Without the adjustment there are more.
        Assert.True(unadjusted / Repetitions > 0.07, $"{unadjusted / Repetitions:0.000}");
    }
}
