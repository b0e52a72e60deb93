using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>EuroBERT: Llama's layers without the causal mask.</summary>
/// <remarks>Source: arXiv:2503.05500; outputs of transformers 5.23, modeling_eurobert.py. B = batch, S = tokens, H = hidden size, D = size of a head.</remarks>
internal static class EuroBert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("eurobert", "EuroBERT/EuroBERT-210m", Encode,
        new("EuroBertModel", ModelTask.FeatureExtraction, text => new() { { "last_hidden_state", text.Hidden } }),
        new("EuroBertForMaskedLM", ModelTask.FillMask, PredictTokens),
        new("EuroBertForSequenceClassification", ModelTask.TextClassification, Classify),
        new("EuroBertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var (epsilon, activation) = (json.Float("rms_norm_eps", 1e-5f), json.Text("hidden_act", "silu"));
        var heads = json.Int("num_attention_heads", 12, minimum: 1);
        var keyHeads = json.Int("num_key_value_heads", heads, minimum: 1);
        if (heads % keyHeads != 0)
            throw json.Invalid("num_key_value_heads", $"a divisor of num_attention_heads ({heads}) was expected");
        var (theta, stretch) = json.Rotary(250_000);
        var body = weights.Body("model");
        weights.Ignore("lm_head", "dense", "classifier"); // heads of other classes
        body.Ignore("rotary_emb");

        var x = inputs.Ids.Embedding(body["embed_tokens"]);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        (Value, Value)? rotations = null;
        for (var i = 0; i < json.LayerCount("num_hidden_layers", 12); i++)
        {
            var layer = body[$"layers.{i}"];
            var (attention, mlp) = (layer["self_attn"], layer["mlp"]);
            var normed = x.RmsNorm(layer["input_layernorm"], epsilon);
            // head_dim need not be hidden_size / heads: the projection's width says.
            var query = normed.Linear(attention["q_proj"]).SplitHeads(heads);
            var turns = rotations ??= x.Graph.Rotations(inputs.Length, (int)query.Dim(3).Size!.Value, theta, stretch); // projections have known widths
            var key = normed.Linear(attention["k_proj"]).SplitHeads(keyHeads).Rotate(turns);
            var value = normed.Linear(attention["v_proj"]).SplitHeads(keyHeads);
            x += query.Rotate(turns).Attend(key.RepeatHeads(heads / keyHeads), value.RepeatHeads(heads / keyHeads), mask).Linear(attention["o_proj"]);
            normed = x.RmsNorm(layer["post_attention_layernorm"], epsilon);
            x += (normed.Linear(mlp["gate_proj"]).Apply(activation) * normed.Linear(mlp["up_proj"])).Linear(mlp["down_proj"]);
        }
        return new EncodedText(x.RmsNorm(body["norm"], epsilon), inputs, json, body, weights);
    }

    private static Outputs PredictTokens(EncodedText text)
    {
        var head = text.Weights["lm_head"];
        var isTied = text.Json.Bool("tie_word_embeddings", false) && !head.Has("weight");
        return text.Hidden.Linear(isTied ? text.Body["embed_tokens"].Get("weight") : head.Get("weight"), head.Find("bias")).AsLogits();
    }

    private static Outputs Classify(EncodedText text)
    {
        Value Scores(Value x) => x.Linear(text.Weights["dense"]).Gelu().Linear(text.Weights["classifier"]);
        var pooling = text.Json.Text("classifier_pooling", "late");
        return (pooling switch
        {
            "bos" => Scores(text.Hidden.FirstToken()),
            "mean" => Scores(Mean(text.Hidden)),
            "late" => Mean(Scores(text.Hidden)), // each token is classified
            _ => throw text.Json.Invalid("classifier_pooling", "bos, mean or late was expected"),
        }).AsLogits();

        Value Mean(Value x)
        {
            var seen = text.Inputs.Attended.Cast(ElementType.Float32).Unsqueeze(2); // [B, S, 1]
            return (x * seen).Sum(axis: 1) / seen.Sum(axis: 1);
        }
    }
}
