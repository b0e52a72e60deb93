using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>How well one machine does with a model, among the machines that were measured with it.</summary>
public sealed record CompatibilityScore
{
    /// <summary>Of the rules that made it. Another version's scores are not compared.</summary>
    public const int ScoreVersion = 1;

    /// <summary>From 0 to 10 independent launches, confidence grows to 1.</summary>
    public const int LaunchesOfFullConfidence = 10;

    public required long HardwareId { get; init; }
    public required ScoreForm Form { get; init; }

    /// <summary>The rules that made it.</summary>
    public ScoreFormula Formula => ScoreFormula.Of(Form);

    public required ScoreWeights Weights { get; init; }

    /// <summary>Above 0, at most 1; null where nothing makes the machine comparable with the others, which <see cref="Notes"/> explain.</summary>
    public required double? Compatibility { get; init; }

    /// <summary>0.1 for each independent launch, at most 1.</summary>
    public double Confidence => Math.Min(1, LaunchCount / (double)LaunchesOfFullConfidence);

    /// <summary>Compatibility x confidence.</summary>
    public double? Suitability => Compatibility * Confidence;

    /// <summary>Whether a component is missing in a workload: the others' weights are then scaled to 1.</summary>
    public required bool IsPartial { get; init; }

    /// <summary>The runs that count, in the workloads that the machines have in common.</summary>
    public required IReadOnlyList<long> RunIds { get; init; }

    /// <summary>Separate processes in those runs.</summary>
    public required int LaunchCount { get; init; }

    public required IReadOnlyList<StratumScore> Strata { get; init; }
    public required IReadOnlyList<RejectedValue> Rejected { get; init; }

    /// <summary>What a reader of the score should know, in sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <returns>The geometric mean of the component over the workloads that have it; null where none has.</returns>
    public double? Component(ScoreComponent component)
    {
        var parts = Strata.SelectMany(stratum => stratum.Components).Where(part => part.Component == component).Select(part => Math.Log(part.Score)).ToArray();
        return parts.Length == 0 ? null : Math.Exp(parts.Average());
    }

    /// <summary>As the column "details" has it.</summary>
    public void WriteDetails(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(ScoreFormula.Property, Formula.ToString());
        json.WriteStartObject("weights");
        json.WriteNumber("throughput", Weights.Throughput);
        json.WriteNumber("latency", Weights.Latency);
        json.WriteNumber("memory", Weights.Memory);
        json.WriteEndObject();
        json.WriteStartArray("workloads");
        foreach (var stratum in Strata)
        {
            json.WriteStartObject();
            json.WriteString("workload", stratum.Stratum.ToString());
            json.WriteString("suite", stratum.Stratum.Suite);
            json.WriteNumber("score", stratum.Score);
            json.WriteStartArray("runs");
            foreach (var run in stratum.RunIds)
                json.WriteNumberValue(run);
            json.WriteEndArray();
            foreach (var part in stratum.Components)
            {
                json.WriteStartObject(Names.Of(part.Component));
                json.WriteString("metric", part.Metric.Name);
                json.WriteNumber("value", part.Value);
                json.WriteNumber("best", part.Best);
                json.WriteNumber("score", part.Score);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("rejected");
        foreach (var rejected in Rejected)
        {
            json.WriteStartObject();
            json.WriteNumber("run", rejected.RunId);
            json.WriteString("metric", rejected.Metric.Name);
            // JSON has no NaN and no infinity.
            json.WriteString("value", rejected.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("reason", RejectedValue.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("notes");
        foreach (var note in Notes)
            json.WriteStringValue(note);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <param name="Score">Above 0, at most 1.</param>
public sealed record StratumScore(WorkloadStratum Stratum, double Score, IReadOnlyList<ComponentScore> Components, IReadOnlyList<long> RunIds);

/// <summary>One machine's share of the best in one workload.</summary>
/// <param name="Value">The median over launches, in the metric's unit.</param>
/// <param name="Best">The best machine's.</param>
/// <param name="Score">Above 0, at most 1.</param>
public sealed record ComponentScore(ScoreComponent Component, Metric Metric, double Value, double Best, double Score);

/// <summary>A value that no score can be made of.</summary>
public sealed record RejectedValue(long RunId, Metric Metric, double Value)
{
    public const string Reason = "a score needs a finite value above 0";
}
