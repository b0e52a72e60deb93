using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>RoFormer: BERT's encoder with rotary positions.</summary>
/// <remarks>Source: arXiv:2104.09864; outputs of transformers 5.23, modeling_roformer.py. B = batch, S = tokens, H = hidden size, D = size of a head.</remarks>
internal static class RoFormer
{
    public static Architecture Architecture { get; } = TextEncoder.Family("roformer", "junnyu/roformer_chinese_base", Encode,
        new("RoFormerModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("RoFormerForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(BertShape.Of(text.Json)).AsLogits()),
        new("RoFormerForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"], BertShape.Of(text.Json).Activation).AsLogits()),
        new("RoFormerForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("RoFormerForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("RoFormerForMultipleChoice", ModelTask.MultipleChoice,
            text => text.Summarize(type: "last", isProjected: false, activation: null).Linear(text.Weights["classifier"]).AsChoices()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("roformer");
        weights.Ignore("cls", "classifier", "qa_outputs", "sequence_summary"); // heads of other classes

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2)).LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        if (body.Has("embeddings_project"))
            x = x.Linear(body["embeddings_project"]);
        var rotations = Rotations(inputs, (int)x.Dim(2).Size!.Value / shape.Heads, body["encoder"]); // projections have known widths
        var (mask, turnsValues) = (inputs.Attended.PaddingMask(inputs.Length), json.Bool("rotary_value", false));
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            Value Project(string name) => x.Linear(layer["attention.self"][name]).SplitHeads(shape.Heads);
            var value = turnsValues ? Project("value").RotateNeighbours(rotations) : Project("value");
            x = Project("query").RotateNeighbours(rotations).Attend(Project("key").RotateNeighbours(rotations), value, mask)
                .BertOutputs(x, layer, shape);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // Sines and cosines are stored side by side: [positions, D].
    private static (Value Cosines, Value Sines) Rotations(TextInputs inputs, int size, Weights encoder)
    {
        if (!encoder.Has("embed_positions"))
            return inputs.Ids.Graph.Rotations(inputs.Length, size, theta: 10_000);
        var parts = inputs.Ids.LearnedPositions(encoder["embed_positions"]).Split(axis: 1, size / 2, size / 2);
        return (parts[1], parts[0]);
    }
}
