using System.CommandLine;

namespace Gpux.Cli.Commands.Database;

internal sealed class AddVersionCommand : GpuxCommand
{
    private const string Summary = "Add a version of a model: its content's hash, where it comes from, what you know of it.";

    private readonly Option<string> _model = ModelVersionOptions.Model();
    private readonly Option<string> _version = ModelVersionOptions.Version("--version", "A tag of at most 200 characters that the model does not have.");
    private readonly Option<string> _hash = new("--hash")
    {
        Description = "Of its content: hexadecimal digits. Default: the commit, where the model is a reference with a revision that is on this machine.", HelpName = "hash",
    };

    private readonly Option<string> _metadata = new("--metadata") { Description = "A JSON object.", HelpName = "json" };
    private readonly Option<string[]> _links = new("--link")
    {
        Description = "Where it comes from, in full: hf:org/name@<commit>, github:owner/name@<commit>, models:/name/3. Repeat it.", HelpName = "reference",
    };

    private readonly Option<string> _path = DatabaseOptions.Path();

    public AddVersionCommand(Services services) : base(services, "add-version", Summary,
        """gpux db add-version --model "bert-base-uncased" --version "v1.0.0" --hash "abcdef123456" --metadata '{"author": "user", "description": "Initial release"}'""",
        "gpux db add-version --model hf:org/name@main --version v1.1.0 --link models:/name/3")
    {
        Add(_model);
        Add(_version);
        Add(_hash);
        Add(_metadata);
        Add(_links);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var store = Services.Open(parsed.GetValue(_path), cancellationToken);
        var version = ModelVersionOptions.Versions(Services, store).AddModelVersion(parsed.GetRequiredValue(_model), parsed.GetRequiredValue(_version),
            parsed.GetValue(_hash), parsed.GetValue(_metadata), parsed.GetValue(_links), cancellationToken);
        Terminal.Print(output => VersionReport.Write(Terminal, output, version), json => VersionReport.Write(json, version));
        return Task.FromResult(ExitCode.Done);
    }
}
