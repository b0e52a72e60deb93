using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>GTE: BERT's order of layers with rotary positions and gated feed-forward layers.</summary>
/// <remarks>Source: arXiv:2407.19669; outputs of transformers 5.23, modeling_gte.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Gte
{
    public static Architecture Architecture { get; } = TextEncoder.Family("gte", "Alibaba-NLP/gte-base-en-v1.5", Encode,
        new("GteModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("GteForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsLogits()),
        new("GteForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("GteForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var theta = json.RotaryTheta(160_000);
        var body = weights.Body("gte", "new");
        weights.Ignore("lm_head", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler");

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 1)).LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var width = x.Dim(2).Size!.Value; // tables have known widths
        var rotations = x.Graph.Rotations(inputs.Length, (int)width / shape.Heads, theta);
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
}
