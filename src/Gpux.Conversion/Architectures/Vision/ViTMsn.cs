using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>MSN: a Vision Transformer that learned without labels. It has no pooler.</summary>
/// <remarks>Source: arXiv:2204.07141; outputs of transformers 5.23, modeling_vit_msn.py. Images of another size than the trained one
/// get interpolated positions.</remarks>
internal static class ViTMsn
{
    public static Architecture Architecture { get; } = new("vit_msn", "facebook/vit-msn-small",
    [
        new("ViTMSNModel", ModelTask.ImageFeatureExtraction, Model),
        new("ViTMSNForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        return new Outputs { { "last_hidden_state", Encode(graph, json, weights.Body("vit")) } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Encode(graph, json, weights.Body("vit")).FirstToken().Linear(weights["classifier"]).AsLogits();

    // float [B, 1 + patches, hidden size].
    private static Value Encode(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new ViT.Config(json) { Epsilon = json.Float("layer_norm_eps", 1e-6f) };
        var embeddings = body["embeddings"];
        var map = graph.Pixels(config.Channels).Project(embeddings["patch_embeddings.projection"]);
        var tokens = map.ToTokens().Mask(null, embeddings).Prepend(embeddings.Get("cls_token"))
            + embeddings.Get("position_embeddings").FitPositions(leading: 1, config.Grid, map);
        return tokens.ViTLayers(body, config.Layers, config.Heads, config.Activation, config.Epsilon).LayerNorm(body["layernorm"], config.Epsilon);
    }
}
