using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>DeBERTa: BERT's encoder whose scores also compare contents with relative positions.</summary>
/// <remarks>Source: arXiv:2006.03654; outputs of transformers 5.23, modeling_deberta.py. B = batch, S = tokens, H = hidden size, D = size of a head.</remarks>
internal static class Deberta
{
    public static Architecture Architecture { get; } = TextEncoder.Family("deberta", "microsoft/deberta-base", Encode,
        DisentangledAttention.DebertaHeads("Deberta"));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json, epsilon: 1e-7f);
        if (json.Bool("talking_head", false))
            throw new UnsupportedModelException("This DeBERTa mixes the scores of its heads (talking_head in config.json).", "Only models without it are built.");
        var body = weights.Body("deberta");
        weights.Ignore("cls", "lm_predictions", "mask_predictions", "pooler", "classifier", "qa_outputs");

        var x = inputs.EmbedDeberta(json, body["embeddings"], shape.Epsilon);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        var (table, rows) = RelativePositions(inputs, json, body);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            x = Attention(x, mask, table, rows, layer["attention.self"], json, shape).BertOutputs(x, layer, shape);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // The table of relative positions, [2 * reach, H], and its rows for a text; null where positions are absolute.
    private static (Value? Table, RelativeRows? Rows) RelativePositions(TextInputs inputs, ModelConfig json, Weights body)
    {
        if (!json.Bool("relative_attention", false))
        {
            body.Ignore("encoder.rel_embeddings");
            return (null, null);
        }
        var reach = json.MaxRelativePositions();
        var rows = RelativeRows.Of(inputs.Ids.Graph, inputs.Length, reach, distance => Math.Clamp(distance + reach, 0, 2L * reach - 1));
        return (body["encoder.rel_embeddings"].Get("weight"), rows);
    }

    private static Value Attention(Value x, Value mask, Value? table, RelativeRows? rows, Weights weights, ModelConfig json, BertShape shape)
    {
        // Query, key and value of a head lie together: [B, S, heads * 3 * D].
        var projected = x.Linear(weights["in_proj"]).SplitHeads(shape.Heads); // [B, heads, S, 3 * D]
        var size = projected.Dim(3).Size!.Value / 3; // projections have known widths
        var parts = projected.Split(axis: 3, size, size, size);
        Value Biased(Value part, string bias) => part + weights.Get(bias).Reshape(shape.Heads, 1, size);
        var (query, key, value) = (Biased(parts[0], "q_bias"), parts[1], Biased(parts[2], "v_bias"));
        var types = json.PositionTypes();
        var scale = 1 / MathF.Sqrt(size * (1 + types.Count));
        if (table is not null && rows is not null && DisentangledAttention.RelativeScores(query, key,
                types.Contains("c2p") ? table.ProjectPositions(weights["pos_proj"], shape.Heads, scale) : null,
                types.Contains("p2c") ? table.ProjectPositions(weights["pos_q_proj"], shape.Heads, scale) : null, rows) is { } scores)
            mask += scores;
        return query.Attend(key, value, mask, scale);
    }
}
