using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>Megatron's BERT: the encoder normalises before each sub-layer, and embeddings not at all.</summary>
/// <remarks>Source: arXiv:1909.08053; outputs of transformers 5.23, modeling_megatron_bert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class MegatronBert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("megatron-bert", "nvidia/megatron-bert-uncased-345m", Encode,
        new("MegatronBertModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("MegatronBertForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(Shape(text.Json)).AsLogits()),
        new("MegatronBertForPreTraining", ModelTask.PreTraining, text => new Outputs
        {
            { "prediction_logits", text.PredictBertTokens(Shape(text.Json)) },
            { "seq_relationship_logits", Pool(text).Linear(text.Weights["cls.seq_relationship"]) },
        }),
        new("MegatronBertForNextSentencePrediction", ModelTask.NextSentencePrediction,
            text => Pool(text).Linear(text.Weights["cls.seq_relationship"]).AsLogits()),
        new("MegatronBertForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new("MegatronBertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("MegatronBertForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("MegatronBertForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()));

    private static BertShape Shape(ModelConfig json) => BertShape.Of(json, layers: 24, heads: 16);

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = Shape(json);
        var body = weights.Body("bert");
        weights.Ignore("cls", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2));
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.LearnedPositions(embeddings["position_embeddings"]);
        else
            embeddings.Ignore("position_embeddings");
        x = x.BertPreNormLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape, "attention.ln", "ln")
            .LayerNorm(body["encoder.ln"], shape.Epsilon);
        return new EncodedText(x, inputs, json, body, weights);
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler.dense"]);
}
