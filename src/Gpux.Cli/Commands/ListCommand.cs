using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Models;

namespace Gpux.Cli.Commands;

internal sealed class ListCommand(Services services) : GpuxCommand(services, "list", Summary, "gpux list", "gpux list --json")
{
    public const string Summary = "List the models that are on this machine.";

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var models = Services.Library.Store.List().Where(model => model.SizeBytes > 0).ToArray();
        Terminal.Print(
            output =>
            {
                if (models.Length == 0)
                {
                    output.WriteLine("No models yet. Try: gpux run samples/language-id \"Où est la gare ?\"");
                    return;
                }
                var table = new Table("model", "commit", "task", "size", "last used").AlignRight(3);
                foreach (var model in models)
                    table.Row(model.Manifest.Model.ToString(), model.Manifest.Commit[..12], Task(model.Folder) ?? "", ByteSize.Format(model.SizeBytes),
                        Ago(DateTimeOffset.UtcNow - model.LastUsed));
                table.Write(Terminal, output);
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var model in models)
                {
                    json.WriteStartObject();
                    json.WriteString("model", model.Manifest.Model.ToString());
                    json.WriteString("commit", model.Manifest.Commit);
                    json.WriteString("task", Task(model.Folder));
                    json.WriteNumber("bytes", model.SizeBytes);
                    json.WriteString("licence", model.Manifest.Licence);
                    json.WriteString("last_used", model.LastUsed.UtcDateTime);
                    json.WriteString("folder", model.Folder);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        return System.Threading.Tasks.Task.FromResult(ExitCode.Done);
    }

    private static string? Task(string folder) => Directory.EnumerateDirectories(folder).Select(Variant.Read).FirstOrDefault(variant => variant is not null)?.Task;

    private static string Ago(TimeSpan time) => time.TotalMinutes < 1 ? "now" : time.TotalHours < 1 ? $"{time.TotalMinutes:0} min ago"
        : time.TotalDays < 1 ? $"{time.TotalHours:0} h ago" : $"{time.TotalDays:0} days ago";
}
