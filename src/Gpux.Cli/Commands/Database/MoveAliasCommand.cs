using System.CommandLine;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class MoveAliasCommand : GpuxCommand
{
    private const string Summary = "Let an alias such as champion mean a version, or none. What it meant before is kept.";

    private readonly Option<string> _model = ModelVersionOptions.Model();
    private readonly Option<string> _alias = new("--alias") { Description = "Letters, digits, '-', '_' and '.'.", Required = true, HelpName = "name" };
    private readonly Option<string> _version = new("--version") { Description = "The version's tag. Default: none, which removes the alias.", HelpName = "tag" };
    private readonly Option<string> _expected = new("--expect") { Description = "Move it only if it means this version now.", HelpName = "tag" };
    private readonly Option<string> _reason = new("--reason") { Description = "Why, for those who read the history.", HelpName = "text" };
    private readonly Option<string> _path = DatabaseOptions.Path();

    public MoveAliasCommand(Services services) : base(services, "move-alias", Summary,
        "gpux db move-alias --model bert-base-uncased --alias champion --version v1.1.0 --expect v1.0.0 --reason \"faster on every machine\"")
    {
        Add(_model);
        Add(_alias);
        Add(_version);
        Add(_expected);
        Add(_reason);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var store = Services.Open(parsed.GetValue(_path), cancellationToken);
        var move = ModelVersionOptions.Versions(Services, store).MoveAlias(parsed.GetRequiredValue(_model), parsed.GetRequiredValue(_alias), parsed.GetValue(_version),
            parsed.GetValue(_expected), parsed.GetValue(_reason), cancellationToken);
        Terminal.Print(
            output => output.WriteLine($"{move.Alias}: {TerminalText.Safe(move.From ?? "none")} -> {TerminalText.Safe(move.To ?? "none")}"),
            json => VersionReport.Write(json, move));
        return Task.FromResult(ExitCode.Done);
    }
}
