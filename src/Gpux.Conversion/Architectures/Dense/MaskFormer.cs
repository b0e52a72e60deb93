using Gpux.Conversion.Architectures.Vision;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>MaskFormer: DETR's decoder, whose queries are multiplied with a map of the image to give masks.</summary>
/// <remarks>Source: arXiv:2107.06278; outputs of transformers 5.23, modeling_maskformer.py. B = images, Q = queries, D = width of a state.
/// The original takes a pixel_mask and does not use it.</remarks>
internal static class MaskFormer
{
    private const int Groups = 32;

    public static Architecture Architecture { get; } = new("maskformer", "facebook/maskformer-swin-base-coco",
        [new("MaskFormerForInstanceSegmentation", ModelTask.ImageSegmentation, Segmentation)]);

    private static Outputs Segmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("criterion");
        var body = weights["model"];
        var backbone = json.Section("backbone_config");
        var encoder = body["pixel_level_module.encoder"];
        IReadOnlyList<Value> maps = backbone.ModelType is "swin" or "maskformer-swin"
            ? [.. Swin.MaskFormerBackbone(graph, backbone, encoder).Select(map => map.Value)] : Backbone.Maps(graph, json, encoder);
        var pixels = Pyramid(maps, body["pixel_level_module.decoder"]);
        var queries = Decode(maps[^1], json.Section("decoder_config"), body["transformer_module"]);
        var masks = weights["mask_embedder"];
        var named = queries.Linear(masks["0.0"]).Relu().Linear(masks["1.0"]).Relu().Linear(masks["2.0"]);
        return new Outputs
        {
            { "class_queries_logits", queries.Linear(weights["class_predictor"]) },
            { "masks_queries_logits", named.Einsum("bqc,bchw->bqhw", pixels) },
            { "encoder_last_hidden_state", maps[^1] },
        };
    }

    // The maps from coarse to fine, each added to the one before: [B, channels, rows, columns] of the finest.
    private static Value Pyramid(IReadOnlyList<Value> maps, Weights weights)
    {
        var fpn = weights["fpn"];
        var x = Layer(maps[^1], fpn["stem"]).Relu();
        for (var i = 0; i < maps.Count - 1; i++)
        {
            var (finer, layer) = (maps[^(i + 2)], fpn[$"layers.{i}"]);
            x = Layer(x.ResizeNearest(finer.Dim(2), finer.Dim(3)) + Layer(finer, layer["proj"]), layer["block"]).Relu();
        }
        return x.Convolve(weights["mask_projection"]);
    }

    private static Value Layer(Value x, Weights weights) => x.Convolve(weights["0"]).GroupNorm(weights["1"], Groups);

    // [B, Q, D]
    private static Value Decode(Value map, ModelConfig json, Weights weights)
    {
        var (graph, config) = (map.Graph, new Detr.Config(json));
        if (weights.Has("input_projection"))
            map = map.Convolve(weights["input_projection"]);
        var everything = graph.Constant(1L).Expand(map.Dim(0), map.Dim(2), map.Dim(3));
        var (image, queries) = (map.ToTokens(), weights.Get("queries_embedder.weight"));
        var placed = image + everything.SinePositions(config.Width).Reshape(map.Dim(0), Dim.Rest, config.Width);
        var x = graph.ZeroStates(queries.Dim(0).Size!.Value, config.Width); // weights have known extents
        for (var i = 0; i < config.DecoderLayers; i++)
            x = x.DetrDecoderLayer(queries, image, placed, mask: null, weights[$"decoder.layers.{i}"], config.DecoderHeads, config.Activation);
        return x.LayerNorm(weights["decoder.layernorm"], Convolutions.Epsilon);
    }
}
