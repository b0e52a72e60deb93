using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models.Suitability;
using Gpux.Registries;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class SearchCommand : GpuxCommand
{
    public const string Summary = "Find models in one registry or in all at once.";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Argument<string[]> _words = new("words") { Description = "What the name or description contains.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string[]> _registries = new("--registry") { Description = "Ask only this registry; may be given several times.", HelpName = "NAME" };
    private readonly Option<string?> _task = new("--task") { Description = "Only models for this task, such as text-classification." };
    private readonly Option<string?> _licence = new("--license") { Description = "Only models under this licence, such as apache-2.0." };
    private readonly Option<string?> _size = new("--max-size") { Description = "Only models whose weights are known to be no larger, such as 500MB.", HelpName = "SIZE" };
    private readonly Option<int> _limit = new("--limit") { Description = "At most so many models.", DefaultValueFactory = _ => 20 };

    public SearchCommand(Services services)
        : base(services, "search", Summary, "gpux search language --registry samples", "gpux search \"sentence similarity\" --license mit --max-size 200MB", "gpux search resnet50 --limit 5 --json")
    {
        Add(_words);
        Add(_registries);
        Add(_task);
        Add(_licence);
        Add(_size);
        Add(_limit);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var limit = parsed.GetValue(_limit);
        if (limit is < 1 or > 1000)
            throw new UsageException($"--limit is {limit}, where 1 to 1000 is expected.", "Write --limit 20.");
        var search = new ModelSearch(string.Join(' ', parsed.GetRequiredValue(_words)), limit)
        {
            Task = parsed.GetValue(_task),
            Licence = parsed.GetValue(_licence),
            MaximalBytes = parsed.GetValue(_size) is { } size ? ByteSize.Parse(size)
                ?? throw new UsageException($"--max-size is '{size}', where a size is expected.", "Write --max-size 500MB.") : null,
        };
        var names = parsed.GetValue(_registries) is { Length: > 0 } given ? given : null;
        var answers = await Services.Library.Store.SearchAsync(search, names, Patience, cancellationToken);
        var memories = MachineMemory.Read();
        var found = SearchRanking.Merge(answers, search).Take(limit).Select(model => (Model: model, Verdict: Verdict.Of(model, memories))).ToArray();
        foreach (var answer in answers)
        {
            if (answer.Failure is { } failure)
                Terminal.Note($"note: {answer.Registry}: {failure.Message}");
        }
        Terminal.Print(
            output =>
            {
                if (found.Length == 0)
                {
                    output.WriteLine("No model was found.");
                    return;
                }
                var table = new Table("model", "task", "licence", "size", "downloads", "runs here").AlignRight(3, 4);
                foreach (var (model, verdict) in found)
                    table.Row(NameOf(model), model.Task ?? "", model.Licence ?? "", model.SizeBytes is { } bytes ? ByteSize.Format(bytes) : "",
                        model.Downloads is { } downloads ? Count(downloads) : "", Show(verdict));
                table.Write(Terminal, output);
            },
            json => Write(json, found, answers));
        // Nothing could be asked: that is no empty result.
        return answers.Count > 0 && answers.All(answer => answer.Failure is not null) ? ExitCode.Failed : ExitCode.Done;
    }

    private static string NameOf(FoundModel model) => (model.Model.Registry == ModelReference.HuggingFace ? model.Model.Name : model.Model.ToString())
        + (model.IsGated ? " (gated)" : "");

    private string Show(Verdict verdict) => verdict.Runs switch
    {
        true => $"{Terminal.Green("yes")}  {verdict.Reason}",
        false => $"{Terminal.Red("no")}   {verdict.Reason}",
        null => $"?    {verdict.Reason}",
    };

    private static string Count(long count) => count switch
    {
        < 1000 => count.ToString(CultureInfo.InvariantCulture),
        < 1_000_000 => $"{count / 1e3:0.#}k",
        _ => $"{count / 1e6:0.#}M",
    };

    private static void Write(Utf8JsonWriter json, (FoundModel Model, Verdict Verdict)[] found, IReadOnlyList<SearchAnswer> answers)
    {
        json.WriteStartObject();
        json.WriteStartArray("models");
        foreach (var (model, verdict) in found)
        {
            json.WriteStartObject();
            json.WriteString("model", model.Model.ToString());
            json.WriteString("description", model.Description);
            json.WriteString("task", model.Task);
            json.WriteString("licence", model.Licence);
            json.WriteString("library", model.Library);
            json.WriteString("model_type", model.ModelType);
            WriteNumber(json, "bytes", model.SizeBytes);
            WriteNumber(json, "parameters", model.Parameters);
            WriteNumber(json, "downloads", model.Downloads);
            WriteNumber(json, "likes", model.Likes);
            if (model.UpdatedAt is { } updated)
                json.WriteString("updated_at", updated.UtcDateTime);
            json.WriteBoolean("gated", model.IsGated);
            json.WriteStartObject("runs_here");
            if (verdict.Runs is { } runs)
                json.WriteBoolean("verdict", runs);
            else
                json.WriteNull("verdict");
            json.WriteString("reason", verdict.Reason);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("registries");
        foreach (var answer in answers)
        {
            json.WriteStartObject();
            json.WriteString("registry", answer.Registry);
            json.WriteNumber("models", answer.Models.Count);
            json.WriteNumber("seconds", Math.Round(answer.Duration.TotalSeconds, 3));
            json.WriteString("failure", answer.Failure?.Message);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
