using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Versions;
using Gpux.Conversion.Precision;
using Gpux.Models.Precision;

namespace Gpux.Benchmarks.Tests.Scoring;

public sealed class ModelRegistryIntegrationTests : IDisposable
{
    private const string Bert = "bert-base-uncased";

    private readonly TemporaryFolder _folder = new();
    private readonly BenchmarkStore _store;
    private readonly ModelRegistryIntegration _integration;

    public ModelRegistryIntegrationTests()
    {
        _store = BenchmarkStore.Open(_folder["results.duckdb"], TimeSpan.Zero, default);
        _integration = new ModelRegistryIntegration(_store);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Results_are_linked_once_and_all_or_none()
    {
        AddBert();
        var linked = _integration.LinkTestResults(Bert, "v1.0.0", [1, 2, 3, 2]);
        Assert.True(linked.IsNewVersion);
        Assert.Equal([1L, 2, 3], linked.Linked);
        Assert.Equal(0, linked.UnchangedCount);
        linked = _integration.LinkTestResults(Bert, "v1.0.0", [3, 4]);
        Assert.False(linked.IsNewVersion);
        Assert.Equal([4L], linked.Linked);
        Assert.Equal(1, linked.UnchangedCount);
        Assert.Equal(4, _store.Find(new RunFilter { VersionTag = "v1.0.0" }, default).Count);
    }

    [Fact]
    public void Results_that_do_not_exist_or_are_others_are_named_and_nothing_is_linked()
    {
        AddBert();
        _store.Add(ExampleRun.Of("x", model: "llama-7b"), default);
        Assert.Equal([98, 99], Assert.Throws<RunNotFoundException>(() => _integration.LinkTestResults(Bert, "v1", [1, 99, 98])).Missing);
        var other = Assert.Throws<RunOfOtherModelException>(() => _integration.LinkTestResults(Bert, "v1", [1, 5]));
        Assert.Contains("5 is of llama-7b", other.Message, StringComparison.Ordinal);
        Assert.Empty(_store.Find(new RunFilter { VersionTag = "v1" }, default));
        Assert.Empty(new VersionControlSystem(_store).GetVersionHistory(Bert));
        Assert.Throws<ModelNotMeasuredException>(() => _integration.LinkTestResults("gpt-5", "v1", [1]));
        Assert.Throws<ArgumentException>(() => _integration.LinkTestResults(Bert, "v1", []));
    }

    [Fact]
    public void Results_of_another_version_are_moved_only_when_asked()
    {
        AddBert();
        _integration.LinkTestResults(Bert, "v1", [1, 2]);
        var refused = Assert.Throws<RunOfOtherVersionException>(() => _integration.LinkTestResults(Bert, "v2", [2, 3]));
        Assert.Contains("2 is linked to v1", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_store.Find(new RunFilter { VersionTag = "v2" }, default));
        var moved = _integration.LinkTestResults(Bert, "v2", [2, 3], relink: true);
        Assert.Equal((3L, 2L), (Assert.Single(moved.Linked), Assert.Single(moved.Relinked)));
        Assert.Equal(2, _store.Find(new RunFilter { VersionTag = "v2" }, default).Count);
    }

    [Fact]
    public void A_reference_is_the_name_that_results_have()
    {
        _store.Add(ExampleRun.Of("a", model: "org/name"), default);
        foreach (var text in (string[])["hf:org/name", "https://huggingface.co/org/name", "org/name@main"])
            Assert.Equal("org/name", _integration.LinkTestResults(text, "v1", [1]).Model);
    }

    [Fact]
    public void Scores_are_stored_and_replaced()
    {
        AddBert();
        var scores = _integration.CalculateSuitabilityScores(_integration.FindModel(Bert));
        Assert.Equal(["NVIDIA L4", "EPYC"], scores.Select(score => score.Hardware.Name));
        Assert.Equal(scores.Select(score => (score.HardwareId, score.Compatibility, score.Suitability)).Order(), Stored());
        Assert.Equal((1, 1), (scores[0].Setting.BatchSize, scores[1].Setting.BatchSize));

        // The other machine becomes the faster one.
        for (var i = 0; i < 3; i++)
            _store.Add(ExampleRun.Of($"fast {i}", hardware: "EPYC", kind: HardwareKind.Cpu, latencySeconds: 0.001, throughput: 1000), default);
        scores = _integration.CalculateSuitabilityScores();
        Assert.Equal("EPYC", scores[0].Hardware.Name);
        Assert.Equal(2, Stored().Count);
        using var rows = _store.Connection.Query(
            "SELECT score_version, score_form, partial, run_count, launch_count, confidence, CAST(details AS VARCHAR), notes FROM hardware_model_compatibility WHERE hardware_id = $1",
            [scores[0].HardwareId], default);
        Assert.True(rows.Read());
        Assert.Equal((1, "arithmetic", true, 4, 4, 0.4), (rows.Int64(0), rows.Text(1), rows.Boolean(2), rows.Int64(3), rows.Int64(4), rows.Double(5)));
        using var details = System.Text.Json.JsonDocument.Parse(rows.Text(6));
        Assert.Equal(0.5, details.RootElement.GetProperty("weights").GetProperty("throughput").GetDouble());
        Assert.Equal(4, details.RootElement.GetProperty("workloads")[0].GetProperty("runs").GetArrayLength());
        Assert.Contains("memory", rows.Text(7), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_asked_for_does_not_change_the_numbers()
    {
        AddBert();
        _store.Add(ExampleRun.Of("other model", model: "tiny", throughput: 1e6, latencySeconds: 1e-6), default);
        var all = _integration.CalculateSuitabilityScores().Where(score => score.Model == Bert).ToDictionary(score => score.HardwareId, score => score.Compatibility);
        foreach (var (hardware, score) in all)
            Assert.Equal(score, Assert.Single(_integration.CalculateSuitabilityScores(_integration.FindModel(Bert), hardware)).Compatibility);
        Assert.Equal(3, Stored().Count);
    }

    [Fact]
    public void Without_update_nothing_is_stored()
    {
        AddBert();
        Assert.Equal(2, _integration.CalculateSuitabilityScores(updateDatabase: false).Count);
        Assert.Empty(Stored());
    }

    [Fact]
    public void Deleted_results_leave_no_score()
    {
        AddBert();
        _integration.CalculateSuitabilityScores();
        _store.Delete([4], default);
        _integration.CalculateSuitabilityScores();
        Assert.Equal(2, Stored().Count);
        Assert.Single(Stored(), row => row.Compatibility is null);
        _store.Delete([1, 2, 3], default);
        Assert.Contains(Bert, Assert.Throws<NothingMeasuredException>(() => _integration.CalculateSuitabilityScores(_integration.FindModel(Bert))).Message, StringComparison.Ordinal);
        Assert.All(Stored(), row => Assert.Null(row.Compatibility));
    }

    [Fact]
    public void Nothing_measured_says_what_to_do()
    {
        Assert.Contains("gpux bench", Assert.Throws<NothingMeasuredException>(() => _integration.CalculateSuitabilityScores()).Remedy, StringComparison.Ordinal);
        _store.Add(ExampleRun.Of("a") with { Verdict = RunVerdict.Unstable }, default);
        Assert.Throws<NothingMeasuredException>(() => _integration.CalculateSuitabilityScores(1));
    }

    [Fact]
    public void A_precision_with_a_proof_is_recommended_from_then_on()
    {
        _store.AddAll([ExampleRun.Of("a"), WithPrecision(ExampleRun.Of("b", throughput: 300), "int8")], default);
        Assert.Equal("fp32", Assert.Single(_integration.CalculateSuitabilityScores()).Setting.Precision);
        var bad = new PrecisionProof(WeightPrecision.Int8, "synthetic", 3, [new OutputDamage("logits", 1, 1, 0.5, null)]);
        _integration.StorePrecisionProof(Bert, bad);
        Assert.Equal("fp32", Assert.Single(_integration.CalculateSuitabilityScores()).Setting.Precision);
        _integration.StorePrecisionProof(Bert, bad with { Outputs = [new OutputDamage("logits", 0.01, 0.01, 0.999, null)] });
        Assert.Equal("int8", Assert.Single(_integration.CalculateSuitabilityScores()).Setting.Precision);
    }

    [Fact]
    public void Schema_extensions_are_there_already() => _integration.CreateSchemaExtensions();

    [Fact]
    public void Names_of_sql_and_of_a_thousand_characters_are_names()
    {
        foreach (var name in (string[])["'; DROP TABLE models; --", new string('ä', 1000), "a\"b' OR 1=1"])
        {
            var (id, _) = _store.Add(ExampleRun.Of(name, model: name, hardware: name), default);
            _integration.LinkTestResults(name, "'; DELETE FROM test_runs; --", [id]);
            Assert.Equal(name, Assert.Single(_integration.CalculateSuitabilityScores(_integration.FindModel(name))).Model);
        }
        Assert.Equal(3, _store.Find(new RunFilter(), default).Count);
        Assert.Throws<InvalidVersionException>(() => _integration.LinkTestResults(new string('ä', 1000), new string('v', 1000), [2]));
        Assert.Throws<InvalidVersionException>(() => _integration.LinkTestResults(new string('ä', 1000), "v\0", [2]));
    }

    [Fact]
    public async Task Two_that_score_at_a_time_take_turns()
    {
        AddBert();
        _store.Dispose();
        using var other = new OtherProcess("score", _folder["results.duckdb"]);
        while (other.ReadLine() is not (Kills.End or null))
        {
            // It goes on to hold the database until its input ends.
        }
        Assert.Throws<DatabaseLockedException>(() => BenchmarkStore.Open(_folder["results.duckdb"], TimeSpan.FromMilliseconds(100), default));
        var waiting = Task.Run(() => BenchmarkStore.Open(_folder["results.duckdb"], TimeSpan.FromSeconds(30), default));
        other.EndInput();
        using var store = await waiting;
        Assert.Equal(2, new ModelRegistryIntegration(store).CalculateSuitabilityScores().Count);
    }

    [Fact]
    public void A_process_that_is_killed_while_it_scores_leaves_all_or_nothing() => KillWhileScoring(3);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_process_that_is_killed_a_hundred_times_while_it_scores_leaves_all_or_nothing() => KillWhileScoring(100);

    private void KillWhileScoring(int times)
    {
        const int Machines = 60;
        _store.AddAll(Enumerable.Range(0, Machines).Select(i => ExampleRun.Of($"{i}", hardware: $"machine {i:000}", throughput: 100 + i)), default);
        _store.Dispose();
        new Kills(times, piecesBefore: 1).Each(() => new OtherProcess("score-on", _folder["results.duckdb"]), said =>
        {
            using var store = BenchmarkStore.Open(_folder["results.duckdb"], TimeSpan.Zero, default);
            using var rows = store.Connection.Query(
                "SELECT count(*), count(compatibility_score), count(DISTINCT last_updated), min(last_updated), count(DISTINCT confidence) FROM hardware_model_compatibility", [], default);
            Assert.True(rows.Read());
            Assert.Equal((Machines, Machines, 1, 1), (rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Int64(4)));
            // Those that were said to be stored, or newer ones.
            Assert.True(rows.Time(3).UtcTicks >= said.Max(line => long.TryParse(line, out var time) ? time : 0));
        });
    }

    // Three on one machine, and one on a slower one.
    private void AddBert() => _store.AddAll(
        [ExampleRun.Of("a"), ExampleRun.Of("b"), ExampleRun.Of("c"), ExampleRun.Of("d", hardware: "EPYC", kind: HardwareKind.Cpu, latencySeconds: 0.05, throughput: 20)], default);

    private static BenchmarkRun WithPrecision(BenchmarkRun run, string precision) => run with { Workload = run.Workload with { Precision = precision } };

    private List<(long HardwareId, double? Compatibility, double? Suitability)> Stored()
    {
        List<(long, double?, double?)> stored = [];
        using var rows = _store.Connection.Query("SELECT hardware_id, compatibility_score, suitability_score FROM hardware_model_compatibility ORDER BY hardware_id", [], default);
        while (rows.Read())
            stored.Add((rows.Int64(0), rows.IsNull(1) ? null : rows.Double(1), rows.IsNull(2) ? null : rows.Double(2)));
        return stored;
    }
}
