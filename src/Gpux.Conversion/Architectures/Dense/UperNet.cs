using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>UperNet: a pyramid over the maps of any backbone, which tells the class of each place.</summary>
/// <remarks>Source: arXiv:1807.10221; outputs of transformers 5.23, modeling_upernet.py.</remarks>
internal static class UperNet
{
    public static Architecture Architecture { get; } = new("upernet", "openmmlab/upernet-convnext-tiny",
        [new("UperNetForSemanticSegmentation", ModelTask.ImageSegmentation, SemanticSegmentation)]);

    private static Outputs SemanticSegmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("auxiliary_head"); // it acts in training only
        var (maps, head) = (Backbone.Maps(graph, json, weights["backbone"]), weights["decode_head"]);
        var pixels = graph.FindInput("pixel_values") ?? throw new ArgumentException("The graph has no image.", nameof(graph)); // the backbone declares it
        var levels = new List<Value>();
        for (var i = 0; i < maps.Count - 1; i++)
            levels.Add(Layer(maps[i], head[$"lateral_convs.{i}"]));
        levels.Add(Pyramid(maps[^1], json.Ints("pool_scales", 1, 2, 3, 6), head));
        for (var i = levels.Count - 1; i > 0; i--)
            levels[i - 1] += Fit(levels[i], levels[i - 1]);
        var finest = levels.Count > 1 ? Layer(levels[0], head["fpn_convs.0"]) : levels[0];
        var parts = new List<Value> { finest };
        for (var i = 1; i < levels.Count; i++)
            parts.Add(Fit(i < levels.Count - 1 ? Layer(levels[i], head[$"fpn_convs.{i}"]) : levels[i], finest));
        var logits = Layer(parts.Concat(axis: 1), head["fpn_bottleneck"]).Convolve(head["classifier"]);
        return logits.ResizeBilinear(pixels.SizeOf(), pixels.Dim(2), pixels.Dim(3)).AsLogits();
    }

    // The coarsest map beside means of its parts, of several sizes.
    private static Value Pyramid(Value map, IReadOnlyList<int> scales, Weights head)
    {
        var parts = new List<Value> { map };
        for (var i = 0; i < scales.Count; i++)
            parts.Add(Fit(Layer(map.AdaptiveAveragePool(scales[i]), head[$"psp_modules.{i}.1"]), map));
        return Layer(parts.Concat(axis: 1), head["bottleneck"]);
    }

    private static Value Layer(Value x, Weights weights) => x.Convolve(weights["conv"]).BatchNorm(weights["batch_norm"]).Relu();

    private static Value Fit(Value map, Value to) => map.ResizeBilinear(to.SizeOf(), to.Dim(2), to.Dim(3));
}
