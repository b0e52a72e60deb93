using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>Vision Transformer: an encoder over patches of an image that normalises before each sub-layer.</summary>
/// <remarks>Source: arXiv:2010.11929; outputs of transformers 4.40 and 5.23, modeling_vit.py. Images of another size than the
/// trained one get interpolated positions, as with interpolate_pos_encoding. B = batch, N = patches, H = hidden size.</remarks>
internal static class ViT
{
    public static Architecture Architecture { get; } = new("vit", "google/vit-base-patch16-224",
    [
        new("ViTModel", ModelTask.ImageFeatureExtraction, Model),
        new("ViTForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("ViTForMaskedImageModeling", ModelTask.MaskedImageModeling, MaskedImageModeling),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.Int("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-12f);
        public int Channels { get; } = Json.Int("num_channels", 3, minimum: 1);
        public (int Height, int Width) ImageSize { get; } = Json.Size("image_size", 224);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 16);
        public string PoolerActivation { get; } = Json.Text("pooler_act", "tanh");
        public int EncoderStride { get; } = Json.Int("encoder_stride", 16, minimum: 1);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "decoder");
        var config = new Config(json);
        var (hidden, encoder, _) = Encode(graph, config, weights);
        var outputs = new Outputs { { "last_hidden_state", hidden } };
        if (encoder.Has("pooler"))
            outputs.Add("pooler_output", hidden.At(axis: 1, 0).Linear(encoder["pooler.dense"]).Apply(config.PoolerActivation));
        return outputs;
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, encoder, _) = Encode(graph, new Config(json), weights);
        encoder.Ignore("pooler");
        return new Outputs { { "logits", hidden.At(axis: 1, 0).Linear(weights["classifier"]) } };
    }

    private static Outputs MaskedImageModeling(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = new Config(json);
        // [B, N]; an extent of 1 stands for one value for all.
        var masked = graph.Input("bool_masked_pos", ElementType.Bool, "batch_size", "num_patches").Cast(ElementType.Float32).Unsqueeze(2);
        var (hidden, encoder, grid) = Encode(graph, config, weights, masked);
        encoder.Ignore("pooler");
        var map = hidden.Slice(axis: 1, 1).Transpose(0, 2, 1).Reshape(Grid(graph, hidden.Dim(2).Size!.Value, grid), hidden.Dim(0), hidden.Dim(2), Dim.Unknown, Dim.Unknown); // [B, H, rows, columns]
        var decoder = weights["decoder.0"];
        var pixels = map.Conv2D(decoder.Get("weight"), decoder.Find("bias"), stride: (1, 1), padding: (0, 0));
        return new Outputs { { "reconstruction", pixels.PixelShuffle(config.EncoderStride) } };
    }

    // The last hidden state, float [B, 1 + N, H]; the module of the encoder's weights; rows and columns of patches.
    private static (Value Hidden, Weights Encoder, Value Grid) Encode(GraphBuilder graph, Config config, Weights weights, Value? masked = null)
    {
        var encoder = weights.Has("vit") ? weights["vit"] : weights;
        var (x, grid) = Embed(graph, encoder["embeddings"], config, masked);
        for (var i = 0; i < config.Layers; i++)
            x = Layer(x, encoder[encoder.Has("layers") ? $"layers.{i}" : $"encoder.layer.{i}"], config);
        return (x.LayerNorm(encoder["layernorm"], config.Epsilon), encoder, grid);
    }

    private static (Value Tokens, Value Grid) Embed(GraphBuilder graph, Weights weights, Config config, Value? masked)
    {
        var pixels = graph.Input("pixel_values", ElementType.Float32, "batch_size", config.Channels, "height", "width");
        var projection = weights["patch_embeddings.projection"];
        var map = pixels.Conv2D(projection.Get("weight"), projection.Find("bias"), stride: config.PatchSize, padding: (0, 0));
        var width = map.Dim(1);
        var grid = map.Shape().Slice(axis: 0, 2, 4); // rows, columns
        var patches = map.Reshape(map.Dim(0), width, Dim.Rest).Transpose(0, 2, 1); // [B, N, H]
        if (masked is null)
            weights.Ignore("mask_token");
        else
            patches = patches * (1f - masked) + weights.Get("mask_token") * masked;
        var first = weights.Get("cls_token").Expand("batch_size", 1, width);
        return (((Value[])[first, patches]).Concat(axis: 1) + Positions(weights, config, grid), grid);
    }

    // [1, 1 + N, H]: the first token's position, then those of the patches interpolated to the image's rows and columns.
    private static Value Positions(Weights weights, Config config, Value grid)
    {
        var table = weights.Get("position_embeddings");
        var width = table.Dim(2);
        var (rows, columns) = (config.ImageSize.Height / config.PatchSize.Height, config.ImageSize.Width / config.PatchSize.Width);
        var trained = table.Slice(axis: 1, 1).Transpose(0, 2, 1).Reshape(1, width, rows, columns);
        var resized = trained.ResizeBicubic(grid, Dim.Unknown, Dim.Unknown).Reshape(1, width, Dim.Rest).Transpose(0, 2, 1);
        return ((Value[])[table.Slice(axis: 1, 0, 1), resized]).Concat(axis: 1);
    }

    private static Value Layer(Value x, Weights weights, Config config)
    {
        // A state dict that transformers 5 saved as it is has the names of that version's modules.
        var (query, key, value, output, up, down) = weights.Has("attention.q_proj")
            ? ("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj", "mlp.fc1", "mlp.fc2")
            : ("attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense", "intermediate.dense", "output.dense");
        var normed = x.LayerNorm(weights["layernorm_before"], config.Epsilon);
        Value Heads(string name) => normed.Linear(weights[name]).SplitHeads(config.Heads);
        x = Heads(query).Attend(Heads(key), Heads(value), mask: null).Linear(weights[output]) + x;
        var inner = x.LayerNorm(weights["layernorm_after"], config.Epsilon).Linear(weights[up]).Apply(config.Activation);
        return inner.Linear(weights[down]) + x;
    }

    // A shape of all images, the given channels, and rows and columns of patches.
    private static Value Grid(GraphBuilder graph, long channels, Value grid) =>
        ((Value[])[graph.Extent("batch_size"), graph.Constant([channels]), grid]).Concat(0);
}
