using Gpux.Conversion.Architectures;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What DeBERTa's two generations share: attention between contents and relative positions (arXiv:2006.03654).
/// B = batch, S = tokens, H = hidden size, D = size of a head, R = rows of the table of relative positions.</summary>
internal static class DisentangledAttention
{
    /// <summary>The kinds of scores that config.json names, as a list or as "c2p|p2c".</summary>
    public static IReadOnlyList<string> PositionTypes(this ModelConfig json)
    {
        var types = json.IsText("pos_att_type") ? json.Text("pos_att_type", "").ToLowerInvariant().Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : json.Texts("pos_att_type");
        foreach (var type in types)
            if (type is not "c2p" and not "p2c")
                throw json.Invalid("pos_att_type", "c2p, p2c or both were expected");
        return types;
    }

    /// <summary>How far relative positions reach; -1, the default, stands for as far as positions.</summary>
    public static int MaxRelativePositions(this ModelConfig json) =>
        json.Float("max_relative_positions", -1) >= 1 ? json.Reach("max_relative_positions", 512) : json.Reach("max_position_embeddings", 512);

    /// <summary>Embeddings of tokens, and of positions and types if the model adds them: [B, S, H], zero for padding.</summary>
    public static Value EmbedDeberta(this TextInputs inputs, ModelConfig json, Weights weights, float epsilon)
    {
        var x = inputs.EmbedTokens(weights, json.Int("type_vocab_size", 0));
        if (json.Bool("position_biased_input", true))
            x += inputs.Ids.LearnedPositions(weights["position_embeddings"]);
        weights.Ignore("position_embeddings", "position_ids");
        if (weights.Has("embed_proj"))
            x = x.Linear(weights["embed_proj"]);
        return x.LayerNorm(weights["LayerNorm"], epsilon) * inputs.Attended.Cast(ElementType.Float32).Unsqueeze(2);
    }

    /// <summary>Projects the table of relative positions, as heads, and scales it: [1, heads, R, D].</summary>
    public static Value ProjectPositions(this Value table, Weights projection, int heads, float scale)
    {
        var projected = table.Linear(projection) * scale; // [R, H]
        var size = projected.Dim(1).Size!.Value / heads; // projections have known widths
        return projected.Reshape(table.Dim(0), heads, size).Transpose(1, 0, 2).Unsqueeze(0);
    }

    /// <summary>Scores of contents against relative positions: [B, heads, S, S].</summary>
    /// <param name="query">[B, heads, S, D], and so <paramref name="key"/>.</param>
    /// <param name="keyPositions">[1, heads, R, D] for c2p; null without it.</param>
    /// <param name="queryPositions">[1, heads, R, D] for p2c; null without it.</param>
    public static Value? RelativeScores(Value query, Value key, Value? keyPositions, Value? queryPositions, RelativeRows rows)
    {
        static Value Score(Value contents, Value positions, Value rows) =>
            contents.MatMul(positions.Gather(rows, axis: 2).Transpose(0, 1, 3, 2)).ShiftDistances();
        var byContent = keyPositions is null ? null : Score(query, keyPositions, rows.Falling);
        // Seen from the key, distances rise.
        var byPosition = queryPositions is null ? null : Score(key, queryPositions, rows.Rising).Transpose(0, 1, 3, 2);
        return byContent is null ? byPosition : byPosition is null ? byContent : byContent + byPosition;
    }

    /// <summary>The classes that both generations have.</summary>
    public static TextHead[] DebertaHeads(string prefix) =>
    [
        new($"{prefix}Model", ModelTask.FeatureExtraction, text => new() { { "last_hidden_state", text.Hidden } }),
        new($"{prefix}ForMaskedLM", ModelTask.FillMask, PredictTokens),
        new($"{prefix}ForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new($"{prefix}ForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new($"{prefix}ForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
    ];

    /// <summary>The pooler that both generations keep beside the body: [B, H].</summary>
    public static Value Pool(EncodedText text) => text.Hidden.FirstToken().Linear(text.Weights["pooler.dense"])
        .Apply(text.Json.Text("pooler_hidden_act", "gelu"));

    private static Outputs PredictTokens(EncodedText text)
    {
        var shape = BertShape.Of(text.Json, epsilon: 1e-7f);
        if (text.Json.Bool("legacy", true))
            return text.PredictBertTokens(shape).AsLogits();
        // The head as the authors published it: always the table itself.
        var (published, table) = (text.Weights["lm_predictions.lm_head"], text.Body["embeddings.word_embeddings"]);
        return text.Hidden.Transform(published, shape.Activation, shape.Epsilon).Linear(table.Get("weight"), published.Get("bias")).AsLogits();
    }
}
