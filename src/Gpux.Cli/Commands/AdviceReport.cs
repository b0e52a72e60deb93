using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Recommendations;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands;

/// <summary>Prints advice on hardware.</summary>
internal sealed class AdviceReport(Terminal terminal, HardwareAdvice advice)
{
    public void Print()
    {
        terminal.Print(Write, Write);
        if (terminal.Json)
            return;
        if (advice.NextExperiment is { } next)
            terminal.Note(next);
        foreach (var note in advice.Notes)
            terminal.Note(note);
    }

    private void Write(TextWriter output)
    {
        var request = advice.Request;
        if (advice.Ranked.Count == 0)
            output.WriteLine("No hardware that is known can do this.");
        else
            WriteTable(output);
        if (advice.Infeasible.Count > 0)
            output.WriteLine(terminal.Dim("Cannot do it:"));
        foreach (var row in advice.Infeasible)
            output.WriteLine($"  {row.Hardware.Name}: {row.Reasons[0]}");
        if (!request.Explain)
            return;
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{request.Model.Name}, {request.Task.ToString().ToLowerInvariant()}, batch {request.BatchSize}{Tokens()}; weights: throughput {advice.Weights.Throughput:0.000}, latency {advice.Weights.Latency:0.000}, memory {advice.Weights.Memory:0.000}."));
        output.WriteLine($"Learnt from {advice.Runs.OfModel} runs of the model and {advice.Runs.OfOthers} of others.");
        foreach (var row in advice.Ranked)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{row.Rank}. {row.Hardware.Name}: {row.Precision ?? "unknown precision"}{(row.ExecutionProvider is { } provider ? $" on {provider}" : "")}, batch {row.RecommendedBatchSize} recommended, best in {row.ChanceOfBest:0%} of 1000 draws, utility {row.Utility:0.00}"));
            foreach (var reason in row.Reasons)
                output.WriteLine($"   {reason}");
        }
        if (advice.Coverage.Count == 0)
            return;
        output.WriteLine();
        var table = new Table("held out", "metric", "groups", $"within {request.ConfidenceLevel:0%} intervals").AlignRight(2);
        foreach (var row in advice.Coverage)
        {
            table.Row(row.Question, row.Metric, $"{row.Groups}", row.Count > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{row.Covered} of {row.Count} ({row.Share:0.0%})") : $"too few: more than {row.Needed} are needed");
        }
        table.Write(terminal, output);
    }

    private void WriteTable(TextWriter output)
    {
        var hasCost = advice.Ranked.Any(row => row.CostPerMillion is not null);
        var unit = advice.Ranked[0].ThroughputUnit;
        List<string> headings = ["#", "hardware", "latency", "throughput", "memory"];
        if (hasCost)
            headings.Add($"$/1M {unit}");
        var table = new Table([.. headings, "front", "origin", "reason"]).AlignRight(0);
        foreach (var row in advice.Ranked)
        {
            List<string> cells =
            [
                $"{row.Rank}", row.Hardware.Name, Show(row.Latency, Quantity.Seconds), Show(row.Throughput, rate => $"{Quantity.Three(rate)}/s"),
                row.MemoryBytes is { } bytes ? ByteSize.Format(bytes) : "?",
            ];
            if (hasCost)
                cells.Add(Show(row.CostPerMillion, Quantity.Three));
            table.Row([.. cells, row.IsOnFront ? "yes" : "no", row.Origin.ToString().ToLowerInvariant(), row.Reasons[0]]);
        }
        table.Write(terminal, output);
    }

    private string Tokens() => (advice.InputTokens, advice.OutputTokens) switch
    {
        (null, null) => "",
        (var input, null or 0) => $", {input} tokens",
        var (input, output) => $", {input ?? 0} tokens in and {output} out",
    };

    private static string Show(Estimate? estimate, Func<double, string> show) => estimate is not { } known ? "?"
        : known.HasInterval ? $"{show(known.Typical)} [{show(known.Low)}, {show(known.High)}]" : show(known.Typical);

    private void Write(Utf8JsonWriter json)
    {
        var request = advice.Request;
        json.WriteStartObject();
        json.WriteString("model", request.Model.Name);
        json.WriteString("task", request.Task.ToString().ToLowerInvariant());
        json.WriteNumber("batch_size", request.BatchSize);
        WriteNumber(json, "input_tokens", advice.InputTokens);
        WriteNumber(json, "output_tokens", advice.OutputTokens);
        json.WriteNumber("score_version", 2);
        json.WriteNumber("confidence_level", request.ConfidenceLevel);
        json.WriteNumber("utilisation", request.Utilisation);
        json.WriteStartObject("weights");
        json.WriteNumber("throughput", advice.Weights.Throughput);
        json.WriteNumber("latency", advice.Weights.Latency);
        json.WriteNumber("memory", advice.Weights.Memory);
        json.WriteEndObject();
        json.WriteNumber("runs_of_model", advice.Runs.OfModel);
        json.WriteNumber("runs_of_others", advice.Runs.OfOthers);
        foreach (var (name, rows) in (ReadOnlySpan<(string, IReadOnlyList<HardwareRecommendation>)>)[("recommendations", advice.Ranked), ("infeasible", advice.Infeasible)])
        {
            json.WriteStartArray(name);
            foreach (var row in rows)
                Write(json, row);
            json.WriteEndArray();
        }
        json.WriteString("next_experiment", advice.NextExperiment);
        json.WriteStartArray("notes");
        foreach (var note in advice.Notes)
            json.WriteStringValue(note);
        json.WriteEndArray();
        json.WriteStartArray("coverage");
        foreach (var row in advice.Coverage)
        {
            json.WriteStartObject();
            json.WriteString("held_out", row.Question);
            json.WriteString("metric", row.Metric);
            json.WriteNumber("groups", row.Groups);
            json.WriteNumber("groups_needed", row.Needed);
            json.WriteNumber("covered", row.Covered);
            json.WriteNumber("count", row.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, HardwareRecommendation row)
    {
        json.WriteStartObject();
        json.WriteNumber("rank", row.Rank);
        json.WriteString("hardware", row.Hardware.Name);
        json.WriteString("kind", row.Hardware.Kind.ToString().ToLowerInvariant());
        json.WriteString("execution_provider", row.ExecutionProvider);
        json.WriteString("precision", row.Precision);
        json.WriteString("feasibility", row.Feasibility.ToString().ToLowerInvariant());
        json.WriteString("origin", row.Origin.ToString().ToLowerInvariant());
        json.WriteNumber("runs", row.Runs);
        json.WriteNumber("recommended_batch_size", row.RecommendedBatchSize);
        WriteEstimate(json, "latency_seconds", row.Latency);
        WriteEstimate(json, "latency_p99_seconds", row.LatencyP99);
        WriteEstimate(json, $"{row.ThroughputUnit}_per_second", row.Throughput);
        WriteNumber(json, "memory_bytes", row.MemoryBytes);
        json.WriteBoolean("memory_measured", row.IsMemoryMeasured);
        WriteEstimate(json, $"dollars_per_million_{row.ThroughputUnit}", row.CostPerMillion);
        if (row.Price is { } price)
        {
            json.WriteStartObject("price");
            json.WriteString("sku", price.Sku);
            json.WriteString("provider", price.Provider);
            json.WriteNumber("per_hour", price.PerHour);
            json.WriteString("currency", price.Currency);
            json.WriteString("as_of", price.AsOf.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            json.WriteString("source", price.Source);
            json.WriteEndObject();
        }
        if (row.EnergyJoules is { } energy)
            json.WriteNumber("energy_joules", energy);
        json.WriteBoolean("on_front", row.IsOnFront);
        json.WriteNumber("chance_of_best", row.ChanceOfBest);
        json.WriteNumber("utility", row.Utility);
        json.WriteStartArray("reasons");
        foreach (var reason in row.Reasons)
            json.WriteStringValue(reason);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteEstimate(Utf8JsonWriter json, string name, Estimate? estimate)
    {
        if (estimate is not { } known)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteNumber("typical", known.Typical);
        // No interval is null, for JSON has no infinity.
        WriteNumber(json, "low", known.HasInterval ? known.Low : null);
        WriteNumber(json, "high", known.HasInterval ? known.High : null);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } known)
            json.WriteNumber(name, known);
        else
            json.WriteNull(name);
    }
}
