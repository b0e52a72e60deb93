using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Batches;

/// <summary>Which parts of a row are the model's input.</summary>
/// <param name="Text">The column of the text; null for the only one, or the one that is called "text".</param>
/// <param name="Pair">The column of a second text that is read with the first, or of the context of a question; null for none.</param>
public sealed record RowColumns(string? Text = null, string? Pair = null);

/// <summary>A file whose rows are inputs: CSV, TSV, JSON lines or plain lines, by its extension; Parquet where there is a reader.</summary>
public abstract class RowSource(string path, RowColumns wanted)
{
    /// <summary>The longest row that is read, in bytes: more memory than this is never taken for one.</summary>
    public const int LongestRowBytes = 16 << 20;

    /// <summary>The extensions that are read.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".csv", ".tsv", ".jsonl", ".ndjson", ".txt", ".parquet"];

    public string Path { get; } = path;

    /// <summary>The names of the values that rows have; empty where each row names its own.</summary>
    public abstract IReadOnlyList<string> Columns { get; }

    protected RowColumns Wanted { get; } = wanted;

    /// <param name="parquet">Opens a Parquet file; null where nothing reads them.</param>
    /// <exception cref="BatchInputException">No such file, or no such format.</exception>
    /// <exception cref="ColumnNotFoundException">The file names its columns, and lacks the wanted one.</exception>
    public static RowSource Open(string path, RowColumns wanted, Func<string, RowColumns, RowSource>? parquet = null)
    {
        if (Directory.Exists(path))
            throw new BatchInputException(path, "it is a folder.", "Name a file.");
        if (!File.Exists(path))
            throw new BatchInputException(path, "there is no such file.", "Check the path.");
        return System.IO.Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".csv" => new DelimitedRows(path, wanted, delimiter: null),
            ".tsv" => new DelimitedRows(path, wanted, delimiter: '\t'),
            ".jsonl" or ".ndjson" => new JsonRows(path, wanted),
            ".parquet" when parquet is not null => parquet(path, wanted),
            ".parquet" => throw new BatchInputException(path, "nothing here reads Parquet.",
                $"Write it as CSV, such as with DuckDB: COPY (FROM '{System.IO.Path.GetFileName(path)}') TO '{System.IO.Path.GetFileNameWithoutExtension(path)}.csv'"),
            _ when IsText(path) => new LineRows(path, wanted),
            var other => throw new BatchInputException(path, $"the format '{other}' is not known.", $"Give a file of one of these: {string.Join(", ", Extensions)}."),
        };
    }

    /// <summary>All rows in order. One that cannot be used has a failure, and does not end the others.</summary>
    /// <exception cref="BatchInputException">The file cannot be read on.</exception>
    public IEnumerable<BatchRow> Read() => ReadRows().Select(row => row with { Source = this });

    protected abstract IEnumerable<BatchRow> ReadRows();

    /// <summary>What decides which inputs the file's bytes are.</summary>
    internal string Describe() => $"{GetType().Name} {Wanted.Text} {Wanted.Pair}";

    /// <summary>The input of a text, and of the pair's where one is wanted.</summary>
    protected static PipelineInput Input(string text, string? pair) =>
        // Which of the names is read is the task's matter.
        new() { Text = text, Pair = pair, Question = pair is null ? null : text, Context = pair };

    protected BatchRow Bad(RowBytes row, string problem, IReadOnlyList<string>? values = null) =>
        new(row.Line, null, new BadRowException(Path, row.Line, problem)) { Values = values ?? [], EndBytes = row.EndBytes };

    private static bool IsText(string path) => System.IO.Path.GetExtension(path).ToLowerInvariant() is ".txt" or "";
}
