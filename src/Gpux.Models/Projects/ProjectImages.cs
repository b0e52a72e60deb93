using System.Text.Json;
using System.Text.Json.Nodes;
using Gpux.Runtime.Images;

namespace Gpux.Models.Projects;

/// <summary>A model's image processor with what a project does otherwise.</summary>
internal static class ProjectImages
{
    private const string Nested = "processor_config.json";
    private const string Plain = "preprocessor_config.json";

    /// <exception cref="ProjectException">The model has no processor file whose fields these are.</exception>
    public static ImageProcessor Load(ProjectFile project, ModelFiles files)
    {
        var (name, config) = Read(files) ?? throw new ProjectException(project.Path, 0,
            $"preprocessing changes the image processor, and the model has no {Plain}");
        var target = name == Nested ? (JsonObject)config["image_processor"]! : config; // Read has looked
        var (changes, size) = (project.Preprocessing, target["size"]);
        if (changes.Size is { } pixels)
            target["size"] = size is JsonObject edges && edges.ContainsKey("shortest_edge") ? new JsonObject { ["shortest_edge"] = pixels }
                : new JsonObject { ["height"] = pixels, ["width"] = pixels };
        if (changes.CropSize is { } crop)
            target["crop_size"] = new JsonObject { ["height"] = crop, ["width"] = crop };
        if (changes.Mean is { } mean)
            target["image_mean"] = new JsonArray([.. mean.Select(value => JsonValue.Create(value))]);
        if (changes.Std is { } std)
            target["image_std"] = new JsonArray([.. std.Select(value => JsonValue.Create(value))]);
        if (changes.RescaleFactor is { } factor)
            target["rescale_factor"] = factor;
        // Processors are read from files.
        var changed = Path.GetTempFileName();
        try
        {
            File.WriteAllText(changed, config.ToJsonString());
            return ImageProcessor.Load(file => file == name ? changed : files.Find(file));
        }
        finally
        {
            File.Delete(changed);
        }
    }

    private static (string Name, JsonObject Config)? Read(ModelFiles files)
    {
        foreach (var name in (ReadOnlySpan<string>)[Nested, Plain])
        {
            if (files.Find(name) is not { } path)
                continue;
            try
            {
                if (JsonNode.Parse(PythonJson.Parse(File.ReadAllBytes(path)).GetRawText()) is JsonObject config && (name == Plain || config["image_processor"] is JsonObject))
                    return (name, config);
            }
            catch (JsonException)
            {
                // The processor itself says what is wrong with it.
            }
        }
        return null;
    }
}
