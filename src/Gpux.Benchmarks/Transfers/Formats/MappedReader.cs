using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>Any table (CSV, JSON, JSON lines, Parquet) whose columns the user names: --map latency_ms=latency.e2e:ms.</summary>
/// <remarks>Columns with the names of our fields ("model", "batch_size") need no map; metrics always need one, for their unit.</remarks>
internal sealed class MappedReader : IResultReader
{
    public string Format => "table";

    public bool Recognizes(SourceFile file) => false;

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken) =>
        SourceRows.Of(file, refuse, cancellationToken);

    public BenchmarkRun Run(SourceRow row, ImportContext context)
    {
        context.SourceNames ??= NamesOf(context);
        var mapped = new MappedRow(row, context.SourceNames);
        var imported = Imported(mapped, "a table whose columns were mapped");
        return context.Complete(imported with { Model = mapped.Text("model") is { } model ? RunColumns.Model(mapped, model) : null });
    }

    /// <summary>What columns of ours say of a run that GPUX did not measure.</summary>
    public static ImportedRun Imported(SourceRow row, string tool) => new(tool, row.Text("suite") ?? "imported")
    {
        VersionTag = row.Text("version_tag"),
        Hardware = row.Text("hardware"),
        DeviceCount = row.Int32("hardware_device_count", atLeast: 1) ?? 1,
        HardwareKind = row.Text("hardware_kind") is null ? null : RunColumns.Kind<HardwareKind>(row, "hardware_kind"),
        Workload = RunColumns.Workload(row),
        Engine = RunColumns.Engine(row),
        EnvironmentJson = row.Text("environment"),
        Seed = row.Int64("seed"),
        StartedAt = row.Time("started_at"),
        Duration = RunColumns.Duration(row),
        Verdict = row.Text("verdict") is null ? RunVerdict.Valid : RunColumns.Kind<RunVerdict>(row, "verdict"),
        Metrics = RunColumns.Metrics(row),
    };

    private static MappedNames NamesOf(ImportContext context)
    {
        var file = context.File;
        if (!context.Maps.Values.Any(map => ColumnMap.MetricOf(map.Target, out _) is not null))
            throw new TransferOptionException($"No column of '{file.Path}' is mapped to a metric.",
                "Say which is what and in which unit, such as --map latency_ms=latency.e2e:ms.");
        // Of JSON, paths lead into objects that only some rows have.
        if (file.Kind != SourceKind.Json)
            file.Require(context.Maps.Values.Select(map => map.Source), "Correct the --map.");
        return new MappedNames(context.Maps, column => ColumnMap.MetricOf(column, out _) is null ? column : "");
    }
}
