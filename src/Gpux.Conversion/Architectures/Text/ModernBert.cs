using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>ModernBERT: an encoder that normalises before each sub-layer, with rotary positions and gated feed-forward layers; most
/// layers see a window around each token.</summary>
/// <remarks>Source: arXiv:2412.13663; outputs of transformers 5.23, modeling_modernbert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class ModernBert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("modernbert", "answerdotai/ModernBERT-base", Encode,
        new("ModernBertModel", ModelTask.FeatureExtraction, text => new() { { "last_hidden_state", text.Hidden } }),
        new("ModernBertForMaskedLM", ModelTask.FillMask, PredictTokens),
        new("ModernBertForSequenceClassification", ModelTask.TextClassification, text => Classify(text, Pool(text)).AsLogits()),
        new("ModernBertForTokenClassification", ModelTask.TokenClassification, text => Classify(text, text.Hidden).AsLogits()),
        new("ModernBertForQuestionAnswering", ModelTask.QuestionAnswering, text => Classify(text, text.Hidden).AsSpan()),
        new("ModernBertForMultipleChoice", ModelTask.MultipleChoice, text => Classify(text, Pool(text, skipsPadding: true)).AsChoices()));

    private static float Epsilon(ModelConfig json) => json.Float("norm_eps", 1e-5f);

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var (heads, epsilon, activation) = (json.Int("num_attention_heads", 12, minimum: 1), Epsilon(json), json.Text("hidden_activation", "gelu"));
        var body = weights.Body("model");
        weights.Ignore("head", "decoder", "classifier");

        var (everyLayer, window) = (inputs.Attended.PaddingMask(inputs.Length), inputs.Attended.WindowMask(json.Int("local_attention", 128) / 2));
        var x = inputs.Ids.Embedding(body["embeddings.tok_embeddings"]).LayerNorm(body["embeddings.norm"], epsilon);
        var width = x.Dim(2).Size!.Value; // tables have known widths
        var (global, local) = (Rotations("full_attention", "global_rope_theta", 160_000), Rotations("sliding_attention", "local_rope_theta", 10_000));
        for (var i = 0; i < json.LayerCount("num_hidden_layers", 22); i++)
        {
            var layer = body[$"layers.{i}"];
            var isGlobal = IsGlobal(json, i);
            var normed = i == 0 ? x : x.LayerNorm(layer["attn_norm"], epsilon);
            var parts = normed.Linear(layer["attn.Wqkv"]).Split(axis: 2, width, width, width);
            Value Turned(Value part) => part.SplitHeads(heads).Rotate(isGlobal ? global : local);
            x += Turned(parts[0]).Attend(Turned(parts[1]), parts[2].SplitHeads(heads), isGlobal ? everyLayer : window).Linear(layer["attn.Wo"]);
            x += Gated(x.LayerNorm(layer["mlp_norm"], epsilon).Linear(layer["mlp.Wi"])).Linear(layer["mlp.Wo"]);
        }
        return new EncodedText(x.LayerNorm(body["final_norm"], epsilon), inputs, json, body, weights);

        (Value, Value) Rotations(string layerType, string oldField, float theta)
        {
            // Version 5 has an entry for each type of layer; published files have a field each.
            var ofType = json.Section("rope_parameters").Section(layerType);
            var rule = json.Has("rope_parameters") ? ofType : json.Section("rope_scaling");
            return x.Graph.Rotations(inputs.Length, (int)width / heads, ofType.Float("rope_theta", json.Float(oldField, theta)), rule.Stretch(json.ModelType));
        }

        Value Gated(Value inner)
        {
            var half = inner.Dim(2).Size!.Value / 2; // projections have known widths
            var parts = inner.Split(axis: 2, half, half);
            return parts[0].Apply(activation) * parts[1];
        }
    }

    private static bool IsGlobal(ModelConfig json, int layer)
    {
        if (!json.Has("layer_types"))
            return layer % json.Int("global_attn_every_n_layers", 3, minimum: 1) == 0;
        var types = json.Texts("layer_types");
        return layer < types.Count && types[layer] is "full_attention" or "sliding_attention" ? types[layer] == "full_attention"
            : throw json.Invalid("layer_types", "full_attention or sliding_attention was expected for each layer");
    }

    private static Value Transform(EncodedText text, Value x) => x.Linear(text.Weights["head.dense"])
        .Apply(text.Json.Text("classifier_activation", "gelu")).LayerNorm(text.Weights["head.norm"], Epsilon(text.Json));

    private static Value Classify(EncodedText text, Value x) => Transform(text, x).Linear(text.Weights["classifier"]);

    // [B, H].
    private static Value Pool(EncodedText text, bool skipsPadding = false)
    {
        switch (text.Json.Text("classifier_pooling", "cls"))
        {
            case "cls": // of a choice the first token that is no padding
                return skipsPadding ? text.Hidden.TokenAt(text.Inputs.Attended.ArgMax(axis: 1)) : text.Hidden.FirstToken();
            case "mean":
                var seen = text.Inputs.Attended.Cast(ElementType.Float32).Unsqueeze(2); // [B, S, 1]
                return (text.Hidden * seen).Sum(axis: 1) / seen.Sum(axis: 1);
            default:
                throw text.Json.Invalid("classifier_pooling", "cls or mean was expected");
        }
    }

    private static Outputs PredictTokens(EncodedText text)
    {
        var decoder = text.Weights["decoder"];
        var matrix = decoder.Find("weight") ?? text.Body["embeddings.tok_embeddings"].Get("weight");
        return Transform(text, text.Hidden).Linear(matrix, text.Json.Bool("decoder_bias", true) ? decoder.Get("bias") : null).AsLogits();
    }
}
