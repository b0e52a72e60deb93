using System.Globalization;
using Gpux.Benchmarks.Recommendations;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands;

/// <summary>Prints the scores of version 1 that were stored.</summary>
internal sealed class StoredScoreReport(Terminal terminal, string model, IReadOnlyList<StoredScore> scores)
{
    public void Print() => terminal.Print(
        output =>
        {
            output.WriteLine($"{terminal.Bold(TerminalText.Safe(scores[0].Hardware))} has the highest score that was stored for {TerminalText.Safe(model)}: {Number(scores[0].Compatibility)} of 1.");
            var table = new Table("#", "hardware", "compatibility", "suitability", "batch", "precision", "memory").AlignRight(0, 2, 3, 4).Cut(Table.NameWidth, 1);
            foreach (var (i, score) in scores.Index())
            {
                table.Row($"{i + 1}", score.Hardware, Number(score.Compatibility), Number(score.Suitability), score.BatchSize?.ToString(CultureInfo.InvariantCulture) ?? "",
                    score.Precision ?? "", score.MemoryBytes is { } bytes ? ByteSize.Format((long)bytes) : "");
            }
            table.Write(terminal, output);
        },
        json =>
        {
            json.WriteStartObject();
            json.WriteString("model", model);
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

    private static string Number(double score) => score.ToString("0.000", CultureInfo.InvariantCulture);
}
