using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.Migrations;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Versions;
using Gpux.Registries;
using Gpux.Registries.Store;

namespace Gpux.Benchmarks.Tests.Versions;

public sealed class VersionControlSystemTests : IDisposable
{
    private const string Bert = "bert-base-uncased";
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TemporaryFolder _folder = new();
    private readonly BenchmarkStore _store;
    private readonly VersionControlSystem _versions;

    public VersionControlSystemTests()
    {
        _store = BenchmarkStore.Open(_folder["results.duckdb"], TimeSpan.Zero, default);
        _versions = new VersionControlSystem(_store);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_version_comes_back_whole()
    {
        var links = (string[])[$"hf:google-bert/bert-base-uncased@{Commit}", $"https://github.com/org/repo/commit/{Commit}", "hf:google-bert/bert-base-uncased@" + Commit];
        var added = _versions.AddModelVersion(Bert, "v1.0.0", "ABCDEF123456", """{"author": "user", "description": "Initial release"}""", links[..1]);
        Assert.Equal(("v1.0.0", "abcdef123456", 0, 0), (added.Tag, added.Hash, added.RunCount, added.SnapshotCount));
        Assert.Equal("""{"author":"user","description":"Initial release"}""", added.MetadataJson);
        Assert.Equal($"https://huggingface.co/google-bert/bert-base-uncased/tree/{Commit}", Assert.Single(added.Links).Url);
        Assert.Equivalent(added, Assert.Single(_versions.GetVersionHistory(Bert)));
    }

    [Fact]
    public void The_same_again_changes_nothing_and_other_content_is_refused()
    {
        var added = _versions.AddModelVersion(Bert, "v1", "abcdef", """{"a": 1, "b": [1, 2]}""");
        Assert.Equal(added.Id, _versions.AddModelVersion(Bert, "v1", "abcdef", """{"b": [1, 2], "a": 1}""").Id);
        Assert.Equal(added.Id, _versions.AddModelVersion(Bert, "v1").Id);
        Assert.Contains("abcdef", Assert.Throws<VersionChangedException>(() => _versions.AddModelVersion(Bert, "v1", "123456")).Message, StringComparison.Ordinal);
        Assert.Throws<VersionChangedException>(() => _versions.AddModelVersion(Bert, "v1", metadataJson: """{"a": 2}"""));
        Assert.Equivalent(added, Assert.Single(_versions.GetVersionHistory(Bert)));
    }

    [Fact]
    public void A_version_that_results_made_gets_its_hash_later()
    {
        var (id, _) = _store.Add(ExampleRun.Of("a", version: "v1"), default);
        Assert.Null(Assert.Single(_versions.GetVersionHistory(Bert)).Hash);
        var added = _versions.AddModelVersion(Bert, "v1", "abcdef123456", """{"a": 1}""");
        Assert.Equal(("abcdef123456", 1), (added.Hash, added.RunCount));
        Assert.Equal(id, Assert.Single(_store.Find(new RunFilter { VersionTag = "v1" }, default)).Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" v1")]
    [InlineData("v\n1")]
    [InlineData("@champion")]
    public void Tags_that_nobody_could_write_are_refused(string tag) =>
        Assert.Throws<InvalidVersionException>(() => _versions.AddModelVersion(Bert, tag));

    [Theory]
    [InlineData("xyz")]
    [InlineData("abcde")]
    [InlineData("'; DROP TABLE models; --")]
    [InlineData("sha256:")]
    public void Hashes_are_hexadecimal(string hash) => Assert.Throws<InvalidVersionException>(() => _versions.AddModelVersion(Bert, "v1", hash));

    [Fact]
    public void Bombs_and_what_is_no_object_are_refused()
    {
        string[] bad =
        [
            "", "[]", "1", "{", "{\"a\": 1, \"a\": 2}", "{\"a\": \"\\ud800\"}", "{\"a\": NaN}", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)),
            string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40), "{\"a\": \"" + new string('x', 70_000) + "\"}",
        ];
        Assert.All(bad, json => Assert.Throws<InvalidVersionException>(() => _versions.AddModelVersion(Bert, "v1", metadataJson: json)));
        Assert.Throws<InvalidVersionException>(() => _versions.AddModelVersion(Bert, new string('v', 1000)));
        Assert.Throws<InvalidVersionException>(() => _versions.AddModelVersion(Bert, "v\ud800"));
        Assert.Throws<ModelNotMeasuredException>(() => _versions.GetVersionHistory(Bert));
        // Nulls within a text are JSON, and survive.
        Assert.Contains("u0000", _versions.AddModelVersion(Bert, "v1", metadataJson: """{"a": "\u0000"}""").MetadataJson, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models:/fraud/3", "mlflow:fraud@3", "3", "https://tracking.example/mlflow/#/models/fraud/versions/3")]
    [InlineData($"github:org/repo@{Commit}", $"github:org/repo@{Commit}", Commit, $"https://github.com/org/repo/tree/{Commit}")]
    [InlineData($"https://github.com/org/repo/commit/{Commit}", $"github:org/repo@{Commit}", Commit, $"https://github.com/org/repo/tree/{Commit}")]
    [InlineData($"https://huggingface.co/org/name/tree/{Commit}", $"hf:org/name@{Commit}", Commit, $"https://huggingface.co/org/name/tree/{Commit}")]
    public void Links_have_pages(string text, string reference, string revision, string url) => Assert.Equal(
        (reference, revision, url), VersionLink.Parse(text, Forms(), new Uri("https://user:secret@tracking.example/mlflow")) switch { var link => (link.Reference, link.Revision, link.Url) });

    [Theory]
    [InlineData("hf:org/name@main")]
    [InlineData("hf:org/name@0123456")]
    [InlineData("hf:org/name")]
    [InlineData("models:/fraud@champion")]
    [InlineData("./folder")]
    [InlineData("https://example.org/model.onnx")]
    [InlineData("javascript:alert(1)")]
    [InlineData("")]
    public void Links_that_may_change_their_meaning_are_refused(string text) =>
        Assert.Throws<InvalidVersionLinkException>(() => VersionLink.Parse(text, Forms(), mlflowServer: null));

    [Fact]
    public void A_reference_with_a_revision_takes_hash_and_link_from_this_machine()
    {
        using var environment = new RegistryEnvironment(name => name == "GPUX_HOME" ? _folder["home"] : name == "HF_HUB_OFFLINE" ? "1" : null);
        var models = new ModelStore(environment);
        var manifest = new ModelManifest(new ModelReference("hf", "org/name", "main"), Commit, []);
        models.Record(new ResolvedModel(manifest.Model, manifest, ListsEveryFile: false, FromStore: false));
        var versions = new VersionControlSystem(_store, models, Forms());
        var added = versions.AddModelVersion("hf:org/name@main", "v1");
        Assert.Equal(("org/name", Commit), (added.Model, added.Hash));
        Assert.Equal($"hf:org/name@{Commit}", Assert.Single(added.Links).Reference);
        // Nothing is fetched: what is not here is not known.
        Assert.Null(versions.AddModelVersion("hf:org/other@main", "v1").Hash);
    }

    [Fact]
    public void A_snapshot_stays_as_it_is()
    {
        AddRuns("v1", 0.010, 5);
        var made = _versions.CreateCompatibilitySnapshot(Bert, "v1");
        Assert.Equal((1, 1.0), (made.Number, Assert.Single(made.Entries).CompatibilityScore));
        Assert.Equal(5, made.Entries[0].Runs.Count);
        AddRuns("v1", 0.001, 20);
        _store.Delete([1, 2, 3, 4, 5], default);
        AddRuns("v2", 0.010, 5);
        _versions.CreateCompatibilitySnapshot(Bert, "v2");
        var compared = _versions.CompareCompatibilityVersions(Bert, "v1", "v2");
        Assert.Equivalent(made, compared.Before);
        Assert.Equal(1, Assert.Single(compared.Changes).Workloads[0].Factor.Ratio, 3);
        Assert.Equal(2, _versions.CreateCompatibilitySnapshot(Bert, "v1").Number);
        Assert.InRange(_versions.CompareCompatibilityVersions(Bert, "v1", "v2").Changes[0].Workloads[0].Factor.Ratio, 9.9, 10);
        Assert.Equal([("v2", 1), ("v1", 2)], _versions.GetVersionHistory(Bert).Select(version => (version.Tag, version.SnapshotCount)));
    }

    [Fact]
    public void A_snapshot_is_not_compared_with_itself()
    {
        AddRuns("v1", 0.010, 5);
        _versions.CreateCompatibilitySnapshot(Bert, "v1");
        _versions.MoveAlias(Bert, "champion", "v1");
        foreach (var other in (string[])["v1", "@champion"])
            Assert.Contains("version-history", Assert.Throws<SameSnapshotException>(() => _versions.CompareCompatibilityVersions(Bert, "v1", other)).Remedy, StringComparison.Ordinal);
        AddRuns("v1", 0.001, 5);
        _versions.CreateCompatibilitySnapshot(Bert, "v1");
        var refused = Assert.Throws<SameSnapshotException>(() => _versions.CompareCompatibilityVersions(Bert, "v1", "v1"));
        foreach (var way in (string[])["its 2 snapshots", "gpux bench compare", "gpux db link-tests --relink"])
            Assert.Contains(way, refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Launches_are_independent_values_where_samples_tell_them()
    {
        foreach (var (version, latency) in (ReadOnlySpan<(string, double)>)[("v1", 0.010), ("v2", 0.012)])
        {
            _store.Add(ExampleRun.Of(version, version: version, latencySeconds: latency) with
            {
                LaunchCount = 3,
                Samples = SampleSeries.Write([new SampleSeries(Metric.Latency, [.. new[] { 0.99, 1.0, 1.01 }.Select(share => new LaunchSamples(1, [[1, (long)Math.Round(share * latency * 1e9), 1_000_000_000]]))])]),
            }, default);
        }
        var snapshot = _versions.CreateCompatibilitySnapshot(Bert, "v1");
        Assert.Equal<double>([0.0099, 0.010, 0.0101], Assert.Single(snapshot.Entries[0].Runs).LaunchLatencies[Metric.Latency]);
        _versions.CreateCompatibilitySnapshot(Bert, "v2");
        // A run has one throughput, which would have too few values, and says what the latency says.
        var workload = Assert.Single(_versions.CompareCompatibilityVersions(Bert, "v1", "v2").Changes[0].Workloads);
        Assert.Equal((Metric.Latency, ChangeVerdict.Worse, 3, 3), (workload.Metric, workload.Verdict, workload.Factor.CountA, workload.Factor.CountB));
    }

    [Fact]
    public void A_version_without_results_or_snapshots_says_what_to_do()
    {
        _versions.AddModelVersion(Bert, "v1");
        Assert.Contains("link-tests", Assert.Throws<NothingMeasuredException>(() => _versions.CreateCompatibilitySnapshot(Bert, "v1")).Remedy, StringComparison.Ordinal);
        Assert.Contains("v1", Assert.Throws<VersionNotFoundException>(() => _versions.CreateCompatibilitySnapshot(Bert, "v9")).Remedy, StringComparison.Ordinal);
        Assert.Contains("create-snapshot", Assert.Throws<SnapshotNotFoundException>(() => _versions.CompareCompatibilityVersions(Bert, "v1", "v1")).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_version_s_own_results_count()
    {
        AddRuns("v1", 0.010, 3);
        _store.Add(ExampleRun.Of("unlinked", hardware: "A100", throughput: 1e6), default);
        Assert.Equal(["NVIDIA L4"], _versions.CreateCompatibilitySnapshot(Bert, "v1").Entries.Select(entry => entry.Hardware));
    }

    [Fact]
    public void An_alias_moves_and_remembers()
    {
        _versions.AddModelVersion(Bert, "v1");
        _versions.AddModelVersion(Bert, "v2");
        Assert.Null(_versions.MoveAlias(Bert, "champion", "v1").From);
        var moved = Assert.Throws<AliasMovedException>(() => _versions.MoveAlias(Bert, "champion", "v2", expected: "v2"));
        Assert.Contains("v1", moved.Message, StringComparison.Ordinal);
        Assert.Equal("v1", _versions.MoveAlias(Bert, "champion", "v2", expected: "v1", reason: "faster").From);
        Assert.Equal(["champion"], _versions.GetVersionHistory(Bert)[0].Aliases);
        Assert.Empty(_versions.GetVersionHistory(Bert)[1].Aliases);
        AddRuns("v2", 0.01, 1);
        Assert.Equal("v2", _versions.CreateCompatibilitySnapshot(Bert, "@champion").VersionTag);
        _versions.MoveAlias(Bert, "champion", versionTag: null);
        Assert.Throws<VersionNotFoundException>(() => _versions.CreateCompatibilitySnapshot(Bert, "@champion"));
        Assert.Equal([(null, "v1"), ("v1", "v2"), ("v2", null)], _versions.GetAliasHistory(Bert).Select(move => (move.From, move.To)));
        Assert.Throws<InvalidVersionException>(() => _versions.MoveAlias(Bert, "@x", "v1"));
    }

    [Fact]
    public void A_snapshot_says_by_which_formula_it_was_made_and_an_old_one_that_nobody_knows()
    {
        var options = new ScoreOptions { Form = ScoreForm.Geometric };
        foreach (var version in (string[])["v1", "v2"])
        {
            _store.AddAll([ExampleRun.Of($"{version} a", version: version), ExampleRun.Of($"{version} b", hardware: "NVIDIA T4", latencySeconds: 0.02, throughput: 50, version: version)], default);
            var made = _versions.CreateCompatibilitySnapshot(Bert, version, options);
            Assert.All(made.Entries, entry => Assert.Equal("geometric 2", entry.FormulaText));
        }
        var same = _versions.CompareCompatibilityVersions(Bert, "v1", "v2");
        Assert.All(same.Changes, change => Assert.Equal(0, change.Compatibility.Percent));
        // As GPUX wrote it before formulas had revisions.
        _store.Connection.Execute("UPDATE hardware_compatibility_snapshots SET details = CAST($1 AS JSON) WHERE version_id IN (SELECT id FROM model_registry_versions WHERE version_tag = 'v1')",
            ["""{"weights": {"throughput": 0.5, "latency": 0.3, "memory": 0.2}, "workloads": []}"""], default);
        var unlike = _versions.CompareCompatibilityVersions(Bert, "v1", "v2");
        Assert.All(unlike.Changes, change => Assert.Equal((null, null, ScoreFormula.Of(ScoreForm.Geometric)), (change.Compatibility.Percent, change.FormulaBefore, change.FormulaAfter)));
        Assert.Contains(unlike.Notes, note => note.Contains("unknown formula (geometric) and geometric 2", StringComparison.Ordinal));
        // The results are still there: a new snapshot has the formula of today.
        _versions.CreateCompatibilitySnapshot(Bert, "v1", options);
        Assert.All(_versions.CompareCompatibilityVersions(Bert, "v1", "v2").Changes, change => Assert.Equal(0, change.Compatibility.Percent));
    }

    [Fact]
    public void A_database_without_these_tables_is_brought_up_to_date_with_its_rows()
    {
        var path = _folder["old.duckdb"];
        var earlier = Migration.Known.TakeWhile(migration => !migration.Name.EndsWith("scores-and-versions", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(earlier);
        using (var database = BenchmarkDatabase.Open(path, TimeSpan.Zero, earlier, TimeProvider.System, default))
        using (var old = new BenchmarkStore(database.Connect(), TimeProvider.System))
        {
            old.Add(ExampleRun.Of("a", version: "v1"), default);
            old.Connection.Execute("INSERT INTO hardware_model_compatibility (model_id, hardware_id, compatibility_score) VALUES (1, 1, 0.5)", [], default);
            old.Connection.Execute("INSERT INTO hardware_compatibility_snapshots (model_id, version_id, hardware_id, compatibility_score) VALUES (1, 1, 1, 0.5)", [], default);
        }
        using var store = BenchmarkStore.Open(path, TimeSpan.Zero, default);
        Assert.Single(new ModelRegistryIntegration(store).CalculateSuitabilityScores());
        Assert.Equal(1, new VersionControlSystem(store).CreateCompatibilitySnapshot(Bert, "v1").Number);
    }

    private void AddRuns(string version, double latency, int count) => _store.AddAll(
        Enumerable.Range(0, count).Select(i => ExampleRun.Of($"{version} {latency} {i}", version: version, latencySeconds: latency * (1 + (i * 0.001)), throughput: 1 / latency)), default);

    private static ReferenceForms Forms() => new(RegistryCatalog.All);
}
