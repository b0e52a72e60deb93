using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>ERNIE: BERT's encoder whose tokens may also say which task they are of.</summary>
/// <remarks>Source: arXiv:2107.02137; outputs of transformers 5.23, modeling_ernie.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Ernie
{
    public static Architecture Architecture { get; } = TextEncoder.Family("ernie", "nghuyong/ernie-3.0-base-zh", Encode,
        new("ErnieModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("ErnieForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(BertShape.Of(text.Json)).AsLogits()),
        new("ErnieForPreTraining", ModelTask.PreTraining, text => new Outputs
        {
            { "prediction_logits", text.PredictBertTokens(BertShape.Of(text.Json)) },
            { "seq_relationship_logits", Pool(text).Linear(text.Weights["cls.seq_relationship"]) },
        }),
        new("ErnieForNextSentencePrediction", ModelTask.NextSentencePrediction,
            text => Pool(text).Linear(text.Weights["cls.seq_relationship"]).AsLogits()),
        new("ErnieForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new("ErnieForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("ErnieForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("ErnieForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("ernie");
        weights.Ignore("cls", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2));
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.LearnedPositions(embeddings["position_embeddings"]);
        else
            embeddings.Ignore("position_embeddings");
        if (json.Bool("use_task_id", false))
            x += inputs.Tokens("task_type_ids").Embedding(embeddings["task_type_embeddings"]);
        else
            embeddings.Ignore("task_type_embeddings");
        x = x.LayerNorm(embeddings["LayerNorm"], shape.Epsilon)
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler.dense"]);
}
