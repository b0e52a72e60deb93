using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Registries;

namespace Gpux.Cli.Commands;

internal sealed class RegistriesCommand(Services services) : GpuxCommand(services, "registries", Summary, "gpux registries")
{
    public const string Summary = "List the places that models are taken from.";

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Terminal.Print(
            output =>
            {
                var table = new Table("registry", "what it is", "write");
                foreach (var entry in RegistryCatalog.For(Services.Environment))
                    table.Row(entry.Name, entry.Description, entry.Example);
                table.Write(Terminal, output);
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var entry in RegistryCatalog.For(Services.Environment))
                {
                    json.WriteStartObject();
                    json.WriteString("name", entry.Name);
                    json.WriteString("description", entry.Description);
                    json.WriteString("example", entry.Example);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
