using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>I-JEPA: a Vision Transformer of patches alone, without a token for the whole image.</summary>
/// <remarks>Source: arXiv:2301.08243; outputs of transformers 5.23, modeling_ijepa.py. Images of another size than the trained one get
/// interpolated positions.</remarks>
internal static class IJepa
{
    public static Architecture Architecture { get; } = new("ijepa", "facebook/ijepa_vith14_1k",
    [
        new("IJepaModel", ModelTask.ImageFeatureExtraction, Model),
        new("IJepaForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var (config, body) = (new ViT.Config(json), weights.Body("ijepa"));
        return Encode(graph, config, body).AsStates(body, config);
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var body = weights.Body("ijepa");
        body.Ignore("pooler");
        return Encode(graph, new ViT.Config(json), body).Mean(axis: 1).Linear(weights["classifier"]).AsLogits();
    }

    // float [B, patches, hidden size].
    private static Value Encode(GraphBuilder graph, ViT.Config config, Weights body)
    {
        var embeddings = body["embeddings"];
        var map = graph.Pixels(config.Channels).Project(embeddings["patch_embeddings.projection"]);
        var tokens = map.ToTokens().Mask(null, embeddings) + embeddings.Get("position_embeddings").FitPositions(leading: 0, config.Grid, map);
        return tokens.ViTLayers(body, config.Layers, config.Heads, config.Activation, config.Epsilon).LayerNorm(body["layernorm"], config.Epsilon);
    }
}
