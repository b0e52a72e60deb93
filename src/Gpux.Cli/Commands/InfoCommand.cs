using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Conversion;
using Gpux.Models;
using Gpux.Models.Detection;
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
        if (OnnxVariant.Is(reference))
        {
            new OnnxFileReport(Terminal, Summarize(reference.Name)).Print(parsed.GetValue(_metadata));
            return ExitCode.Done;
        }
        if (parsed.GetValue(_metadata))
            throw new UsageException($"'{reference}' is no ONNX file, so it has no metadata to show.", "Name an ONNX file, such as one that gpux export writes.");
        var (resolved, plan, refusal) = await Services.Library.PlanAsync(reference, new PrepareOptions(Lookup.Default), Terminal.Progress, cancellationToken);
        if (resolved.Note is { } note)
            Terminal.Note(note);
        var manifest = resolved.Manifest;
        var bytes = manifest.Files.Sum(file => file.SizeBytes ?? 0);
        Terminal.Print(
            output =>
            {
                output.WriteLine(Terminal.Bold(manifest.Model.ToString()));
                Field(output, "commit", manifest.Commit);
                Field(output, "source", manifest.Source);
                Field(output, "licence", manifest.Licence);
                Field(output, "task", plan?.Task ?? manifest.Properties.GetValueOrDefault("pipeline_tag"));
                Field(output, "class", plan?.ClassName);
                Field(output, "family", plan?.ModelType);
                if (plan is not null)
                    Field(output, "weights", $"{ParameterCount(plan):N0} parameters, {ByteSize.Format(plan.MappedBytes)}");
                Field(output, "files", $"{manifest.Files.Count}, {ByteSize.Format(bytes)}");
                foreach (var input in plan?.Model.Graph.Inputs ?? [])
                    Field(output, "input", $"{input.Name} {Describe(input.Type)}");
                foreach (var value in plan?.Model.Graph.Outputs ?? [])
                    Field(output, "output", $"{value.Name} {Describe(value.Type)}");
                if (refusal is not null)
                {
                    Field(output, "runs", $"no. {refusal.Message}");
                    Field(output, "", refusal.Remedy);
                }
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("model", manifest.Model.ToString());
                json.WriteString("commit", manifest.Commit);
                json.WriteString("source", manifest.Source);
                json.WriteString("licence", manifest.Licence);
                json.WriteString("task", plan?.Task ?? manifest.Properties.GetValueOrDefault("pipeline_tag"));
                json.WriteString("class", plan?.ClassName);
                json.WriteString("model_type", plan?.ModelType);
                if (plan is not null)
                {
                    json.WriteNumber("parameters", ParameterCount(plan));
                    json.WriteNumber("weight_bytes", plan.MappedBytes);
                }
                json.WriteString("refusal", refusal?.Message);
                WriteValues(json, "inputs", plan?.Model.Graph.Inputs ?? []);
                WriteValues(json, "outputs", plan?.Model.Graph.Outputs ?? []);
                json.WriteStartArray("files");
                foreach (var file in manifest.Files)
                {
                    json.WriteStartObject();
                    json.WriteString("path", file.Path);
                    if (file.SizeBytes is { } size)
                        json.WriteNumber("bytes", size);
                    json.WriteString("digest", file.Digest?.ToString());
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            });
        return ExitCode.Done;
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

    private void Field(TextWriter output, string name, string? text)
    {
        if (text is not null)
            output.WriteLine($"  {Terminal.Dim(name.PadRight(8))} {text}");
    }

    internal static void WriteValues(System.Text.Json.Utf8JsonWriter json, string name, IEnumerable<OnnxValueInfo> values)
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

    // Weights that stay in their files; constants of the graph are no parameters.
    private static long ParameterCount(ConversionPlan plan) =>
        plan.Model.Graph.Initializers.Where(tensor => tensor.External is not null).Sum(tensor => new Shape(tensor.Dimensions).ElementCount);
}
