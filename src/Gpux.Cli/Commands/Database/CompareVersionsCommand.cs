using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;
using Gpux.Benchmarks.Versions;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class CompareVersionsCommand : GpuxCommand
{
    private const string Summary = "Compare how two versions do on hardware, and tell changes from noise.";

    private readonly Option<string> _model = ModelVersionOptions.Model();
    private readonly Option<string> _version1 = ModelVersionOptions.Version("--version1");
    private readonly Option<string> _version2 = ModelVersionOptions.Version("--version2");
    private readonly Option<string> _path = DatabaseOptions.Path();

    public CompareVersionsCommand(Services services) : base(services, "compare-versions", Summary,
        "gpux db compare-versions --model \"bert-base-uncased\" --version1 \"v1.0.0\" --version2 \"v1.1.0\"")
    {
        Add(_model);
        Add(_version1);
        Add(_version2);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var store = Services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        var comparison = ModelVersionOptions.Versions(Services, store).CompareCompatibilityVersions(
            parsed.GetRequiredValue(_model), parsed.GetRequiredValue(_version1), parsed.GetRequiredValue(_version2), cancellationToken);
        Terminal.Print(output => Write(output, comparison), json => Write(json, comparison));
        if (!Terminal.Json)
        {
            foreach (var note in comparison.Notes)
                Terminal.Note(TerminalText.Safe(note));
        }
        return Task.FromResult(ExitCode.Done);
    }

    private void Write(TextWriter output, VersionComparison comparison)
    {
        output.WriteLine($"{TerminalText.Safe(comparison.Before.Model)}: {Named(comparison.Before)} -> {Named(comparison.After)}");
        var scores = new Table("hardware", "compatibility", "suitability", "memory", "over 10 %", "beyond chance").AlignRight(1, 2, 3).Cut(Table.NameWidth, 0);
        foreach (var change in comparison.Changes)
        {
            scores.Row(TerminalText.Safe(change.Hardware), change.Compatibility.ToString(), change.Suitability.ToString(), change.Memory.ToString(),
                change.IsLarge ? "yes" : "no", change.Workloads.Count == 0 ? "not comparable" : change.IsSignificant ? "yes" : "no");
        }
        foreach (var hardware in comparison.OnlyBefore)
            scores.Row(TerminalText.Safe(hardware), "", "", "", "", $"only {TerminalText.Safe(comparison.Before.VersionTag)}");
        foreach (var hardware in comparison.OnlyAfter)
            scores.Row(TerminalText.Safe(hardware), "", "", "", "", $"only {TerminalText.Safe(comparison.After.VersionTag)}");
        scores.Write(Terminal, output);
        if (comparison.Changes.Any(change => change.Workloads.Count > 0))
        {
            output.WriteLine();
            var workloads = new Table("hardware", "workload", "metric", "change", "95 % interval", "n", "p", "verdict").AlignRight(3, 4, 5, 6).Cut(Table.NameWidth, 0);
            foreach (var change in comparison.Changes)
            {
                foreach (var workload in change.Workloads)
                {
                    workloads.Row(TerminalText.Safe(change.Hardware), TerminalText.Safe(Workload(workload)), workload.Metric.Name, Percent(workload.Factor.Ratio),
                        workload.Low is { } low && workload.High is { } high ? $"{Percent(low)} to {Percent(high)}" : "", $"{workload.Factor.CountA}/{workload.Factor.CountB}",
                        workload.Factor.IsBounded && workload.AdjustedPValue is { } p ? p < 0.001 ? "<0.001" : p.ToString("0.000", CultureInfo.InvariantCulture) : "", Verdict(workload));
                }
            }
            workloads.Write(Terminal, output);
        }
        foreach (var change in comparison.Changes.Where(change => change.NotComparable.Count > 0))
            output.WriteLine($"{TerminalText.Safe(change.Hardware)}: not comparable: {TerminalText.Safe(string.Join("; ", change.NotComparable))}");
    }

    private string Verdict(WorkloadChange change) => change.Verdict switch
    {
        ChangeVerdict.Better => Terminal.Green("better"),
        ChangeVerdict.Worse => Terminal.Red("worse"),
        ChangeVerdict.Equivalent => "equivalent",
        ChangeVerdict.Inconclusive => "inconclusive",
        _ => $"too few, needs {LogRatio.LeastValues} a side",
    };

    private static void Write(Utf8JsonWriter json, VersionComparison comparison)
    {
        json.WriteStartObject();
        json.WriteString("model", comparison.Before.Model);
        foreach (var (name, snapshot) in (ReadOnlySpan<(string, CompatibilitySnapshot)>)[("version1", comparison.Before), ("version2", comparison.After)])
        {
            json.WriteStartObject(name);
            json.WriteString("version", snapshot.VersionTag);
            json.WriteNumber("snapshot", snapshot.Number);
            json.WriteString("created_at", snapshot.CreatedAt.UtcDateTime);
            json.WriteEndObject();
        }
        json.WriteStartArray("changes");
        foreach (var change in comparison.Changes)
        {
            json.WriteStartObject();
            json.WriteString("hardware", change.Hardware);
            json.WriteString("hardware_type", change.Kind.ToString().ToLowerInvariant());
            json.WriteString("score_formula_before", change.FormulaBefore?.ToString());
            json.WriteString("score_formula_after", change.FormulaAfter?.ToString());
            Change("compatibility", change.Compatibility);
            Change("suitability", change.Suitability);
            Change("memory", change.Memory);
            json.WriteBoolean("over_10_percent", change.IsLarge);
            json.WriteBoolean("beyond_chance", change.IsSignificant);
            json.WriteStartArray("workloads");
            foreach (var workload in change.Workloads)
                Write(json, workload);
            json.WriteEndArray();
            Texts("not_comparable", change.NotComparable);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Texts("only_version1", comparison.OnlyBefore);
        Texts("only_version2", comparison.OnlyAfter);
        Texts("notes", comparison.Notes);
        json.WriteEndObject();

        void Change(string name, Change change)
        {
            Number(json, $"{name}_before", change.Before);
            Number(json, $"{name}_after", change.After);
            Number(json, $"{name}_change", change.Percent);
        }

        void Texts(string name, IReadOnlyList<string> texts)
        {
            json.WriteStartArray(name);
            foreach (var text in texts)
                json.WriteStringValue(text);
            json.WriteEndArray();
        }
    }

    private static void Write(Utf8JsonWriter json, WorkloadChange change)
    {
        json.WriteStartObject();
        json.WriteString("workload", Workload(change));
        json.WriteString("metric", change.Metric.Name);
        json.WriteString("unit", change.Metric.Unit);
        json.WriteNumber("before", change.Before);
        json.WriteNumber("after", change.After);
        json.WriteNumber("count_before", change.Factor.CountA);
        json.WriteNumber("count_after", change.Factor.CountB);
        json.WriteNumber("ratio", change.Factor.Ratio);
        Number(json, "ratio_low", change.Low);
        Number(json, "ratio_high", change.High);
        Number(json, "p_value", change.Factor.IsBounded ? change.Factor.PValue : null);
        Number(json, "adjusted_p_value", change.Factor.IsBounded ? change.AdjustedPValue : null);
        json.WriteString("verdict", JsonNamingPolicy.SnakeCaseLower.ConvertName(change.Verdict.ToString()));
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } some && double.IsFinite(some))
            json.WriteNumber(name, some);
        else
            json.WriteNull(name);
    }

    private static string Named(CompatibilitySnapshot snapshot) => $"{TerminalText.Safe(snapshot.VersionTag)} (snapshot {snapshot.Number.ToString(CultureInfo.InvariantCulture)})";

    private static string Percent(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{(ratio - 1) * 100:+0.0;-0.0;0.0} %");

    private static string Workload(WorkloadChange change)
    {
        List<string> parts = [];
        if (change.Workload.TaskType == TaskType.Training)
            parts.Add("training");
        Add("batch ", change.Workload.BatchSize, "");
        Add("", change.Workload.InputTokens, " tokens");
        Add("", change.Workload.OutputTokens, " out");
        if (change.Workload.Concurrency > 1)
            Add("", change.Workload.Concurrency, " at a time");
        parts.Add(change.PrecisionBefore == change.PrecisionAfter ? change.PrecisionBefore ?? "unknown precision"
            : $"{change.PrecisionBefore ?? "unknown precision"} -> {change.PrecisionAfter ?? "unknown precision"}");
        return string.Join(", ", parts);

        void Add(string before, int? value, string after)
        {
            if (value is { } number)
                parts.Add(before + number.ToString(CultureInfo.InvariantCulture) + after);
        }
    }
}
