using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>The convolutional or hierarchical model inside a detector or segmenter, by "backbone_config".</summary>
internal static class Backbone
{
    /// <summary>The maps that the configuration asks for, the finest first: [B, channels, rows, columns] each, tokens of some families.</summary>
    /// <param name="json">Of the model around it.</param>
    /// <param name="weights">The module of the backbone.</param>
    /// <exception cref="UnsupportedModelException">A backbone that is not built.</exception>
    public static IReadOnlyList<Value> Maps(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = json.Section("backbone_config");
        var backbone = ArchitectureCatalog.Find(config.ModelType)?.Heads.FirstOrDefault(head => head.Task == ModelTask.Backbone)
            ?? throw new UnsupportedModelException($"The backbone of this {json.ModelType}, {(config.ModelType.Length > 0 ? $"a '{config.ModelType}'" : "which backbone_config does not state")}, is not built.",
                "Take a model with another backbone, such as resnet, swin or dinov2.");
        return [.. backbone.Build(graph, config, weights).Select(map => map.Value)];
    }

    /// <summary>The maps for a detector of DETR's kin, whose first files state a backbone by its name in timm.</summary>
    public static IReadOnlyList<Value> DetrMaps(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        if (json.Has("backbone_config") && json.Section("backbone_config").ModelType != "timm_backbone")
            return Maps(graph, json, weights);
        var timm = json.Section("backbone_config");
        var name = timm.Text("backbone", json.Text("backbone", "resnet50"));
        if (!name.StartsWith("resnet", StringComparison.Ordinal) || !weights.Has("layer1"))
            throw new UnsupportedModelException($"The backbone of this {json.ModelType}, '{name}' of timm, is not built.", "Take a model with another backbone, such as one on resnet50.");
        return TimmResNet.Maps(graph, weights, timm.Int("num_channels", json.Int("num_channels", 3, minimum: 1), minimum: 1), json.Bool("dilation", timm.Int("output_stride", 32) == 16));
    }
}
