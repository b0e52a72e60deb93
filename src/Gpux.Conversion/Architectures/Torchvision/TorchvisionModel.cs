using System.Buffers;
using System.Text.Json;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>Models of torchvision: a state dict without any configuration, whose file is named after the entry that it is of.</summary>
/// <remarks>Source: torchvision 0.20 to 0.29. Sizes follow from the weights' shapes; what these do not tell is the entry's.</remarks>
internal static class TorchvisionModel
{
    private const string ModelType = "torchvision";

    public static Architecture Architecture { get; } = new(ModelType, "torchvision:resnet50",
        [.. TorchvisionCatalog.All.SelectMany(family => family.Names.Select(entry => new Head(entry, family.Task,
            (graph, config, weights) => new Outputs { { "logits", family.Build(graph, new TorchvisionEntry(entry, config), weights) } })))]);

    /// <summary>What a configuration would say of a repository that has none, but a state dict alone; null for any other.</summary>
    /// <param name="names">All files of the repository.</param>
    /// <param name="className">The entry, where the user names it.</param>
    /// <param name="arguments">A JSON object of what the entry is called with, as far as shapes do not tell; null for the entry's own.</param>
    /// <exception cref="UnsupportedModelException">Nothing tells which entry the file is of.</exception>
    public static ModelConfig? Describe(IReadOnlyCollection<string> names, string? className, string? arguments = null)
    {
        if (StateDict.FileOf(names) is not { } file)
            return null;
        var entry = className ?? TorchvisionCatalog.EntryOf(file) ?? throw new UnsupportedModelException(
            $"Nothing tells which architecture '{file}' is of: it has no config.json, and is not named after an entry of torchvision.",
            "Name torchvision's entry, gpux convert FILE --class resnet18 -o FOLDER, or put the model's config.json beside it.");
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("model_type", ModelType);
            writer.WriteStartArray("architectures");
            writer.WriteStringValue(entry);
            writer.WriteEndArray();
            writer.WriteString("file", file);
            if (arguments is not null)
            {
                writer.WritePropertyName("arguments");
                writer.WriteRawValue(arguments);
            }
            writer.WriteEndObject();
        }
        return ModelConfig.Parse(json.WrittenMemory, file);
    }
}
