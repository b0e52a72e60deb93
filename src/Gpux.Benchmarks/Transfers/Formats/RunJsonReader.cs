using System.Text.Json;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>What commands write with --json (<see cref="RunJson"/>): a run, an array of runs, or an object whose "runs" is one. The runs come
/// back as they were, with their keys.</summary>
internal sealed class RunJsonReader : IResultReader
{
    public string Format => "run-json";

    public bool Recognizes(SourceFile file) => file.Kind == SourceKind.Json && (IsRun(file.Columns)
        || file.Columns.Contains("runs") && file.Head.Contains("\"workload\"", StringComparison.Ordinal));

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        if (file.Kind != SourceKind.Json)
            throw new UnknownResultFormatException(file.Path, "gpux bench --json writes JSON.");
        var number = 0L;
        foreach (var row in SourceRows.Of(file, refuse, cancellationToken).OfType<JsonRow>()) // of JSON all are
        {
            if (!row.Element.TryGetProperty("runs", out var runs) || runs.ValueKind != JsonValueKind.Array)
            {
                yield return new RunRow(row.Number, row.Element);
                continue;
            }
            foreach (var run in runs.EnumerateArray())
                if (run.ValueKind == JsonValueKind.Object)
                    yield return new RunRow(++number, run);
                else
                    refuse(++number, "runs", $"{SourceRow.Shown(run.GetRawText())} is no run");
        }
    }

    public BenchmarkRun Run(SourceRow row, ImportContext context)
    {
        try
        {
            return RunJson.ReadRun(((RunRow)row).Run); // this reader's own
        }
        catch (FormatException exception)
        {
            throw new RowRefusedException(null, exception.Message);
        }
    }

    /// <summary>A run, which is no row of columns.</summary>
    private sealed class RunRow(long number, JsonElement run) : SourceRow(number)
    {
        public JsonElement Run { get; } = run;

        public override IReadOnlyList<string> Columns => [];

        protected override string? Value(string column) => null;
    }

    private static bool IsRun(IReadOnlyList<string> columns) => columns.Contains("key") && columns.Contains("workload") && columns.Contains("metrics");
}
