using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>DeiT: a Vision Transformer with a second learned token, which learned from a teacher.</summary>
/// <remarks>Source: arXiv:2012.12877; outputs of transformers 5.23, modeling_deit.py. Images of another size than the trained one get
/// interpolated positions. B = batch, N = patches, H = hidden size.</remarks>
internal static class Deit
{
    public static Architecture Architecture { get; } = new("deit", "facebook/deit-base-distilled-patch16-224",
    [
        new("DeiTModel", ModelTask.ImageFeatureExtraction, Model),
        new("DeiTForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("DeiTForImageClassificationWithTeacher", ModelTask.ImageClassification, ImageClassificationWithTeacher),
        new("DeiTForMaskedImageModeling", ModelTask.MaskedImageModeling, MaskedImageModeling),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "cls_classifier", "distillation_classifier", "decoder");
        var (config, body) = (new ViT.Config(json), weights.Body("deit"));
        var (hidden, _) = Encode(graph, config, body);
        return hidden.AsStates(body, config);
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("cls_classifier", "distillation_classifier");
        var (hidden, _) = Encode(graph, new ViT.Config(json), WithoutPooler(weights));
        return hidden.FirstToken().Linear(weights["classifier"]).AsLogits();
    }

    private static Outputs ImageClassificationWithTeacher(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, _) = Encode(graph, new ViT.Config(json), WithoutPooler(weights));
        return hidden.FirstToken().Linear(weights["cls_classifier"])
            .AsLogitsWithTeacher(hidden.At(axis: 1, 1).Linear(weights["distillation_classifier"]));
    }

    private static Outputs MaskedImageModeling(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = new ViT.Config(json);
        var (hidden, map) = Encode(graph, config, WithoutPooler(weights), graph.MaskedPatches());
        // The original leaves out the first and the last token, where the first two are no patches.
        return hidden.Slice(axis: 1, 1, -1).ToMap(map.Dim(2), map.Dim(3)).AsReconstruction(weights["decoder.0"], config.EncoderStride);
    }

    private static Weights WithoutPooler(Weights weights)
    {
        var body = weights.Body("deit");
        body.Ignore("pooler");
        return body;
    }

    // The last hidden state, float [B, 2 + N, H], and the map of the patches.
    private static (Value Hidden, Value Map) Encode(GraphBuilder graph, ViT.Config config, Weights body, Value? masked = null)
    {
        var embeddings = body["embeddings"];
        var map = graph.Pixels(config.Channels).Project(embeddings["patch_embeddings.projection"]);
        var tokens = map.ToTokens().Mask(masked, embeddings).Prepend(embeddings.Get("cls_token"), embeddings.Get("distillation_token"))
            + embeddings.Get("position_embeddings").FitPositions(leading: 2, config.Grid, map);
        return (tokens.ViTLayers(body, config.Layers, config.Heads, config.Activation, config.Epsilon).LayerNorm(body["layernorm"], config.Epsilon), map);
    }
}
