using System.Globalization;
using System.Text;
using Gpux.Benchmarks.Statistics;
using Xunit.Abstractions;

namespace Gpux.Benchmarks.Tests.Statistics;

/// <summary>How often a way of comparing two runs alarms where nothing changed, and how often it finds a change. The choice is docs/decisions/0015-comparisons.md;
/// <see cref="Tables_of_the_decision"/> prints all candidates side by side.</summary>
public sealed class ComparisonStudyTests(ITestOutputHelper output)
{
    private const int Seed = 20_260_401;

    // What "launches differ" leaves of runs: those that are called unstable are not compared.
    private const double MostSpread = 1.2;

    private static readonly int[] LaunchCounts = [3, 4, 5];

    /// <summary>A run: of each launch the logarithms of its windows' medians.</summary>
    private delegate double[][] World(Random random, int launches, bool isB);

    private static readonly (string Name, World Draw)[] Worlds =
    [
        ("normal, 3 % a launch", (random, launches, _) => Normal(random, launches, 0.03)),
        ("normal, 1 % against 5 %", (random, launches, isB) => Normal(random, launches, isB ? 0.05 : 0.01)),
        ("normal, 5 %, valid runs only", (random, launches, _) => Valid(() => Normal(random, launches, 0.05))),
        ("recorded", (random, launches, _) => Recorded(random, launches)),
    ];

    private static readonly (string Name, Func<double[][], double[][], Random, bool> Differ)[] Methods =
    [
        ("Welch", (a, b, _) => Welch(a, b)),
        ("ranks", (a, b, _) => Deal(Ranks(Medians(a), Medians(b)), a.Length) <= 0.05),
        ("permutation", (a, b, _) => Deal([.. Medians(a), .. Medians(b)], a.Length) <= 0.05),
        ("bootstrap", Bootstrap),
    ];

    [Theory]
    [InlineData(3), InlineData(4), InlineData(5)]
    public void Runs_of_an_unchanged_model_are_called_different_at_most_one_time_in_twenty(int launches)
    {
        const int Repetitions = 4000; // an error of 0.35 %
        foreach (var (name, draw) in Worlds)
        {
            var random = new Random(Seed + launches);
            var alarms = 0;
            for (var i = 0; i < Repetitions; i++)
                alarms += Welch(draw(random, launches, false), draw(random, launches, true)) ? 1 : 0;
            Assert.True((double)alarms / Repetitions <= 0.065, $"{name}, {launches} launches: {(double)alarms / Repetitions:P1} alarms");
        }
    }

    [Fact]
    public void Five_launches_find_ten_per_cent_and_three_do_not()
    {
        Assert.True(Power(LogRatio.UsualLaunches) > 0.9, $"{Power(LogRatio.UsualLaunches):P1}");
        Assert.True(Power(3) < 0.75, $"{Power(3):P1}");

        static double Power(int launches)
        {
            const int Repetitions = 3000;
            var random = new Random(Seed);
            return Enumerable.Range(0, Repetitions).Count(_ => Welch(Normal(random, launches, 0.03), Slower(Normal(random, launches, 0.03), 1.1))) / (double)Repetitions;
        }
    }

    [Fact]
    public void Runs_that_are_kept_because_their_launches_agree_alarm_too_often()
    {
        const int Repetitions = 2000;
        Assert.InRange(Alarms(1.1), 0.12, 0.25);
        Assert.InRange(Alarms(MostSpread), 0.03, 0.065);

        static double Alarms(double spread)
        {
            var random = new Random(Seed);
            double[][] Draw() => Valid(() => Normal(random, LogRatio.UsualLaunches, 0.05), spread);
            return Enumerable.Range(0, Repetitions).Count(_ => Welch(Draw(), Draw())) / (double)Repetitions;
        }
    }

    [Fact]
    public void The_bootstrap_alarms_too_often_and_ranks_never_tell_three_launches_apart()
    {
        const int Repetitions = 500;
        var random = new Random(Seed);
        Assert.InRange(Enumerable.Range(0, Repetitions).Count(_ => Bootstrap(Normal(random, 3, 0.03), Normal(random, 3, 0.03), random)) / (double)Repetitions, 0.1, 0.3);
        Assert.True(Deal(Ranks([1, 2, 3], [4, 5, 6]), 3) > 0.05);
        Assert.True(Deal(Ranks([1, 2, 3, 4], [5, 6, 7, 8]), 4) < 0.05);
    }

    // What runs share, their launches cannot tell: that is why of three runs the runs are compared, and not their launches.
    [Fact]
    public void Runs_that_differ_by_themselves_are_compared_as_runs()
    {
        const int Repetitions = 2000;
        var random = new Random(Seed);
        var (byRuns, byLaunches) = (0, 0);
        for (var i = 0; i < Repetitions; i++)
        {
            Moments[] Three() => [.. Enumerable.Range(0, 3).Select(_ => Moments.Of([.. Medians(Slower(Normal(random, 5, 0.02), Math.Exp(MathNet.Numerics.Distributions.Normal.Sample(random, 0, 0.02))))]))];
            var (a, b) = (Three(), Three());
            byRuns += Differ(Of(Moments.OfRuns(a, b))) ? 1 : 0;
            byLaunches += Differ(LogRatio.Of(Moments.Joined(a), Moments.Joined(b))) ? 1 : 0;
        }
        Assert.True(byRuns <= 0.06 * Repetitions, $"{byRuns}");
        Assert.True(byLaunches > 0.15 * Repetitions, $"{byLaunches}");
    }

    // Two runs, minutes apart, of which each has the machine of its own minutes: what the guide says of them.
    [Theory]
    [InlineData(3), InlineData(4), InlineData(5)]
    public void Two_runs_at_different_times_on_a_busy_machine_are_called_different_more_often(int launches)
    {
        var (alarms, pairs) = AlarmsApart(launches, repetitions: 4000, mostSpread: double.PositiveInfinity);
        Assert.Equal(4000, pairs);
        Assert.InRange((double)alarms / pairs, 0.05, 0.12);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Tables_of_the_decision()
    {
        const int Repetitions = 400;
        var table = new StringBuilder();
        foreach (var (title, ratio) in (ReadOnlySpan<(string, double)>)[("nothing changed", 1), ("10 % slower", 1.1), ("25 % slower", 1.25)])
        {
            table.Append(CultureInfo.InvariantCulture, $"| {title} | {string.Join(" | ", Methods.SelectMany(method => LaunchCounts.Select(count => $"{method.Name} {count}")))} |\n");
            foreach (var (name, draw) in Worlds)
            {
                table.Append(CultureInfo.InvariantCulture, $"| {name} |");
                foreach (var (_, differ) in Methods)
                {
                    foreach (var launches in LaunchCounts)
                    {
                        var random = new Random(Seed + launches);
                        var found = Enumerable.Range(0, Repetitions).Count(_ => differ(draw(random, launches, false), Slower(draw(random, launches, true), ratio), random));
                        table.Append(CultureInfo.InvariantCulture, $" {100.0 * found / Repetitions:0.0} |");
                    }
                }
                table.Append('\n');
            }
        }
        foreach (var launches in LaunchCounts)
        {
            foreach (var spread in (ReadOnlySpan<double>)[double.PositiveInfinity, MostSpread])
            {
                var (alarms, pairs) = AlarmsApart(launches, 10 * Repetitions, spread);
                table.Append(CultureInfo.InvariantCulture, $"runs that were recorded minutes apart, {launches} launches within {spread}: {100.0 * alarms / Math.Max(1, pairs):0.0} % of {pairs}\n");
            }
        }
        output.WriteLine(table.ToString());
        Assert.Contains("Welch 5", table.ToString(), StringComparison.Ordinal);
    }

    // --- Worlds ---

    private static double[][] Normal(Random random, int launches, double deviation) =>
    [
        .. Enumerable.Range(0, launches).Select(_ => MathNet.Numerics.Distributions.Normal.Sample(random, 0, deviation) is var launch
            ? NormalValues.Draw(random, 12, launch, 0.03) : []),
    ];

    // Each launch by what it differed from its session's typical one.
    private static double[][] Recorded(Random random, int launches) => [.. Enumerable.Range(0, launches).Select(_ => Deviations[random.Next(Deviations.Length)])];

    private static double[][] Deviations { get; } = [.. RecordedSession.All.SelectMany(session =>
    {
        var typical = Median([.. session.Launches.Select(launch => Median(Logarithms(launch)))]);
        return session.Launches.Select(launch => Logarithms(launch).Select(window => window - typical).ToArray());
    })];

    // As people do it: one run now, and one some minutes later.
    private static (int Alarms, int Pairs) AlarmsApart(int launches, int repetitions, double mostSpread)
    {
        var random = new Random(Seed);
        var (alarms, pairs) = (0, 0);
        for (var i = 0; i < repetitions; i++)
        {
            var (a, b) = Apart(random, launches);
            if (!IsValid(a, mostSpread) || !IsValid(b, mostSpread))
                continue;
            pairs++;
            alarms += Welch(a, b) ? 1 : 0;
        }
        return (alarms, pairs);
    }

    private static (double[][] A, double[][] B) Apart(Random random, int launches)
    {
        var first = RecordedSession.All[random.Next(RecordedSession.All.Length)];
        var others = RecordedSession.All.Where(session => session != first && session.Workload == first.Workload).ToArray();
        return (Part(first), Part(others[random.Next(others.Length)]));

        double[][] Part(RecordedSession session) => random.Next(session.Launches.Length - launches + 1) is var start ? [.. session.Launches[start..(start + launches)].Select(Logarithms)] : [];
    }

    private static double[][] Valid(Func<double[][]> draw, double spread = MostSpread)
    {
        while (true)
            if (draw() is var run && IsValid(run, spread))
                return run;
    }

    private static bool IsValid(double[][] run, double spread = MostSpread) => Medians(run) is var medians && medians.Max() - medians.Min() <= Math.Log(spread);

    private static double[][] Slower(double[][] run, double ratio) => Array.ConvertAll(run, launch => Array.ConvertAll(launch, value => value + Math.Log(ratio)));

    // --- Methods ---

    private static bool Welch(double[][] a, double[][] b) => Differ(LogRatio.Of(Moments.Of(Medians(a)), Moments.Of(Medians(b))));

    private static LogRatio Of((Moments A, Moments B) sides) => LogRatio.Of(sides.A, sides.B);

    private static bool Differ(LogRatio ratio) => ratio.Low > 1 || ratio.High < 1;

    // The share of all ways to deal the values out to two sides that differ in their sums as much as the sides do.
    private static double Deal(double[] all, int first)
    {
        var (total, expected) = (all.Sum(), all.Sum() * first / all.Length);
        var observed = Math.Abs(all.Take(first).Sum() - expected);
        var (extreme, dealings) = (0, 0);
        for (var chosen = 0; chosen < 1 << all.Length; chosen++)
        {
            if (System.Numerics.BitOperations.PopCount((uint)chosen) != first)
                continue;
            dealings++;
            extreme += Math.Abs(all.Where((_, i) => (chosen >> i & 1) == 1).Sum() - expected) >= observed - 1e-12 * Math.Abs(total) - 1e-12 ? 1 : 0;
        }
        return (double)extreme / dealings;
    }

    private static double[] Ranks(double[] a, double[] b)
    {
        double[] all = [.. a, .. b];
        return [.. all.Select(value => all.Count(other => other < value) + (all.Count(other => other == value) + 1) / 2.0)];
    }

    // Launches are drawn with replacement, then windows within them; the percentile interval of the difference.
    private static bool Bootstrap(double[][] a, double[][] b, Random random)
    {
        const int Draws = 300;
        var differences = new double[Draws];
        for (var i = 0; i < Draws; i++)
            differences[i] = Drawn(b) - Drawn(a);
        Array.Sort(differences);
        return differences[(int)(0.025 * Draws)] > 0 || differences[^((int)(0.025 * Draws) + 1)] < 0;

        double Drawn(double[][] run)
        {
            var sum = 0.0;
            foreach (var _ in run)
            {
                var launch = run[random.Next(run.Length)];
                var windows = new double[launch.Length];
                for (var window = 0; window < windows.Length; window++)
                    windows[window] = launch[random.Next(launch.Length)];
                Array.Sort(windows);
                sum += Percentiles.Median(windows);
            }
            return sum / run.Length;
        }
    }

    private static double[] Medians(double[][] run) => Array.ConvertAll(run, Median);

    private static double[] Logarithms(double[] values) => Array.ConvertAll(values, value => Math.Log(value));

    private static double Median(double[] values)
    {
        double[] ordered = [.. values.Order()];
        return Percentiles.Median(ordered);
    }
}
