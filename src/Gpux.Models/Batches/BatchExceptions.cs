namespace Gpux.Models.Batches;

/// <summary>A file of inputs cannot be read as a whole.</summary>
public sealed class BatchInputException(string path, string problem, string remedy, Exception? inner = null) : GpuxException(
    ErrorCode.BatchInput, $"'{path}' cannot be read: {problem}", remedy, inner);

/// <summary>A file of inputs lacks the column that is to be read.</summary>
public sealed class ColumnNotFoundException(string path, string column, IReadOnlyList<string> columns, string? closest) : GpuxException(
    ErrorCode.ColumnNotFound,
    $"'{path}' has no column '{column}'. It has: {string.Join(", ", columns.Take(20))}{(columns.Count > 20 ? ", ..." : "")}.",
    closest is null ? "Name a column that it has with --column." : $"Perhaps --column '{closest}'.")
{
    public string Column { get; } = column;
}

/// <summary>A row of a file of inputs cannot be used. The others can.</summary>
public sealed class BadRowException(string path, long line, string problem) : GpuxException(
    ErrorCode.BadRow, $"{path}:{line}: {problem}", "Correct the row, and run the command again.")
{
    public long Line { get; } = line;
}

/// <summary>Answers cannot be written.</summary>
public sealed class BatchOutputException(string path, string problem, string remedy, Exception? inner = null) : GpuxException(
    ErrorCode.BatchOutput, $"'{path}' cannot be written: {problem}", remedy, inner);

/// <summary>Another process writes the same file.</summary>
public sealed class BatchInUseException(string path, Exception inner) : GpuxException(
    ErrorCode.BatchInUse, $"Another process is writing '{path}'.", "Wait until it ends, or name another file with -o.", inner)
{
    public string Path { get; } = path;
}
