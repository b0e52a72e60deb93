using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using static Gpux.Benchmarks.Tests.Scoring.ExampleObservation;

namespace Gpux.Benchmarks.Tests.Scoring;

public sealed class CompatibilityScorerTests
{
    private const double Gb = 1e9;
    private static readonly ScoreOptions Geometric = new() { Form = ScoreForm.Geometric };

    [Fact]
    public void The_worked_example_of_the_guide_is_right()
    {
        // Three machines: docs/guides/hardware-scores.md.
        RunObservation[] runs =
        [
            .. Repeat(5, () => Of(1, throughput: 400, latency: 0.0025, memory: 2 * Gb)),
            .. Repeat(10, () => Of(2, throughput: 500, latency: 0.0040, memory: 4 * Gb)),
            Of(3, throughput: 100, latency: 0.0100, memory: 1 * Gb),
        ];
        var scores = CompatibilityScorer.Score(runs, ScoreOptions.Default);
        Assert.Equal([1L, 2, 3], scores.Select(score => score.HardwareId));
        // 0.5 x 400/500 + 0.3 x 2.5/2.5 + 0.2 x 1/2, and half of it, for five runs are half of ten.
        Close((0.8, 0.4, 0.5), scores[0]);
        // 0.5 x 500/500 + 0.3 x 2.5/4 + 0.2 x 1/4
        Close((0.7375, 0.7375, 1), scores[1]);
        // 0.5 x 100/500 + 0.3 x 2.5/10 + 0.2 x 1/1
        Close((0.375, 0.0375, 0.1), scores[2]);

        static void Close((double Compatibility, double Suitability, double Confidence) expected, CompatibilityScore score)
        {
            Assert.Equal(expected.Compatibility, score.Compatibility!.Value, 12);
            Assert.Equal(expected.Suitability, score.Suitability!.Value, 12);
            Assert.Equal(expected.Confidence, score.Confidence, 12);
            Assert.False(score.IsPartial);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_machines_do_not_share_within_a_workload_is_said_of_each(bool isGeometric)
    {
        var options = isGeometric ? Geometric : ScoreOptions.Default;
        RunObservation one = Of(1, 100, 0.010, Gb), two = Of(2, 200, 0.005, Gb);
        Assert.All(CompatibilityScorer.Score([one, two], options), score => Assert.Empty(score.Notes));
        Assert.All(CompatibilityScorer.Score([one with { VersionTag = "v1" }, two with { VersionTag = "v1" }], options), score => Assert.Empty(score.Notes));

        var notes = Notes(one with { VersionTag = "v1" }, two with { VersionTag = "v2" });
        Assert.Contains("Measured with v1 of the model, other machines with v2", notes[1], StringComparison.Ordinal);
        Assert.Contains("Measured with v2 of the model, other machines with v1", notes[2], StringComparison.Ordinal);
        Assert.Contains("with no version of the model, other machines with v2", Notes(one, two with { VersionTag = "v2" })[1], StringComparison.Ordinal);

        notes = Notes(one with { Workload = one.Workload with { BatchSize = 5, InputTokens = 65 } }, two with { Workload = two.Workload with { BatchSize = 8, InputTokens = 128 } });
        Assert.Contains("Measured at batch 5, 65 tokens; other machines at batch 8, 128 tokens", notes[1], StringComparison.Ordinal);
        Assert.Contains("Measured at batch 8, 128 tokens; other machines at batch 5, 65 tokens", notes[2], StringComparison.Ordinal);

        notes = Notes(one with { Engine = new Engine("llama.cpp") { Version = "b1" } }, two with { Engine = new Engine("onnxruntime") { ExecutionProvider = "cuda" } });
        Assert.Contains("Measured by llama.cpp b1, other machines by onnxruntime (cuda)", notes[1], StringComparison.Ordinal);

        Dictionary<long, string> Notes(params RunObservation[] runs) =>
            CompatibilityScorer.Score(runs, options).ToDictionary(score => score.HardwareId, score => Assert.Single(score.Notes));
    }

    [Fact]
    public void Engines_whose_median_is_taken_are_named_with_what_each_did()
    {
        RunObservation fast = Of(1, 100, 0.010, Gb) with { Engine = new Engine("llama.cpp") }, slow = Of(1, 2, 0.5, Gb) with { Engine = new Engine("onnxruntime") { Version = "1.30", ExecutionProvider = "cpu" } };
        var scores = CompatibilityScorer.Score([slow, fast, Of(2, 80, 0.012, Gb) with { Engine = new Engine("llama.cpp") }], ScoreOptions.Default);
        var mixed = Assert.Single(scores, score => score.HardwareId == 1);
        Assert.Contains("2 engines or engine versions: llama.cpp 10.0 ms, onnxruntime 1.30 (cpu) 500 ms.", Assert.Single(mixed.Notes), StringComparison.Ordinal);
        Assert.Contains("Measured by llama.cpp, other machines by llama.cpp, onnxruntime 1.30 (cpu)", Assert.Single(scores, score => score.HardwareId == 2).Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_are_modified_by_the_use_of_the_model()
    {
        Close((0.5, 0.3, 0.2), ScoreWeights.Default);
        Close((0.435, 0.391, 0.174), ScoreWeights.For(TaskType.Inference));
        Close((0.625, 0.125, 0.250), ScoreWeights.For(TaskType.Training));
        Close((0.385, 0.462, 0.154), ScoreWeights.For(task: null, latencySensitive: true));
        Close((0.417, 0.250, 0.333), ScoreWeights.For(task: null, memoryConstrained: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ScoreWeights(1, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ScoreWeights(1, double.NaN, 1));

        static void Close((double Throughput, double Latency, double Memory) expected, ScoreWeights weights)
        {
            Assert.Equal(expected.Throughput, weights.Throughput, 3);
            Assert.Equal(expected.Latency, weights.Latency, 3);
            Assert.Equal(expected.Memory, weights.Memory, 3);
        }
    }

    [Fact]
    public void A_third_machine_turns_the_order_under_arithmetic_and_not_under_geometric()
    {
        RunObservation[] two = [Of(1, 100, 10), Of(2, 80, 6)], three = [.. two, Of(3, 100, 1)];
        Assert.Equal([2L, 1], Order(two, ScoreOptions.Default));
        Assert.Equal([3L, 1, 2], Order(three, ScoreOptions.Default));
        Assert.Equal([2L, 1], Order(two, Geometric));
        Assert.Equal([3L, 2, 1], Order(three, Geometric));
    }

    [Fact]
    public void Numbers_of_that_example_are_as_stated()
    {
        var scores = CompatibilityScorer.Score([Of(1, 100, 10, 1), Of(2, 80, 6, 1)], ScoreOptions.Default);
        Assert.Equal((0.9, 0.88), (Math.Round(scores[0].Compatibility!.Value, 12), Math.Round(scores[1].Compatibility!.Value, 12))); // 0.70 and 0.68, and 0.2 for the memory
    }

    [Fact]
    public void A_processor_that_takes_little_memory_does_not_exceed_1()
    {
        // Its memory is the host's, which is not the other's device's: the seed's formula gave it 4.17 against 0.90.
        var scores = CompatibilityScorer.Score([Of(1, 1000, 0.001, 20 * Gb), Of(2, 10, 0.1, 0.5 * Gb, HardwareKind.Cpu)], ScoreOptions.Default);
        Assert.Equal([1L, 2], scores.Select(score => score.HardwareId));
        Assert.Equal(1, scores[0].Compatibility);
        Assert.Equal(0.01, scores[1].Compatibility!.Value, 12);
        Assert.All(scores, score => Assert.True(score.IsPartial));
    }

    [Fact]
    public void Missing_memory_is_neither_good_nor_bad()
    {
        var scores = CompatibilityScorer.Score([Of(1, 100, 0.01, 2 * Gb), Of(2, 100, 0.01, 1 * Gb), Of(3, 100, 0.01)], ScoreOptions.Default);
        Assert.Equal([(2L, 1.0, false), (3L, 1.0, true), (1L, 0.9, false)], scores.Select(score => (score.HardwareId, Math.Round(score.Compatibility!.Value, 12), score.IsPartial)));
    }

    [Fact]
    public void Scores_lie_above_0_and_reach_at_most_1()
    {
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var runs = Enumerable.Range(0, random.Next(1, 12)).Select(_ => Of(random.Next(1, 6), Extreme(random), Extreme(random),
                random.Next(3) == 0 ? null : Extreme(random), random.Next(2) == 0 ? HardwareKind.Cpu : HardwareKind.Gpu, random.Next(1, 20), 1 << random.Next(2))).ToArray();
            foreach (var options in (ScoreOptions[])[ScoreOptions.Default, Geometric])
            {
                foreach (var score in CompatibilityScorer.Score(runs, options).Where(score => score.Compatibility is not null))
                {
                    Assert.True(score.Compatibility is > 0 and <= 1 && score.Suitability is >= 0 and <= 1);
                    Assert.All(score.Strata.SelectMany(stratum => stratum.Components), part => Assert.True(part.Score is > 0 and <= 1));
                }
            }
        }

        static double Extreme(Random random) => Math.Exp((random.NextDouble() - 0.5) * 1400);
    }

    [Fact]
    public void Order_of_the_rows_and_rows_given_twice_change_nothing()
    {
        var random = new Random(2);
        var runs = Enumerable.Range(0, 40).Select(i => Of(1 + (i % 5), 1 + random.NextDouble(), 1 + random.NextDouble(), 1 + random.NextDouble(), batch: 1 << (i % 2))).ToArray();
        foreach (var options in (ScoreOptions[])[ScoreOptions.Default, Geometric])
        {
            var expected = Text(runs, options);
            for (var i = 0; i < 20; i++)
                Assert.Equal(expected, Text([.. Shuffled(runs, random), .. runs[..random.Next(runs.Length)]], options));
        }
    }

    [Fact]
    public void Units_change_nothing()
    {
        var random = new Random(3);
        var runs = Enumerable.Range(0, 30).Select(i => (Hardware: 1 + (i % 5), T: 1 + random.NextDouble(), L: 1 + random.NextDouble(), M: 1 + random.NextDouble())).ToArray();
        foreach (var options in (ScoreOptions[])[ScoreOptions.Default, Geometric])
        {
            var inSeconds = CompatibilityScorer.Score(runs.Select(run => Of(run.Hardware, run.T, run.L, run.M)), options);
            var inMilliseconds = CompatibilityScorer.Score(runs.Select(run => Of(run.Hardware, run.T / 60, run.L * 1000, run.M / (1 << 20))), options);
            Assert.All(inSeconds.Zip(inMilliseconds), pair =>
            {
                Assert.Equal(pair.First.HardwareId, pair.Second.HardwareId);
                Assert.Equal(pair.First.Compatibility!.Value, pair.Second.Compatibility!.Value, 12);
            });
        }
    }

    [Fact]
    public void A_dominated_machine_never_changes_the_order_under_geometric()
    {
        var random = new Random(4);
        for (var i = 0; i < 300; i++)
        {
            var machines = Enumerable.Range(1, 6).Select(id => (Id: id, T: Value(random), L: Value(random), M: Value(random))).ToArray();
            var runs = machines.Select(machine => Of(machine.Id, machine.T, machine.L, machine.M)).ToArray();
            var worse = machines[random.Next(6)];
            var added = Of(7, worse.T * random.NextDouble(), worse.L / random.NextDouble(), worse.M / random.NextDouble());
            Assert.Equal(Order(runs, Geometric), Order([.. runs, added], Geometric).Where(id => id != 7));
            // And none at all, where all are measured alike.
            var any = Of(8, Value(random), Value(random), Value(random));
            Assert.Equal(Order(runs, Geometric), Order([.. runs, any], Geometric).Where(id => id != 8));
        }

        static double Value(Random random) => Math.Exp(random.NextDouble() * 4);
    }

    [Fact]
    public void A_machine_that_was_measured_in_less_does_not_change_the_order_under_geometric()
    {
        // Slower than both, and measured at batch 1 alone, where the second is the faster one.
        RunObservation[] two = [Of(1, 100, 0.010), Of(2, 120, 0.008), Of(1, 800, 0.010, batch: 8), Of(2, 300, 0.030, batch: 8)];
        Assert.Equal([1L, 2], Order(two, Geometric));
        var three = CompatibilityScorer.Score([.. two, Of(3, 20, 0.050)], Geometric);
        Assert.Equal([1L, 2, 3], three.Select(score => score.HardwareId));
        Assert.True(three[2].IsPartial);
        Assert.Contains("batch 8", Assert.Single(three[2].Notes, note => note.StartsWith("Not measured in", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal([2, 2, 1], three.Select(score => score.LaunchCount));
        // The arithmetic form leaves batch 8 out then, and says so.
        var arithmetic = CompatibilityScorer.Score([.. two, Of(3, 20, 0.050)], ScoreOptions.Default);
        Assert.Equal(2, arithmetic[0].HardwareId);
        Assert.Contains("batch 8", Assert.Single(arithmetic[0].Notes, note => note.StartsWith("Left out", StringComparison.Ordinal)), StringComparison.Ordinal);
        var random = new Random(6);
        for (var i = 0; i < 300; i++)
        {
            int[] batches = [1, 8, 32];
            var machines = Enumerable.Range(1, 5).SelectMany(id => batches.Select(batch => Of(id, Value(random), Value(random), Value(random), batch: batch))).ToArray();
            // Others in some of them, with some of the metrics.
            var others = Enumerable.Range(6, 3).SelectMany(id => batches.Take(random.Next(1, 3)).Select(batch => Of(id, Value(random), Value(random), random.Next(2) == 0 ? null : Value(random), batch: batch))).ToArray();
            Assert.Equal(Order(machines, Geometric), Order([.. machines, .. others], Geometric).Where(id => id <= 5));
        }

        static double Value(Random random) => Math.Exp(random.NextDouble() * 4);
    }

    [Fact]
    public void What_was_not_measured_is_fitted()
    {
        // The third is half as fast as the first at batch 1; at batch 8 it would be so too.
        var scores = CompatibilityScorer.Score([Of(1, 100, 0.01), Of(2, 50, 0.02), Of(3, 50, 0.02), Of(1, 800, 0.01, batch: 8), Of(2, 400, 0.02, batch: 8)], Geometric);
        Assert.Equal([1, 0.5, 0.5], scores.Select(score => Math.Round(score.Compatibility!.Value, 12)));
        // Machines that share nothing with the rest are named.
        var alone = CompatibilityScorer.Score([Of(1, 100, 0.01), Of(2, 50, 0.02), Of(3, 50, 0.02, batch: 64)], Geometric);
        Assert.Null(alone[2].Compatibility);
        Assert.Contains("batch 64", Assert.Single(alone[2].Notes), StringComparison.Ordinal);
        // Without two that share anything, each is compared with itself as in the arithmetic form.
        var apart = CompatibilityScorer.Score([Of(1, 100, 0.01), Of(2, 50, 0.02, batch: 8)], Geometric);
        Assert.Equal([1, null], apart.Select(score => score.Compatibility));
    }

    [Fact]
    public void Only_workloads_that_machines_have_in_common_count()
    {
        // The second was measured at batch 64 too, where its throughput is larger.
        var scores = CompatibilityScorer.Score([Of(1, 100, 0.01), Of(2, 100, 0.01), Of(2, 6400, 0.1, batch: 64)], ScoreOptions.Default);
        Assert.All(scores, score => Assert.Equal(1, score.Compatibility));
        Assert.All(scores, score => Assert.Equal(1, Assert.Single(score.Strata).Stratum.BatchClass));
        Assert.All(scores, score => Assert.Equal(1, score.LaunchCount));
    }

    [Fact]
    public void Several_workloads_are_averaged_geometrically()
    {
        var scores = CompatibilityScorer.Score([Of(1, 100, 1), Of(2, 25, 4), Of(1, 100, 1, batch: 8), Of(2, 100, 1, batch: 8)], ScoreOptions.Default);
        Assert.Equal(0.5, scores[1].Compatibility!.Value, 12); // of 1/4 and 1
        Assert.Equal(2, scores[1].LaunchCount);
    }

    [Fact]
    public void A_machine_without_a_common_workload_is_named_and_not_scored()
    {
        var scores = CompatibilityScorer.Score([Of(1, 100, 0.01), Of(2, 100, 0.01), Of(3, 900, 0.1, batch: 64)], ScoreOptions.Default);
        Assert.Null(scores[2].Compatibility);
        Assert.Null(scores[2].Suitability);
        Assert.Contains("batch 64", Assert.Single(scores[2].Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void One_machine_with_one_result_is_the_best_of_itself()
    {
        var score = Assert.Single(CompatibilityScorer.Score([Of(1, 100, 0.01, 1 * Gb)], ScoreOptions.Default));
        Assert.Equal((1.0, 0.1), (score.Compatibility!.Value, score.Suitability!.Value));
        Assert.Contains("itself", Assert.Single(score.Notes), StringComparison.Ordinal);
        Assert.Empty(CompatibilityScorer.Score([], ScoreOptions.Default));
    }

    [Fact]
    public void Zeros_and_infinities_are_rejected_with_their_run()
    {
        RunObservation[] runs = [Of(1, 0, 0.01), Of(1, 100, 0.01), Of(2, double.PositiveInfinity, double.NaN), Of(3, 50, 0.02, memory: 0)];
        var scores = CompatibilityScorer.Score(runs, ScoreOptions.Default);
        Assert.Equal([1L, 3, 2], scores.Select(score => score.HardwareId));
        Assert.Equal(runs[0].RunId, Assert.Single(scores[0].Rejected).RunId);
        Assert.Equal(Metric.PeakDeviceMemory, Assert.Single(scores[1].Rejected).Metric);
        Assert.Null(scores[2].Compatibility);
        Assert.Equal(2, scores[2].Rejected.Count);
        Assert.Equal((1.0, 0.5), (scores[0].Compatibility!.Value, scores[1].Compatibility!.Value));
    }

    [Fact]
    public void The_median_is_over_launches()
    {
        // One run of nine launches outweighs three of one.
        var scores = CompatibilityScorer.Score([Of(1, 100, 1, launches: 9), Of(1, 1, 1), Of(1, 2, 1), Of(1, 3, 1), Of(2, 200, 1)], ScoreOptions.Default);
        Assert.Equal(100, scores.Single(score => score.HardwareId == 1).Strata[0].Components[0].Value);
        Assert.Equal(1, scores.Single(score => score.HardwareId == 1).Confidence);
    }

    [Fact]
    public void Equal_scores_are_in_one_order_always()
    {
        var scores = CompatibilityScorer.Score([Of(5, 100, 1), Of(4, 100, 1), Of(3, 100, 1), Of(4, 100, 1)], ScoreOptions.Default);
        Assert.Equal([4L, 3, 5], scores.Select(score => score.HardwareId));
    }

    [Fact]
    public void Runs_that_are_not_valid_are_no_observations()
    {
        var run = Results.ExampleRun.Of("a");
        Assert.Null(RunObservation.Of(new StoredRun(1, 1, 1, run with { Verdict = RunVerdict.Unstable })));
        Assert.Null(RunObservation.Of(new StoredRun(1, 1, 1, run with { Verdict = RunVerdict.Invalid })));
    }

    private static IEnumerable<RunObservation> Repeat(int count, Func<RunObservation> make) => Enumerable.Range(0, count).Select(_ => make());

    private static IEnumerable<long> Order(IEnumerable<RunObservation> runs, ScoreOptions options) => CompatibilityScorer.Score(runs, options).Select(score => score.HardwareId);

    private static string Text(IEnumerable<RunObservation> runs, ScoreOptions options) =>
        string.Join('\n', CompatibilityScorer.Score(runs, options).Select(score => $"{score.HardwareId} {score.Compatibility:R} {score.LaunchCount}"));

    private static RunObservation[] Shuffled(RunObservation[] runs, Random random)
    {
        var shuffled = (RunObservation[])runs.Clone();
        random.Shuffle(shuffled);
        return shuffled;
    }
}
