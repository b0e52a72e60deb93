using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Database.Postgres;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Database.Postgres;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Scoring;

[Collection(nameof(PostgresServer))]
public sealed class ConcurrentScoringTests(PostgresServer server)
{
    private const int Machines = 40;

    [Fact]
    public async Task Two_that_score_at_once_in_one_process_both_do()
    {
        using var folder = new TemporaryFolder();
        BenchmarkStore.Open(folder["results.duckdb"], TimeSpan.Zero, default).Dispose();
        using var database = DuckDbDatabase.Open(folder["results.duckdb"], readOnly: false, TimeSpan.Zero, default);
        await ScoreAtOnce(() => new BenchmarkStore(database.Connect(), TimeProvider.System));
    }

    [Fact]
    public async Task Two_that_score_at_once_on_a_server_both_do()
    {
        using var database = server.Create();
        BenchmarkStore.Open(database.Location, TimeSpan.FromMinutes(1), default).Dispose();
        await ScoreAtOnce(() => new BenchmarkStore(PostgresConnection.Open(PostgresAddress.Parse(database.Location), readOnly: false, default), TimeProvider.System));
    }

    private static async Task ScoreAtOnce(Func<BenchmarkStore> open)
    {
        const int Rounds = 5;
        using var store = open();
        store.AddAll(Enumerable.Range(0, Machines).Select(i => ExampleRun.Of($"{i}", hardware: $"machine {i:00}", throughput: 100 + i)), default);
        using var together = new Barrier(2);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () =>
            {
                using var mine = open();
                var integration = new ModelRegistryIntegration(mine);
                for (var round = 0; round < Rounds; round++)
                {
                    together.SignalAndWait();
                    Assert.Equal(Machines, integration.CalculateSuitabilityScores().Count);
                }
            }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        // The last one's alone are stored.
        using var rows = store.Connection.Query("SELECT count(*), count(compatibility_score), count(DISTINCT last_updated) FROM hardware_model_compatibility", [], default);
        Assert.True(rows.Read());
        Assert.Equal((Machines, Machines, 1), (rows.Int64(0), rows.Int64(1), rows.Int64(2)));
    }
}
