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
    internal sealed record Config(ModelConfig Json)
    {
        public int Layers { get; init; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; init; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; init; } = Json.Float("layer_norm_eps", 1e-12f);
        public int Channels { get; } = Json.Channels();
        public (int Height, int Width) ImageSize { get; } = Json.Size("image_size", 224);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 16);
        public string PoolerActivation { get; } = Json.Text("pooler_act", "tanh");
        public int EncoderStride { get; } = Json.Int("encoder_stride", 16, minimum: 1);

        /// <summary>Rows and columns of patches that the positions were trained for.</summary>
        public (int Rows, int Columns) Grid => (ImageSize.Height / PatchSize.Height, ImageSize.Width / PatchSize.Width);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "decoder");
        var config = new Config(json);
        var body = weights.Body("vit");
        var (hidden, _) = Encode(graph, config, body);
        return hidden.AsStates(body, config);
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var body = weights.Body("vit");
        body.Ignore("pooler");
        var (hidden, _) = Encode(graph, new Config(json), body);
        return hidden.FirstToken().Linear(weights["classifier"]).AsLogits();
    }

    private static Outputs MaskedImageModeling(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = new Config(json);
        var body = weights.Body("vit");
        body.Ignore("pooler");
        var (hidden, map) = Encode(graph, config, body, graph.MaskedPatches());
        return hidden.Slice(axis: 1, 1).ToMap(map.Dim(2), map.Dim(3)).AsReconstruction(weights["decoder.0"], config.EncoderStride);
    }

    // The last hidden state, float [B, 1 + N, H], and the map of the patches.
    private static (Value Hidden, Value Map) Encode(GraphBuilder graph, Config config, Weights body, Value? masked = null)
    {
        var embeddings = body["embeddings"];
        var map = graph.Pixels(config.Channels).Project(embeddings["patch_embeddings.projection"]);
        var tokens = map.ToTokens().Mask(masked, embeddings).Prepend(embeddings.Get("cls_token"))
            + embeddings.Get("position_embeddings").FitPositions(leading: 1, config.Grid, map);
        return (tokens.ViTLayers(body, config.Layers, config.Heads, config.Activation, config.Epsilon).LayerNorm(body["layernorm"], config.Epsilon), map);
    }
}
