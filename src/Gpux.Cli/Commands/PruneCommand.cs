using System.CommandLine;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models.Storage;

namespace Gpux.Cli.Commands;

internal sealed class PruneCommand : GpuxCommand
{
    public const string Summary = "Free disk space: old models, what nothing uses, and partial downloads.";

    private readonly Option<string> _older = new("--older") { Description = "Models, and embeddings of files, that were last used before: 30d, 12h, 2w.", HelpName = "time" };
    private readonly Option<bool> _unused = new("--unused") { Description = "Files, commits and variants that nothing points to, variants of other versions of gpux, and embeddings of models that are gone." };
    private readonly Option<bool> _partial = new("--partial") { Description = "Downloads that were not completed." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what would go." };

    public PruneCommand(Services services) : base(services, "prune", Summary, "gpux prune --dry-run", "gpux prune", "gpux prune --older 30d")
    {
        foreach (var option in (Option[])[_older, _unused, _partial, _dryRun])
            Add(option);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new PruneOptions
        {
            OlderThan = parsed.GetValue(_older) is { } age ? Age.Parse("--older", age) : null,
            Unused = parsed.GetValue(_unused),
            Partial = parsed.GetValue(_partial),
        };
        if (options == new PruneOptions())
            options = options with { Unused = true, Partial = true };
        var plan = new LibraryPruner(Services.Library, TimeProvider.System).Plan(options, cancellationToken);
        var dryRun = parsed.GetValue(_dryRun);
        var result = dryRun ? new PruneResult([], []) : await LibraryPruner.DeleteAsync(plan, cancellationToken);
        foreach (var item in result.InUse)
            Terminal.Note($"Kept, since another process uses it: {item.Kind} {item.Name}");
        // What was kept is not freed.
        var bytes = Math.Max(0, plan.Bytes - result.InUse.Sum(item => item.Bytes));
        var items = dryRun ? plan.Items : result.Deleted;
        Terminal.Print(
            output =>
            {
                if (items.Count > 0)
                {
                    var table = new Table("what", "which", "size", "why").AlignRight(2);
                    foreach (var item in items)
                        table.Row(item.Kind, item.Name, ByteSize.Format(item.Bytes), item.Why);
                    table.Write(Terminal, output);
                }
                output.WriteLine(items.Count == 0 ? "Nothing to free." : dryRun ? $"Would free {ByteSize.Format(bytes)}." : $"Freed {ByteSize.Format(bytes)}.");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("dry_run", dryRun);
                json.WriteNumber("bytes", bytes);
                Write(json, "items", items);
                Write(json, "in_use", result.InUse);
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<PruneItem> items)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            json.WriteString("kind", item.Kind);
            json.WriteString("name", item.Name);
            json.WriteString("why", item.Why);
            json.WriteNumber("bytes", item.Bytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
