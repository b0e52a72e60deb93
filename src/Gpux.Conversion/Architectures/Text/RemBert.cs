using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>RemBERT: BERT's encoder whose embeddings are narrower than the layers, and wider where it scores tokens.</summary>
/// <remarks>Source: arXiv:2010.12821; outputs of transformers 5.23, modeling_rembert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class RemBert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("rembert", "google/rembert", Encode,
        new("RemBertModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("RemBertForMaskedLM", ModelTask.FillMask, PredictTokens),
        new("RemBertForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new("RemBertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("RemBertForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("RemBertForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()));

    private static BertShape Shape(ModelConfig json) => BertShape.Of(json, layers: 32, heads: 18);

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = Shape(json);
        var body = weights.Body("rembert");
        weights.Ignore("cls", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = (inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2)) + inputs.Ids.LearnedPositions(embeddings["position_embeddings"]))
            .LayerNorm(embeddings["LayerNorm"], shape.Epsilon)
            .Linear(body["encoder.embedding_hidden_mapping_in"])
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler.dense"]);

    // The decoder is as wide as output_embedding_size: it has a weight of its own.
    private static Outputs PredictTokens(EncodedText text)
    {
        var (head, shape) = (text.Weights["cls.predictions"], Shape(text.Json));
        return text.Hidden.Transform(head, shape.Activation, shape.Epsilon).Linear(head["decoder"]).AsLogits();
    }
}
