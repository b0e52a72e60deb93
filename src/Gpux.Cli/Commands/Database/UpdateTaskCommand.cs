using System.CommandLine;
using Gpux.Benchmarks.Recommendations;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class UpdateTaskCommand : GpuxCommand
{
    private const string Summary = "Store, for every model that was measured in a task, how useful each platform is that it was measured on.";

    private readonly Option<string> _task = RecommendOptions.TaskOption();
    private readonly Option<string> _path = DatabaseOptions.Path();

    public UpdateTaskCommand(Services services) : base(services, "update-task", Summary, "gpux db update-task --task \"training\"")
    {
        Add(_task);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var task = parsed.GetValue(_task);
        using var store = Services.Open(parsed.GetValue(_path), cancellationToken);
        var (models, rows) = new HardwareRecommender(store.Connection).UpdateTaskRecommendations(RecommendOptions.Task(task), cancellationToken);
        Terminal.Print(
            output => output.WriteLine($"{Plural.Of(rows, "recommendation")} of {Plural.Of(models, "model")} for {task}."),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("task", task);
                json.WriteNumber("models", models);
                json.WriteNumber("recommendations", rows);
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
