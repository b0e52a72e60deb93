using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>RT-DETR's ResNet: three small convolutions at the start, and shortcuts that take means where a stage halves the map.</summary>
/// <remarks>Source: arXiv:2304.08069, arXiv:1812.01187 (variant D); outputs of transformers 5.23, modeling_rt_detr_resnet.py.</remarks>
internal static class RtDetrResNet
{
    public static Architecture Architecture { get; } = new("rt_detr_resnet", "PekingU/rtdetr_r50vd",
        [new("RTDetrResNetBackbone", ModelTask.Backbone, Maps)]);

    private static Outputs Maps(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (activation, depths) = (json.Text("hidden_act", "relu"), json.Depths("depths", 3, 4, 6, 3));
        var isBottleneck = json.Text("layer_type", "bottleneck") switch
        {
            "bottleneck" => true,
            "basic" => false,
            _ => throw json.Invalid("layer_type", "bottleneck or basic was expected"),
        };
        var firstStrides = json.Bool("downsample_in_bottleneck", false);
        var x = graph.Pixels(json.Channels());
        for (var i = 0; i < 3; i++)
            x = x.ConvolveNormalize(weights[$"embedder.embedder.{i}"], stride: i == 0 ? 2 : 1).Apply(activation);
        x = x.MaxPool2D(size: 3, stride: 2, padding: 1);
        var maps = new List<Value> { x };
        for (var stage = 0; stage < depths.Count; stage++)
        {
            for (var i = 0; i < depths[stage]; i++)
            {
                var stride = i == 0 && (stage > 0 || json.Bool("downsample_in_first_stage", false)) ? 2 : 1;
                var block = weights[$"encoder.stages.{stage}.layers.{i}"];
                var shortcut = Shortcut(x, block, stride);
                x = x.ConvolveNormalize(block["layer.0"], isBottleneck && !firstStrides ? 1 : stride).Apply(activation)
                    .ConvolveNormalize(block["layer.1"], isBottleneck && !firstStrides ? stride : 1);
                if (isBottleneck)
                    x = x.Apply(activation).ConvolveNormalize(block["layer.2"]);
                x = (x + shortcut).Apply(activation);
            }
            maps.Add(x);
        }
        return json.FeatureMaps(maps.Count, (i, _) => maps[i]);
    }

    private static Value Shortcut(Value x, Weights block, int stride) =>
        block.Has("shortcut.1") ? (stride > 1 || !block.Has("layer.2") ? x.AveragePoolBlocks(2) : x).ConvolveNormalize(block["shortcut.1"])
        : block.Has("shortcut") ? x.ConvolveNormalize(block["shortcut"], stride) : x;
}
