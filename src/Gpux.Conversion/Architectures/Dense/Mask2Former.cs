using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>Mask2Former: MaskFormer whose queries look only where their own mask was, at one resolution after another.</summary>
/// <remarks>Source: arXiv:2112.01527; outputs of transformers 5.23, modeling_mask2former.py. B = images, Q = queries, D = width of a
/// state. The original takes a pixel_mask and does not use it.</remarks>
internal static class Mask2Former
{
    private const float Epsilon = 1e-5f;
    private const int Groups = 32, Points = 4, Resolutions = 3;

    public static Architecture Architecture { get; } = new("mask2former", "facebook/mask2former-swin-tiny-coco-instance",
        [new("Mask2FormerForUniversalSegmentation", ModelTask.ImageSegmentation, Segmentation)]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Heads { get; } = Json.Int("num_attention_heads", 8, minimum: 1);
        public string Activation { get; } = Json.Text("activation_function", "relu");
        public int DecoderLayers { get; } = Json.LayerCount("decoder_layers", 10) is > 0 and var count ? count - 1 : throw Json.Invalid("decoder_layers", "at least 1 was expected");
        public int Width { get; } = Json.Int("hidden_dim", 256, minimum: 4);
    }

    private static Outputs Segmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        if (json.Bool("pre_norm", false))
            throw new UnsupportedModelException("This mask2former normalises before each sub-layer (pre_norm).", "Published models of the family do not; take one of these.");
        weights.Ignore("criterion");
        var (config, body) = (new Config(json), weights["model"]);
        var maps = Backbone.Maps(graph, json, body["pixel_level_module.encoder"]);
        var (levels, pixels) = DecodePixels(maps, json, json.Int("feature_size", 256, minimum: 4), config.Heads, body["pixel_level_module.decoder"]);
        var (queries, masks) = Decode(levels, pixels, config, body["transformer_module"]);
        return new Outputs
        {
            { "class_queries_logits", queries.Linear(weights["class_predictor"]) },
            { "masks_queries_logits", masks },
            { "encoder_last_hidden_state", maps[^1] },
        };
    }

    /// <summary>Makes three maps of the backbone's, the coarsest first, and the finest of all, which masks are made of.</summary>
    /// <param name="width">Channels of the three maps.</param>
    internal static (IReadOnlyList<Value> Levels, Value Pixels) DecodePixels(IReadOnlyList<Value> maps, ModelConfig json, int width, int heads, Weights weights)
    {
        if (maps.Count < Resolutions + 1)
            throw json.Invalid("backbone_config", $"maps of {Resolutions + 1} stages were expected");
        var graph = maps[0].Graph;
        var sources = new List<Value>();
        for (var i = 0; i < Resolutions; i++)
            sources.Add(maps[^(i + 1)].Convolve(weights[$"input_projections.{i}.0"]).GroupNorm(weights[$"input_projections.{i}.1"], Groups));
        var (levels, embeddings) = (MapLevels.Of(sources), weights.Get("level_embed"));
        var x = sources.Select(source => source.ToTokens()).ToArray().Concat(axis: 1);
        var positions = sources.Select((source, i) => Positions(source, width) + embeddings.At(axis: 0, i)).ToArray().Concat(axis: 1);
        var places = levels.Middles(graph).Unsqueeze(2, 3); // [1, N, 1, 1, 2]
        for (var i = 0; i < json.LayerCount("encoder_layers", 6); i++)
        {
            var layer = weights[$"encoder.layers.{i}"];
            x = (x + (x + positions).AttendDeformably(x, levels, layer["self_attn"], heads, [Points, Points, Points],
                (offsets, level) => places + offsets / levels.Extent(level))).LayerNorm(layer["self_attn_layer_norm"], Epsilon);
            x = x.DetrFeedForward(layer, "relu");
        }
        var encoded = levels.Maps(x);
        var finest = encoded[^1];
        for (var i = 0; i < maps.Count - Resolutions; i++)
        {
            var number = maps.Count - Resolutions - i; // adapter_1 belongs to the finest map
            var (adapter, layer) = (weights[$"adapter_{number}"], weights[$"layer_{number}"]);
            var map = maps[number - 1].Convolve(adapter["0"]).GroupNorm(adapter["1"], Groups);
            finest = (map + finest.ResizeBilinear(map.SizeOf(), map.Dim(2), map.Dim(3))).Convolve(layer["0"]).GroupNorm(layer["1"], Groups).Relu();
        }
        return (encoded, finest.Convolve(weights["mask_projection"]));
    }

    /// <summary>Where the places of a map are: [B, places, width].</summary>
    internal static Value Positions(Value map, int width) => map.Graph.Constant(1L).Expand(map.Dim(0), map.Dim(2), map.Dim(3))
        .SinePositions(width).Reshape(map.Dim(0), Dim.Rest, width);

    /// <summary>The maps as the decoder reads them, [B, places, D] each, which tell the resolution.</summary>
    internal static Value[] Images(IReadOnlyList<Value> levels, Weights weights)
    {
        var embeddings = weights.Get("level_embed.weight");
        return [.. levels.Select((level, i) => (weights.Has($"input_projections.{i}") ? level.Convolve(weights[$"input_projections.{i}"]) : level).ToTokens() + embeddings.At(axis: 0, i))];
    }

    // The queries, [B, Q, D], and their masks, [B, Q, rows, columns].
    private static (Value Queries, Value Masks) Decode(IReadOnlyList<Value> levels, Value pixels, Config config, Weights weights)
    {
        var (decoder, images) = (weights["decoder"], Images(levels, weights));
        var placed = images.Select((image, i) => image + Positions(levels[i], config.Width)).ToArray();
        var queries = weights.Get("queries_embedder.weight"); // [Q, D]
        var x = weights.Get("queries_features.weight").Unsqueeze(0).Expand(pixels.Dim(0), queries.Dim(0), queries.Dim(1));
        var normed = x.LayerNorm(decoder["layernorm"], Epsilon);
        var masks = Masks(normed, pixels, decoder["mask_predictor"]);
        for (var i = 0; i < config.DecoderLayers; i++)
        {
            var (layer, level) = (decoder[$"layers.{i}"], i % Resolutions);
            var looking = (x + queries).PackedAttention(placed[level], images[level], Hidden(masks, levels[level]), layer["cross_attn"], config.Heads);
            x = (x + looking).LayerNorm(layer["cross_attn_layer_norm"], Epsilon);
            var asking = x + queries;
            x = (x + asking.CrossAttention(asking, x, mask: null, layer["self_attn"], config.Heads)).LayerNorm(layer["self_attn_layer_norm"], Epsilon);
            x = x.DetrFeedForward(layer, config.Activation);
            normed = x.LayerNorm(decoder["layernorm"], Epsilon);
            masks = Masks(normed, pixels, decoder["mask_predictor"]);
        }
        return (normed, masks);
    }

    private static Value Masks(Value queries, Value pixels, Weights weights)
    {
        var head = weights["mask_embedder"];
        return queries.Linear(head["0.0"]).Relu().Linear(head["1.0"]).Relu().Linear(head["2.0"]).Einsum("bqc,bchw->bqhw", pixels);
    }

    /// <summary>What is added to the scores of a query: places outside of its mask are hidden, unless that is all of them. [B, 1, Q, places]</summary>
    internal static Value Hidden(Value masks, Value level)
    {
        var graph = masks.Graph;
        var outside = (masks.ResizeBilinear(level.SizeOf(), level.Dim(2), level.Dim(3)).Sigmoid() < graph.Scalar(0.5, ElementType.Float32))
            .Cast(ElementType.Float32).Reshape(masks.Dim(0), masks.Dim(1), Dim.Rest);
        var (hidden, count) = (outside.Sum(axis: 2, keep: true), graph.Extent(outside.Dim(2)).Cast(ElementType.Float32));
        return (outside * (hidden < count).Cast(ElementType.Float32) * SelfAttention.Masked).Unsqueeze(1);
    }
}
