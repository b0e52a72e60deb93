using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Tests.Database.DuckDb;
using Gpux.Benchmarks.Tests.Database.Postgres;

namespace Gpux.Benchmarks.Tests.Database.Migrations;

public sealed class DuckDbSchemaTests() : SchemaTests(new DuckDbFile());

[Collection(nameof(PostgresServer))]
public sealed class PostgresSchemaTests(PostgresServer server) : SchemaTests(server.Create());

public abstract class SchemaTests : IDisposable
{
    private readonly ITestDatabase _database;
    private readonly ISqlConnection _connection;

    protected SchemaTests(ITestDatabase database)
    {
        _database = database;
        _connection = BenchmarkDatabase.Connect(database.Location, TimeSpan.Zero, default);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("model_registry_versions", "id model_id version_tag version_hash created_at metadata")]
    [InlineData("hardware_model_compatibility", "id model_id hardware_id compatibility_score suitability_score recommended_batch_size "
        + "recommended_precision memory_requirement created_at last_updated notes")]
    [InlineData("task_recommendations", "id task_type model_id hardware_id suitability_score created_at last_updated")]
    [InlineData("hardware_compatibility_snapshots", "id model_id version_id hardware_id compatibility_score suitability_score "
        + "recommended_batch_size recommended_precision memory_requirement created_at")]
    public void Registry_tables_have_their_columns(string table, string columns)
    {
        using var rows = _connection.Query("SELECT column_name FROM information_schema.columns WHERE table_name = $1", [table], default);
        var actual = new List<string>();
        while (rows.Read())
            actual.Add(rows.Text(0));
        Assert.Empty(columns.Split(' ').Except(actual));
    }

    [Fact]
    public void Keys_count_up_and_references_hold()
    {
        var (model, hardware) = (InsertModel("bert"), InsertHardware("cpu"));
        Assert.Equal((1, 2), (model, InsertModel("llama")));
        var run = InsertRun(model, hardware, "a");
        InsertResult(run, "latency.e2e", 0.5);
        Assert.Throws<DatabaseConstraintException>(() => InsertModel("bert"));
        Assert.Throws<DatabaseConstraintException>(() => InsertRun(99, hardware, "b"));
        Assert.Throws<DatabaseConstraintException>(() => InsertRun(model, 99, "b"));
        Assert.Throws<DatabaseConstraintException>(() => InsertRun(model, hardware, "a"));
        Assert.Throws<DatabaseConstraintException>(() => InsertResult(run, "latency.e2e", 0.5));
        Assert.Throws<DatabaseConstraintException>(() => InsertResult(run, "latency.unknown", 0.5));
        Assert.Throws<DatabaseConstraintException>(() => _connection.Execute("DELETE FROM models WHERE id = $1", [model], default));
    }

    [Fact]
    public void A_result_without_a_mean_has_a_percentile()
    {
        var run = InsertRun(InsertModel("bert"), InsertHardware("cpu"), "a");
        _connection.Execute("INSERT INTO percentile_results (test_run_id, metric, sample_count, p90) VALUES ($1, 'latency.e2e', 1, 0.5)", [run], default);
        Assert.Throws<DatabaseConstraintException>(() => _connection.Execute(
            "INSERT INTO percentile_results (test_run_id, metric, sample_count) VALUES ($1, 'energy', 1)", [run], default));
        Assert.Throws<DatabaseConstraintException>(() => _connection.Execute(
            "INSERT INTO performance_results (test_run_id, metric, sample_count, p90) VALUES ($1, 'energy', 1, 1)", [run], default));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.001)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Numbers_that_make_no_sense_are_refused(double value)
    {
        var run = InsertRun(InsertModel("bert"), InsertHardware("cpu"), "a");
        Assert.Throws<DatabaseConstraintException>(() => InsertResult(run, "latency.e2e", value));
        foreach (var score in (string[])["compatibility_score", "suitability_score"])
            Assert.Throws<DatabaseConstraintException>(() => _connection.Execute(
                "INSERT INTO hardware_model_compatibility (model_id, hardware_id, " + score + ") VALUES (1, 1, $1)", [value], default));
        Assert.Throws<DatabaseConstraintException>(() =>
        {
            using var appender = _connection.Append("performance_results", ["test_run_id", "metric", "sample_count", "mean"], default);
            appender.Add(run);
            appender.Add("latency.e2e");
            appender.Add(1L);
            appender.Add(value);
            appender.EndRow();
            appender.Complete();
        });
        Assert.Equal(0, _connection.Execute("DELETE FROM performance_results", [], default));
    }

    [Fact]
    public void Every_metric_of_the_vocabulary_is_accepted()
    {
        var run = InsertRun(InsertModel("bert"), InsertHardware("cpu"), "a");
        Assert.True(_connection.Execute(
            "INSERT INTO performance_results (test_run_id, metric, sample_count, mean) SELECT $1, name, 1, 1 FROM metrics",
            [run], default) >= 13);
    }

    [Fact]
    public void Percentiles_out_of_order_are_refused()
    {
        var run = InsertRun(InsertModel("bert"), InsertHardware("cpu"), "a");
        Assert.Throws<DatabaseConstraintException>(() => _connection.Execute(
            "INSERT INTO performance_results (test_run_id, metric, sample_count, mean, p50, p90) VALUES ($1, 'goodput', 1, 1, 2, 1)",
            [run], default));
    }

    [Fact]
    public void Referenced_rows_can_be_updated()
    {
        var (model, hardware) = (InsertModel("bert"), InsertHardware("cpu"));
        var run = InsertRun(model, hardware, "a");
        InsertResult(run, "latency.e2e", 0.5);
        var version = Id("INSERT INTO model_registry_versions (model_id, version_tag) VALUES ($1, 'v1') RETURNING id", [model]);
        _connection.Execute("INSERT INTO test_run_versions (test_run_id, version_id) VALUES ($1, $2)", [run, version], default);
        var now = DateTimeOffset.UtcNow;
        Assert.Equal(1, _connection.Execute("UPDATE models SET task = 'fill-mask', metadata = $1, updated_at = $2",
            ["{\"author\": \"ada\"}", now], default));
        Assert.Equal(1, _connection.Execute("UPDATE hardware_platforms SET vendor = 'x', updated_at = $1", [now], default));
        Assert.Equal(1, _connection.Execute("UPDATE test_runs SET verdict = 'invalid', verdict_reasons = '[]', updated_at = $1", [now], default));
        Assert.Equal(1, _connection.Execute("UPDATE model_registry_versions SET version_hash = 'abc', updated_at = $1", [now], default));
        Assert.Equal(1, _connection.Execute("UPDATE performance_results SET mean = 0.6, updated_at = $1", [now], default));
    }

    [Fact]
    public void Scores_are_replaced_by_pair()
    {
        var (model, hardware) = (InsertModel("bert"), InsertHardware("cpu"));
        const string Upsert = """
            INSERT INTO hardware_model_compatibility (model_id, hardware_id, compatibility_score) VALUES ($1, $2, $3)
            ON CONFLICT (model_id, hardware_id) DO UPDATE SET compatibility_score = EXCLUDED.compatibility_score, last_updated = now()
            """;
        _connection.Execute(Upsert, [model, hardware, 0.25], default);
        _connection.Execute(Upsert, [model, hardware, 0.75], default);
        using var rows = _connection.Query("SELECT compatibility_score FROM hardware_model_compatibility", [], default);
        Assert.True(rows.Read());
        Assert.Equal(0.75, rows.Double(0));
        Assert.False(rows.Read());
    }

    [Fact]
    public void Names_of_a_thousand_characters_and_of_sql_are_names()
    {
        foreach (var name in (string[])[new string('ä', 1000), "'; DROP TABLE models; --", "a\"b"])
        {
            var id = InsertModel(name);
            using var rows = _connection.Query("SELECT name FROM models WHERE id = $1 AND name = $2", [id, name], default);
            Assert.True(rows.Read());
            Assert.Equal(name, rows.Text(0));
        }
    }

    private long InsertModel(string name) => Id("INSERT INTO models (name) VALUES ($1) RETURNING id", [name]);

    private long InsertHardware(string name) =>
        Id("INSERT INTO hardware_platforms (name, kind) VALUES ($1, 'cpu') RETURNING id", [name]);

    private long InsertRun(long model, long hardware, string key) => Id(
        """
        INSERT INTO test_runs (run_key, model_id, hardware_id, provenance, machine_fingerprint, suite, benchmark_version, task_type, scenario,
            verdict, started_at, duration_seconds)
        VALUES ($1, $2, $3, 'measured', 'machine', 'suite', '1', 'inference', 'offline', 'valid', $4, 1.5) RETURNING id
        """, [key, model, hardware, DateTimeOffset.UtcNow]);

    private void InsertResult(long run, string metric, double mean) => _connection.Execute(
        "INSERT INTO performance_results (test_run_id, metric, sample_count, mean) VALUES ($1, $2, 10, $3)", [run, metric, mean], default);

    private long Id(string sql, ReadOnlySpan<SqlValue> parameters)
    {
        using var rows = _connection.Query(sql, parameters, default);
        Assert.True(rows.Read());
        return rows.Int64(0);
    }
}
