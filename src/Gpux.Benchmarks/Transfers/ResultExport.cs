using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers;

/// <summary>What an export is written as.</summary>
public enum ExportFormat
{
    Csv,

    /// <summary>An array of objects.</summary>
    Json,

    /// <summary>An object a line.</summary>
    JsonLines,
    Parquet,
}

/// <summary>Writes runs into a file that 'gpux db import' reads back exactly: a row a run, see <see cref="RunColumns"/>.</summary>
public sealed class ResultExport(BenchmarkStore store)
{
    private const int PageRuns = 20_000;

    /// <returns>Null for another ending than .csv, .json, .jsonl, .ndjson and .parquet, and .gz after the first four.</returns>
    public static ExportFormat? FormatOf(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        ExportFormat? format = Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".csv" => ExportFormat.Csv,
            ".json" => ExportFormat.Json,
            ".jsonl" or ".ndjson" => ExportFormat.JsonLines,
            ".parquet" => ExportFormat.Parquet,
            _ => null,
        };
        return name != path && format == ExportFormat.Parquet ? null : format;
    }

    /// <param name="path">See <see cref="OutputFile"/>; compressed where it ends in ".gz".</param>
    /// <returns>How many runs were written, in how many bytes.</returns>
    /// <exception cref="ResultExportException">The file cannot be written.</exception>
    public (long Runs, long Bytes) Write(string path, ExportFormat format, RunFilter filter, CancellationToken cancellationToken)
    {
        using var scratch = new ScratchDatabase(spills: true);
        var count = FillScratch(scratch, path, filter, cancellationToken);
        var temporary = path;
        try
        {
            var bytes = OutputFile.Write(path, whole =>
            {
                temporary = whole;
                scratch.Connection.Execute(Copy(format, path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)), [whole], cancellationToken);
            });
            return (count, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DatabaseUnavailableException or DatabaseStorageFullException)
        {
            // The copy is made by a database in memory, which is not what the user asked about.
            var detail = exception switch { DatabaseUnavailableException database => database.Detail, DatabaseStorageFullException database => database.Detail, _ => exception.Message };
            throw new ResultExportException(path, detail.Replace(temporary, path, StringComparison.Ordinal), exception);
        }
    }

    private long FillScratch(ScratchDatabase scratch, string path, RunFilter filter, CancellationToken cancellationToken)
    {
        try
        {
            return Fill(scratch.Connection, filter, cancellationToken);
        }
        // What the results are read from has a name of its own.
        catch (DatabaseStorageFullException exception) when (exception.Database == DuckDbDatabase.InMemory)
        {
            throw new ResultExportException(path, $"the temporary folder {Path.GetTempPath()}, which holds what does not fit into memory meanwhile, is full: {exception.Detail}", exception);
        }
    }

    private static string Copy(ExportFormat format, bool isPacked) => (format, isPacked) switch
    {
        (ExportFormat.Csv, false) => "COPY results TO $1 (FORMAT csv, HEADER)",
        (ExportFormat.Csv, true) => "COPY results TO $1 (FORMAT csv, HEADER, COMPRESSION gzip)",
        (ExportFormat.Json, false) => "COPY results TO $1 (FORMAT json, ARRAY true)",
        (ExportFormat.Json, true) => "COPY results TO $1 (FORMAT json, ARRAY true, COMPRESSION gzip)",
        (ExportFormat.JsonLines, false) => "COPY results TO $1 (FORMAT json, ARRAY false)",
        (ExportFormat.JsonLines, true) => "COPY results TO $1 (FORMAT json, ARRAY false, COMPRESSION gzip)",
        _ => "COPY results TO $1 (FORMAT parquet, COMPRESSION zstd)",
    };

    private long Fill(DuckDbConnection connection, RunFilter filter, CancellationToken cancellationToken)
    {
        var metrics = StoredMetrics(cancellationToken);
        connection.ExecuteScript(Table(metrics), cancellationToken);
        var count = 0L;
        using var rows = connection.Append("results", [], cancellationToken);
        foreach (var page in Pages(filter.Ids, cancellationToken))
        {
            var withSamples = WithSamples(page[0], page[^1], cancellationToken);
            foreach (var stored in store.Find(filter with { Ids = page }, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var run = withSamples.Contains(stored.Id) ? stored.Run with { Samples = store.Samples(stored.Id, cancellationToken) } : stored.Run;
                RunColumns.Write(rows, run, metrics);
                count++;
            }
        }
        rows.Complete();
        return count;
    }

    /// <summary>The table's definition, of the vocabulary of columns and metrics alone.</summary>
    private static string Table(IReadOnlyList<Metric> metrics)
    {
        var sql = new System.Text.StringBuilder("CREATE TEMP TABLE results (");
        return sql.Append(RunColumns.Definition(metrics)).Append(')').ToString();
    }

    /// <summary>Ids in order, so many at a time that a page's runs fit into memory.</summary>
    private IEnumerable<IReadOnlyList<long>> Pages(IReadOnlyList<long>? asked, CancellationToken cancellationToken)
    {
        if (asked is not null)
        {
            foreach (var chunk in asked.Distinct().Order().Chunk(PageRuns))
                yield return chunk;
            yield break;
        }
        for (var last = long.MinValue; ;)
        {
            var page = new List<long>();
            using (var rows = store.Connection.Query("SELECT id FROM test_runs WHERE id > $1 ORDER BY id LIMIT $2", [last, (long)PageRuns], cancellationToken))
                while (rows.Read())
                    page.Add(rows.Int64(0));
            if (page.Count == 0)
                yield break;
            last = page[^1];
            yield return page;
        }
    }

    private List<Metric> StoredMetrics(CancellationToken cancellationToken)
    {
        var names = new HashSet<string>();
        using var rows = store.Connection.Query("SELECT metric FROM performance_results GROUP BY metric UNION SELECT metric FROM percentile_results GROUP BY metric", [], cancellationToken);
        while (rows.Read())
            names.Add(rows.Text(0));
        return [.. Metric.All.Where(metric => names.Contains(metric.Name))];
    }

    private HashSet<long> WithSamples(long first, long last, CancellationToken cancellationToken)
    {
        var ids = new HashSet<long>();
        using var rows = store.Connection.Query("SELECT test_run_id FROM test_run_samples WHERE test_run_id >= $1 AND test_run_id <= $2", [first, last], cancellationToken);
        while (rows.Read())
            ids.Add(rows.Int64(0));
        return ids;
    }
}
