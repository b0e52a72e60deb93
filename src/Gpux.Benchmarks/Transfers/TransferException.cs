namespace Gpux.Benchmarks.Transfers;

/// <summary>Results could not be imported or exported.</summary>
public abstract class TransferException(ErrorCode code, string problem, string remedy, Exception? inner = null)
    : GpuxException(code, problem, remedy, inner);

/// <summary>The file is of no format that is known, or not of the one that was said.</summary>
public sealed class UnknownResultFormatException(string file, string detail) : TransferException(
    ErrorCode.UnknownResultFormat,
    $"'{file}' holds no results in a known format: {detail}",
    "Say --format if the file is of one of the formats of 'gpux db import --help', or map its columns: --map latency_ms=latency.e2e:ms.");

/// <summary>The file cannot be read: it is missing, damaged, too large, of another encoding, or changes meanwhile.</summary>
public sealed class UnreadableResultFileException(string file, string detail, string remedy, Exception? inner = null) : TransferException(
    ErrorCode.UnreadableResultFile, $"'{file}' cannot be read: {detail}", $"{remedy} Nothing of the file was imported.", inner);

/// <summary>A packed table, or one with a name that reads as a pattern, is copied to be read, and cannot be.</summary>
public sealed class ImportCopyException(string file, Exception inner) : TransferException(
    ErrorCode.ImportCopy, $"'{file}' cannot be unpacked: {inner.Message}",
    "Free space there, name another folder by TMPDIR, or unpack it yourself. Nothing of the file was imported.", inner);

/// <summary>The file lacks columns, or has one twice.</summary>
public sealed class ResultColumnsException(string file, string detail, string remedy) : TransferException(
    ErrorCode.ResultColumns, $"The columns of '{file}' do not fit: {detail}", remedy);

/// <summary>Rows were refused, and the import was to be strict.</summary>
public sealed class RefusedRowsException(string file, string firstRefusal) : TransferException(
    ErrorCode.RefusedRows,
    $"'{file}' has a row that makes no sense: {firstRefusal}",
    "Correct the row, or leave --strict away to import the others. Nothing of the file was imported.");

/// <summary>An option of an import or export, such as a column map or a unit, says what cannot be.</summary>
public sealed class TransferOptionException(string problem, string remedy) : TransferException(ErrorCode.TransferOption, problem, remedy);

/// <summary>The exported file cannot be written.</summary>
public sealed class ResultExportException(string file, string detail, Exception? inner = null) : TransferException(
    ErrorCode.ResultExport, $"'{file}' cannot be written: {detail}", "Check its folder and the free space there, or name another file with -o.", inner);
