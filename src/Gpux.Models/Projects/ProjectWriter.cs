using System.Globalization;
using System.Text;
using System.Text.Json;
using Gpux.Conversion;
using Gpux.Onnx;

namespace Gpux.Models.Projects;

/// <summary>Writes the gpux.yml of a converted model.</summary>
internal static class ProjectWriter
{
    private const int MostLabels = 10_000;

    public static string Write(ModelManifest manifest, ModelFiles files, ConversionPlan plan)
    {
        var text = new StringBuilder();
        text.Append("# How gpux runs this model. Every field may be changed or left out; gpux run FOLDER uses the file.\n");
        var model = manifest.Model;
        text.Append($"name: {Quoted(Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Name)))}\nversion: \"1.0.0\"\n");
        // A folder is the source on this machine alone.
        if (manifest.Source is { } source && source.StartsWith("http", StringComparison.Ordinal))
            text.Append($"source: {Quoted(source)}\n");
        text.Append($"model:\n  id: {Quoted(model.Registry == ModelReference.Local ? Path.GetFullPath(model.Name) : model.Name)}\n  registry: {Quoted(model.Registry)}\n");
        if (model.Registry != ModelReference.Local)
            text.Append($"  revision: {Quoted(manifest.Commit)}\n");
        if (plan.WeightFiles is [var weights, ..] && WeightsChoice.FormatOf(weights) is { } format)
            text.Append($"  format: {format}\n{(plan.WeightFiles.Count == 1 ? $"  file: {Quoted(weights)}\n" : "")}");
        if (Runtime.Pipelines.PipelineCatalog.Has(plan.Task))
            text.Append($"task: {plan.Task}\n");
        WriteTensors(text, "inputs", plan.Model.Graph.Inputs, []);
        WriteTensors(text, "outputs", plan.Model.Graph.Outputs, Labels(files));
        text.Append("""
            runtime:
              # gpu:
              #   backend: cuda     # an execution provider of gpux devices
              #   memory: 4GB
              batch_size: 1         # inputs that are answered at once
              # timeout: 30s        # an answer that takes longer is an error
            serving:
              host: 127.0.0.1
              port: 8080
            # preprocessing:
            #   max_length: 256     # of a text, in tokens
            #   truncation: true    # false refuses a longer text
            #   size: 224           # of an image, in pixels
            #   mean: [0.5, 0.5, 0.5]
            #   std: [0.5, 0.5, 0.5]

            """.ReplaceLineEndings("\n"));
        return text.ToString();
    }

    private static void WriteTensors(StringBuilder text, string name, IEnumerable<OnnxValueInfo> values, string[] labels)
    {
        var isFirst = true;
        foreach (var value in values)
        {
            if (isFirst)
                text.Append($"{name}:\n");
            text.Append($"  - name: {Quoted(value.Name)}\n");
            if (value.Type is OnnxType.Tensor tensor)
            {
                text.Append($"    type: {tensor.ElementType.ToString().ToLowerInvariant()}\n");
                if (tensor.Dimensions is { } dimensions)
                    text.Append($"    shape: [{string.Join(", ", dimensions.Select(dimension => Quoted(dimension.ToString() ?? "")))}]\n");
            }
            if (isFirst && labels.Length > 0)
                text.Append($"    labels: [{string.Join(", ", labels.Select(Quoted))}]\n");
            isFirst = false;
        }
    }

    // id2label with ids from 0 without gaps; names that are only LABEL_0 say nothing.
    private static string[] Labels(ModelFiles files)
    {
        if (files.Find("config.json") is not { } path)
            return [];
        using var json = JsonDocument.Parse(PythonJson.Parse(File.ReadAllBytes(path)).GetRawText());
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("id2label", out var named) || named.ValueKind != JsonValueKind.Object)
            return [];
        var labels = new string?[Math.Min(MostLabels, named.GetPropertyCount())];
        foreach (var entry in named.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= labels.Length || entry.Value.ValueKind != JsonValueKind.String)
                return [];
            labels[id] = entry.Value.GetString();
        }
        return labels.Contains(null) || labels.Select((label, id) => label == $"LABEL_{id}").All(plain => plain) ? [] : [.. labels.OfType<string>()];
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
            quoted.Append(c switch { '"' => "\\\"", '\\' => "\\\\", '\n' => "\\n", '\t' => "\\t", < ' ' => $"\\x{(int)c:x2}", _ => c.ToString() });
        return quoted.Append('"').ToString();
    }
}
