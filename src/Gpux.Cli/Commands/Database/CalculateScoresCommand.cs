using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Scoring;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class CalculateScoresCommand : GpuxCommand
{
    private const string Summary = "Score hardware by what was measured with a model, and store the scores.";
    private const string Compatibility = "compatibility";
    private const string Suitability = "suitability";
    private const int BarCells = 10;

    private readonly Option<string> _model = ModelVersionOptions.Model(required: false);
    private readonly Option<string> _hardware = new("--hardware")
    {
        Description = "Show the scores of this hardware alone: its name, cpu, gpu, npu or tpu, or an execution provider such as cuda. They do not depend on it.", HelpName = "name",
    };

    private readonly Option<string> _score = ModelVersionOptions.Score();
    private readonly Option<string> _rank = new("--rank-by")
    {
        Description = $"{Compatibility}: how good it was; {Suitability}: that, times how often it was measured. Default: {Compatibility}.", HelpName = "score", DefaultValueFactory = _ => Compatibility,
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Store nothing." };
    private readonly Option<string> _path = DatabaseOptions.Path();

    public CalculateScoresCommand(Services services) : base(services, "calculate-scores", Summary,
        "gpux db calculate-scores --model \"bert-base-uncased\" --hardware \"cuda\"",
        "gpux db calculate-scores --model bert-base-uncased --score geometric --rank-by suitability --json")
    {
        _rank.AcceptOnlyFromAmong(Compatibility, Suitability);
        Add(_model);
        Add(_hardware);
        Add(_score);
        Add(_rank);
        Add(_dryRun);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var mayStore = !parsed.GetValue(_dryRun);
        using var store = mayStore ? Services.Open(parsed.GetValue(_path), cancellationToken) : Services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        var integration = ModelVersionOptions.Integration(Services, store);
        long? model = parsed.GetValue(_model) is { } name ? integration.FindModel(name, cancellationToken) : null;
        if (mayStore)
            integration.CollectPrecisionProofs(Services.Library.Store, cancellationToken);
        var all = integration.CalculateSuitabilityScores(model, hardwareId: null, mayStore, ModelVersionOptions.Options(parsed.GetValue(_score)), cancellationToken);
        var hardware = parsed.GetValue(_hardware);
        var scores = all.Where(score => hardware is null || score.IsOn(hardware)).ToArray();
        if (scores.Length == 0)
            throw new HardwareNotKnownException(hardware!, [.. all.Select(score => score.Hardware.Name).Distinct().Order(StringComparer.Ordinal)]); // else all are shown
        if (parsed.GetValue(_rank) == Suitability)
        {
            scores = [.. scores.GroupBy(score => score.ModelId).SelectMany(its => its.OrderByDescending(score => score.Suitability ?? -1)
                .ThenByDescending(score => score.Compatibility ?? -1))];
        }
        Terminal.Print(output => Write(output, scores), json => Write(json, scores));
        if (!Terminal.Json)
        {
            foreach (var (score, note) in scores.SelectMany(score => score.Notes.Select(note => (score, note))))
                Terminal.Note($"{TerminalText.Safe(score.Hardware.Name)}: {TerminalText.Safe(note)}");
        }
        return Task.FromResult(ExitCode.Done);
    }

    private void Write(TextWriter output, HardwareScore[] scores)
    {
        foreach (var model in scores.GroupBy(score => score.Model))
        {
            var first = model.First().Score;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Terminal.Bold(TerminalText.Safe(model.Key))}: {first.Weights.Throughput:0.###} throughput, {first.Weights.Latency:0.###} latency, {first.Weights.Memory:0.###} memory, {first.Form.ToString().ToLowerInvariant()}"));
            var table = new Table("hardware", "compatibility", "", "suitability", "n", "throughput", "latency", "memory", "batch", "precision", "needs").AlignRight(1, 3, 4, 5, 6, 7, 8, 10)
                .Cut(Table.NameWidth, 0);
            foreach (var score in model)
            {
                table.Row(score.Hardware.Name, Number(score.Compatibility), Bar(score.Compatibility), Number(score.Suitability),
                    score.Score.LaunchCount.ToString(CultureInfo.InvariantCulture), Number(score.Score.Component(ScoreComponent.Throughput)),
                    Number(score.Score.Component(ScoreComponent.Latency)), Number(score.Score.Component(ScoreComponent.Memory)),
                    score.Setting.BatchSize?.ToString(CultureInfo.InvariantCulture) ?? "-", TerminalText.Safe(score.Setting.Precision ?? "-"),
                    score.Setting.MemoryBytes is { } bytes ? ByteSize.Format((long)bytes) : "-");
            }
            table.Write(Terminal, output);
        }
    }

    private static void Write(Utf8JsonWriter json, HardwareScore[] scores)
    {
        json.WriteStartArray();
        foreach (var score in scores)
        {
            json.WriteStartObject();
            json.WriteString("model", score.Model);
            json.WriteString("hardware", score.Hardware.Name);
            json.WriteString("hardware_kind", score.Hardware.Kind.ToString().ToLowerInvariant());
            json.WriteNumber("score_version", CompatibilityScore.ScoreVersion);
            json.WriteString("score_form", score.Score.Form.ToString().ToLowerInvariant());
            json.WriteString("score_formula", score.Score.Formula.ToString());
            Write("compatibility_score", score.Compatibility);
            Write("suitability_score", score.Suitability);
            json.WriteNumber("confidence", score.Score.Confidence);
            json.WriteBoolean("partial", score.Score.IsPartial);
            json.WriteNumber("run_count", score.Score.RunIds.Count);
            json.WriteNumber("launch_count", score.Score.LaunchCount);
            Write("throughput_score", score.Score.Component(ScoreComponent.Throughput));
            Write("latency_score", score.Score.Component(ScoreComponent.Latency));
            Write("memory_score", score.Score.Component(ScoreComponent.Memory));
            Write("recommended_batch_size", score.Setting.BatchSize);
            json.WriteString("recommended_precision", score.Setting.Precision);
            Write("memory_requirement", score.Setting.MemoryBytes);
            json.WriteString("memory_metric", score.Setting.MemoryMetric?.Name);
            json.WriteStartArray("notes");
            foreach (var note in score.Notes)
                json.WriteStringValue(note);
            json.WriteEndArray();
            json.WritePropertyName("details");
            score.Score.WriteDetails(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();

        void Write(string name, double? number)
        {
            if (number is { } some)
                json.WriteNumber(name, some);
            else
                json.WriteNull(name);
        }
    }

    private static string Number(double? score) => score?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-";

    private string Bar(double? score) => score is not { } share ? "" : Terminal.Cyan(new string('█', (int)Math.Round(share * BarCells)));
}
