using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Transfers;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class ImportResultsCommand : GpuxCommand
{
    private const string Summary = "Import benchmark results of other tools, or of another machine.";
    private const string Automatic = "auto";

    private readonly Argument<string[]> _paths = new("path") { Description = "Files, and folders with such files.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> _database = DatabaseOptions.Path();
    private readonly Option<string> _format = new("--format")
    {
        Description = $"{string.Join(", ", ResultFormats.Names)}; default: {Automatic}, found out file by file.", HelpName = "name", DefaultValueFactory = _ => Automatic,
    };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Say what an import would do, and store nothing." };
    private readonly Option<bool> _strict = new("--strict") { Description = "Refuse a file for one row that makes no sense; else the other rows are imported, and it fails only where all are refused." };
    private readonly Option<string[]> _maps = new("--map")
    {
        Description = "What a column is, and in which unit: latency_ms=latency.e2e:ms, gpu=hardware. Repeat it.", HelpName = "column=target:unit",
    };
    private readonly Option<string> _model = new("--model") { Description = "Model of runs whose file names none.", HelpName = "name" };
    private readonly Option<string> _hardware = new("--hardware") { Description = "Hardware of runs whose file names none.", HelpName = "name" };
    private readonly Option<string> _latencyUnit = new("--latency-unit") { Description = "Unit of latencies in a database that does not say it: s, ms, us, ns.", HelpName = "unit" };
    private readonly Option<string> _memoryUnit = new("--memory-unit") { Description = "Unit of memory in a database that does not say it: B, kB, MB, GB, KiB, MiB, GiB.", HelpName = "unit" };

    public ImportResultsCommand(Services services) : base(services, "import", Summary,
        "gpux db import tests/Golden/benchmarks/llama-bench.json --db-path ./benchmark_db.duckdb",
        "gpux db import tests/Golden/benchmarks/vllm-serve.json --hardware \"NVIDIA L4\" --dry-run --db-path ./benchmark_db.duckdb",
        "gpux db import tests/Golden/benchmarks/table.csv --map ms=latency.e2e:ms --map device=hardware --db-path ./benchmark_db.duckdb --json")
    {
        Add(_paths);
        Add(_database);
        Add(_format);
        Add(_dryRun);
        Add(_strict);
        Add(_maps);
        Add(_model);
        Add(_hardware);
        Add(_latencyUnit);
        Add(_memoryUnit);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var format = parsed.GetValue(_format);
        var options = new ImportOptions
        {
            Format = format == Automatic ? null : format,
            DryRun = parsed.GetValue(_dryRun),
            Strict = parsed.GetValue(_strict),
            Maps = parsed.GetValue(_maps) ?? [],
            Model = parsed.GetValue(_model),
            Hardware = parsed.GetValue(_hardware),
            LatencyUnit = parsed.GetValue(_latencyUnit),
            MemoryUnit = parsed.GetValue(_memoryUnit),
        };
        var location = DatabaseOptions.Location(Services, parsed.GetValue(_database));
        IReadOnlyList<FileImport> files;
        using (var store = options.DryRun ? OpenToCompare(location, cancellationToken) : Services.Open(location, cancellationToken))
            files = new ResultImport(store, options, TimeProvider.System) { Progress = Terminal.Progress }
                .Import(parsed.GetRequiredValue(_paths), Tell, cancellationToken);
        Terminal.Print(output => WriteTable(output, files, options.DryRun), json => WriteJson(json, files, location, options.DryRun));
        // A file of which nothing was taken failed; where some rows were refused, --strict is there to say that this is a failure.
        return Task.FromResult(files.Any(file => file.Error is not null || file is { Runs: 0, RefusedCount: > 0 }) ? ExitCode.Failed : ExitCode.Done);
    }

    // A dry run makes no database.
    private BenchmarkStore? OpenToCompare(string location, CancellationToken cancellationToken) =>
        location.Contains("://", StringComparison.Ordinal) || File.Exists(location) ? Services.OpenToRead(location, cancellationToken) : null;

    private void Tell(FileImport file)
    {
        foreach (var note in file.Notes)
            Terminal.Note($"{file.Path}: {note}");
        foreach (var refused in file.Refused)
            Terminal.Note($"{file.Path}: {refused}");
        if (file.RefusedCount > file.Refused.Count)
            Terminal.Note($"{file.Path}: {file.RefusedCount - file.Refused.Count} more rows were refused.");
        if (file.Repeated > 0)
            Terminal.Note($"{file.Path}: {Number(file.Repeated)} of its rows tell of a run that another has told of.");
        if (file.Error is { } error)
            Terminal.Note($"{error.Message}\n{error.Remedy}");
    }

    private void WriteTable(TextWriter output, IReadOnlyList<FileImport> files, bool isDry)
    {
        var table = new Table("file", "format", "rows", "runs", isDry ? "would be new" : "new", "already there", "refused").AlignRight(2, 3, 4, 5, 6);
        foreach (var file in files.Where(file => file.Format is not null || file.Error is not null))
            table.Row(file.Path, file.Error is not null ? "failed" : file.Format ?? "", Number(file.Rows), Number(file.Runs), Number(file.New), Number(file.AlreadyThere), Number(file.RefusedCount));
        table.Write(Terminal, output);
        if (files.Count(file => file.Format is null && file.Error is null) is > 0 and var others)
            output.WriteLine($"{Plural.Of(others, "file")} in the folders hold no results.");
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void WriteJson(Utf8JsonWriter json, IReadOnlyList<FileImport> files, string location, bool isDry)
    {
        json.WriteStartObject();
        json.WriteString("database", location);
        json.WriteBoolean("dry_run", isDry);
        json.WriteStartArray("files");
        foreach (var file in files)
        {
            json.WriteStartObject();
            json.WriteString("file", file.Path);
            json.WriteString("format", file.Format);
            json.WriteNumber("rows", file.Rows);
            json.WriteNumber("runs", file.Runs);
            json.WriteNumber("new", file.New);
            json.WriteNumber("already_there", file.AlreadyThere);
            json.WriteNumber("repeated", file.Repeated);
            json.WriteNumber("refused", file.RefusedCount);
            json.WriteStartArray("refusals");
            foreach (var refused in file.Refused)
            {
                json.WriteStartObject();
                json.WriteNumber("row", refused.Row);
                json.WriteString("column", refused.Column);
                json.WriteString("reason", refused.Reason);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("notes");
            foreach (var note in file.Notes)
                json.WriteStringValue(note);
            json.WriteEndArray();
            if (file.Error is { } error)
            {
                json.WriteStartObject("error");
                json.WriteString("code", $"GPUX{(int)error.Code:0000}");
                json.WriteString("problem", error.Message);
                json.WriteString("remedy", error.Remedy);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
