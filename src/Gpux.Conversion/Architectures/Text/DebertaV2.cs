using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>DeBERTa of the second and third generation: relative positions in buckets, projections shared with contents, and a
/// convolution beside the first layer of the largest models.</summary>
/// <remarks>Source: arXiv:2111.09543; outputs of transformers 5.23, modeling_deberta_v2.py. B = batch, S = tokens, H = hidden size, D = size of a head.</remarks>
internal static class DebertaV2
{
    public static Architecture Architecture { get; } = TextEncoder.Family("deberta-v2", "microsoft/deberta-v3-base", Encode,
    [
        .. DisentangledAttention.DebertaHeads("DebertaV2"),
        new("DebertaV2ForMultipleChoice", ModelTask.MultipleChoice,
            text => DisentangledAttention.Pool(text).Linear(text.Weights["classifier"]).AsChoices()),
    ]);

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json, epsilon: 1e-7f);
        var body = weights.Body("deberta");
        weights.Ignore("cls", "lm_predictions", "mask_predictions", "pooler", "classifier", "qa_outputs");

        var x = inputs.EmbedDeberta(json, body["embeddings"], shape.Epsilon);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        var (table, rows) = RelativePositions(inputs, json, body["encoder"], shape);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var output = Attention(x, mask, table, rows, layer["attention.self"], json, shape).BertOutputs(x, layer, shape);
            x = i == 0 && json.Int("conv_kernel_size", 0) > 0 ? Convolve(x, output, inputs, json, body["encoder.conv"], shape) : output;
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // The table of relative positions, [2 * span, H], and its row for each query and key, int64 [S, S]; null where positions are absolute.
    private static (Value? Table, Value? Rows) RelativePositions(TextInputs inputs, ModelConfig json, Weights encoder, BertShape shape)
    {
        if (!json.Bool("relative_attention", false))
        {
            encoder.Ignore("rel_embeddings", "LayerNorm");
            return (null, null);
        }
        var table = encoder["rel_embeddings"].Get("weight");
        if (json.Text("norm_rel_ebd", "none").ToLowerInvariant().Split('|', StringSplitOptions.TrimEntries).Contains("layer_norm"))
            table = table.LayerNorm(encoder["LayerNorm"], shape.Epsilon);
        var reach = json.MaxRelativePositions();
        var buckets = json.Float("position_buckets", -1) >= 1 ? json.Int("position_buckets") : 0;
        var span = buckets > 0 ? buckets : reach;
        var (graph, distances) = (inputs.Ids.Graph, inputs.Ids.Graph.Distances(inputs.Length));
        var rows = buckets > 0 ? distances.ByDistance(2 * reach, distance => Math.Clamp(Bucket(distance, buckets, reach) + span, 0, 2L * span - 1))
            : (distances + graph.Constant(span)).Clip(0, 2L * span - 1);
        return (table, rows);
    }

    // Near distances have a bucket each; farther ones share buckets that grow by powers, in single precision as the original computes it.
    private static long Bucket(int distance, int buckets, int reach)
    {
        var exact = buckets / 2;
        var steps = Math.Abs(distance);
        if (steps <= exact)
            return distance;
        var grown = MathF.Log((float)steps / exact) / MathF.Log((float)((reach - 1) / (double)exact)) * (exact - 1);
        return Math.Sign(distance) * ((long)MathF.Ceiling(grown) + exact);
    }

    private static Value Attention(Value x, Value mask, Value? table, Value? rows, Weights weights, ModelConfig json, BertShape shape)
    {
        var query = x.Linear(weights["query_proj"]).SplitHeads(shape.Heads);
        var key = x.Linear(weights["key_proj"]).SplitHeads(shape.Heads);
        var value = x.Linear(weights["value_proj"]).SplitHeads(shape.Heads);
        var types = json.PositionTypes();
        var scale = 1 / MathF.Sqrt(query.Dim(3).Size!.Value * (1 + types.Count)); // projections have known widths
        // Positions go through the projections of contents, or through their own.
        var isShared = json.Bool("share_att_key", false);
        var (keyProjection, queryProjection) = isShared ? ("key_proj", "query_proj") : ("pos_key_proj", "pos_query_proj");
        if (table is not null && rows is not null && DisentangledAttention.RelativeScores(query, key,
                types.Contains("c2p") ? table.ProjectPositions(weights[keyProjection], shape.Heads) : null,
                types.Contains("p2c") ? table.ProjectPositions(weights[queryProjection], shape.Heads) : null, rows) is { } scores)
            mask += scores * scale;
        return query.Attend(key, value, mask, scale);
    }

    // A convolution over tokens of what the first layer was given, added to what it gives; padding stays zero.
    private static Value Convolve(Value x, Value output, TextInputs inputs, ModelConfig json, Weights weights, BertShape shape)
    {
        var (kernel, seen) = (weights["conv"].Get("weight").Unsqueeze(2), inputs.Attended.Cast(ElementType.Float32).Unsqueeze(2)); // [B, S, 1]
        var padding = (json.Int("conv_kernel_size") - 1) / 2;
        var convolved = x.Transpose(0, 2, 1).Unsqueeze(2) // [B, H, 1, S]
            .Conv2D(kernel, weights["conv"].Get("bias"), stride: (1, 1), padding: (0, padding), groups: json.Int("conv_groups", 1, minimum: 1))
            .Squeeze(2).Transpose(0, 2, 1) * seen;
        return (output + convolved.Apply(json.Text("conv_act", "tanh"))).LayerNorm(weights["LayerNorm"], shape.Epsilon) * seen;
    }
}
