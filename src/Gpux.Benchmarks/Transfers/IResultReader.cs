using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Reads one format of results.</summary>
internal interface IResultReader
{
    /// <summary>As people write it after --format.</summary>
    string Format { get; }

    /// <summary>Whether the file's beginning is of this format.</summary>
    bool Recognizes(SourceFile file);

    /// <summary>What the file holds, one after the other; a row is done with when the next is asked for.</summary>
    /// <param name="refuse">Takes what is no row at all: its number, its column and why.</param>
    /// <exception cref="TransferException">The file cannot be read, or is not of this format.</exception>
    IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken);

    /// <summary>The run that a row tells of.</summary>
    /// <exception cref="RowRefusedException">The row makes no sense.</exception>
    BenchmarkRun Run(SourceRow row, ImportContext context);
}
