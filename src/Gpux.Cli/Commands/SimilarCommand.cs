using System.CommandLine;
using System.Globalization;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Embeddings;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class SimilarCommand : GpuxCommand
{
    public const string Summary = "Find the rows of a file that are most like a text.";

    private const int ShownCharacters = 100;
    private readonly Argument<string> _model = ModelArgument();
    private readonly Argument<string> _query = new("query") { Description = "The text to look for." };
    private readonly Option<string> _in = new("--in") { Description = "The file to look in: lines of text (.txt), .csv, .tsv or .jsonl. Its vectors are kept for the next time.", Required = true, HelpName = "file" };
    private readonly RowOptions _rows = new();
    private readonly Option<int> _top = new("--top") { Description = "How many rows; default: 10.", DefaultValueFactory = _ => 10 };
    private readonly Option<string> _prompt = new("--prompt") { Description = "A text that is put before the query; default: the model's own for queries." };
    private readonly Option<string> _corpusPrompt = new("--corpus-prompt") { Description = "A text that is put before each row; default: the model's own for documents." };
    private readonly Option<string> _provider = new("--provider") { Description = "An execution provider of gpux devices, such as cuda or webgpu." };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads of the CPU; default: one for each core." };

    public SimilarCommand(Services services) : base(services, "similar", Summary,
        "gpux similar org/sentence-encoder \"How do I get a refund?\" --in questions.txt", "gpux similar org/sentence-encoder \"red shoes\" --in products.csv --column title --top 3 --json")
    {
        Add(_model);
        Add(_query);
        Add(_in);
        _rows.AddTo(this);
        _top.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--top is at least 1.");
        });
        foreach (var option in (Option[])[_top, _prompt, _corpusPrompt, _provider, _threads])
            Add(option);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken) => WithRuntimeAsync(() => FindAsync(parsed, cancellationToken));

    private async Task<int> FindAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var corpus = _rows.Open(parsed.GetRequiredValue(_in), parsed);
        var (reference, project) = Services.Project(parsed.GetRequiredValue(_model));
        var options = new OpenOptions(new PrepareOptions(Lookup.PreferStore))
        {
            Provider = parsed.GetValue(_provider), Project = project, Threads = parsed.GetValue(_threads) ?? 0, IsForManyInputs = true,
        };
        using var pipeline = await Services.Library.OpenAsync(project?.Model ?? reference, options, Terminal.Progress, cancellationToken);
        var search = new CorpusSearch(pipeline, Services.Library.EmbeddingsFolder, options.Workers, new RowReport(Terminal).Add);
        var found = await search.FindAsync(corpus, parsed.GetRequiredValue(_query), parsed.GetValue(_top), parsed.GetValue(_prompt), parsed.GetValue(_corpusPrompt), Terminal.Progress, cancellationToken);
        Terminal.Print(output => WriteTable(output, found), json =>
        {
            json.WriteStartArray();
            foreach (var match in found)
            {
                json.WriteStartObject();
                json.WriteNumber("score", match.Score);
                json.WriteNumber("line", match.Line);
                json.WriteString("text", match.Text);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
        return ExitCode.Done;
    }

    private void WriteTable(TextWriter output, IReadOnlyList<CorpusMatch> found)
    {
        var table = new Table("score", "line", "text").AlignRight(0).AlignRight(1);
        foreach (var match in found)
        {
            var text = TerminalText.SafeProse(match.Text.ReplaceLineEndings(" "));
            table.Row(match.Score.ToString("0.000", CultureInfo.InvariantCulture), match.Line.ToString(CultureInfo.InvariantCulture),
                text.Length > ShownCharacters ? $"{text[..(ShownCharacters - 3)]}..." : text);
        }
        table.Write(Terminal, output);
    }
}
