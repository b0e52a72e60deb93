using System.CommandLine;
using Gpux.Benchmarks.Results;

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
        SchemaState state;
        using (var store = Services.Open(parsed.GetValue(_path), cancellationToken))
            (name, state) = (store.Connection.Name, store.ReadSchemaState(cancellationToken));
        Terminal.Print(
            output => output.WriteLine(state switch
            {
                SchemaState.Made => $"{name} is new, and has the schema of this GPUX.",
                SchemaState.Updated => $"{name} had an older schema, and has that of this GPUX now.",
                _ => $"{name} has the schema of this GPUX already. Nothing was changed.",
            }),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("database", name);
                json.WriteString("schema", state switch { SchemaState.Made => "made", SchemaState.Updated => "updated", _ => "unchanged" });
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
