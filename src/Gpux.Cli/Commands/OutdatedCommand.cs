using System.CommandLine;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models.Updates;

namespace Gpux.Cli.Commands;

internal sealed class OutdatedCommand : GpuxCommand
{
    public const string Summary = "Ask the registries which models have a newer commit.";
    private const int ShownFiles = 5;

    private readonly Argument<string[]> _models = StoreSelection.Argument();

    public OutdatedCommand(Services services) : base(services, "outdated", Summary, "gpux outdated", "gpux outdated org/name --json") => Add(_models);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var models = StoreSelection.Of(Services, parsed.GetValue(_models)) ?? Services.Library.Store.List();
        var checks = await new ModelUpdater(Services.Library, TimeProvider.System).CheckAsync(models, cancellationToken);
        foreach (var check in checks.Where(check => check.Failure is not null))
            Terminal.Note($"{check.Asked}: {check.Failure!.Message}"); // filtered so
        Terminal.Print(output => Write(output, checks), json => Write(json, checks));
        return ExitCode.Done;
    }

    private void Write(TextWriter output, IReadOnlyList<UpdateCheck> checks)
    {
        var outdated = checks.Where(check => check.IsOutdated).ToArray();
        if (outdated.Length > 0)
        {
            var table = new Table("model", "here", "latest", "to fetch", "changed").AlignRight(3);
            foreach (var check in outdated)
                table.Row(check.Asked.ToString(), check.Current.Manifest.Commit[..12], check.Latest!.Commit[..12], ByteSize.Format(check.FetchBytes), // outdated: it was told
                    string.Join(", ", check.Changes.Take(ShownFiles).Select(change => Sign(change.Kind) + change.Path))
                        + (check.Changes.Count > ShownFiles ? $" and {check.Changes.Count - ShownFiles} more" : ""));
            table.Write(Terminal, output);
            output.WriteLine("Bring them up to date: gpux update --all");
        }
        else
        {
            output.WriteLine(checks.Count(check => check.Failure is null) is > 0 and var asked ? $"{asked} up to date." : "Nothing to compare.");
        }
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<UpdateCheck> checks)
    {
        json.WriteStartArray();
        foreach (var check in checks)
        {
            json.WriteStartObject();
            json.WriteString("model", check.Asked.ToString());
            json.WriteString("commit", check.Current.Manifest.Commit);
            json.WriteString("latest", check.Latest?.Commit);
            json.WriteBoolean("outdated", check.IsOutdated);
            json.WriteNumber("fetch_bytes", check.FetchBytes);
            json.WriteStartArray("changes");
            foreach (var change in check.Changes)
            {
                json.WriteStartObject();
                json.WriteString("kind", change.Kind.ToString().ToLowerInvariant());
                json.WriteString("path", change.Path);
                if (change.SizeBytes is { } size)
                    json.WriteNumber("bytes", size);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("failure", check.Failure?.Message);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Sign(FileChangeKind kind) => kind switch { FileChangeKind.Added => "+", FileChangeKind.Removed => "-", _ => "" };
}
