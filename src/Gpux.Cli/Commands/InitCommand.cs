using System.CommandLine;
using Gpux.Models;
using Gpux.Models.Projects;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class InitCommand : GpuxCommand
{
    public const string Summary = "Make a folder with a gpux.yml that says how to run a model.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Argument<string?> _folder = new("folder") { Description = "Default: the model's name in the current folder.", Arity = ArgumentArity.ZeroOrOne };

    public InitCommand(Services services) : base(services, "init", Summary, "gpux init samples/language-id languages", "gpux init org/name")
    {
        Add(_model);
        Add(_folder);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var reference = Services.Reference(parsed.GetRequiredValue(_model));
        var folder = parsed.GetValue(_folder) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(reference.Name));
        var prepared = await Services.Library.PrepareAsync(reference, new PrepareOptions(Lookup.PreferStore), Terminal.Progress, cancellationToken);
        var path = ProjectFolder.Make(folder, prepared);
        Terminal.Print(
            output => output.WriteLine($"Made {path}.\n  Run it: gpux run {ShellWord.Of(Path.IsPathRooted(folder) ? folder : Path.Combine(".", folder))}"),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("project", Path.GetFullPath(path));
                json.WriteString("model", prepared.Manifest.Model.ToString());
                json.WriteString("commit", prepared.Manifest.Commit);
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }
}
