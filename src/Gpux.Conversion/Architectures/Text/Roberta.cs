using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>RoBERTa and the families that share its classes: BERT's encoder, with positions that count from behind the padding token.</summary>
/// <remarks>Source: arXiv:1907.11692; outputs of transformers 4.40 and 5.23, modeling_roberta.py, modeling_xlm_roberta.py,
/// modeling_camembert.py and modeling_data2vec_text.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Roberta
{
    public static Architecture Architecture { get; } = Family("roberta", "FacebookAI/roberta-base", "Roberta");
    public static Architecture XlmRoberta { get; } = Family("xlm-roberta", "FacebookAI/xlm-roberta-base", "XLMRoberta");
    public static Architecture Camembert { get; } = Family("camembert", "almanach/camembert-base", "Camembert");
    public static Architecture Data2VecText { get; } = Family("data2vec-text", "facebook/data2vec-text-base", "Data2VecText");

    /// <summary>The classes of a family over a body that states tokens as RoBERTa's does.</summary>
    /// <param name="epsilon">The default of layer_norm_eps.</param>
    internal static TextHead[] Heads(string prefix, float epsilon = 1e-12f) =>
    [
        new($"{prefix}Model", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new($"{prefix}ForMaskedLM", ModelTask.FillMask, text => text.PredictRobertaTokens(epsilon).AsLogits()),
        new($"{prefix}ForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"]).AsLogits()),
        new($"{prefix}ForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new($"{prefix}ForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new($"{prefix}ForMultipleChoice", ModelTask.MultipleChoice,
            text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsChoices()),
    ];

    /// <summary>Embeddings of tokens, types and positions, summed and normalised: [B, S, H].</summary>
    internal static Value Embed(TextInputs inputs, ModelConfig json, Weights weights, BertShape shape)
    {
        var x = inputs.EmbedTokens(weights, json.Int("type_vocab_size", 2));
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.PositionsBehindPadding(json.Int("pad_token_id", 1)).Embedding(weights["position_embeddings"]);
        else
            weights.Ignore("position_embeddings");
        return x.LayerNorm(weights["LayerNorm"], shape.Epsilon);
    }

    /// <summary>States that the tensors of heads that a class lacks are rightly not read.</summary>
    internal static void IgnoreOtherHeads(Weights weights, Weights body)
    {
        weights.Ignore("lm_head", "classifier", "qa_outputs");
        body.Ignore("pooler", "embeddings.position_ids");
    }

    private static Architecture Family(string modelType, string example, string prefix) =>
        TextEncoder.Family(modelType, example, Encode, Heads(prefix));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        // CamemBERT's checkpoints, and XLM-RoBERTa's, say roberta too.
        var body = weights.Body("roberta", "data2vec_text");
        IgnoreOtherHeads(weights, body);
        var x = Embed(inputs, json, body["embeddings"], shape)
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }
}
