using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>BERT: a bidirectional encoder that normalises after each residual sum.</summary>
/// <remarks>Source: arXiv:1810.04805; outputs of transformers 4.40 and 5.23, modeling_bert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Bert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("bert", "google-bert/bert-base-uncased", Encode,
        new("BertModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("BertForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(BertShape.Of(text.Json)).AsLogits()),
        new("BertForPreTraining", ModelTask.PreTraining, text => new Outputs
        {
            { "prediction_logits", text.PredictBertTokens(BertShape.Of(text.Json)) },
            { "seq_relationship_logits", Pool(text).Linear(text.Weights["cls.seq_relationship"]) },
        }),
        new("BertForNextSentencePrediction", ModelTask.NextSentencePrediction,
            text => Pool(text).Linear(text.Weights["cls.seq_relationship"]).AsLogits()),
        new("BertForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new("BertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("BertForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("BertForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("bert");
        weights.Ignore("cls", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2));
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.LearnedPositions(embeddings["position_embeddings"]);
        else
            embeddings.Ignore("position_embeddings");
        x = x.LayerNorm(embeddings["LayerNorm"], shape.Epsilon)
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler.dense"]);
}
