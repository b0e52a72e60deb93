using System.CommandLine;
using Gpux.Benchmarks.Versions;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class VersionHistoryCommand : GpuxCommand
{
    private const string Summary = "Show the versions of a model, the newest first, and how its aliases moved.";

    private readonly Option<string> _model = ModelVersionOptions.Model();
    private readonly Option<string> _path = DatabaseOptions.Path();

    public VersionHistoryCommand(Services services) : base(services, "version-history", Summary, "gpux db version-history --model \"bert-base-uncased\"")
    {
        Add(_model);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var store = Services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        var versions = ModelVersionOptions.Versions(Services, store);
        var history = versions.GetVersionHistory(parsed.GetRequiredValue(_model), cancellationToken);
        var moves = versions.GetAliasHistory(parsed.GetRequiredValue(_model), cancellationToken);
        Terminal.Print(
            output =>
            {
                if (history.Count == 0)
                    output.WriteLine("No versions yet. Add one: gpux db add-version.");
                foreach (var version in history)
                    VersionReport.Write(Terminal, output, version);
                Write(output, moves);
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("versions");
                foreach (var version in history)
                    VersionReport.Write(json, version);
                json.WriteEndArray();
                json.WriteStartArray("alias_moves");
                foreach (var move in moves)
                    VersionReport.Write(json, move);
                json.WriteEndArray();
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }

    private void Write(TextWriter output, IReadOnlyList<AliasMove> moves)
    {
        if (moves.Count == 0)
            return;
        var table = new Table("alias", "from", "to", "when", "reason");
        foreach (var move in moves)
            table.Row(move.Alias, TerminalText.Safe(move.From ?? "-"), TerminalText.Safe(move.To ?? "-"), VersionReport.Day(move.MovedAt), TerminalText.Safe(move.Reason ?? ""));
        table.Write(Terminal, output);
    }
}
