using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>GTE: BERT's order of layers with rotary positions and gated feed-forward layers.</summary>
/// <remarks>Source: arXiv:2407.19669; outputs of transformers 5.23, modeling_gte.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Gte
{
    public static Architecture Architecture { get; } = TextEncoder.Family("gte", "Alibaba-NLP/gte-base-en-v1.5",
        (inputs, json, weights) => Encode(inputs, json, weights, defaultTheta: 160_000),
    [
        .. Heads("Gte"),
        new("GteForMaskedLM", ModelTask.FillMask, text => text.PredictRobertaTokens().AsLogits()),
        new("GteForMultipleChoice", ModelTask.MultipleChoice,
            text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsChoices()),
    ]);

    /// <summary>The classes that published repositories have too.</summary>
    internal static TextHead[] Heads(string prefix) =>
    [
        new($"{prefix}Model", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new($"{prefix}ForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsLogits()),
        new($"{prefix}ForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new($"{prefix}ForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
    ];

    /// <param name="defaultTheta">The base of the wavelengths where config.json states none.</param>
    internal static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights, float defaultTheta)
    {
        var shape = new BertShape(json.LayerCount("num_hidden_layers", 12), json.Int("num_attention_heads", 12, minimum: 1),
            json.Text("hidden_act", "gelu"), json.Float("layer_norm_eps", 1e-12f), Positions: "rotary");
        var body = weights.Body("gte", "new");
        weights.Ignore("lm_head", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler");

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 1)).LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var width = x.Dim(2).Size!.Value; // tables have known widths
        var size = (int)width / shape.Heads;
        var (theta, stretch) = Rotary(json, defaultTheta, size);
        var rotations = x.Graph.Rotations(inputs.Length, size, theta, stretch);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var parts = x.Linear(layer["attention.qkv_proj"]).Split(axis: 2, width, width, width);
            var (query, key) = (parts[0].SplitHeads(shape.Heads).Rotate(rotations), parts[1].SplitHeads(shape.Heads).Rotate(rotations));
            x = (query.Attend(key, parts[2].SplitHeads(shape.Heads), mask).Linear(layer["attention.o_proj"]) + x).LayerNorm(layer["attn_ln"], shape.Epsilon);
            var wide = x.Linear(layer["mlp.up_gate_proj"]);
            var half = wide.Dim(2).Size!.Value / 2; // projections have known widths
            var halves = wide.Split(axis: 2, half, half);
            x = ((halves[0] * halves[1].Apply(shape.Activation)).Linear(layer["mlp.down_proj"]) + x).LayerNorm(layer["mlp_ln"], shape.Epsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // The rule "ntk" is a larger base and stretched positions at once, at every length.
    private static (float Theta, float Stretch) Rotary(ModelConfig json, float defaultTheta, int size)
    {
        var scaling = json.Section("rope_scaling");
        if (json.Has("rope_parameters") || scaling.Text("type", "") != "ntk")
            return json.Rotary(defaultTheta);
        var factor = scaling.Number("factor", 1);
        if (factor < 1 || scaling.Has("mixed_b"))
            throw Positions.ScaledPositions(json.ModelType, "ntk with mixed_b or a factor below 1");
        return ((float)(json.Number("rope_theta", defaultTheta) * factor), (float)Math.Pow(factor, 2.0 / size));
    }
}
