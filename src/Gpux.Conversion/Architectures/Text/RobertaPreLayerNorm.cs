using Gpux.Conversion.Blocks;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>RoBERTa whose encoder normalises before each sub-layer.</summary>
/// <remarks>Source: arXiv:1904.01038; outputs of transformers 5.23, modeling_roberta_prelayernorm.py.</remarks>
internal static class RobertaPreLayerNorm
{
    public static Architecture Architecture { get; } = TextEncoder.Family("roberta-prelayernorm", "andreasmadsen/efficient_mlm_m0.40", Encode,
        Roberta.Heads("RobertaPreLayerNorm"));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("roberta_prelayernorm");
        Roberta.IgnoreOtherHeads(weights, body);
        var x = Roberta.Embed(inputs, json, body["embeddings"], shape).BertPreNormLayers(inputs.Attended.PaddingMask(inputs.Length),
            body["encoder"], shape, attentionNorm: "attention.LayerNorm", feedForwardNorm: "intermediate.LayerNorm");
        return new EncodedText(x.LayerNorm(body["LayerNorm"], shape.Epsilon), inputs, json, body, weights);
    }
}
