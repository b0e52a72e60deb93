using System.CommandLine;
using System.Text.Json;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Cli.Commands.Database;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Detection;
using Gpux.Models.Suitability;
using Gpux.Onnx;
using Gpux.Onnx.Metadata;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class InfoCommand : GpuxCommand
{
    public const string Summary = "Show what a model is and takes, without fetching its weights.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<bool> _metadata = new("--show-metadata") { Description = "Of an ONNX file: print every property that it says of itself, whole." };

    public InfoCommand(Services services) : base(services, "info", Summary,
        "gpux info samples/language-id", "gpux info google-bert/bert-base-uncased", "gpux info ./my-model --json", "gpux info model.onnx --show-metadata")
    {
        Add(_model);
        Add(_metadata);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var reference = Services.Reference(parsed.GetRequiredValue(_model));
        if (OnnxVariant.Find(reference) is { } graph)
        {
            new OnnxFileReport(Terminal, Summarize(graph)).Print(parsed.GetValue(_metadata));
            return ExitCode.Done;
        }
        if (parsed.GetValue(_metadata))
            throw new UsageException($"'{reference}' is no ONNX file, so it has no metadata to show.", "Name an ONNX file, such as one that gpux export writes.");
        var model = await Services.Library.DescribeAsync(reference, new PrepareOptions(Lookup.Default), Terminal.Progress, cancellationToken);
        if (model.Resolved.Note is { } note)
            Terminal.Note(note);
        var memories = MachineMemory.Read();
        var needs = model.Parameters is { } parameters ? MemoryNeed.Of(parameters, memories) : [];
        var fastest = Services.FindFastest(model.Manifest.Model, cancellationToken);
        var verdict = Verdict.Of(model, memories);
        Terminal.Print(output => Write(output, model, verdict, needs, memories, fastest), json => Write(json, model, verdict, needs, memories, fastest));
        return ExitCode.Done;
    }

    private void Write(TextWriter output, ModelDescription model, Verdict verdict, IReadOnlyList<MemoryNeed> needs, IReadOnlyList<DeviceMemory> memories, FastestRun? fastest)
    {
        var (manifest, plan) = (model.Manifest, model.Plan);
        output.WriteLine(Terminal.Bold(manifest.Model.ToString()));
        Field(output, "commit", manifest.Commit);
        Field(output, "source", manifest.Source);
        Field(output, "licence", manifest.Licence);
        foreach (var (name, property) in (ReadOnlySpan<(string, string)>)[("gated", "gated"), ("safety", "security"), ("based on", "base_model"), ("downloads", "downloads"), ("about", "description")])
        {
            if (manifest.Properties.GetValueOrDefault(property) is { } value and not "false")
                Field(output, name, value);
        }
        Field(output, "task", model.Task);
        Field(output, "class", plan?.ClassName);
        Field(output, "family", model.Family);
        if (plan is not null)
            Field(output, "weights", $"{model.Parameters:N0} parameters, {model.Precision}, {ByteSize.Format(plan.MappedBytes)}");
        else if (model.Parameters is { } count)
            Field(output, "weights", $"{count:N0} parameters{(model.Precision is { } precision ? $", {precision}" : "")}");
        if (model.ContextLength is { } length)
            Field(output, "context", $"{length:N0} tokens");
        Field(output, "files", $"{manifest.Files.Count}, {ByteSize.Format(manifest.Files.Sum(file => file.SizeBytes ?? 0))}");
        Field(output, "pull", $"fetches {model.Selection.Wanted.Count} of them, {ByteSize.Format(model.FetchBytes)}");
        if (needs.Count > 0)
            Field(output, "memory", string.Join(", ", needs.Select(need => $"{need.Precision.Name} {ByteSize.Format(need.Bytes)}")));
        foreach (var memory in needs.Count > 0 ? memories : [])
        {
            var fitting = needs.Where(need => need.Fits.Contains(memory)).Select(need => need.Precision.Name).ToArray();
            Field(output, "", $"{memory.Name} with {ByteSize.Format(memory.TotalBytes)} holds {(fitting.Length == needs.Count ? "all of these" : fitting.Length == 0 ? "none" : string.Join(", ", fitting))}");
        }
        foreach (var input in plan?.Model.Graph.Inputs ?? [])
            Field(output, "input", $"{input.Name} {Describe(input.Type)}");
        foreach (var value in plan?.Model.Graph.Outputs ?? [])
            Field(output, "output", $"{value.Name} {Describe(value.Type)}");
        Field(output, "runs", verdict.Runs == true ? $"{Terminal.Green("yes")}: {verdict.Reason}" : $"{Terminal.Red("no")}: {verdict.Reason}");
        Field(output, "", model.Refusal?.Remedy);
        if (fastest is { } run)
            Field(output, "measured", $"{(run.Platforms > 1 ? $"fastest of {run.Platforms}" : "only")} on {TerminalText.Safe(run.Hardware)}: {UnitScale.Format("s", run.Latency.TotalSeconds)} ({TerminalText.Safe(Describe(run))}); "
                + $"gpux recommend {ShellWord.Of(manifest.Model.ToString())} says more");
    }

    private static void Write(Utf8JsonWriter json, ModelDescription model, Verdict verdict, IReadOnlyList<MemoryNeed> needs, IReadOnlyList<DeviceMemory> memories, FastestRun? fastest)
    {
        var (manifest, plan) = (model.Manifest, model.Plan);
        json.WriteStartObject();
        json.WriteString("model", manifest.Model.ToString());
        json.WriteString("commit", manifest.Commit);
        json.WriteString("source", manifest.Source);
        json.WriteString("licence", manifest.Licence);
        json.WriteString("task", model.Task);
        json.WriteString("class", plan?.ClassName);
        json.WriteString("model_type", model.Family);
        if (model.Parameters is { } parameters)
            json.WriteNumber("parameters", parameters);
        if (plan is not null)
            json.WriteNumber("weight_bytes", plan.MappedBytes);
        json.WriteString("precision", model.Precision);
        if (model.ContextLength is { } length)
            json.WriteNumber("context_length", length);
        json.WriteNumber("fetch_bytes", model.FetchBytes);
        json.WriteBoolean("runs", verdict.Runs == true);
        json.WriteString("refusal", model.Refusal?.Message ?? (verdict.Runs == true ? null : verdict.Reason));
        json.WriteStartObject("properties");
        foreach (var (name, value) in manifest.Properties.OrderBy(property => property.Key, StringComparer.Ordinal))
            json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteStartArray("memory");
        foreach (var need in needs)
        {
            json.WriteStartObject();
            json.WriteString("precision", need.Precision.Name);
            json.WriteNumber("bytes", need.Bytes);
            json.WriteStartArray("fits");
            foreach (var memory in need.Fits)
                json.WriteStringValue(memory.Name);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("devices");
        foreach (var memory in memories)
        {
            json.WriteStartObject();
            json.WriteString("name", memory.Name);
            json.WriteNumber("bytes", memory.TotalBytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (fastest is { } run)
        {
            json.WriteStartObject("fastest");
            json.WriteString("hardware", run.Hardware);
            json.WriteNumber("latency_seconds", run.Latency.TotalSeconds);
            json.WriteString("precision", run.Precision);
            json.WriteNumber("batch_size", 1);
            if (run.InputTokens is { } input)
                json.WriteNumber("input_tokens", input);
            if (run.OutputTokens is { } written)
                json.WriteNumber("output_tokens", written);
            json.WriteNumber("concurrency", run.Concurrency);
            json.WriteString("execution_provider", run.ExecutionProvider);
            json.WriteString("version", run.VersionTag);
            json.WriteString("suite", run.Method.Suite);
            json.WriteString("benchmark_version", run.Method.Version);
            json.WriteString("scenario", run.Method.Scenario);
            json.WriteNumber("platforms", run.Platforms);
            json.WriteEndObject();
        }
        WriteValues(json, "inputs", plan?.Model.Graph.Inputs ?? []);
        WriteValues(json, "outputs", plan?.Model.Graph.Outputs ?? []);
        var left = model.Selection.Left.ToDictionary(each => each.File.Path, each => each.Reason);
        json.WriteStartArray("files");
        foreach (var file in manifest.Files)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            if (file.SizeBytes is { } size)
                json.WriteNumber("bytes", size);
            json.WriteString("digest", file.Digest?.ToString());
            if (left.TryGetValue(file.Path, out var reason))
                json.WriteString("left", reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static OnnxSummary Summarize(string path)
    {
        try
        {
            return OnnxSummary.Read(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelNotFoundException(path, $"'{path}' cannot be read: {exception.Message}", "Check that you may read it.", exception);
        }
    }

    // What the time is of, and how it was measured.
    private static string Describe(FastestRun run) =>
        RunNames.Describe(new Workload(TaskType.Inference, run.Method.Scenario)
        {
            Precision = run.Precision ?? "unknown precision", BatchSize = 1, InputTokens = run.InputTokens, OutputTokens = run.OutputTokens, Concurrency = run.Concurrency,
        }) + $"; {run.Method}{(run.VersionTag is { } version ? $", version {version}" : "")}";

    private void Field(TextWriter output, string name, string? text)
    {
        if (text is not null)
            output.WriteLine($"  {Terminal.Dim(name.PadRight(9))} {text}");
    }

    internal static void WriteValues(Utf8JsonWriter json, string name, IEnumerable<OnnxValueInfo> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStartObject();
            json.WriteString("name", value.Name);
            if (value.Type is OnnxType.Tensor tensor)
            {
                json.WriteString("type", tensor.ElementType.ToString());
                json.WriteStartArray("shape");
                foreach (var dimension in tensor.Dimensions ?? [])
                    json.WriteStringValue(dimension.ToString());
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    internal static string Describe(OnnxType? type) => type is OnnxType.Tensor tensor
        ? $"{tensor.ElementType}[{string.Join(", ", tensor.Dimensions ?? [])}]" : type?.ToString() ?? "";
}
