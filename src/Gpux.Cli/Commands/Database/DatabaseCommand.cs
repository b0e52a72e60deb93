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
        Add(new ImportResultsCommand(services));
        Add(new ExportResultsCommand(services));
        Add(new BackupCommand(services));
        Add(new LinkTestsCommand(services));
        Add(new CalculateScoresCommand(services));
        Add(new RecommendHardwareCommand(services));
        Add(new UpdateTaskCommand(services));
        Add(new AddVersionCommand(services));
        Add(new VersionHistoryCommand(services));
        Add(new MoveAliasCommand(services));
        Add(new CreateSnapshotCommand(services));
        Add(new CompareVersionsCommand(services));
        Add(new PlotCommand(services));
        Add(new ReportCommand(services));
    }
}
