using System.CommandLine;
using Gpux.Models;
using Gpux.Models.Embeddings;
using Gpux.Registries.Store;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Commands;

internal sealed class EmbedCommand : GpuxCommand
{
    public const string Summary = "Turn the rows of files into vectors: .safetensors, .npy or .jsonl.";

    private static readonly (string Name, VectorPrecision Precision)[] Precisions =
    [
        ("fp32", VectorPrecision.Float32), ("int8", VectorPrecision.Int8), ("uint8", VectorPrecision.UInt8), ("binary", VectorPrecision.Binary), ("ubinary", VectorPrecision.UBinary),
    ];

    private readonly Argument<string> _model = ModelArgument();
    private readonly Argument<string[]> _files = new("files") { Description = "Lines of text (.txt), .csv, .tsv or .jsonl.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The file to write, whose ending tells the format.", Required = true };
    private readonly RowOptions _rows = new();
    private readonly Option<string> _precision = new("--precision") { Description = "fp32, the default; int8 or uint8: 256 steps between the least and greatest value of each dimension; binary or ubinary: a bit for each." };
    private readonly Option<int?> _dimensions = new("--dimensions") { Description = "Keep the first numbers of each vector, brought to length 1 again, of a model that was trained for it (Matryoshka)." };
    private readonly Option<bool> _normalize = new("--normalize") { Description = "Bring vectors to length 1, if the model does not." };
    private readonly PromptOptions _prompt = new();
    private readonly Option<bool> _strict = new("--strict") { Description = "Refuse a text that is longer than the model takes, instead of cutting it." };
    private readonly Option<string> _provider = new("--provider") { Description = "An execution provider of gpux devices, such as cuda or webgpu." };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads of the CPU; default: one for each core." };

    public EmbedCommand(Services services) : base(services, "embed", Summary,
        "gpux embed org/sentence-encoder corpus.txt -o vectors.safetensors", "gpux embed org/sentence-encoder docs.csv --column body -o vectors.npy --precision int8",
        "gpux embed org/sentence-encoder queries.jsonl -o q.jsonl --prompt-name query --dimensions 256")
    {
        Add(_model);
        Add(_files);
        Add(_output);
        _rows.AddTo(this);
        _precision.AcceptOnlyFromAmong([.. Precisions.Select(precision => precision.Name)]);
        _dimensions.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1)
                result.AddError("--dimensions is at least 1.");
        });
        foreach (var option in (Option[])[_precision, _dimensions, _normalize, _strict, _provider, _threads])
            Add(option);
        _prompt.AddTo(this);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken) => WithRuntimeAsync(() => EmbedAsync(parsed, cancellationToken));

    private async Task<int> EmbedAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = parsed.GetRequiredValue(_output);
        var sources = Array.ConvertAll(parsed.GetRequiredValue(_files), path => _rows.Open(path, parsed));
        var (reference, project) = Services.Project(parsed.GetRequiredValue(_model));
        var options = new OpenOptions(new PrepareOptions(Lookup.PreferStore))
        {
            Provider = parsed.GetValue(_provider), Project = project, Threads = parsed.GetValue(_threads) ?? 0, IsForManyInputs = true,
        };
        using var pipeline = await Services.Library.OpenAsync(project?.Model ?? reference, options, Terminal.Progress, cancellationToken);
        var arguments = new PipelineArguments { Strict = parsed.GetValue(_strict) };
        _prompt.Set(arguments, parsed);
        var report = new RowReport(Terminal);
        var precision = parsed.GetValue(_precision) is { } name ? Array.Find(Precisions, known => known.Name == name).Precision : VectorPrecision.Float32;
        var summary = await new TextEmbedder(pipeline, arguments, options.Workers, report.Add).WriteAsync(sources, output,
            new VectorOptions(precision, parsed.GetValue(_dimensions), parsed.GetValue(_normalize)), Terminal.Progress, cancellationToken);
        return report.Finish(summary, output);
    }
}
