using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Registries;

namespace Gpux.Cli.Commands;

internal sealed class RegistriesCommand : GpuxCommand
{
    public const string Summary = "List the places that models are taken from, or add one of your own.";

    public RegistriesCommand(Services services) : base(services, "registries", Summary, "gpux registries")
    {
        Add(new RegistriesAddCommand(services));
        Add(new RegistriesRemoveCommand(services));
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var registries = RegistryCatalog.For(Services.Environment);
        Terminal.Print(
            output =>
            {
                var table = new Table("registry", "what it is", "write");
                foreach (var entry in registries)
                    table.Row(entry.Name, entry.Description, entry.Example);
                table.Write(Terminal, output);
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var entry in registries)
                {
                    json.WriteStartObject();
                    json.WriteString("name", entry.Name);
                    json.WriteString("description", entry.Description);
                    json.WriteString("example", entry.Example);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        // What there is was listed; that some are missing is an error all the same.
        return registries.Damage is { } damage ? throw damage : Task.FromResult(ExitCode.Done);
    }
}
