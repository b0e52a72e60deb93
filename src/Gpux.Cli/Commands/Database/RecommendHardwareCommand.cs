using System.CommandLine;
using Gpux.Benchmarks.Recommendations;

namespace Gpux.Cli.Commands.Database;

/// <summary>gpux db recommend: by what the database knows, and no model need be here.</summary>
internal sealed class RecommendHardwareCommand : GpuxCommand
{
    private const string Summary = "Say which hardware suits a model, by the results of the database alone.";

    private readonly Option<string> _model = new("--model") { Description = "Its name in the database.", Required = true, HelpName = "name" };
    private readonly Option<string> _path = DatabaseOptions.Path();
    private readonly RecommendOptions _options = new();

    public RecommendHardwareCommand(Services services) : base(services, "recommend", Summary,
        "gpux db recommend --model \"bert-base-uncased\" --task \"inference\" --latency-sensitive",
        "gpux db recommend --model llama-7b --task training --batch-size 16 --memory-constrained")
    {
        Add(_model);
        _options.AddTo(this);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (name, wantsScores) = (parsed.GetRequiredValue(_model), _options.WantsStoredScores(parsed));
        using var store = Services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        var recommender = new HardwareRecommender(store.Connection);
        var model = recommender.FindModel(name, cancellationToken) ?? throw recommender.Unknown(name, cancellationToken);
        var request = _options.Request(parsed, ModelFacts.Of(model));
        if (wantsScores)
            new StoredScoreReport(Terminal, model.Name, recommender.StoredScores(model.Name, request.TopK, cancellationToken)).Print();
        else
            new AdviceReport(Terminal, RecommendOptions.WithPriceNotes(recommender.Recommend(request, cancellationToken), DateOnly.FromDateTime(DateTime.UtcNow))).Print();
        return Task.FromResult(ExitCode.Done);
    }
}
