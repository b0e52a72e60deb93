using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>Masked autoencoder: a Vision Transformer that sees some of the patches, and a smaller one that restores all of them.</summary>
/// <remarks>Source: arXiv:2111.06377; outputs of transformers 5.23, modeling_vit_mae.py, whose optional input noise is an input here:
/// float [B, N], of which the smallest numbers tell which patches are seen. One image size. B = batch, N = patches, H = hidden size.</remarks>
internal static class ViTMae
{
    public static Architecture Architecture { get; } = new("vit_mae", "facebook/vit-mae-base",
    [
        new("ViTMAEModel", ModelTask.ImageFeatureExtraction, Model),
        new("ViTMAEForPreTraining", ModelTask.PreTraining, PreTraining),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("decoder");
        var (hidden, masking) = Encode(graph, json, weights);
        return new Outputs { { "last_hidden_state", hidden }, { "mask", masking.Mask }, { "ids_restore", masking.Restored } };
    }

    private static Outputs PreTraining(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, masking) = Encode(graph, json, weights);
        return new Outputs { { "logits", Decode(hidden, masking, json, weights["decoder"]) }, { "mask", masking.Mask }, { "ids_restore", masking.Restored } };
    }

    // Which patches are seen: how many; their numbers first in the order of the noise, int64 [B, N]; the place of each patch in that
    // order, int64 [B, N]; and 1 for each patch that is not seen, float [B, N].
    private sealed record Masking(long Seen, Value Order, Value Restored, Value Mask);

    // float [B, 1 + seen, H].
    private static (Value Hidden, Masking Masking) Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, body) = (new ViT.Config(json), weights.Body("vit"));
        var (embeddings, count) = (body["embeddings"], config.Grid.Rows * config.Grid.Columns);
        var tokens = graph.Pixels(config.Channels, config.ImageSize).Project(embeddings["patch_embeddings.projection"]).ToTokens();
        var positions = embeddings.Get("position_embeddings");
        var masking = Choose(graph.Input("noise", ElementType.Float32, "batch_size", count), json);
        var seen = PickTokens(tokens + positions.Slice(axis: 1, 1), masking.Order.Slice(axis: 1, 0, masking.Seen));
        var x = seen.Prepend(embeddings.Get("cls_token") + positions.Slice(axis: 1, 0, 1));
        return (x.ViTLayers(body, config.Layers, config.Heads, config.Activation, config.Epsilon).LayerNorm(body["layernorm"], config.Epsilon), masking);
    }

    private static Masking Choose(Value noise, ModelConfig json)
    {
        var ratio = json.Number("mask_ratio", 0.75);
        if (ratio is not (>= 0 and <= 1))
            throw json.Invalid("mask_ratio", "0 to 1 was expected");
        var seen = (long)(noise.Dim(1).Size!.Value * (1 - ratio)); // declared with a number
        var order = noise.ArgSort();
        var restored = order.ArgSort();
        return new Masking(seen, order, restored, (restored >= noise.Graph.Constant(seen)).Cast(ElementType.Float32));
    }

    // Scores of all pixels of each patch: float [B, N, patch area * channels].
    private static Value Decode(Value hidden, Masking masking, ModelConfig json, Weights weights)
    {
        var config = new ViT.Config(json)
        {
            Layers = json.LayerCount("decoder_num_hidden_layers", 8),
            Heads = json.Int("decoder_num_attention_heads", 16, minimum: 1),
        };
        var x = hidden.Linear(weights["decoder_embed"]);
        var count = masking.Order.Dim(1).Size!.Value; // declared with a number
        var masked = weights.Get("mask_token").Expand(x.Dim(0), count - masking.Seen, x.Dim(2));
        var patches = PickTokens(((Value[])[x.Slice(axis: 1, 1), masked]).Concat(axis: 1), masking.Restored);
        x = ((Value[])[x.Slice(axis: 1, 0, 1), patches]).Concat(axis: 1) + weights.Get("decoder_pos_embed");
        for (var i = 0; i < config.Layers; i++)
            x = x.ViTLayer(weights[weights.Has("decoder_encoder") ? $"decoder_encoder.layer.{i}" : $"decoder_layers.{i}"], config.Heads, config.Activation, config.Epsilon);
        return x.LayerNorm(weights["decoder_norm"], config.Epsilon).Linear(weights["decoder_pred"]).Slice(axis: 1, 1);
    }

    // Tokens of each row of the batch by their numbers, int64 [B, count].
    private static Value PickTokens(Value tokens, Value numbers) =>
        tokens.GatherElements(numbers.Unsqueeze(2).Expand(numbers.Dim(0), numbers.Dim(1), tokens.Dim(2)), axis: 1);
}
