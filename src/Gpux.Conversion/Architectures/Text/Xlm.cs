using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>XLM, and FlauBERT, which may normalise before each sub-layer: encoders whose tokens may also say which language they are of.</summary>
/// <remarks>Source: arXiv:1901.07291, arXiv:1912.05372; outputs of transformers 4.40 and 5.23, modeling_xlm.py and modeling_flaubert.py.
/// B = batch, S = tokens, H = hidden size. langs is int64 [B, S]; -1 where a token is of no language.</remarks>
internal static class Xlm
{
    public static Architecture Architecture { get; } = TextEncoder.Family("xlm", "FacebookAI/xlm-mlm-en-2048", Encode, Heads("XLM"));
    public static Architecture Flaubert { get; } = TextEncoder.Family("flaubert", "flaubert/flaubert_base_uncased", Encode, Heads("Flaubert"));

    private static TextHead[] Heads(string prefix) =>
    [
        new($"{prefix}Model", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new($"{prefix}WithLMHeadModel", ModelTask.FillMask, PredictTokens),
        new($"{prefix}ForSequenceClassification", ModelTask.TextClassification, text => Summarize(text).AsLogits()),
        new($"{prefix}ForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new($"{prefix}ForQuestionAnsweringSimple", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new($"{prefix}ForMultipleChoice", ModelTask.MultipleChoice, text => Summarize(text).Linear(text.Weights["logits_proj"]).AsChoices()),
    ];

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        if (json.Bool("causal", false) || !json.Bool("is_encoder", true))
            throw new UnsupportedModelException($"This {json.ModelType} is configured as a decoder (causal or is_encoder in config.json).", "Only encoders are built.");
        var (heads, epsilon) = (json.Int("n_heads", 16, minimum: 1), json.Float("layer_norm_eps", 1e-12f));
        var (activation, normalizesBefore) = (json.Bool("gelu_activation", true) ? "gelu" : "relu", json.Bool("pre_norm", false));
        var body = weights.Body("transformer");
        weights.Ignore("pred_layer", "sequence_summary", "classifier", "qa_outputs", "logits_proj"); // heads of other classes
        body.Ignore("position_ids");

        var x = inputs.Ids.Embedding(body["embeddings"]) + inputs.Ids.LearnedPositions(body["position_embeddings"]);
        if (json.Int("n_langs", 1) > 1 && json.Bool("use_lang_emb", true))
        {
            var (languages, none) = (inputs.Tokens("langs"), inputs.Ids.Graph.Constant(0L));
            x += languages.Maximum(none).Embedding(body["lang_embeddings"]) * (languages >= none).Cast(ElementType.Float32).Unsqueeze(2);
        }
        body.Ignore("lang_embeddings");
        var seen = inputs.Attended.Cast(ElementType.Float32).Unsqueeze(2); // [B, S, 1]
        x = x.LayerNorm(body["layer_norm_emb"], epsilon) * seen;
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < json.LayerCount("n_layers", 12); i++)
        {
            var (attention, inner) = (body[$"attentions.{i}"], body[$"ffns.{i}"]);
            var (norm1, norm2) = (body[$"layer_norm1.{i}"], body[$"layer_norm2.{i}"]);
            Value Attend(Value y)
            {
                Value Project(string name) => y.Linear(attention[name]).SplitHeads(heads);
                return Project("q_lin").Attend(Project("k_lin"), Project("v_lin"), mask).Linear(attention["out_lin"]);
            }
            Value FeedForward(Value y) => y.Linear(inner["lin1"]).Apply(activation).Linear(inner["lin2"]);
            if (normalizesBefore)
            {
                x += Attend(x.LayerNorm(norm1, epsilon));
                x += FeedForward(x.LayerNorm(norm2, epsilon));
            }
            else
            {
                x = (x + Attend(x)).LayerNorm(norm1, epsilon);
                x = (x + FeedForward(x)).LayerNorm(norm2, epsilon);
            }
            x *= seen;
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // As wide as there are labels: summary_proj_to_labels.
    private static Value Summarize(EncodedText text) => text.Summarize(type: "first", isProjected: true, activation: null);

    private static Outputs PredictTokens(EncodedText text)
    {
        if (text.Json.Bool("asm", false))
            throw new UnsupportedModelException($"This {text.Json.ModelType} scores tokens by an adaptive softmax (asm in config.json).", "Take the class without a head.");
        return text.Hidden.ScoreTokens(text.Weights["pred_layer"], text.Body["embeddings"], text.Json, decoder: "proj").AsLogits();
    }
}
