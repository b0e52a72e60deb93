using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Versions;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class CreateSnapshotCommand : GpuxCommand
{
    private const string Summary = "Write down how a version does on hardware, for later comparison.";

    private readonly Option<string> _model = ModelVersionOptions.Model();
    private readonly Option<string> _version = ModelVersionOptions.Version("--version");
    private readonly Option<string> _score = ModelVersionOptions.Score();
    private readonly Option<string> _path = DatabaseOptions.Path();

    public CreateSnapshotCommand(Services services) : base(services, "create-snapshot", Summary,
        "gpux db create-snapshot --model \"bert-base-uncased\" --version \"v1.0.0\"")
    {
        Add(_model);
        Add(_version);
        Add(_score);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var store = Services.Open(parsed.GetValue(_path), cancellationToken);
        var snapshot = ModelVersionOptions.Versions(Services, store).CreateCompatibilitySnapshot(
            parsed.GetRequiredValue(_model), parsed.GetRequiredValue(_version), ModelVersionOptions.Options(parsed.GetValue(_score)), cancellationToken);
        Terminal.Print(output => Write(output, snapshot), json => Write(json, snapshot));
        return Task.FromResult(ExitCode.Done);
    }

    private void Write(TextWriter output, CompatibilitySnapshot snapshot)
    {
        output.WriteLine($"{TerminalText.Safe(snapshot.Model)} {TerminalText.Safe(snapshot.VersionTag)}, snapshot {snapshot.Number.ToString(CultureInfo.InvariantCulture)}");
        var table = new Table("hardware", "compatibility", "suitability", "results", "batch", "precision", "needs").AlignRight(1, 2, 3, 4, 6);
        foreach (var entry in snapshot.Entries)
        {
            table.Row(TerminalText.Safe(entry.Hardware), entry.CompatibilityScore?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-",
                entry.SuitabilityScore?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-", entry.Runs.Count.ToString(CultureInfo.InvariantCulture),
                entry.RecommendedBatchSize?.ToString(CultureInfo.InvariantCulture) ?? "-", TerminalText.Safe(entry.RecommendedPrecision ?? "-"),
                entry.MemoryRequirement is { } bytes ? ByteSize.Format((long)bytes) : "-");
        }
        table.Write(Terminal, output);
    }

    private static void Write(Utf8JsonWriter json, CompatibilitySnapshot snapshot)
    {
        json.WriteStartObject();
        json.WriteString("model", snapshot.Model);
        json.WriteString("version", snapshot.VersionTag);
        json.WriteNumber("snapshot", snapshot.Number);
        json.WriteString("created_at", snapshot.CreatedAt.UtcDateTime);
        json.WriteStartArray("hardware");
        foreach (var entry in snapshot.Entries)
        {
            json.WriteStartObject();
            json.WriteString("hardware", entry.Hardware);
            json.WriteNumber("score_version", entry.ScoreVersion);
            json.WriteString("score_formula", entry.Formula?.ToString());
            Write("compatibility_score", entry.CompatibilityScore);
            Write("suitability_score", entry.SuitabilityScore);
            json.WriteNumber("confidence", entry.Confidence);
            json.WriteBoolean("partial", entry.IsPartial);
            Write("recommended_batch_size", entry.RecommendedBatchSize);
            json.WriteString("recommended_precision", entry.RecommendedPrecision);
            Write("memory_requirement", entry.MemoryRequirement);
            json.WriteStartArray("results");
            foreach (var run in entry.Runs)
                json.WriteNumberValue(run.RunId);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();

        void Write(string name, double? number)
        {
            if (number is { } some)
                json.WriteNumber(name, some);
            else
                json.WriteNull(name);
        }
    }
}
