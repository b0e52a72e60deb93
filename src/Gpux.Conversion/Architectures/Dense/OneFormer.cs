using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>OneFormer: Mask2Former that is told by a text which of its tasks it has.</summary>
/// <remarks>Source: arXiv:2211.06220; outputs of transformers 5.23, modeling_oneformer.py. B = images, Q = queries, D = width of a state.
/// The text is one of three sentences; the processor makes its tokens, which are read as numbers.</remarks>
internal static class OneFormer
{
    public static Architecture Architecture { get; } = new("oneformer", "shi-labs/oneformer_ade20k_swin_tiny",
        [new("OneFormerForUniversalSegmentation", ModelTask.ImageSegmentation, Segmentation)]);

    private static Outputs Segmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        if (json.Bool("pre_norm", false))
            throw new UnsupportedModelException("This oneformer normalises before each sub-layer (pre_norm).", "Published models of the family do not; take one of these.");
        weights.Ignore("criterion", "model.text_mapper", "model.prompt_ctx"); // they act in training only
        var body = weights["model"];
        var (heads, epsilon) = (json.Int("num_attention_heads", 8, minimum: 1), json.Float("layer_norm_eps", 1e-5f));
        var maps = Backbone.Maps(graph, json, body["pixel_level_module.encoder"]);
        var (levels, pixels) = Mask2Former.DecodePixels(maps, json, json.Int("conv_dim", 256, minimum: 4), heads, body["pixel_level_module.decoder"]);

        var width = json.Int("task_seq_len", 77, minimum: 1);
        var task = body["task_encoder.task_mlp.layers"];
        var token = graph.Input("task_inputs", ElementType.Int64, "batch_size", width).Cast(ElementType.Float32)
            .Linear(task["0.0"]).Relu().Linear(task["1.0"]).Unsqueeze(1); // [B, 1, D]
        var (module, decoder) = (body["transformer_module"], body["transformer_module.decoder"]);
        var hidden = json.Int("hidden_dim", 256, minimum: 4);
        var isNormed = json.Bool("use_task_norm", true);
        if (isNormed)
            token = token.LayerNorm(decoder["decoder_norm"], epsilon);

        var names = module.Get("queries_embedder.weight"); // [Q, D]
        var x = ((Value[])[Ask(isNormed ? token : token * 0f, names.Slice(axis: 0, 0, -1), pixels, json, decoder, hidden, heads, epsilon), token]).Concat(axis: 1);
        var images = Mask2Former.Images(levels, module);
        var placed = images.Select((image, i) => image + Mask2Former.Positions(levels[i], hidden)).ToArray();
        var normed = x.LayerNorm(decoder["decoder_norm"], epsilon);
        var masks = Masks(normed, pixels, decoder);
        for (var i = 0; i < json.LayerCount("decoder_layers", 10) - 1; i++)
        {
            var (layer, level) = (decoder[$"layers.{i}"], i % levels.Count);
            var looking = (x + names).PackedAttention(placed[level], images[level], Mask2Former.Hidden(masks, levels[level]), layer["cross_attn.multihead_attn"], heads);
            x = (x + looking).LayerNorm(layer["cross_attn.norm"], epsilon);
            var asking = x + names;
            x = (x + asking.CrossAttention(asking, x, mask: null, layer["self_attn.self_attn"], heads)).LayerNorm(layer["self_attn.norm"], epsilon);
            x = (x + x.Perceptron(layer["ffn.linear1"], layer["ffn.linear2"], "relu")).LayerNorm(layer["ffn.norm"], epsilon);
            normed = x.LayerNorm(decoder["decoder_norm"], epsilon);
            masks = Masks(normed, pixels, decoder);
        }
        return new Outputs { { "class_queries_logits", normed.Linear(decoder["class_embed"]) }, { "masks_queries_logits", masks } };
    }

    // Queries that know the task look at the image once: [B, Q - 1, D]. What they read are positions, and what they compare is the image.
    private static Value Ask(Value token, Value names, Value pixels, ModelConfig json, Weights decoder, int width, int heads, float epsilon)
    {
        var positions = Mask2Former.Positions(pixels, width);
        var keys = positions + pixels.Convolve(decoder["query_input_projection"]).ToTokens();
        var weights = decoder["query_transformer.decoder"];
        var x = token.Expand(token.Dim(0), names.Dim(0), token.Dim(2));
        for (var i = 0; i < json.LayerCount("query_dec_layers", 2); i++)
        {
            var layer = weights[$"layers.{i}"];
            var asking = x + names;
            x = (x + asking.PackedAttention(asking, x, mask: null, layer["self_attn"], heads)).LayerNorm(layer["norm1"], epsilon);
            x = (x + (x + names).PackedAttention(keys, positions, mask: null, layer["multihead_attn"], heads)).LayerNorm(layer["norm2"], epsilon);
            x = (x + x.Perceptron(layer["linear1"], layer["linear2"], "relu")).LayerNorm(layer["norm3"], epsilon);
        }
        return x.LayerNorm(weights["norm"], epsilon);
    }

    private static Value Masks(Value queries, Value pixels, Weights decoder)
    {
        var head = decoder["mask_embed.layers"];
        return queries.Linear(head["0.0"]).Relu().Linear(head["1.0"]).Relu().Linear(head["2.0"]).Einsum("bqc,bchw->bqhw", pixels);
    }
}
