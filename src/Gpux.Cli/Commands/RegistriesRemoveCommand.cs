using System.CommandLine;
using Gpux.Registries.Configuration;

namespace Gpux.Cli.Commands;

internal sealed class RegistriesRemoveCommand : GpuxCommand
{
    private const string Summary = "Remove a registry of your own from registries.yml. What was pulled from it stays.";

    private readonly Argument<string> _name = new("name") { Description = "As gpux registries lists it." };

    public RegistriesRemoveCommand(Services services) : base(services, "remove", Summary, "gpux registries remove corp") => Add(_name);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = new RegistriesFile(Services.Environment);
        var name = parsed.GetRequiredValue(_name);
        if (!await file.RemoveAsync(name, cancellationToken))
            throw new UsageException($"'{file.FilePath}' has no registry '{name}'.", "See which there are: gpux registries.");
        Terminal.Print(
            output => output.WriteLine($"Removed {name} from {file.FilePath}."),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("file", file.FilePath);
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }
}
