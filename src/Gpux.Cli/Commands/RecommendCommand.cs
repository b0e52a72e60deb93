using System.CommandLine;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Cli.Commands.Database;
using Gpux.Models;
using Gpux.Models.Precision;
using Gpux.Models.Storage;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class RecommendCommand : GpuxCommand
{
    public const string Summary = "Say which hardware suits a model, by what was measured and what is known of it.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _path = DatabaseOptions.Path();
    private readonly RecommendOptions _options = new();

    public RecommendCommand(Services services) : base(services, "recommend", Summary,
        "gpux recommend samples/language-id", "gpux recommend samples/storyteller --batch-size 8 --max-cost 0.5 --explain", "gpux recommend samples/digits --precision int8 --json")
    {
        Add(_model);
        _options.AddTo(this);
        Add(_path);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var text = parsed.GetRequiredValue(_model);
        using var store = Store(parsed.GetValue(_path), cancellationToken);
        var recommender = new HardwareRecommender(store?.Connection);
        var advice = recommender.Recommend(_options.Request(parsed, await FactsAsync(recommender, text, cancellationToken)), cancellationToken);
        new AdviceReport(Terminal, advice).Print();
        return ExitCode.Done;
    }

    // Without results, what is published says something all the same; a database that is named must be there.
    private BenchmarkStore? Store(string? path, CancellationToken cancellationToken) =>
        path is null && Services.Environment.Variable(DatabaseOptions.Variable) is null && !File.Exists(Services.Library.BenchmarksFile)
            ? null : Services.OpenToRead(path, cancellationToken);

    // What the database knows of a model's size and family is enough; else its description is asked, as gpux info does.
    private async Task<ModelFacts> FactsAsync(HardwareRecommender recommender, string text, CancellationToken cancellationToken)
    {
        var stored = recommender.FindModel(text, cancellationToken);
        if (stored is { ParameterCount: not null, Architecture: not null })
            return ModelFacts.Of(stored);
        try
        {
            var reference = Services.Reference(text);
            foreach (var name in (ReadOnlySpan<string>)[reference.ToString(), reference.Name])
                stored ??= recommender.FindModel(name, cancellationToken);
            var description = await Services.Library.DescribeAsync(reference, new PrepareOptions(Lookup.PreferStore), Terminal.Progress, cancellationToken);
            return ModelFacts.Of(stored?.Name ?? reference.ToString(), description) with { CheckedPrecisions = Checked(description.Manifest) };
        }
        catch (GpuxException exception) when (stored is not null)
        {
            Terminal.Note($"Its size and family are not known: {exception.Message}");
            return ModelFacts.Of(stored);
        }
    }

    // Those of the variants here whose outputs were compared with the published precision's.
    private string Checked(ModelManifest manifest) => string.Join(',', Services.Library.Store.List()
        .Where(model => model.Manifest.Model == manifest.Model && model.Manifest.Commit == manifest.Commit).SelectMany(StoredVariant.Of)
        .Where(variant => variant.Variant is not null && PrecisionProof.Read(variant.Folder) is { IsWithinBound: true })
        .Select(variant => PrecisionNames.Of(variant.Variant!.Precision)).Distinct()); // filtered
}
