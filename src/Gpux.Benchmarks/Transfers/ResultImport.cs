using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Transfers.Formats;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Imports files of benchmark results: all of a file or, where it fails, nothing of it.</summary>
/// <param name="store">Where the runs go; null when nothing is stored and no database exists to compare with.</param>
public sealed class ResultImport(BenchmarkStore? store, ImportOptions options, TimeProvider clock)
{
    private const int MaxShownRefusals = 20;
    private const int MaxFiles = 1_000_000;

    // Of a dry run, which are looked up in the database together.
    private const int KeysAtATime = 1000;

    private const int RowsPerReport = 1000;

    // Keys that a dry run has met in any file.
    private readonly KeySet _seen = new();

    /// <summary>Is told how many rows of a file were read.</summary>
    public IProgress<Progress>? Progress { get; init; }

    /// <param name="paths">Files, and folders whose files are imported where they hold results. Links in folders are not followed.</param>
    /// <param name="imported">Is told of each file when it is done.</param>
    /// <exception cref="DatabaseException">The store failed, as with a full disk: what was imported before stays.</exception>
    public IReadOnlyList<FileImport> Import(IReadOnlyList<string> paths, Action<FileImport>? imported, CancellationToken cancellationToken)
    {
        if (options.Format is { } format && !ResultFormats.Names.Contains(format))
            throw new TransferOptionException($"'{format}' is no format of results.", $"Say one of {string.Join(", ", ResultFormats.Names)}, or auto.");
        var reports = new List<FileImport>();
        using var scratch = new ScratchDatabase();
        foreach (var (path, isNamed) in paths.SelectMany(path => Find(path, cancellationToken)))
        {
            var report = ImportFile(path, isNamed, scratch, cancellationToken);
            reports.Add(report);
            imported?.Invoke(report);
        }
        return reports;
    }

    private static IEnumerable<(string Path, bool IsNamed)> Find(string path, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(path))
        {
            yield return (path, true);
            yield break;
        }
        var folders = new Stack<DirectoryInfo>([new DirectoryInfo(path)]);
        var count = 0;
        while (folders.TryPop(out var folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (MlflowReader.IsRunFolder(folder.FullName))
            {
                var isNamed = folder.FullName == Path.GetFullPath(path);
                yield return (isNamed ? path : Path.Join(path, Path.GetRelativePath(path, folder.FullName)), isNamed);
                continue;
            }
            FileSystemInfo[] entries;
            try
            {
                entries = folder.GetFileSystemInfos();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new UnreadableResultFileException(folder.FullName, exception.Message, "Check the folder, and that you may read it.", exception);
            }
            Array.Sort(entries, (a, b) => string.CompareOrdinal(a.Name, b.Name));
            foreach (var file in entries.OfType<FileInfo>())
            {
                if (++count > MaxFiles)
                    throw new UnreadableResultFileException(path, $"it has more than {MaxFiles:N0} files.", "Name the folders with results.");
                if (file.LinkTarget is null)
                    yield return (Path.Join(path, Path.GetRelativePath(path, file.FullName)), false);
            }
            foreach (var inner in entries.OfType<DirectoryInfo>().Reverse())
                if (inner.LinkTarget is null)
                    folders.Push(inner);
        }
    }

    private FileImport ImportFile(string path, bool isNamed, ScratchDatabase scratch, CancellationToken cancellationToken)
    {
        var report = new FileImport(path);
        try
        {
            using var file = Directory.Exists(path) ? SourceFile.OpenRunFolder(path, scratch, cancellationToken) : SourceFile.Open(path, scratch, cancellationToken);
            if (ResultFormats.Recognize(file, options, isNamed) is not { } reader)
            {
                // A folder also has files that are no results.
                return isNamed ? throw new UnknownResultFormatException(path, Beginning(file)) : report;
            }
            report.Format = reader.Format;
            Import(file, reader, report, cancellationToken);
        }
        catch (UnknownResultFormatException) when (!isNamed && options.Format is null)
        {
            report.Format = null;
        }
        catch (GpuxException exception) when (exception is not (DatabaseLockedException or DatabaseStorageFullException or DatabaseUnavailableException
            or DatabaseDamagedException or DatabaseOutOfMemoryException or TransferOptionException))
        {
            // Of this file alone; what is excepted would fail the next one as well.
            report.Fail(exception);
        }
        return report;
    }

    private void Import(SourceFile file, IResultReader reader, FileImport report, CancellationToken cancellationToken)
    {
        var runs = Runs(file, reader, report, cancellationToken);
        report.New = options.DryRun
            ? runs.Select(run => run.Content.Key).Chunk(KeysAtATime).Sum(keys => CountNew(keys, cancellationToken))
            : store!.AddAll(runs, cancellationToken); // only a dry run has none
    }

    /// <summary>Whether the key is made of what the run says: another file may have told of it more or less exactly. Runs that keep the key
    /// they were measured under are compared with what is stored.</summary>
    private static bool IsKnownByKey(BenchmarkRun run) => run.Key.StartsWith(ImportContext.KeyPrefix, StringComparison.Ordinal);

    private int CountNew(string[] keys, CancellationToken cancellationToken)
    {
        var known = Known(keys, cancellationToken);
        return keys.Count(key => !known.Contains(key) && _seen.Add(key));
    }

    private HashSet<string> Known(string[] keys, CancellationToken cancellationToken)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        if (store is null)
            return known;
        // No key has a line feed.
        using var rows = store.Connection.Query("SELECT run_key FROM test_runs WHERE run_key IN (SELECT unnest(string_to_array($1, chr(10))))",
            [string.Join('\n', keys)], cancellationToken);
        while (rows.Read())
            known.Add(rows.Text(0));
        return known;
    }

    /// <summary>The file's runs, each looked at when it is asked for; at the end the file must be what it was.</summary>
    private IEnumerable<CheckedRun> Runs(SourceFile file, IResultReader reader, FileImport report, CancellationToken cancellationToken)
    {
        void Refuse(long row, string? column, string problem)
        {
            var refused = new RefusedRow(row, column, problem);
            report.RefusedCount++;
            if (report.Refused.Count < MaxShownRefusals)
                report.Refused.Add(refused);
            if (options.Strict)
                throw new RefusedRowsException(file.Path, refused.ToString());
        }
        var context = new ImportContext(options, file);
        var met = new KeySet();
        report.Restart(context.Notes);
        var now = clock.GetUtcNow();
        using var rows = reader.Rows(file, (number, column, problem) =>
        {
            report.Rows++;
            Refuse(number, column, problem);
        }, cancellationToken).GetEnumerator();
        while (MoveNext(file, rows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = rows.Current;
            if (++report.Rows % RowsPerReport == 0)
                Progress?.Report(new Progress("Importing", file.Path, report.Rows, Total: null));
            CheckedRun run;
            try
            {
                run = new CheckedRun(reader.Run(row, context), now);
                if (run.Content.Metrics.Count == 0)
                    throw new RowRefusedException(null, "it has no metric that GPUX keeps");
            }
            catch (RowRefusedException exception)
            {
                Refuse(row.Number, exception.Column, exception.Message);
                continue;
            }
            catch (UnfitRunException exception)
            {
                Refuse(row.Number, exception.Field, exception.Reason);
                continue;
            }
            report.Runs++;
            var (isRepeated, isKnownByKey) = (!met.Add(run.Content.Key), IsKnownByKey(run.Content));
            if (isRepeated)
                report.Repeated++;
            if (!isRepeated || !isKnownByKey)
                yield return run with { IsRepeated = isRepeated, IsKnownByKey = isKnownByKey };
        }
        file.VerifyUnchanged(cancellationToken);
        Progress?.Report(new Progress("Importing", file.Path, report.Rows, report.Rows));
    }

    /// <summary>Moves on; what fails then is the file's fault, and not the store's.</summary>
    private static bool MoveNext(SourceFile file, IEnumerator<SourceRow> rows)
    {
        try
        {
            return rows.MoveNext();
        }
        catch (Exception exception) when (exception is DatabaseException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new UnreadableResultFileException(file.Path, exception.Message.Split('\n')[0], "Check the file: it is damaged, or was changed meanwhile.", exception);
        }
    }

    private static string Beginning(SourceFile file) => file.Kind switch
    {
        SourceKind.Database => "it is a database without the tables of results.",
        SourceKind.Text or SourceKind.Json when string.IsNullOrWhiteSpace(file.Head) => "it is empty.",
        SourceKind.Json when file.Columns.Count == 0 => $"it is JSON, but does not begin with an object that has properties, or nests deeper than {SourceFile.MaxDepth}.",
        _ => $"its columns are {string.Join(", ", file.Columns.Take(8).Select(SourceRow.Shown))}{(file.Columns.Count > 8 ? ", …" : "")}.",
    };
}

/// <summary>What became of a file.</summary>
public sealed class FileImport(string path)
{
    public string Path { get; } = path;

    /// <summary>Null for a file in a folder that holds no results.</summary>
    public string? Format { get; internal set; }

    /// <summary>Those that could be read, and those that are no rows of the table.</summary>
    public long Rows { get; internal set; }

    /// <summary>Rows that are runs.</summary>
    public long Runs { get; internal set; }

    /// <summary>Runs that were stored, or would be.</summary>
    public int New { get; internal set; }

    /// <summary>Runs that the database had.</summary>
    public long AlreadyThere => Error is null ? Runs - New - Repeated : 0;

    /// <summary>Runs that the file tells of more than once, each time but the first.</summary>
    public long Repeated { get; internal set; }

    public long RefusedCount { get; internal set; }

    /// <summary>The first of them.</summary>
    public IList<RefusedRow> Refused { get; } = [];

    /// <summary>Such as that hardware is kept under another name.</summary>
    public IReadOnlyCollection<string> Notes { get; private set; } = [];

    /// <summary>Why nothing of it was imported; null when that went well.</summary>
    public GpuxException? Error { get; private set; }

    /// <summary>Forgets what was counted: the file is read again, as when another writer came first.</summary>
    internal void Restart(IReadOnlyCollection<string> notes)
    {
        Notes = notes;
        (Rows, Runs, Repeated, RefusedCount) = (0, 0, 0, 0);
        Refused.Clear();
    }

    internal void Fail(GpuxException error)
    {
        Error = error;
        New = 0;
    }
}

/// <param name="Row">Counted from 1, the heading left out.</param>
/// <param name="Column">Null where it is not one alone.</param>
public sealed record RefusedRow(long Row, string? Column, string Reason)
{
    public override string ToString() => Column is null ? $"row {Row}: {Reason}" : $"row {Row}, {Column}: {Reason}";
}
