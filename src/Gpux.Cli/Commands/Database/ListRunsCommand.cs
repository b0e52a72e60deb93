using System.CommandLine;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Commands.Database;

internal sealed class ListRunsCommand : GpuxCommand
{
    private const string Summary = "List benchmark results, the latest last.";

    private readonly Option<string> _path = DatabaseOptions.Path();
    private readonly Option<string> _model = new("--model") { Description = "Of this model only: its name, the end of it, or a reference such as hf:org/name.", HelpName = "name" };
    private readonly Option<string> _hardware = new("--hardware") { HelpName = "name", Description = "Of this hardware, kind (cpu, gpu, npu, tpu) or execution provider (cuda) only." };
    private readonly Option<string> _version = new("--version") { Description = "Of this version of the model only: a tag, or @ and an alias.", HelpName = "tag" };
    private readonly Option<int> _limit = new("--limit") { Description = "At most so many, the latest.", DefaultValueFactory = _ => 50 };

    public ListRunsCommand(Services services)
        : base(services, "list", Summary, "gpux db list", "gpux db list --model bert-base-uncased --hardware cuda --limit 10")
    {
        foreach (var option in (Option[])[_model, _hardware, _version, _limit, _path])
            Add(option);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var limit = parsed.GetValue(_limit);
        if (limit < 1)
            throw new UsageException($"--limit is {limit}, where a number from 1 on was expected.", "Write how many results to list, such as --limit 10.");
        var filter = new RunFilter { Model = parsed.GetValue(_model), Hardware = parsed.GetValue(_hardware), VersionTag = parsed.GetValue(_version), Limit = limit };
        using var store = Services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        var runs = store.Find(ModelVersionOptions.Names(Services).Resolve(store.Connection, filter, cancellationToken), cancellationToken);
        Terminal.Print(
            output =>
            {
                if (runs.Count == 0)
                    output.WriteLine("No results.");
                else
                    RunText.List(runs, Terminal, output);
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var run in runs)
                    RunJson.Write(json, run.Run, run.Id);
                json.WriteEndArray();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
