using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>LayoutLM: BERT's encoder of a page's words, told where each stands.</summary>
/// <remarks>Source: arXiv:1912.13318; outputs of transformers 5.23, modeling_layoutlm.py. B = batch, S = tokens, H = hidden size.
/// bbox is int64 [B, S, 4]: left, top, right and bottom, 0 to 1000.</remarks>
internal static class LayoutLM
{
    public static Architecture Architecture { get; } = TextEncoder.Family("layoutlm", "microsoft/layoutlm-base-uncased", Encode,
        new("LayoutLMModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("LayoutLMForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(BertShape.Of(text.Json)).AsLogits()),
        new("LayoutLMForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsLogits()),
        new("LayoutLMForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("LayoutLMForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("layoutlm");
        weights.Ignore("cls", "classifier", "qa_outputs");
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var boxes = inputs.Tokens("bbox", width: 4);
        var (left, top, right, bottom) = (boxes.At(axis: 2, 0), boxes.At(axis: 2, 1), boxes.At(axis: 2, 2), boxes.At(axis: 2, 3));
        var (across, down) = (embeddings["x_position_embeddings"], embeddings["y_position_embeddings"]);
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2)) + inputs.Ids.LearnedPositions(embeddings["position_embeddings"])
            + left.Embedding(across) + top.Embedding(down) + right.Embedding(across) + bottom.Embedding(down)
            + (bottom - top).Embedding(embeddings["h_position_embeddings"]) + (right - left).Embedding(embeddings["w_position_embeddings"]);
        x = x.LayerNorm(embeddings["LayerNorm"], shape.Epsilon)
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }
}
