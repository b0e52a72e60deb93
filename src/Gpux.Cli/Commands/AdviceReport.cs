using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Training;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands;

/// <summary>Prints advice on hardware.</summary>
internal sealed class AdviceReport(Terminal terminal, HardwareAdvice advice)
{
    private const double SecondsPerDay = 86_400;

    private bool IsTraining => advice.Request.Task == TaskType.Training;

    // Of prices: "$" or "EUR ".
    private string Money => advice.Request.Prices.Currency is "USD" ? "$" : $"{advice.Request.Prices.Currency} ";

    public void Print()
    {
        terminal.Print(Write, Write);
        if (terminal.Json)
            return;
        if (advice.NextExperiment is { } next)
            terminal.Note(TerminalText.Safe(next));
        if (advice.Ranked.FirstOrDefault(row => row.Plan is not null) is { } planned)
            terminal.Note($"All ways to split it: {PlanCommand(planned)}");
        foreach (var note in advice.Notes)
            terminal.Note(TerminalText.Safe(note));
    }

    private void Write(TextWriter output)
    {
        var request = advice.Request;
        if (advice.Ranked.Count == 0)
        {
            output.WriteLine(advice.Unknown.Count == 0 ? "No hardware that is known can do this." : "Of no hardware it is known that it can do this.");
        }
        else
        {
            WriteAnswer(output);
            output.WriteLine();
            WriteTable(output);
        }
        WriteOthers(output, "Cannot do it:", advice.Infeasible);
        WriteOthers(output, "Not known whether they can do it:", advice.Unknown);
        if (!request.Explain)
            return;
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{TerminalText.Safe(request.Model.Name)}, {request.Task.ToString().ToLowerInvariant()}, {Batch()}{Tokens()}; weights: throughput {advice.Weights.Throughput:0.000}, latency {advice.Weights.Latency:0.000}, memory {advice.Weights.Memory:0.000}."));
        output.WriteLine($"Learnt from {Plural.Of(advice.Runs.OfModel, "run")} of the model and {advice.Runs.OfOthers} of others{(advice.Method is { } method ? $", all by {method}" : "")}.");
        foreach (var row in advice.Ranked)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{row.Rank}. {TerminalText.Safe(row.Hardware.Name)}: {row.Precision ?? "unknown precision"}{(row.ExecutionProvider is { } provider ? $" on {provider}" : "")}, batch {row.RecommendedBatchSize} recommended, best in {row.ChanceOfBest:0%} of 1000 draws, utility {row.Utility:0.00}"));
            foreach (var reason in row.Reasons)
                output.WriteLine($"   {TerminalText.Safe(reason)}");
        }
        if (advice.Coverage.Count == 0)
            return;
        output.WriteLine();
        var table = new Table("held out", "metric", "groups", $"within {request.ConfidenceLevel:0%} intervals of those before").AlignRight(2);
        foreach (var row in advice.Coverage)
        {
            table.Row(row.Question, row.Metric, $"{row.Groups}", row.Count > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{row.Covered} of {row.Count}: {row.Share:0%} [{row.Low:0%}, {row.High:0%}]") : $"too few: more than {row.Needed} are needed");
        }
        table.Write(terminal, output);
    }

    private void WriteOthers(TextWriter output, string heading, IReadOnlyList<HardwareRecommendation> rows)
    {
        if (rows.Count > 0)
            output.WriteLine(terminal.Dim(heading));
        foreach (var alike in rows.GroupBy(row => row.Reasons[0]))
            output.WriteLine(TerminalText.Safe($"  {string.Join(", ", alike.Select(row => row.Hardware.Name))}: {alike.Key}"));
    }

    // What to take, and what is cheapest where that is something else; how sure it is stands behind it.
    private void WriteAnswer(TextWriter output)
    {
        var best = advice.Ranked[0];
        output.WriteLine($"{terminal.Bold(Named(best))}: {Promise(best)}. {Standing(best)}");
        if (advice.Cheapest is { } cheapest && cheapest.Hardware.Name != best.Hardware.Name)
            output.WriteLine($"Cheapest where a price is known: {Named(cheapest)}: {Promise(cheapest)}.");
    }

    private static string Named(HardwareRecommendation row) =>
        TerminalText.Safe(row.Plan is { } plan ? $"{row.Hardware.Name} ({plan.Parallelism})" : row.Hardware.Name);

    private string Promise(HardwareRecommendation row)
    {
        var parts = new List<string>();
        if (row.Latency is not null && !IsTraining)
            parts.Add($"{Show(row, row.Latency, Quantity.Seconds)} a request");
        if (row.Throughput is not null)
            parts.Add($"{Show(row, row.Throughput, Quantity.Digits, isCeiling: true)} {row.ThroughputUnit}/s");
        if (TrainingTime(row) is { } time)
            parts.Add(Show(row, time, Quantity.LongTime));
        if (TotalCost(row) is { } total)
            parts.Add($"{Show(row, total, Price)} in all");
        else if (row.CostPerMillion is not null)
            parts.Add($"{Show(row, row.CostPerMillion, Price)} for a million {row.ThroughputUnit}");
        return string.Join(", ", parts);
    }

    private string Price(double amount, int digits) => $"{Money}{Quantity.Digits(amount, digits)}";

    private static string Standing(HardwareRecommendation row)
    {
        var origin = row.Origin switch
        {
            EstimateOrigin.Measured or EstimateOrigin.Shrunk => $"Measured in {Plural.Of(row.Runs, "run")}{Way(row)}.",
            EstimateOrigin.Predicted => $"Predicted, not measured{Way(row)}.",
            EstimateOrigin.Planned => "Planned, not measured.",
            _ => "At best, by published peaks: nothing was measured.",
        };
        if (row.RestsOnUnverified)
            origin += " Not every published number of it was verified.";
        if (row.ChanceOfBest < 0.5)
            origin += string.Create(CultureInfo.InvariantCulture, $" Others were the best in {1 - row.ChanceOfBest:0%} of 1000 draws of what is not known.");
        return row.Feasibility == Feasibility.Unproven ? $"{origin} That it keeps to what was asked is not proven." : origin;
    }

    private static string Way(HardwareRecommendation row) => row.Method is { IsUsual: false } method ? $" ({method})" : "";

    private void WriteTable(TextWriter output)
    {
        if (IsTraining)
        {
            WriteTrainings(output);
            return;
        }
        var hasCost = advice.Ranked.Any(row => row.CostPerMillion is not null);
        List<string> headings = ["#", "hardware", "precision", "latency", "throughput", "memory"];
        if (hasCost)
            headings.Add($"{Money.Trim()}/1M {advice.Ranked[0].ThroughputUnit}");
        var table = new Table([.. headings, "front", "origin", "reason"]).AlignRight(0);
        foreach (var row in advice.Ranked)
        {
            List<string> cells =
            [
                $"{row.Rank}", row.Hardware.Name, row.Precision ?? "?", Show(row, row.Latency, Quantity.Seconds), row.Throughput is null ? "?" : $"{Show(row, row.Throughput, Quantity.Digits, isCeiling: true)}/s",
                Memory(row),
            ];
            if (hasCost)
                cells.Add(Show(row, row.CostPerMillion, Quantity.Digits));
            table.Row([.. cells, row.IsOnFront ? "yes" : "no", Name(row.Origin), row.Reasons[0]]);
        }
        table.Write(terminal, output);
    }

    private void WriteTrainings(TextWriter output)
    {
        var (hasCost, hasTokens) = (advice.Ranked.Any(row => row.CostPerMillion is not null), advice.Request.TrainingTokens is not null);
        List<string> headings = ["#", "hardware", "split", "memory each", "tokens/s", "step"];
        if (hasTokens)
            headings.Add("time");
        if (hasTokens && hasCost)
            headings.Add($"{Money.Trim()} in all");
        if (hasCost)
            headings.Add($"{Money.Trim()}/1M tokens");
        var table = new Table([.. headings, "origin", "reason"]).AlignRight(0);
        foreach (var row in advice.Ranked)
        {
            List<string> cells =
            [
                $"{row.Rank}", row.Hardware.Name, row.Plan is { } plan ? TrainingAdvice.Describe(plan.Parallelism) : "as it was measured",
                Memory(row), Show(row, row.Throughput, Quantity.Digits), Show(row, row.Latency, Quantity.Seconds),
            ];
            if (hasTokens)
                cells.Add(Show(row, TrainingTime(row), Quantity.LongTime));
            if (hasTokens && hasCost)
                cells.Add(Show(row, TotalCost(row), Quantity.Digits));
            if (hasCost)
                cells.Add(Show(row, row.CostPerMillion, Quantity.Digits));
            table.Row([.. cells, Name(row.Origin), row.Reasons[0]]);
        }
        table.Write(terminal, output);
    }

    // Of a training what each device holds.
    private string Memory(HardwareRecommendation row)
    {
        if (row.MemoryBytes is not { } bytes)
            return "?";
        var each = (double)bytes / (IsTraining ? row.Hardware.DeviceCount : 1);
        return row.IsMemoryMeasured || row.Plan is not null ? Quantity.Bytes(each) : $"~ {Quantity.Bytes(each, 2)}";
    }

    // Seconds of all tokens.
    private Estimate? TrainingTime(HardwareRecommendation row) => advice.Request.TrainingTokens is { } tokens && row is { Throughput: { } rate, ThroughputUnit: "tokens" }
        ? new Estimate(tokens / rate.Typical, tokens / rate.High, tokens / rate.Low) : null;

    private Estimate? TotalCost(HardwareRecommendation row) => advice.Request.TrainingTokens / 1e6 is { } millions && row is { CostPerMillion: { } cost, ThroughputUnit: "tokens" }
        ? new Estimate(millions * cost.Typical, millions * cost.Low, millions * cost.High) : null;

    // The same plan, and all others for the same GPUs.
    private string PlanCommand(HardwareRecommendation row)
    {
        var (request, job) = (advice.Request, row.Plan!.Job); // it has one
        var model = request.Training is not null ? ShellWord.Of(request.Model.Name) : $"--parameters {request.Model.ParameterCount}";
        var command = $"gpux plan-training {model} --gpus {job.Cluster.GpuCount} --gpu {ShellWord.Of(job.Cluster.Accelerator.Name)}";
        if (job.GlobalBatch is { } batch)
            command += $" --global-batch {batch}";
        if (job.Sequence != job.Model.UsualSequence)
            command += $" --sequence {job.Sequence}";
        if (request.Precision is not null || job.Precision != TrainingPrecision.BrainFloat16)
            command += $" --precision {row.Precision}";
        if (request.MaxMemoryBytes is not null)
            command += string.Create(CultureInfo.InvariantCulture, $" --gpu-memory {job.Cluster.Accelerator.MemoryBytes:0}");
        if (request.IsMemoryConstrained)
            command += " --memory-constrained";
        if (job.Tokens is { } tokens)
            command += string.Create(CultureInfo.InvariantCulture, $" --tokens {tokens:0}");
        if (row.Price is { } price)
            command += string.Create(CultureInfo.InvariantCulture, $" --price-per-gpu-hour {price.PerHourOf(1):0.####}");
        return $"{command} --explain";
    }

    private string Batch() => IsTraining ? $"{advice.Ranked.FirstOrDefault(row => row.Plan is not null)?.RecommendedBatchSize ?? advice.Request.BatchSize ?? 0} sequences in a step"
        : $"batch {advice.Request.BatchSize ?? 1}";

    private string Tokens() => (advice.InputTokens, advice.OutputTokens) switch
    {
        (null, null) => "",
        (var input, null or 0) => $", {input} tokens",
        var (input, output) => $", {input ?? 0} tokens in and {output} out",
    };

    // With an interval, or as far as it is known: a bound from peaks, or about so much. Of what may be twice as much two digits are enough.
    private static string Show(HardwareRecommendation row, Estimate? estimate, Func<double, int, string> show, bool isCeiling = false)
    {
        if (estimate is not { } known)
            return "?";
        if (known.HasInterval)
        {
            var digits = known.High > 2 * known.Low ? 2 : 3;
            return $"{show(known.Typical, digits)} [{show(known.Low, digits)}, {show(known.High, digits)}]";
        }
        return row.Origin switch
        {
            EstimateOrigin.Measured or EstimateOrigin.Shrunk => show(known.Typical, 3),
            EstimateOrigin.Roofline => $"{(isCeiling ? "≤" : "≥")} {show(known.Typical, 2)}",
            _ => $"~ {show(known.Typical, 2)}",
        };
    }

    private static string Name(EstimateOrigin origin) => origin.ToString().ToLowerInvariant();

    private void Write(Utf8JsonWriter json)
    {
        var request = advice.Request;
        json.WriteStartObject();
        json.WriteString("model", request.Model.Name);
        json.WriteString("task", request.Task.ToString().ToLowerInvariant());
        WriteNumber(json, "batch_size", request.BatchSize ?? (IsTraining ? null : 1));
        WriteNumber(json, "input_tokens", advice.InputTokens);
        WriteNumber(json, "output_tokens", advice.OutputTokens);
        json.WriteNumber("score_version", 2);
        json.WriteNumber("confidence_level", request.ConfidenceLevel);
        json.WriteNumber("utilisation", request.PaidShare);
        if (IsTraining)
        {
            WriteNumber(json, "training_tokens", request.TrainingTokens);
            json.WriteString("command", advice.Ranked.FirstOrDefault(row => row.Plan is not null) is { } planned ? PlanCommand(planned) : null);
        }
        json.WriteStartObject("weights");
        json.WriteNumber("throughput", advice.Weights.Throughput);
        json.WriteNumber("latency", advice.Weights.Latency);
        json.WriteNumber("memory", advice.Weights.Memory);
        json.WriteEndObject();
        json.WriteNumber("runs_of_model", advice.Runs.OfModel);
        json.WriteNumber("runs_of_others", advice.Runs.OfOthers);
        foreach (var (name, rows) in (ReadOnlySpan<(string, IReadOnlyList<HardwareRecommendation>)>)[("recommendations", advice.Ranked), ("infeasible", advice.Infeasible), ("unknown", advice.Unknown)])
        {
            json.WriteStartArray(name);
            foreach (var row in rows)
                Write(json, row);
            json.WriteEndArray();
        }
        json.WriteString("cheapest", advice.Cheapest?.Hardware.Name);
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
            WriteNumber(json, "share_low", row.Count > 0 ? row.Low : null);
            WriteNumber(json, "share_high", row.Count > 0 ? row.High : null);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, HardwareRecommendation row)
    {
        var request = advice.Request;
        json.WriteStartObject();
        json.WriteNumber("rank", row.Rank);
        json.WriteString("hardware", row.Hardware.Name);
        json.WriteString("kind", row.Hardware.Kind.ToString().ToLowerInvariant());
        json.WriteString("execution_provider", row.ExecutionProvider);
        json.WriteString("backend", row.Backend);
        json.WriteString("precision", row.Precision);
        json.WriteString("version", row.VersionTag);
        if (row.Method is { } method)
        {
            json.WriteStartObject("measured_by");
            json.WriteString("suite", method.Suite);
            json.WriteString("benchmark_version", method.Version);
            json.WriteString("scenario", method.Scenario);
            WriteNumber(json, "offered_rate", method.OfferedRate);
            json.WriteEndObject();
        }
        json.WriteString("feasibility", row.Feasibility.ToString().ToLowerInvariant());
        json.WriteString("origin", Name(row.Origin));
        json.WriteNumber("device_count", row.Hardware.DeviceCount);
        json.WriteBoolean("rests_on_unverified", row.RestsOnUnverified);
        json.WriteNumber("runs", row.Runs);
        json.WriteNumber("recommended_batch_size", row.RecommendedBatchSize);
        WriteEstimate(json, "latency_seconds", row.Latency);
        WriteEstimate(json, "latency_p99_seconds", row.LatencyP99);
        WriteEstimate(json, $"{row.ThroughputUnit}_per_second", row.Throughput);
        WriteNumber(json, "memory_bytes", row.MemoryBytes);
        json.WriteBoolean("memory_measured", row.IsMemoryMeasured);
        WriteEstimate(json, $"{(request.Prices.Currency is "USD" ? "dollars" : request.Prices.Currency.ToLowerInvariant())}_per_million_{row.ThroughputUnit}", row.CostPerMillion);
        if (TrainingTime(row) is { } time)
            WriteEstimate(json, "days", new Estimate(time.Typical / SecondsPerDay, time.Low / SecondsPerDay, time.High / SecondsPerDay));
        if (TotalCost(row) is { } total)
            WriteEstimate(json, "total_cost", total);
        if (row.Plan is { } plan)
        {
            json.WritePropertyName("plan");
            TrainingAdviceText.Write(json, plan);
        }
        if (row.Price is { } price)
        {
            json.WriteStartObject("price");
            json.WriteString("sku", price.Sku);
            json.WriteString("provider", price.Provider);
            json.WriteNumber("per_hour", price.PerHour);
            json.WriteNumber("device_count", price.DeviceCount);
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
