using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>ELECTRA: BERT's encoder, trained to tell replaced tokens; embeddings may be narrower than the layers.</summary>
/// <remarks>Source: arXiv:2003.10555; outputs of transformers 4.40 and 5.23, modeling_electra.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Electra
{
    public static Architecture Architecture { get; } = TextEncoder.Family("electra", "google/electra-small-discriminator", Encode,
        new("ElectraModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("ElectraForMaskedLM", ModelTask.FillMask, PredictTokens),
        new("ElectraForPreTraining", ModelTask.PreTraining, DetectReplacedTokens),
        new("ElectraForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"], "gelu").AsLogits()),
        new("ElectraForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("ElectraForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("ElectraForMultipleChoice", ModelTask.MultipleChoice, text => text.Summarize(type: "first", isProjected: true, activation: "gelu").Linear(text.Weights["classifier"]).AsChoices()));

    private static BertShape Shape(ModelConfig json) => BertShape.Of(json, heads: 4);

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = Shape(json);
        var body = weights.Body("electra");
        weights.Ignore("generator_predictions", "generator_lm_head", "discriminator_predictions", "sequence_summary", "classifier", "qa_outputs");
        body.Ignore("embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2));
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.LearnedPositions(embeddings["position_embeddings"]);
        else
            embeddings.Ignore("position_embeddings");
        x = x.LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        if (json.Int("embedding_size", 128) != json.Int("hidden_size", 256))
            x = x.Linear(body["embeddings_project"]);
        x = x.BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    // The generator: its activation is gelu, whatever the layers have.
    private static Outputs PredictTokens(EncodedText text) => text.Hidden
        .Transform(text.Weights["generator_predictions"], "gelu", Shape(text.Json).Epsilon)
        .ScoreTokens(text.Weights, text.Body["embeddings.word_embeddings"], text.Json, decoder: "generator_lm_head").AsLogits();

    // The discriminator: one logit a token, [B, S].
    private static Outputs DetectReplacedTokens(EncodedText text)
    {
        var head = text.Weights["discriminator_predictions"];
        return text.Hidden.Linear(head["dense"]).Apply(Shape(text.Json).Activation).Linear(head["dense_prediction"]).Squeeze(2).AsLogits();
    }
}
