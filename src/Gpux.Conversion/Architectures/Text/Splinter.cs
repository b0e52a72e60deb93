using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>Splinter: BERT's encoder, whose answers are found from the state of a question token.</summary>
/// <remarks>Source: arXiv:2101.00438; outputs of transformers 5.23, modeling_splinter.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Splinter
{
    public static Architecture Architecture { get; } = TextEncoder.Family("splinter", "tau/splinter-base", Encode,
        new("SplinterModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("SplinterForQuestionAnswering", ModelTask.QuestionAnswering, SelectSpan));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("splinter");
        weights.Ignore("splinter_qass");
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

    // Each token's score as an end of the answer is its product with what the first question token asks for; padding scores lowest.
    private static Outputs SelectSpan(EncodedText text)
    {
        var (head, hidden) = (text.Weights["splinter_qass"], text.Hidden);
        var question = text.Inputs.Ids.EqualTo(text.Json.Int("question_token_id", 104)).Cast(ElementType.Int64).ArgMax(axis: 1, keep: true); // [B, 1]
        var asking = hidden.GatherElements(question.Unsqueeze(2).Expand(hidden.Dim(0), 1, hidden.Dim(2)), axis: 1); // [B, 1, H]
        var padding = (1f - text.Inputs.Attended.Cast(ElementType.Float32)) * SelfAttention.Masked;

        Value Transform(Value states, string name) => states.Transform(head[name], "gelu", Convolutions.Epsilon); // torch.nn.LayerNorm's too
        Value Score(string end) => Transform(asking, $"query_{end}_transform").Linear(head[$"{end}_classifier"])
            .MatMul(Transform(hidden, $"{end}_transform").Transpose(0, 2, 1)).Squeeze(1) + padding; // [B, S]
        return new Outputs { { "start_logits", Score("start") }, { "end_logits", Score("end") } };
    }
}
