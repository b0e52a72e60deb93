using System.CommandLine;
using System.Globalization;
using Gpux.Benchmarks.Results;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class DeleteRunsCommand : GpuxCommand
{
    private const string Summary = "Delete benchmark results for good. Snapshots keep what they say.";

    private readonly Argument<string[]> _ids = new("ids") { Description = "As gpux db list shows them: 1,2,5.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _yes = new("--yes") { Description = "Delete. Without it, the command only says what would go." };
    private readonly Option<string> _path = DatabaseOptions.Path();

    public DeleteRunsCommand(Services services) : base(services, "delete", Summary, "gpux db delete 1,2", "gpux db delete 1,2 --yes")
    {
        Add(_ids);
        Add(_yes);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var ids = parsed.GetRequiredValue(_ids).SelectMany(text => text.Split(',')).Select(Id).Distinct().Order().ToArray();
        var isMeant = parsed.GetValue(_yes);
        using var store = isMeant ? Services.Open(parsed.GetValue(_path), cancellationToken) : Services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        var runs = store.Find(new RunFilter { Ids = ids }, cancellationToken);
        if (ids.Except(runs.Select(run => run.Id)).ToArray() is { Length: > 0 } missing)
            throw new RunNotFoundException(missing);
        if (isMeant)
            store.Delete(ids, cancellationToken);
        Terminal.Print(
            output =>
            {
                RunText.List(runs, Terminal, output);
                output.WriteLine(isMeant ? $"Deleted {Plural.Of(runs.Count, "result")}." : $"Would delete {Plural.Of(runs.Count, "result")}, with samples and links to versions.");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("deleted", isMeant);
                json.WriteStartArray("ids");
                foreach (var id in ids)
                    json.WriteNumberValue(id);
                json.WriteEndArray();
                json.WriteEndObject();
            });
        if (!isMeant)
            Terminal.Note("Nothing was deleted. Add --yes to delete.");
        return Task.FromResult(ExitCode.Done);
    }

    private static long Id(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
            : throw new UsageException($"'{text}' is no id of a result.", "Write ids as gpux db list shows them: 1,2,5.");
}
