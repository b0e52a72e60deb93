using System.CommandLine;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Commands.Database;

internal sealed class ShowRunCommand : GpuxCommand
{
    private const string Summary = "Show everything that is known of a benchmark result.";

    private readonly Argument<long> _id = new("id") { Description = "As gpux db list shows it." };
    private readonly Option<string> _path = DatabaseOptions.Path();

    public ShowRunCommand(Services services) : base(services, "show", Summary, "gpux db show 1")
    {
        Add(_id);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var id = parsed.GetRequiredValue(_id);
        using var store = Services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        if (store.Find(new RunFilter { Ids = [id] }, cancellationToken) is not [var run])
            throw new RunNotFoundException([id]);
        var samples = store.Samples(id, cancellationToken);
        Terminal.Print(output => RunText.Whole(run, samples, Terminal, output), json => RunJson.Write(json, run.Run with { Samples = samples }, run.Id));
        return Task.FromResult(ExitCode.Done);
    }
}
