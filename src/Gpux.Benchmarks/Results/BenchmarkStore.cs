using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Results;

/// <summary>Benchmark results in a database: adds runs, finds them, and links them to versions of models.</summary>
/// <remarks>What is stored is never silently overwritten: a run is known by its key, adding it again changes nothing, and another run
/// under its key is refused. Writers that come at the same time wait for each other, or do their work again.</remarks>
public sealed class BenchmarkStore(ISqlConnection connection, TimeProvider clock) : IDisposable
{
    // Runs of a transaction, some 100 MB of them: DuckDB goes through all of its indexes when one ends.
    private const int RunsPerTransaction = 65_536;

    // Of a writer whose rows others change all the time.
    private const int MaxAttempts = 20;

    private readonly RunWriter _writer = new(connection, clock);
    private readonly RunReader _reader = new(connection);

    public ISqlConnection Connection { get; } = connection;

    private DateTimeOffset Opening { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>Opens a database, or makes it, with the schema that this build knows.</summary>
    /// <param name="location">The path of a DuckDB file, or postgresql://user@host/database.</param>
    /// <param name="lockWait">How long to wait while another process has the file.</param>
    /// <exception cref="DatabaseException">It cannot be opened, is damaged, or has a newer schema.</exception>
    public static BenchmarkStore Open(string location, TimeSpan lockWait, CancellationToken cancellationToken)
    {
        var opening = TimeProvider.System.GetUtcNow();
        return new BenchmarkStore(BenchmarkDatabase.Connect(location, lockWait, cancellationToken), TimeProvider.System) { Opening = opening };
    }

    /// <summary>As <see cref="Open"/>, for reading: several processes may do so at a time.</summary>
    public static BenchmarkStore OpenToRead(string location, TimeSpan lockWait, CancellationToken cancellationToken) =>
        new(BenchmarkDatabase.ConnectToRead(location, lockWait, cancellationToken), TimeProvider.System);

    public void Dispose() => Connection.Dispose();

    /// <summary>What <see cref="Open"/> did to the schema, or another writer that opened the database at the same time: migrations say when they were applied.</summary>
    public SchemaState ReadSchemaState(CancellationToken cancellationToken)
    {
        using var rows = Connection.Query("SELECT min(applied_at), max(applied_at) FROM schema_migrations", [], cancellationToken);
        if (!rows.Read() || rows.IsNull(0))
            return SchemaState.Unchanged;
        // Databases keep whole microseconds.
        var since = Opening.AddTicks(-(Opening.Ticks % TimeSpan.TicksPerMicrosecond));
        return rows.Time(0) >= since ? SchemaState.Made : rows.Time(1) >= since ? SchemaState.Updated : SchemaState.Unchanged;
    }

    /// <summary>Stores a run with its model, hardware and metrics: all of it or nothing.</summary>
    /// <returns>Its id, and false if the database had the run already.</returns>
    /// <exception cref="RunChangedException">The database has another run under its key.</exception>
    /// <exception cref="DatabaseException">The run was refused, such as for a number that makes no sense.</exception>
    public (long Id, bool IsNew) Add(BenchmarkRun run, CancellationToken cancellationToken) =>
        InTransaction(() => _writer.Write(run, cancellationToken), cancellationToken);

    /// <summary>As <see cref="Add"/>, of many runs in one transaction. Some thousand at a time are in memory.</summary>
    /// <param name="runs">Read on another thread, so they must not come from this store; and once more where another writer came first.</param>
    /// <returns>How many were new.</returns>
    public int AddAll(IEnumerable<BenchmarkRun> runs, CancellationToken cancellationToken) => AddAll(Checked(runs), cancellationToken);

    internal int AddAll(IEnumerable<CheckedRun> runs, CancellationToken cancellationToken) =>
        checked((int)InTransaction(() => _writer.Write(runs, cancellationToken), cancellationToken));

    /// <summary>As <see cref="Add"/>, of any number of runs, in transactions of some ten thousand. After a failure those before are stored;
    /// doing it again adds the rest.</summary>
    /// <returns>How many were new.</returns>
    public long Append(IEnumerable<BenchmarkRun> runs, CancellationToken cancellationToken) =>
        runs.Chunk(RunsPerTransaction).Sum(part => (long)AddAll(part, cancellationToken));

    /// <returns>The runs that agree with the filter, by id, without their samples.</returns>
    public IReadOnlyList<StoredRun> Find(RunFilter filter, CancellationToken cancellationToken) =>
        filter.Ids is { Count: 0 } ? [] : _reader.Find(filter, cancellationToken);

    /// <returns>Null when the run has none.</returns>
    public RunSamples? Samples(long runId, CancellationToken cancellationToken)
    {
        using var rows = Connection.Query("SELECT format, content FROM test_run_samples WHERE test_run_id = $1", [runId], cancellationToken);
        return rows.Read() ? new RunSamples(rows.Text(0), rows.Bytes(1)) : null;
    }

    /// <returns>Null for a model without results or versions.</returns>
    public long? ModelId(string name, CancellationToken cancellationToken)
    {
        using var rows = Connection.Query("SELECT id FROM models WHERE name = $1", [name], cancellationToken);
        return rows.Read() ? rows.Int64(0) : null;
    }

    /// <summary>Makes the model known, and adds what was not known of it.</summary>
    /// <returns>Its id.</returns>
    public long EnsureModel(BenchmarkedModel model, CancellationToken cancellationToken) => _writer.EnsureModel(model, cancellationToken);

    /// <summary>Makes the hardware known, and adds what was not known of it. A measured peak replaces a published one.</summary>
    /// <returns>Its id.</returns>
    public long EnsureHardware(HardwarePlatform hardware, CancellationToken cancellationToken) => _writer.EnsureHardware(hardware, cancellationToken);

    /// <summary>Takes runs with their metrics and samples out of the database, for good. Snapshots keep what they say.</summary>
    /// <returns>How many there were.</returns>
    public int Delete(IReadOnlyList<long> runIds, CancellationToken cancellationToken)
    {
        if (runIds.Count == 0)
            return 0;
        var ids = RunIds.List(runIds);
        // DuckDB refuses to delete a row in the transaction that deleted what refers to it. A loss of power between the two leaves whole
        // runs that belong to no version, which the same call again deletes.
        Again(() => Connection.Execute(DeleteLinks, [ids], cancellationToken), cancellationToken);
        return InTransaction(
            () =>
            {
                Connection.Execute(DeleteResults, [ids], cancellationToken);
                Connection.Execute(DeletePercentiles, [ids], cancellationToken);
                Connection.Execute(DeleteSamples, [ids], cancellationToken);
                return (int)Connection.Execute(DeleteRuns, [ids], cancellationToken);
            }, cancellationToken);
    }

    private const string DeleteLinks = "DELETE FROM test_run_versions WHERE test_run_id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))";
    private const string DeleteResults = "DELETE FROM performance_results WHERE test_run_id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))";
    private const string DeletePercentiles = "DELETE FROM percentile_results WHERE test_run_id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))";
    private const string DeleteSamples = "DELETE FROM test_run_samples WHERE test_run_id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))";
    private const string DeleteRuns = "DELETE FROM test_runs WHERE id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))";

    private IEnumerable<CheckedRun> Checked(IEnumerable<BenchmarkRun> runs)
    {
        var now = clock.GetUtcNow();
        var met = new KeySet();
        foreach (var run in runs)
            yield return new CheckedRun(run, now) { IsRepeated = !met.Add(run.Key) };
    }

    /// <summary>Does work that counts as a whole or not at all, and does it again when another writer came first.</summary>
    internal T InTransaction<T>(Func<T> work, CancellationToken cancellationToken) => Again(
        () =>
        {
            using var transaction = Connection.BeginTransaction();
            var result = work();
            transaction.Commit();
            return result;
        }, cancellationToken);

    /// <summary>Does the work again when another writer came first: of a transaction that was taken back nothing is left.</summary>
    private static T Again<T>(Func<T> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return work();
            }
            // The same run or model may be new to two writers: the later one's key is then refused, and known when it looks again.
            catch (DatabaseException exception) when (attempt < MaxAttempts && exception is DatabaseConflictException || attempt == 1 && exception is DatabaseConstraintException)
            {
                cancellationToken.WaitHandle.WaitOne(Random.Shared.Next(1, 10 * attempt));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
