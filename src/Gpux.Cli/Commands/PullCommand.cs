using System.CommandLine;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Pulling;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class PullCommand : GpuxCommand
{
    public const string Summary = "Fetch a model and convert it, so that it runs without a network.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<bool> _all = new("--all") { Description = "Fetch every published file, not only what running takes." };
    private readonly Option<string[]> _include = new("--include") { Description = "Fetch only files that match; may be given several times.", HelpName = "PATTERN" };
    private readonly Option<string[]> _exclude = new("--exclude") { Description = "Fetch no files that match; may be given several times.", HelpName = "PATTERN" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what would be fetched." };

    public PullCommand(Services services)
        : base(services, "pull", Summary, "gpux pull samples/language-id", "gpux pull BAAI/bge-small-en-v1.5", "gpux pull org/name@v1.0 --json",
            "gpux pull org/name --dry-run", "gpux pull org/name --include \"*.json\" --include \"onnx/*\"")
    {
        Add(_model);
        Add(_all);
        Add(_include);
        Add(_exclude);
        Add(_dryRun);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var text = parsed.GetRequiredValue(_model);
        var reference = Services.Reference(text);
        var pull = new PullOptions(parsed.GetValue(_all), parsed.GetValue(_include) ?? [], parsed.GetValue(_exclude) ?? []);
        if (pull.All && pull.Include.Count + pull.Exclude.Count > 0)
            throw new UsageException("--all says to fetch every file, --include and --exclude to fetch some.", "Leave one of them out.");
        var options = new PrepareOptions(Lookup.Default);
        if (parsed.GetValue(_dryRun))
        {
            var plan = await Services.Library.PlanPullAsync(reference, pull, options, Terminal.Progress, cancellationToken);
            PrintPlan(plan);
            return ExitCode.Done;
        }
        var model = await Services.Library.PullAsync(reference, pull, options, Terminal.Progress, cancellationToken);
        if (model.Plan.Resolved.Note is { } note)
            Terminal.Note(note);
        Print(model, text);
        return ExitCode.Done;
    }

    private void PrintPlan(PullPlan plan)
    {
        var manifest = plan.Resolved.Manifest;
        var missing = plan.Missing.Select(file => file.Path).ToHashSet();
        Terminal.Print(
            output =>
            {
                output.WriteLine($"{Terminal.Bold(manifest.Model.ToString())}  {manifest.Commit[..12]}");
                var table = new Table("file", "size", "plan").AlignRight(1);
                foreach (var file in plan.Selection.Wanted)
                    table.Row(file.Path, Size(file), missing.Contains(file.Path) ? Terminal.Bold("fetch") : "here already");
                foreach (var (file, reason) in plan.Selection.Left)
                    table.Row(file.Path, Size(file), $"leave: {reason}");
                table.Write(Terminal, output);
                output.WriteLine($"{missing.Count} files to fetch, {ByteSize.Format(plan.Missing.Sum(file => file.SizeBytes ?? 0))}"
                    + (plan.Missing.Any(file => file.SizeBytes is null) ? " and those of unknown size" : ""));
                WriteRefusal(output, plan.Refusal);
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("model", manifest.Model.ToString());
                json.WriteString("commit", manifest.Commit);
                json.WriteNumber("bytes", plan.Missing.Sum(file => file.SizeBytes ?? 0));
                json.WriteStartArray("files");
                foreach (var file in plan.Selection.Wanted)
                    WriteFile(json, file, missing.Contains(file.Path) ? "fetch" : "here", reason: null);
                foreach (var (file, reason) in plan.Selection.Left)
                    WriteFile(json, file, "leave", reason);
                json.WriteEndArray();
                json.WriteString("refusal", plan.Refusal?.Message);
                json.WriteEndObject();
            });
    }

    private void Print(PulledModel model, string text)
    {
        var manifest = model.Plan.Resolved.Manifest;
        var bytes = model.Files.Names.Sum(name => new FileInfo(model.Files.Require(name)).Length);
        Terminal.Print(
            output =>
            {
                output.WriteLine($"{Terminal.Bold(manifest.Model.ToString())}  {manifest.Commit[..12]}");
                output.WriteLine($"  {(model.Prepared is { } prepared ? $"{prepared.Variant.Task}, " : "")}{model.Files.Names.Count()} files, {ByteSize.Format(bytes)}"
                    + (manifest.Licence is { } licence ? $", licence {licence}" : ""));
                foreach (var group in model.Plan.Selection.Left.GroupBy(left => left.Reason))
                    output.WriteLine(Terminal.Dim($"  left: {group.Count()} files, {ByteSize.Format(group.Sum(left => left.File.SizeBytes ?? 0))}: {group.Key}"));
                WriteRefusal(output, model.Plan.Refusal);
                if (model.Prepared is not null)
                    output.WriteLine($"  Run it: gpux run {text}");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("model", manifest.Model.ToString());
                json.WriteString("commit", manifest.Commit);
                json.WriteString("task", model.Prepared?.Variant.Task);
                json.WriteString("licence", manifest.Licence);
                json.WriteNumber("bytes", bytes);
                json.WriteString("onnx", model.Prepared?.Variant.ModelPath);
                json.WriteString("refusal", model.Plan.Refusal?.Message);
                json.WriteStartArray("files");
                foreach (var name in model.Files.Names.Order(StringComparer.Ordinal))
                {
                    json.WriteStartObject();
                    json.WriteString("name", name);
                    json.WriteString("path", model.Files.Require(name));
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteStartArray("left");
                foreach (var (file, reason) in model.Plan.Selection.Left)
                    WriteFile(json, file, "leave", reason);
                json.WriteEndArray();
                json.WriteEndObject();
            });
    }

    private static void WriteRefusal(TextWriter output, GpuxException? refusal)
    {
        if (refusal is null)
            return;
        output.WriteLine($"  It cannot be run here: {refusal.Message}");
        output.WriteLine($"  {refusal.Remedy}");
    }

    private static void WriteFile(Utf8JsonWriter json, ModelFile file, string plan, string? reason)
    {
        json.WriteStartObject();
        json.WriteString("path", file.Path);
        if (file.SizeBytes is { } size)
            json.WriteNumber("bytes", size);
        json.WriteString("digest", file.Digest?.ToString());
        json.WriteString("plan", plan);
        if (reason is not null)
            json.WriteString("reason", reason);
        json.WriteEndObject();
    }

    private static string Size(ModelFile file) => file.SizeBytes is { } bytes ? ByteSize.Format(bytes) : "?";
}
