using Gpux.Conversion.Blocks;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>XLM-RoBERTa XL: RoBERTa whose encoder normalises before each sub-layer, and embeddings not at all.</summary>
/// <remarks>Source: arXiv:2105.00572; outputs of transformers 5.23, modeling_xlm_roberta_xl.py.</remarks>
internal static class XlmRobertaXl
{
    private const float DefaultEpsilon = 1e-5f;

    public static Architecture Architecture { get; } = TextEncoder.Family("xlm-roberta-xl", "facebook/xlm-roberta-xl", Encode,
        Roberta.Heads("XLMRobertaXL", DefaultEpsilon));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json, layers: 36, heads: 32, epsilon: DefaultEpsilon);
        var body = weights.Body("roberta");
        Roberta.IgnoreOtherHeads(weights, body);
        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 1));
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.PositionsBehindPadding(json.Int("pad_token_id", 1)).Embedding(embeddings["position_embeddings"]);
        else
            embeddings.Ignore("position_embeddings");
        x = x.BertPreNormLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape,
            attentionNorm: "attention.self_attn_layer_norm", feedForwardNorm: "LayerNorm");
        return new EncodedText(x.LayerNorm(body["encoder.LayerNorm"], shape.Epsilon), inputs, json, body, weights);
    }
}
