using Gpux.Conversion.Blocks;
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
    /// <param name="stages">Those of timm's stages, from 1 to 4, that the detector reads where nothing states them.</param>
    public static IReadOnlyList<Value> DetrMaps(GraphBuilder graph, ModelConfig json, Weights weights, params int[] stages)
    {
        var (timm, arguments) = (json.Section("backbone_config"), json.Section("backbone_kwargs"));
        if (json.Has("backbone_config") && timm.ModelType != "timm_backbone")
            return Maps(graph, json, weights);
        weights = weights.Has("_backbone") ? weights["_backbone"] : weights;
        var name = timm.Text("backbone", json.Text("backbone", "resnet50")).Split('.')[0];
        if (!Timm.ResNet.Family.Names.Contains(name) || !weights.Has("layer1"))
            throw new UnsupportedModelException($"The backbone of this {json.ModelType}, '{name}' of timm, is not built.", "Take a model with another backbone, such as one on resnet50.");
        weights.Ignore("fc");
        var channels = timm.Int("num_channels", arguments.Int("in_chans", json.Channels(), minimum: 1), minimum: 1);
        var stride = timm.Int("output_stride", arguments.Int("output_stride", json.Bool("dilation", false) ? 16 : 32));
        if (stride is not (8 or 16 or 32))
            throw json.Invalid("backbone_kwargs", "an output_stride of 8, 16 or 32 was expected");
        var maps = Timm.ResNet.Stages(graph.Pixels(channels), weights, name, dilatedStages: stride == 8 ? 2 : stride == 16 ? 1 : 0);
        var chosen = timm.Has("out_indices") ? timm.Ints("out_indices") : arguments.Ints("out_indices", stages.Length > 0 ? stages : [1, 2, 3, 4]);
        // Number 0 is the stem, negative ones count from the end.
        return [.. chosen.Select(index => index < 0 ? index + maps.Count + 1 : index).Order().Distinct()
            .Select(index => index >= 1 && index <= maps.Count ? maps[index - 1] : throw json.Invalid("backbone_config", $"out_indices from 1 to {maps.Count} were expected"))];
    }
}
