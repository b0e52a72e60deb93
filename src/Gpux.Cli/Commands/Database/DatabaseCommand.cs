using System.CommandLine;

namespace Gpux.Cli.Commands.Database;

/// <summary>gpux db: one line for each of its commands.</summary>
internal sealed class DatabaseCommand : Command
{
    public const string Summary = "Keep benchmark results, score hardware by them, and compare versions of models.";

    public DatabaseCommand(Services services) : base("db", Summary)
    {
        Add(new CreateSchemaCommand(services));
        Add(new ListRunsCommand(services));
        Add(new ShowRunCommand(services));
        Add(new DeleteRunsCommand(services));
        Add(new BackupCommand(services));
    }
}
