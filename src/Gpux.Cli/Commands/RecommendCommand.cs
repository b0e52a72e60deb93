using System.CommandLine;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Training;
using Gpux.Cli.Commands.Database;
using Gpux.Models;
using Gpux.Models.Precision;
using Gpux.Models.Storage;
using Gpux.Models.Suitability;
using Gpux.Onnx;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class RecommendCommand : GpuxCommand
{
    public const string Summary = "Say which hardware suits a model, by what was measured and what is known of it.";

    private readonly Argument<string?> _model = new("model")
    {
        Description = "org/name[@revision] of the Hugging Face Hub, a folder, samples/name, or a name of the database.", Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> _named = new("--model") { Description = "The same, as 'gpux db recommend' has it.", HelpName = "name" };
    private readonly Option<string> _path = DatabaseOptions.Path();
    private readonly RecommendOptions _options = new();

    public RecommendCommand(Services services) : base(services, "recommend", Summary,
        "gpux recommend samples/language-id", "gpux recommend samples/storyteller --batch-size 8 --max-cost 0.5 --explain", "gpux recommend samples/digits --precision int8 --json",
        "gpux recommend samples/storyteller --task training --tokens 10B --max-days 3")
    {
        Add(_model);
        Add(_named);
        _options.AddTo(this);
        Add(_path);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var text = (parsed.GetValue(_model), parsed.GetValue(_named)) switch
        {
            ({ } name, null) => name,
            (null, { } name) => name,
            (null, null) => throw new UsageException("No model is named.", "Name one: gpux recommend samples/language-id."),
            _ => throw new UsageException("Two models are named.", "Leave out --model."),
        };
        var (wantsScores, isTraining) = (_options.WantsStoredScores(parsed), _options.IsForTraining(parsed));
        using var store = Store(parsed.GetValue(_path), cancellationToken);
        var recommender = new HardwareRecommender(store?.Connection);
        if (wantsScores)
        {
            var stored = Stored(recommender, text, cancellationToken) ?? throw recommender.Unknown(text, cancellationToken);
            var count = _options.Request(parsed, ModelFacts.Of(stored)).TopK;
            new StoredScoreReport(Terminal, stored.Name, recommender.StoredScores(stored.Name, count, cancellationToken)).Print();
            return ExitCode.Done;
        }
        var request = _options.Request(parsed, new ModelFacts(text)); // what is wrong is said before anything is fetched
        var (facts, training) = await FactsAsync(recommender, text, isTraining, request.InputTokens, cancellationToken);
        new AdviceReport(Terminal, RecommendOptions.WithPriceNotes(recommender.Recommend(request with { Model = facts, Training = training }, cancellationToken), DateOnly.FromDateTime(DateTime.UtcNow))).Print();
        return ExitCode.Done;
    }

    // Without results, what is published says something all the same; a database that is named must be there.
    private BenchmarkStore? Store(string? path, CancellationToken cancellationToken) =>
        path is null && Services.Environment.Variable(DatabaseOptions.Variable) is null && !File.Exists(Services.Library.BenchmarksFile)
            ? null : Services.OpenToRead(path, cancellationToken);

    private BenchmarkedModel? Stored(HardwareRecommender recommender, string text, CancellationToken cancellationToken)
    {
        if (recommender.FindModel(text, cancellationToken) is { } named)
            return named;
        var reference = Services.Reference(text);
        return recommender.FindModel(reference.ToString(), cancellationToken) ?? recommender.FindModel(reference.Name, cancellationToken);
    }

    // The model's own description says most, as gpux info has it; what the database knows of its size and family is enough where there is no other.
    private async Task<(ModelFacts Facts, TrainingModel? Training)> FactsAsync(
        HardwareRecommender recommender, string text, bool isTraining, int? tokens, CancellationToken cancellationToken)
    {
        BenchmarkedModel? stored = null;
        try
        {
            stored = Stored(recommender, text, cancellationToken);
            var reference = Services.Reference(text);
            // A network is asked only for what nothing else says.
            if (!isTraining && stored is { ParameterCount: not null, Architecture: not null } && !IsHere(reference))
                return (ModelFacts.Of(stored), null);
            var description = await Services.Library.DescribeAsync(reference, new PrepareOptions(Lookup.PreferStore), Terminal.Progress, cancellationToken);
            var facts = ModelFacts.Of(stored?.Name ?? description.Manifest.Model.ToString(), description) with { CheckedPrecisions = Checked(description.Manifest) };
            if (description.Plan is null)
                facts = facts.WithSizeOf(description, Services.Library.Store.FindFiles(description.Manifest));
            if (!isTraining)
                return (WithWork(facts, description, tokens), null);
            return (facts, TrainingModel.Of(description));
        }
        catch (UnknownTrainingModelException exception) when (stored is null)
        {
            throw new UnknownTrainingModelException(text, exception.Detail,
                "Trainings are planned for transformers. Of other models those count that were measured: gpux db import FILE --db-path DATABASE, and ask again with that --db-path.");
        }
        catch (GpuxException exception) when (stored is not null)
        {
            if (isTraining || stored is not { ParameterCount: not null, Architecture: not null })
                Terminal.Note($"Its own description is not known: {exception.Message}");
            return (ModelFacts.Of(stored), null);
        }
    }

    // The graph that would be built, or that is here.
    private ModelFacts WithWork(ModelFacts facts, ModelDescription description, int? tokens)
    {
        if (description.Plan is { } plan)
            return facts.WithWorkOf(plan.Model, tokens);
        foreach (var variant in Variants(description.Manifest))
        {
            if (variant is not { State: VariantState.Usable, Variant: { } usable })
                continue;
            using var file = OnnxReader.Open(usable.ModelPath);
            return facts.WithWorkOf(file.Model, tokens);
        }
        return facts;
    }

    private bool IsHere(ModelReference reference) => reference.Registry is ModelReference.Samples or ModelReference.Local
        || Services.Library.Store.List().Any(model => model.Manifest.Model.Registry == reference.Registry && model.Manifest.Model.Name == reference.Name);

    private IEnumerable<StoredVariant> Variants(ModelManifest manifest) => Services.Library.Store.List()
        .Where(model => model.Manifest.Model == manifest.Model && model.Manifest.Commit == manifest.Commit).SelectMany(StoredVariant.Of);

    // Those of the variants here whose outputs were compared with the published precision's.
    private string Checked(ModelManifest manifest) => string.Join(',', Variants(manifest)
        .Where(variant => variant.Variant is not null && PrecisionProof.Read(variant.Folder) is { IsWithinBound: true })
        .Select(variant => PrecisionNames.Of(variant.Variant!.Precision)).Distinct()); // filtered
}
