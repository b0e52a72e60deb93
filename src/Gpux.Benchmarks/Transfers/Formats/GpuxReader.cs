using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>What 'gpux db export' writes, as CSV, JSON, JSON lines or Parquet: the runs come back as they were, with their keys and where they are from.</summary>
internal sealed class GpuxReader : IResultReader
{
    private static readonly string[] Needed =
        ["run_key", "model", "hardware", "hardware_kind", "provenance", "machine_fingerprint", "suite", "verdict", "started_at", "duration"];

    public string Format => "gpux";

    public bool Recognizes(SourceFile file) => file.Columns.Contains(RunColumns.Marker);

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        file.Require(Needed, "Export the results again, or map the columns: --format table --map column=target.");
        return SourceRows.Of(file, refuse, cancellationToken);
    }

    public BenchmarkRun Run(SourceRow row, ImportContext context) => RunColumns.Read(row);
}
