using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>Nomic BERT: BERT's order of layers with rotary positions and gated feed-forward layers.</summary>
/// <remarks>Source: arXiv:2402.01613; outputs of transformers 5.23, modeling_nomic_bert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class NomicBert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("nomic_bert", "nomic-ai/nomic-embed-text-v1.5", Encode,
        new("NomicBertModel", ModelTask.FeatureExtraction, text => new() { { "last_hidden_state", text.Hidden } }),
        new("NomicBertForMaskedLM", ModelTask.FillMask, PredictTokens),
        new("NomicBertForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsLogits()),
        new("NomicBertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()));

    // Each field has the spelling of the library, and that of repositories with their own modeling code.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", Json.LayerCount("n_layer", 12));
        public int Heads { get; } = Json.Int("num_attention_heads", Json.Int("n_head", 12, minimum: 1), minimum: 1);
        public float Epsilon { get; } = Json.Float("layer_norm_eps", Json.Float("layer_norm_epsilon", 1e-12f));
        public (float Theta, float Stretch) Rotary { get; } = Json.Rotary(Json.Float("rotary_emb_base", 1000));
        public string Activation { get; } = Json.Text("activation_function", "") switch
        {
            "" => Json.Text("hidden_act", "silu"),
            "swiglu" => "silu",
            "geglu" => "gelu",
            "glu" => "sigmoid",
            var other => throw Json.Invalid("activation_function", $"swiglu, geglu or glu was expected, not {other}"),
        };
    }

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        RequireKnownForm(json);
        var config = new Config(json);
        var body = weights.Body("nomic_bert", "bert");
        weights.Ignore("cls", "classifier");
        body.Ignore("pooler");

        var x = inputs.EmbedTokens(body["embeddings"], json.Int("type_vocab_size", 2)).LayerNorm(body["emb_ln"], config.Epsilon);
        // head_dim need not be hidden_size / heads.
        var size = json.Int("head_dim", (int)x.Dim(2).Size!.Value / config.Heads, minimum: 1); // tables have known widths
        var width = (long)size * config.Heads;
        var rotations = x.Graph.Rotations(inputs.Length, size, config.Rotary.Theta, config.Rotary.Stretch);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < config.Layers; i++)
        {
            var layer = body[$"encoder.layers.{i}"];
            layer["attn"].Ignore("rotary_emb");
            var parts = x.Linear(layer["attn.Wqkv"]).Split(axis: 2, width, width, width);
            var (query, key) = (parts[0].SplitHeads(config.Heads).Rotate(rotations), parts[1].SplitHeads(config.Heads).Rotate(rotations));
            x = (query.Attend(key, parts[2].SplitHeads(config.Heads), mask).Linear(layer["attn.out_proj"]) + x).LayerNorm(layer["norm1"], config.Epsilon);
            var inner = x.Linear(layer["mlp.fc11"]) * x.Linear(layer["mlp.fc12"]).Apply(config.Activation);
            x = (inner.Linear(layer["mlp.fc2"]) + x).LayerNorm(layer["norm2"], config.Epsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // The modeling code of some repositories knows more forms than were ever published.
    private static void RequireKnownForm(ModelConfig json)
    {
        foreach (var field in (ReadOnlySpan<string>)["prenorm", "parallel_block", "use_rms_norm", "causal", "rotary_emb_interleaved", "scale_attn_by_inverse_layer_idx"])
            if (json.Bool(field, false))
                throw Unsupported(field);
        if (json.Float("rotary_emb_fraction", 1) != 1)
            throw Unsupported("rotary_emb_fraction");
        foreach (var field in (ReadOnlySpan<string>)["rotary_emb_scale_base", "rotary_scaling_factor", "num_experts"])
            if (json.Has(field) && json.Float(field, 0) != 0)
                throw Unsupported(field);
    }

    private static UnsupportedModelException Unsupported(string field) => new(
        $"This nomic_bert has '{field}' in config.json, which is not built.", "Take a model of the published form, such as nomic-ai/nomic-embed-text-v1.5.");

    private static Outputs PredictTokens(EncodedText text)
    {
        var (head, config) = (text.Weights["cls.predictions"], new Config(text.Json));
        return text.Hidden.Transform(head["transform"], config.Activation, config.Epsilon, norm: "layer_norm")
            .ScoreTokens(head, text.Body["embeddings.word_embeddings"], text.Json).AsLogits();
    }
}
