using System.CommandLine;

namespace Gpux.Cli.Commands.Database;

internal sealed class CreateSchemaCommand : GpuxCommand
{
    private const string Summary = "Make the database, or bring its schema up to date after a backup.";

    private readonly Option<string> _path = DatabaseOptions.Path();

    public CreateSchemaCommand(Services services)
        : base(services, "create-schema", Summary, "gpux db create-schema --db-path ./benchmark_db.duckdb") => Add(_path);

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string name;
        using (var store = Services.Open(parsed.GetValue(_path), cancellationToken))
            name = store.Connection.Name;
        Terminal.Print(
            output => output.WriteLine($"{name} has the schema of this GPUX."),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("database", name);
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
