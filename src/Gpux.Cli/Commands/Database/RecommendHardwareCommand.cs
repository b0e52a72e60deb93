using System.CommandLine;
using Gpux.Benchmarks.Recommendations;

namespace Gpux.Cli.Commands.Database;

/// <summary>gpux db recommend: by what the database knows, and no model need be here.</summary>
internal sealed class RecommendHardwareCommand : GpuxCommand
{
    private const string Summary = "Say which hardware suits a model, by the results of the database alone.";

    private readonly Option<string> _model = new("--model") { Description = "Its name in the database.", Required = true, HelpName = "name" };
    private readonly Option<string> _path = DatabaseOptions.Path();
    private readonly Option<int> _version = new("--score-version")
    {
        Description = "2: measured before predicted, with intervals (the default). 1: the scores that calculate-scores stored.", DefaultValueFactory = _ => 2, HelpName = "1|2",
    };
    private readonly RecommendOptions _options = new();

    public RecommendHardwareCommand(Services services) : base(services, "recommend", Summary,
        "gpux db recommend --model \"bert-base-uncased\" --task \"inference\" --latency-sensitive",
        "gpux db recommend --model llama-7b --task training --batch-size 16 --memory-constrained")
    {
        Add(_model);
        _options.AddTo(this);
        Add(_version);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (name, version) = (parsed.GetRequiredValue(_model), parsed.GetValue(_version));
        if (version is not (1 or 2))
            throw new UsageException($"There is no score version {version}.", "Write --score-version 1 or 2.");
        using var store = Services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        var recommender = new HardwareRecommender(store.Connection);
        var model = recommender.FindModel(name, cancellationToken) ?? throw new UnknownBenchmarkModelException(name);
        var request = _options.Request(parsed, ModelFacts.Of(model));
        if (version == 1)
            PrintScores(request, recommender.StoredScores(model.Name, request.TopK, cancellationToken));
        else
            new AdviceReport(Terminal, recommender.Recommend(request, cancellationToken)).Print();
        return Task.FromResult(ExitCode.Done);
    }

    private void PrintScores(RecommendationRequest request, IReadOnlyList<StoredScore> scores) => Terminal.Print(
        output =>
        {
            var table = new Terminals.Table("#", "hardware", "compatibility", "suitability", "batch", "precision", "memory").AlignRight(0, 2, 3, 4);
            foreach (var (i, score) in scores.Index())
            {
                table.Row($"{i + 1}", score.Hardware, Number(score.Compatibility), Number(score.Suitability), score.BatchSize?.ToString() ?? "", score.Precision ?? "",
                    score.MemoryBytes is { } bytes ? Terminals.ByteSize.Format((long)bytes) : "");
            }
            table.Write(Terminal, output);
        },
        json =>
        {
            json.WriteStartObject();
            json.WriteString("model", request.Model.Name);
            json.WriteNumber("score_version", 1);
            json.WriteStartArray("recommendations");
            foreach (var (i, score) in scores.Index())
            {
                json.WriteStartObject();
                json.WriteNumber("rank", i + 1);
                json.WriteString("hardware", score.Hardware);
                json.WriteNumber("compatibility_score", score.Compatibility);
                json.WriteNumber("suitability_score", score.Suitability);
                if (score.BatchSize is { } batch)
                    json.WriteNumber("recommended_batch_size", batch);
                json.WriteString("recommended_precision", score.Precision);
                if (score.MemoryBytes is { } memory)
                    json.WriteNumber("memory_requirement_bytes", memory);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });

    private static string Number(double score) => score.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture);
}
