using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Tests.Statistics;
using Gpux.Benchmarks.Versions;

namespace Gpux.Benchmarks.Tests.Versions;

public sealed class VersionComparerTests
{
    private readonly Random _random = new(11);

    [Fact]
    public void A_real_change_is_told_from_noise()
    {
        var change = Single(Snapshot(Runs(6, 0.010)), Snapshot(Runs(6, 0.012)));
        Assert.True(change.IsSignificant);
        var latency = change.Workloads.Single(workload => workload.Metric == Metric.Latency);
        Assert.Equal(ChangeVerdict.Worse, latency.Verdict);
        Assert.InRange(latency.Factor.Ratio, latency.Low!.Value, latency.High!.Value);
        Assert.Equal(1.2, latency.Factor.Ratio, 1);
        Assert.True(latency.AdjustedPValue >= latency.Factor.PValue);
        Assert.Equal(ChangeVerdict.Worse, change.Workloads.Single(workload => workload.Metric == Metric.Throughput).Verdict);

        change = Single(Snapshot(Runs(6, 0.010)), Snapshot(Runs(6, 0.010)));
        Assert.False(change.IsSignificant);
        Assert.Equal(ChangeVerdict.Equivalent, change.Workloads[0].Verdict);
    }

    [Fact]
    public void Noise_without_runs_to_judge_it_is_inconclusive_or_too_little()
    {
        Assert.Equal(ChangeVerdict.Inconclusive, Single(Snapshot(Runs(3, 0.010, noise: 0.3)), Snapshot(Runs(3, 0.010, noise: 0.3))).Workloads[0].Verdict);
        var few = Single(Snapshot(Runs(2, 0.010)), Snapshot(Runs(9, 0.030))).Workloads[0];
        Assert.Equal((ChangeVerdict.TooFewValues, 2, 9), (few.Verdict, few.Factor.CountA, few.Factor.CountB));
        Assert.Null(few.Low);
        Assert.Equal(3, few.Factor.Ratio, 0);
    }

    [Fact]
    public void Identical_values_are_the_same() => Assert.Equal(
        ChangeVerdict.Equivalent, Single(Snapshot(Runs(3, 0.010, noise: 0)), Snapshot(Runs(3, 0.010, noise: 0))).Workloads[0].Verdict);

    [Theory]
    [InlineData("runtime", "onnxruntime 1.20 -> onnxruntime 1.21")]
    [InlineData("driver", "550 -> 570")]
    [InlineData("machine", "abc -> def")]
    [InlineData("workload", "batch 1")]
    [InlineData("threads", "4 -> 8")]
    public void What_was_measured_otherwise_is_not_compared(string what, string text)
    {
        var before = Runs(4, 0.010, change: run => run with
        {
            Engine = run.Engine with { Version = "1.20", DriverVersion = "550", Threads = 4 }, MachineFingerprint = "abc",
        });
        var after = Runs(4, 0.010, change: run => run with
        {
            Engine = run.Engine with { Version = what == "runtime" ? "1.21" : "1.20", DriverVersion = what == "driver" ? "570" : "550", Threads = what == "threads" ? 8 : 4 },
            MachineFingerprint = what == "machine" ? "def" : "abc",
            Workload = what == "workload" ? run.Workload with { BatchSize = 8 } : run.Workload,
        });
        var change = Single(Snapshot(before), Snapshot(after));
        Assert.Empty(change.Workloads);
        var reason = Assert.Single(change.NotComparable);
        Assert.StartsWith(what, reason, StringComparison.Ordinal);
        Assert.Contains(text, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_one_side_alone_measured_is_named_and_the_rest_is_compared()
    {
        var batch8 = Runs(4, 0.050, change: run => run with { Workload = run.Workload with { BatchSize = 8 } });
        var change = Single(Snapshot([.. Runs(4, 0.010), .. batch8]), Snapshot(Runs(4, 0.010)));
        Assert.All(change.Workloads, workload => Assert.Equal(1, workload.Workload.BatchSize));
        Assert.Equal("workload inference closed-loop, batch 8, 128 tokens -> none", Assert.Single(change.NotComparable));
    }

    [Fact]
    public void A_precision_may_be_what_a_version_changed()
    {
        var int8 = Runs(4, 0.005, change: run => run with { Workload = run.Workload with { Precision = "int8" } });
        var change = Single(Snapshot(Runs(4, 0.010)), Snapshot(int8));
        Assert.Equal(("fp32", "int8", ChangeVerdict.Better), (change.Workloads[0].PrecisionBefore, change.Workloads[0].PrecisionAfter, change.Workloads[0].Verdict));
        // One that both have is compared with itself.
        change = Single(Snapshot(Runs(4, 0.010)), Snapshot([.. int8, .. Runs(4, 0.010)]));
        Assert.All(change.Workloads, workload => Assert.Equal(("fp32", "fp32"), (workload.PrecisionBefore, workload.PrecisionAfter)));
        // Which of two became the third cannot be known.
        var fp16 = Runs(4, 0.007, change: run => run with { Workload = run.Workload with { Precision = "fp16" } });
        change = Single(Snapshot([.. Runs(4, 0.010), .. fp16]), Snapshot(int8));
        Assert.Empty(change.Workloads);
        Assert.Equal("precision fp16 and fp32 -> int8", Assert.Single(change.NotComparable));
    }

    [Fact]
    public void Hardware_on_one_side_is_listed()
    {
        var comparison = VersionComparer.Compare(Snapshot(("A", Runs(3, 0.01)), ("B", Runs(3, 0.01))), Snapshot(("B", Runs(3, 0.01)), ("C", Runs(3, 0.01))));
        Assert.Equal(("A", "B", "C"), (Assert.Single(comparison.OnlyBefore), Assert.Single(comparison.Changes).Hardware, Assert.Single(comparison.OnlyAfter)));
        Assert.NotEmpty(comparison.Notes);
    }

    [Fact]
    public void Percentages_are_the_seed_s_and_a_change_from_nothing_is_said()
    {
        Assert.Equal(25, new Change(0.4, 0.5).Percent!.Value, 12);
        Assert.Equal("+25.0 %", new Change(0.4, 0.5).ToString());
        Assert.Equal("-20.0 %", new Change(0.5, 0.4).ToString());
        Assert.Equal((null, true, "from 0"), (new Change(0, 0.5).Percent, new Change(0, 0.5).IsLarge, new Change(0, 0.5).ToString()));
        Assert.Equal((0.0, false), (new Change(0, 0).Percent!.Value, new Change(0, 0).IsLarge));
        Assert.Equal((null, "unknown"), (new Change(null, 0.5).Percent, new Change(null, 0.5).ToString()));
        Assert.False(new Change(1, 1.1).IsLarge && new Change(1.0, 1.09).IsLarge);
        Assert.True(new Change(1, 1.11).IsLarge);
    }

    [Fact]
    public void Scores_of_other_rules_are_not_compared()
    {
        var geometric = Snapshot(Runs(3, 0.01));
        geometric = geometric with { Entries = [geometric.Entries[0] with { Form = ScoreForm.Geometric, Formula = ScoreFormula.Of(ScoreForm.Geometric) }] };
        var change = Single(Snapshot(Runs(3, 0.01)), geometric);
        Assert.Null(change.Compatibility.Percent);
        Assert.Contains("geometric", Assert.Single(change.NotComparable), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 2, "score version 1, geometric 1 -> 1, geometric 2")]
    [InlineData(null, 2, "score version 1, unknown formula (geometric) -> 1, geometric 2")]
    [InlineData(null, null, "score version 1, unknown formula (geometric) -> 1, unknown formula (geometric)")]
    public void Scores_of_another_revision_of_a_formula_are_not_compared(int? before, int? after, string difference)
    {
        CompatibilitySnapshot Of(int? revision)
        {
            var snapshot = Snapshot(Runs(3, 0.01));
            return snapshot with { Entries = [snapshot.Entries[0] with { Form = ScoreForm.Geometric, Formula = revision is { } number ? new ScoreFormula(ScoreForm.Geometric, number) : null }] };
        }
        var comparison = VersionComparer.Compare(Of(before), Of(after));
        var change = Assert.Single(comparison.Changes);
        Assert.Null(change.Compatibility.Percent);
        Assert.Null(change.Suitability.Percent);
        Assert.NotEmpty(change.Workloads); // those need no formula
        Assert.Equal(difference, Assert.Single(change.NotComparable));
        Assert.Contains(comparison.Notes, note => note.Contains("gpux db create-snapshot --model bert --version v --score geometric", StringComparison.Ordinal));
        Assert.Equal(0, Single(Of(2), Of(2)).Compatibility.Percent);
    }

    [Fact]
    public void Many_pairs_together_raise_few_false_alarms()
    {
        // 50 machines on which nothing changed: one by one, 5 % of 100 tests would be alarms.
        var alarms = 0;
        for (var i = 0; i < 20; i++)
        {
            (string, RunObservation[])[] Machines() => [.. Enumerable.Range(0, 50).Select(machine => ($"{machine:00}", Runs(3, 0.010)))];
            alarms += VersionComparer.Compare(Snapshot(Machines()), Snapshot(Machines())).Changes.Any(change => change.IsSignificant) ? 1 : 0;
        }
        Assert.InRange(alarms, 0, 4); // 5 % of 20 is 1
    }

    private RunObservation[] Runs(int count, double latency, double noise = 0.01, Func<BenchmarkRun, BenchmarkRun>? change = null) =>
        [.. NormalValues.Draw(_random, count, mean: 0, noise == 0 ? 1e-300 : noise).Select((error, i) =>
        {
            var seconds = latency * Math.Exp(error);
            var run = ExampleRun.Of($"{i}", latencySeconds: seconds, throughput: 1 / seconds);
            return RunObservation.Of(new StoredRun(i, 1, 1, change is null ? run : change(run)))!; // it is valid
        })];

    private static HardwareChange Single(CompatibilitySnapshot before, CompatibilitySnapshot after) => Assert.Single(VersionComparer.Compare(before, after).Changes);

    private static CompatibilitySnapshot Snapshot(RunObservation[] runs) => Snapshot(("NVIDIA L4", runs));

    private static CompatibilitySnapshot Snapshot(params (string Hardware, RunObservation[] Runs)[] machines) => new("bert", "v", 1, default,
        [.. machines.Select(machine => new SnapshotEntry
        {
            Hardware = machine.Hardware, Kind = HardwareKind.Gpu, CompatibilityScore = 0.5, SuitabilityScore = 0.5, RecommendedBatchSize = 1, RecommendedPrecision = "fp32",
            MemoryRequirement = 1e9, ScoreVersion = 1, Form = ScoreForm.Arithmetic, Formula = ScoreFormula.Of(ScoreForm.Arithmetic), IsPartial = false, LaunchCount = 3, Confidence = 0.3, HardwareSha256 = "a", Runs = machine.Runs,
        })]);
}
