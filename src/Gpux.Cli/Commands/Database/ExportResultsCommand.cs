using System.CommandLine;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Transfers;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class ExportResultsCommand : GpuxCommand
{
    private const string Summary = "Write benchmark results into a file that every tool for tables reads, and 'gpux db import' exactly.";

    private readonly Option<string> _output = new("--output", "-o") { Description = "File to write: .csv, .json, .jsonl (each also .gz) or .parquet.", HelpName = "file", Required = true };
    private readonly Option<ExportFormat?> _format = new("--format") { Description = "What to write where the file's name does not tell." };
    private readonly Option<string> _database = DatabaseOptions.Path();
    private readonly Option<string> _model = new("--model") { Description = "Results of this model alone: its name, the end of it, or a reference such as hf:org/name.", HelpName = "name" };
    private readonly Option<string> _hardware = new("--hardware") { Description = "Of this platform, kind of hardware or execution provider alone.", HelpName = "name" };
    private readonly Option<string> _version = new("--version") { Description = "Of versions with this tag alone, or with @ and an alias.", HelpName = "tag" };
    private readonly Option<string> _precision = new("--precision") { Description = "Of this precision alone.", HelpName = "name" };
    private readonly Option<TaskType?> _task = new("--task") { Description = "Of this use alone." };
    private readonly Option<RunVerdict?> _verdict = new("--verdict") { Description = "With this verdict alone." };

    public ExportResultsCommand(Services services) : base(services, "export", Summary,
        "gpux db export -o results.parquet --db-path ./benchmark_db.duckdb",
        "gpux db export -o bert.csv --model \"bert-base-uncased\" --verdict valid --db-path ./benchmark_db.duckdb --json")
    {
        Add(_output);
        Add(_format);
        Add(_database);
        Add(_model);
        Add(_hardware);
        Add(_version);
        Add(_precision);
        Add(_task);
        Add(_verdict);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = parsed.GetRequiredValue(_output);
        var format = parsed.GetValue(_format) ?? ResultExport.FormatOf(path)
            ?? throw new UsageException($"'{path}' does not tell what to write.", "End its name in .csv, .json, .jsonl or .parquet, or say --format.");
        var filter = new RunFilter
        {
            Model = parsed.GetValue(_model),
            Hardware = parsed.GetValue(_hardware),
            VersionTag = parsed.GetValue(_version),
            Precision = parsed.GetValue(_precision),
            TaskType = parsed.GetValue(_task),
            Verdict = parsed.GetValue(_verdict),
        };
        using var store = Services.OpenToRead(parsed.GetValue(_database), cancellationToken);
        filter = ModelVersionOptions.Names(Services).Resolve(store.Connection, filter, cancellationToken);
        var (count, bytes) = new ResultExport(store).Write(path, format, filter, cancellationToken);
        Terminal.Print(
            output => output.WriteLine($"{Terminal.Bold(path)}  {Plural.Of((int)Math.Min(count, int.MaxValue), "run")}, {ByteSize.Format(bytes)}"),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("file", Path.GetFullPath(path));
                json.WriteString("format", format.ToString().ToLowerInvariant());
                json.WriteNumber("runs", count);
                json.WriteNumber("bytes", bytes);
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
