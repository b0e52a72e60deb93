using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>ALBERT: BERT's encoder whose layers share weights within groups; embeddings are narrower than the layers.</summary>
/// <remarks>Source: arXiv:1909.11942; outputs of transformers 4.40 and 5.23, modeling_albert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Albert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("albert", "albert/albert-base-v2", Encode,
        new("AlbertModel", ModelTask.FeatureExtraction, States),
        new("AlbertForMaskedLM", ModelTask.FillMask, text => PredictTokens(text).AsLogits()),
        new("AlbertForPreTraining", ModelTask.PreTraining, text => new Outputs
        {
            { "prediction_logits", PredictTokens(text) },
            { "sop_logits", Pool(text).Linear(text.Weights["sop_classifier.classifier"]) },
        }),
        new("AlbertForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new("AlbertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("AlbertForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("AlbertForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()));

    private static BertShape Shape(ModelConfig json) => BertShape.Of(json, heads: 64, activation: "gelu_new");

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = Shape(json);
        var body = weights.Body("albert");
        weights.Ignore("predictions", "sop_classifier", "classifier", "qa_outputs");
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2));
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.LearnedPositions(embeddings["position_embeddings"]);
        else
            embeddings.Ignore("position_embeddings");
        x = x.LayerNorm(embeddings["LayerNorm"], shape.Epsilon).Linear(body["encoder.embedding_hidden_mapping_in"]);
        var (groups, layersOfGroup) = (json.Int("num_hidden_groups", 1, minimum: 1), json.LayerCount("inner_group_num", 1));
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
            for (var j = 0; j < layersOfGroup; j++)
                x = Layer(x, mask, body[$"encoder.albert_layer_groups.{(long)i * groups / shape.Layers}.albert_layers.{j}"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    private static Value Layer(Value x, Value mask, Weights weights, BertShape shape)
    {
        var attention = weights["attention"];
        x = (x.BertAttention(mask, attention, shape).Linear(attention["dense"]) + x).LayerNorm(attention["LayerNorm"], shape.Epsilon);
        var inner = x.Linear(weights["ffn"]).Apply(shape.Activation).Linear(weights["ffn_output"]);
        return (inner + x).LayerNorm(weights["full_layer_layer_norm"], shape.Epsilon);
    }

    private static Outputs States(EncodedText text)
    {
        var outputs = new Outputs { { "last_hidden_state", text.Hidden } };
        if (text.Body.Has("pooler"))
            outputs.Add("pooler_output", Pool(text));
        return outputs;
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler"]);

    private static Value PredictTokens(EncodedText text)
    {
        var (head, shape) = (text.Weights["predictions"], Shape(text.Json));
        return text.Hidden.Transform(head, shape.Activation, shape.Epsilon)
            .ScoreTokens(head, text.Body["embeddings.word_embeddings"], text.Json);
    }
}
