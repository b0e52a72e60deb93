using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>ESM: an encoder of proteins that normalises before each sub-layer, most often with rotary positions.</summary>
/// <remarks>Source: doi:10.1126/science.ade2574; outputs of transformers 4.40 and 5.23, modeling_esm.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Esm
{
    // How many tokens training replaced by the mask token: 80 % of 15 %.
    private const float MaskedShareInTraining = 0.15f * 0.8f;

    public static Architecture Architecture { get; } = TextEncoder.Family("esm", "facebook/esm2_t6_8M_UR50D", Encode,
        new("EsmModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("EsmForMaskedLM", ModelTask.FillMask, text => text.PredictRobertaTokens().AsLogits()),
        new("EsmForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"]).AsLogits()),
        new("EsmForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()));

    private static float Epsilon(ModelConfig json) => json.Float("layer_norm_eps", 1e-12f);

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        BertShape.RequireEncoder(json);
        if (json.Bool("is_folding_model", false))
            throw new UnsupportedModelException("This ESM folds proteins (is_folding_model in config.json).", "Only its language models are built.");
        var positions = json.Text("position_embedding_type", "absolute");
        var isRotary = positions == "rotary";
        if (!isRotary && positions != "absolute")
            throw new UnsupportedModelException($"This ESM has positions of type '{positions}'.", "Positions of the types absolute and rotary are built.");
        var (heads, epsilon) = (json.Int("num_attention_heads", 12, minimum: 1), Epsilon(json));
        var body = weights.Body("esm");
        weights.Ignore("lm_head", "classifier");
        // Some files store the wavelengths, once for all layers.
        body.Ignore("pooler", "contact_head", "embeddings.position_ids", "encoder.layer.*", "rotary_embeddings");
        if (isRotary)
            body.Ignore("embeddings.position_embeddings");

        var x = Embed(inputs, json, body["embeddings"], hasPositions: !isRotary);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        (Value, Value)? rotations = null;
        for (var i = 0; i < json.LayerCount("num_hidden_layers", 12); i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var attention = layer["attention.self"];
            attention.Ignore("rotary_embeddings");
            var normed = x.LayerNorm(layer["attention.LayerNorm"], epsilon);
            Value Project(string name) => normed.Linear(attention[name]).SplitHeads(heads);
            var (query, key) = (Project("query"), Project("key"));
            if (isRotary)
            {
                var turns = rotations ??= x.Graph.Rotations(inputs.Length, (int)query.Dim(3).Size!.Value, json.RotaryTheta(10_000)); // projections have known widths
                (query, key) = (query.Rotate(turns), key.Rotate(turns));
            }
            x += query.Attend(key, Project("value"), mask).Linear(layer["attention.output.dense"]);
            x += x.LayerNorm(layer["LayerNorm"], epsilon).FeedForward(layer, "gelu");
        }
        return new EncodedText(x.LayerNorm(body["encoder.emb_layer_norm_after"], epsilon), inputs, json, body, weights);
    }

    private static Value Embed(TextInputs inputs, ModelConfig json, Weights weights, bool hasPositions)
    {
        var (ids, seen) = (inputs.Ids, inputs.Attended.Cast(ElementType.Float32).Unsqueeze(2)); // [B, S, 1]
        var x = ids.Embedding(weights["word_embeddings"]);
        if (json.Bool("token_dropout", false))
        {
            // Mask tokens are zero, and the others are scaled to make up for a share of them that is not that of training.
            var kept = (!ids.EqualTo(json.Int("mask_token_id"))).Cast(ElementType.Float32).Unsqueeze(2); // [B, S, 1]
            var maskedShare = (1f - kept).Sum(axis: 1, keep: true) / seen.Sum(axis: 1, keep: true);
            x = x * kept * (1 - MaskedShareInTraining) / (1f - maskedShare);
        }
        if (hasPositions)
            x += ids.PositionsBehindPadding(json.Int("pad_token_id")).Embedding(weights["position_embeddings"]);
        if (json.Bool("emb_layer_norm_before", false))
            x = x.LayerNorm(weights["layer_norm"], Epsilon(json));
        return x * seen;
    }
}
