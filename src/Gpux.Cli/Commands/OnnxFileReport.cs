using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models.Detection;
using Gpux.Onnx.Metadata;

namespace Gpux.Cli.Commands;

/// <summary>Prints what an ONNX file says of itself.</summary>
internal sealed class OnnxFileReport(Terminal terminal, OnnxSummary summary)
{
    private const int NameWidth = 9;
    private readonly OnnxOrigin _origin = OnnxOrigin.Of(summary.Metadata);

    /// <param name="withMetadata">Whether every property is printed whole.</param>
    public void Print(bool withMetadata) => terminal.Print(output => Write(output, withMetadata), Write);

    public static void WriteMetadata(TextWriter output, Terminal terminal, IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        foreach (var (key, value) in metadata)
        {
            var lines = Pretty(key, value).Split('\n');
            output.WriteLine($"{terminal.Dim(TerminalText.Safe(key))} = {TerminalText.Safe(lines[0])}");
            foreach (var line in lines.AsSpan(1))
                output.WriteLine($"  {TerminalText.Safe(line)}");
        }
    }

    public static void WriteMetadata(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        json.WriteStartObject("metadata");
        foreach (var (key, value) in metadata)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    private void Write(TextWriter output, bool withMetadata)
    {
        output.WriteLine(terminal.Bold(summary.Path));
        Field(output, _origin.IsOnHub ? "hub id" : "model", _origin.Id);
        Field(output, "revision", _origin.Revision);
        Field(output, "task", _origin.Task);
        Field(output, "class", _origin.ClassName);
        Field(output, "producer", $"{summary.ProducerName} {summary.ProducerVersion}".Trim() is { Length: > 0 } producer ? producer : null);
        Field(output, "opsets", string.Join(", ", summary.OperatorSets.Select(set => $"{(set.Domain.Length == 0 ? "ai.onnx" : set.Domain)} {set.Version}")));
        Field(output, "IR", $"{summary.IrVersion}");
        Field(output, "nodes", $"{summary.NodeCount}");
        Field(output, "size", $"{ByteSize.Format(summary.SizeBytes)}, {ByteSize.Format(summary.EmbeddedBytes)} of weights inside");
        foreach (var file in summary.ExternalFiles)
            Field(output, "data", $"{file.Location}: {file.TensorCount} tensors, {(file.SizeBytes is { } size ? ByteSize.Format(size) : "missing")}"
                + (file.Problem is null ? "" : $" ({file.Problem})"));
        foreach (var input in summary.Inputs)
            Field(output, "input", $"{input.Name} {InfoCommand.Describe(input.Type)}");
        foreach (var value in summary.Outputs)
            Field(output, "output", $"{value.Name} {InfoCommand.Describe(value.Type)}");
        if (summary.DocString.Length > 0)
            Field(output, "doc", summary.DocString.Split('\n')[0]);
        if (!withMetadata)
        {
            Field(output, "metadata", summary.Metadata.Count == 0 ? "none" : $"{summary.Metadata.Count} properties; --show-metadata prints them");
            return;
        }
        output.WriteLine();
        WriteMetadata(output, terminal, summary.Metadata);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("file", summary.Path);
        json.WriteNumber("bytes", summary.SizeBytes);
        json.WriteNumber("embedded_bytes", summary.EmbeddedBytes);
        json.WriteString("hub_id", _origin.IsOnHub ? _origin.Id : null);
        json.WriteString("revision", _origin.Revision);
        json.WriteString("task", _origin.Task);
        json.WriteString("class", _origin.ClassName);
        json.WriteString("producer_name", summary.ProducerName);
        json.WriteString("producer_version", summary.ProducerVersion);
        json.WriteString("domain", summary.Domain);
        json.WriteNumber("model_version", summary.ModelVersion);
        json.WriteString("doc_string", summary.DocString);
        json.WriteNumber("ir_version", summary.IrVersion);
        json.WriteStartObject("opsets");
        foreach (var set in summary.OperatorSets.DistinctBy(set => set.Domain))
            json.WriteNumber(set.Domain.Length == 0 ? "ai.onnx" : set.Domain, set.Version);
        json.WriteEndObject();
        json.WriteString("graph", summary.GraphName);
        json.WriteNumber("nodes", summary.NodeCount);
        InfoCommand.WriteValues(json, "inputs", summary.Inputs);
        InfoCommand.WriteValues(json, "outputs", summary.Outputs);
        json.WriteStartArray("external_data");
        foreach (var file in summary.ExternalFiles)
        {
            json.WriteStartObject();
            json.WriteString("location", file.Location);
            json.WriteNumber("tensors", file.TensorCount);
            json.WriteNumber("needed_bytes", file.NeededBytes);
            if (file.SizeBytes is { } size)
                json.WriteNumber("bytes", size);
            json.WriteString("problem", file.Problem);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteMetadata(json, summary.Metadata);
        json.WriteEndObject();
    }

    private void Field(TextWriter output, string name, string? text)
    {
        if (text is not null)
            output.WriteLine($"  {terminal.Dim(name.PadRight(NameWidth))} {TerminalText.Safe(text)}");
    }

    // A configuration in one line is for programs.
    private static string Pretty(string key, string value)
    {
        if (key != OnnxOrigin.ConfigKey)
            return value;
        try
        {
            var config = PythonJson.Parse(System.Text.Encoding.UTF8.GetBytes(value));
            return Terminal.ToJson(config.WriteTo).ReplaceLineEndings("\n");
        }
        catch (JsonException)
        {
            return value;
        }
    }
}
