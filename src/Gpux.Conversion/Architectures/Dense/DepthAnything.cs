using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>Depth Anything: DPT's maps of a DINOv2, made as large as the image.</summary>
/// <remarks>Sources: arXiv:2401.10891, arXiv:2406.09414; outputs of transformers 5.23, modeling_depth_anything.py.</remarks>
internal static class DepthAnything
{
    public static Architecture Architecture { get; } = new("depth_anything", "depth-anything/Depth-Anything-V2-Small-hf",
        [new("DepthAnythingForDepthEstimation", ModelTask.DepthEstimation, DepthEstimation)]);

    private static Outputs DepthEstimation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var patch = json.Int("patch_size", 14, minimum: 1);
        var states = Backbone.Maps(graph, json, weights["backbone"]);
        var (neck, factors) = (weights["neck"], json.Floats("reassemble_factors", 4, 2, 1, 0.5f));
        if (states.Count != factors.Count || states.Count < 2)
            throw json.Invalid("reassemble_factors", $"one for each of {states.Count} stages was expected");
        var maps = new List<Value>();
        for (var i = 0; i < states.Count; i++)
        {
            var map = states[i].Rank == 4 ? states[i] : states[i].Slice(axis: 1, 1).ToMapOfPatches((patch, patch));
            maps.Add(map.Reassemble(neck[$"reassemble_stage.layers.{i}"], factors[i]).Convolve(neck[$"convs.{i}"]));
        }
        var fused = new List<Value>();
        for (var i = 0; i < maps.Count; i++)
        {
            // Each sum becomes as large as the map that is added next.
            (Value, Dim, Dim)? size = i + 1 < maps.Count && maps[^(i + 2)] is var next ? (next.SizeOf(), next.Dim(2), next.Dim(3)) : null;
            var layer = neck[$"fusion_stage.layers.{i}"];
            fused.Add(i == 0 ? maps[^1].Fuse(finer: null, size, layer) : fused[^1].Fuse(maps[^(i + 1)], size, layer));
        }
        var index = json.Int("head_in_index", -1, minimum: int.MinValue);
        if (index < -fused.Count || index >= fused.Count)
            throw json.Invalid("head_in_index", $"a number below {fused.Count} was expected");
        return new Outputs { { "predicted_depth", Depth(fused[(index + fused.Count) % fused.Count], json, weights["head"], patch) } };
    }

    private static Value Depth(Value x, ModelConfig json, Weights head, int patch)
    {
        var graph = x.Graph;
        var pixels = graph.FindInput("pixel_values") ?? throw new ArgumentException("The graph has no image.", nameof(x)); // the backbone declares it
        Value Size(int axis) => graph.Extent(pixels.Dim(axis)) / graph.Constant([(long)patch]) * graph.Constant([(long)patch]);
        x = x.Convolve(head["conv1"]).ResizeBilinear(((Value[])[Size(2), Size(3)]).Concat(0), Dim.Unknown, Dim.Unknown, alignCorners: true);
        x = x.Convolve(head["conv2"]).Relu().Convolve(head["conv3"]);
        x = json.Text("depth_estimation_type", "relative") switch
        {
            "relative" => x.Relu(),
            "metric" => x.Sigmoid(),
            _ => throw json.Invalid("depth_estimation_type", "relative or metric was expected"),
        };
        // None, like 0, is 1.
        return (json.Float("max_depth", 1) is not 0 and var most ? x * most : x).Squeeze(1);
    }
}
