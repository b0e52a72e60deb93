using System.CommandLine;
using Gpux.Benchmarks.Reports;
using Gpux.Cli.Terminals;
using Gpux.Models;

namespace Gpux.Cli.Commands.Database;

internal sealed class ReportCommand : GpuxCommand
{
    private const string Summary = "Write a page about runs that stands by itself: results, pictures, machine, method.";

    private readonly Argument<string[]> _runs = new("runs") { Description = $"Runs: {RunSelection.Forms}. Default: all that agree with the options.", Arity = ArgumentArity.ZeroOrMore };
    private readonly RunSelection _selection = new();
    private readonly Option<string> _output = new("--output", "-o") { Description = "HTML file to write.", HelpName = "file", DefaultValueFactory = _ => "report.html" };

    public ReportCommand(Services services) : base(services, "report", Summary, "gpux db report 12 13 -o report.html", "gpux db report --model bert-base-uncased")
    {
        Add(_runs);
        _selection.AddTo(this);
        Add(_output);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = parsed.GetRequiredValue(_output);
        if (Path.GetExtension(output).ToLowerInvariant() is not ".html")
            throw new UsageException($"-o is '{output}', which does not end in .html.", "Write -o report.html.");
        var runs = _selection.Read(Services, parsed, parsed.GetValue(_runs) ?? [], takesSamples: true, cancellationToken);
        try
        {
            BenchmarkReport.WriteHtml(runs, output);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(output, exception);
        }
        Terminal.Print(
            text => text.WriteLine($"{output}: {Plural.Of(runs.Runs.Count, "run")}."),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("file", output);
                json.WriteNumber("runs", runs.Runs.Count);
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
