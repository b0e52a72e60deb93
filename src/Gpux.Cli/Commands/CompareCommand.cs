using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Suitability;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class CompareCommand : GpuxCommand
{
    public const string Summary = "Show models side by side: licence, size, task, context, precision, memory, and whether they run here.";

    private readonly Argument<string[]> _models = new("models")
    {
        Description = "Two models or more, each as for gpux info.", Arity = new ArgumentArity(2, 16),
    };

    public CompareCommand(Services services) : base(services, "compare", Summary, "gpux compare samples/language-id samples/digits", "gpux compare BAAI/bge-small-en-v1.5 intfloat/e5-small-v2 --json") =>
        Add(_models);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var references = parsed.GetRequiredValue(_models).Select(Services.Reference).ToArray();
        var memories = MachineMemory.Read();
        var compared = await Task.WhenAll(references.Select(reference => DescribeAsync(reference, cancellationToken)));
        Terminal.Print(output => Write(output, compared, memories), json => Write(json, compared, memories));
        return compared.Any(each => each.Model is not null) ? ExitCode.Done : ExitCode.Failed;
    }

    // One that cannot be looked up is shown as such beside the others.
    private async Task<Compared> DescribeAsync(ModelReference reference, CancellationToken cancellationToken)
    {
        try
        {
            return new Compared(reference, await Services.Library.DescribeAsync(
                reference, new PrepareOptions(Lookup.Default), Terminal.Progress, cancellationToken), null);
        }
        catch (GpuxException failure)
        {
            return new Compared(reference, null, failure);
        }
    }

    private void Write(TextWriter output, Compared[] compared, IReadOnlyList<DeviceMemory> memories)
    {
        var table = new Table(["", .. compared.Select(each => each.Model?.Manifest.Model.ToString() ?? each.Reference.ToString())]) { KeepsHeadings = true };
        foreach (var (name, value) in Rows(memories))
        {
            string[] cells = [.. compared.Select(each => each.Model is { } model ? value(model) ?? "" : "")];
            if (cells.Any(cell => cell.Length > 0))
                table.Row([name, .. cells]);
        }
        if (compared.Any(each => each.Failure is not null))
            table.Row(["error", .. compared.Select(each => each.Failure is { } failure ? $"GPUX{(int)failure.Code}" : "")]);
        table.Write(Terminal, output);
        foreach (var each in compared)
        {
            if (each.Failure is { } failure)
                Terminal.Note($"note: {each.Reference}: {failure.Message} {failure.Remedy}");
            else if (each.Model is { Refusal: { } refusal })
                Terminal.Note($"note: {each.Reference}: {refusal.Message}");
        }
    }

    private IEnumerable<(string Name, Func<ModelDescription, string?> Value)> Rows(IReadOnlyList<DeviceMemory> memories)
    {
        yield return ("licence", model => model.Manifest.Licence);
        yield return ("task", model => model.Task);
        yield return ("family", model => model.Family);
        yield return ("class", model => model.Plan?.ClassName);
        yield return ("parameters", model => model.Parameters?.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("precision", model => model.Precision);
        yield return ("context", model => model.ContextLength is { } length ? $"{length.ToString("N0", CultureInfo.InvariantCulture)} tokens" : null);
        yield return ("fetch", model => ByteSize.Format(model.FetchBytes));
        foreach (var precision in Precision.All)
        {
            yield return ($"memory {precision.Name}", model => model.Parameters is { } parameters
                ? MemoryNeed.Of(parameters, memories).First(need => need.Precision == precision) is var need
                    ? ByteSize.Format(need.Bytes) + (need.Fits.Count == 0 ? " (too large here)" : "") : null
                : null);
        }
        yield return ("downloads", model => model.Manifest.Properties.GetValueOrDefault("downloads"));
        yield return ("likes", model => model.Manifest.Properties.GetValueOrDefault("likes"));
        yield return ("updated", model => model.Manifest.Properties.GetValueOrDefault("lastModified")?.Split('T')[0]);
        yield return ("runs here", model => Verdict.Of(model, memories).Runs == true ? Terminal.Green("yes") : Terminal.Red("no"));
    }

    private static void Write(Utf8JsonWriter json, Compared[] compared, IReadOnlyList<DeviceMemory> memories)
    {
        json.WriteStartArray();
        foreach (var (reference, model, failure) in compared)
        {
            json.WriteStartObject();
            json.WriteString("model", model?.Manifest.Model.ToString() ?? reference.ToString());
            json.WriteString("failure", failure?.Message);
            if (model is not null)
            {
                var verdict = Verdict.Of(model, memories);
                json.WriteString("licence", model.Manifest.Licence);
                json.WriteString("task", model.Task);
                json.WriteString("model_type", model.Family);
                json.WriteString("class", model.Plan?.ClassName);
                json.WriteString("precision", model.Precision);
                json.WriteNumber("fetch_bytes", model.FetchBytes);
                if (model.ContextLength is { } length)
                    json.WriteNumber("context_length", length);
                if (model.Parameters is { } parameters)
                {
                    json.WriteNumber("parameters", parameters);
                    json.WriteStartObject("memory_bytes");
                    foreach (var need in MemoryNeed.Of(parameters, memories))
                        json.WriteNumber(need.Precision.Name, need.Bytes);
                    json.WriteEndObject();
                }
                json.WriteString("downloads", model.Manifest.Properties.GetValueOrDefault("downloads"));
                json.WriteString("likes", model.Manifest.Properties.GetValueOrDefault("likes"));
                json.WriteBoolean("runs", verdict.Runs == true);
                json.WriteString("reason", verdict.Reason);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private sealed record Compared(ModelReference Reference, ModelDescription? Model, GpuxException? Failure);
}
