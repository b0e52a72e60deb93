using System.Text.Json;
using Gpux.Conversion;
using Gpux.Models.Detection;
using Gpux.Models.Suitability;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models;

/// <summary>An ONNX graph that a repository holds itself, for models that nothing here builds from their weights.</summary>
/// <param name="File">The graph's file.</param>
/// <param name="Companions">Files beside it that hold its weights.</param>
/// <param name="Task">What the model is for.</param>
internal sealed record ShippedGraph(string File, IReadOnlyList<string> Companions, string Task)
{
    // As optimum and transformers.js publish them.
    private static readonly string[] FileNames = ["model.onnx", "onnx/model.onnx"];

    // A graph that generates comes in parts, with a cache between its runs.
    private static readonly string[] TasksInParts = [ModelTask.TextGeneration, "text2text-generation"];

    public IEnumerable<string> Files => [File, .. Companions];

    /// <returns>Null where there is none, or none whose task is known.</returns>
    public static ShippedGraph? Find(ModelManifest manifest, ModelFiles configuration)
    {
        var names = manifest.Files.Select(file => file.Path).ToHashSet();
        // A sentence model's pooling is no part of such a file.
        if (Array.Find(FileNames, names.Contains) is not { } graph || names.Contains("modules.json") || TaskOf(manifest, configuration) is not { } task)
            return null;
        return new ShippedGraph(graph, [.. names.Where(name => name.StartsWith($"{graph}_data", StringComparison.Ordinal) || name.StartsWith($"{graph}.data", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)], task);
    }

    private static string? TaskOf(ModelManifest manifest, ModelFiles configuration)
    {
        var config = ModelDescription.ReadConfig(configuration);
        var task = config.ValueKind == JsonValueKind.Object && config.TryGetProperty("architectures", out var classes)
            && classes.ValueKind == JsonValueKind.Array && classes.GetArrayLength() > 0 && classes[0].ValueKind == JsonValueKind.String
            ? ClassTask.Find(classes[0].GetString()!) // a JSON string is never null
            : manifest.Properties.GetValueOrDefault("pipeline_tag");
        return task is null || TasksInParts.Contains(task) || !PipelineCatalog.Has(task) ? null : task;
    }
}
