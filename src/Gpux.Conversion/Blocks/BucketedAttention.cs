using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What config.json says of relative positions in the manner of DeBERTa's second generation.</summary>
/// <param name="IsRelative">Whether there are any.</param>
/// <param name="Types">The kinds of scores: c2p, p2c or both.</param>
/// <param name="IsShared">Whether positions go through the projections of contents.</param>
/// <param name="Reach">The furthest distance that is told apart.</param>
/// <param name="Buckets">How many distances on each side share the table; 0 where each has a row.</param>
/// <param name="NormalizesTable">Whether the table is normalised before it is used.</param>
internal sealed record BucketedPositions(bool IsRelative, IReadOnlyList<string> Types, bool IsShared, int Reach, int Buckets, bool NormalizesTable)
{
    /// <summary>With the defaults of DeBERTa-v2.</summary>
    public static BucketedPositions Of(ModelConfig json) => new(json.Bool("relative_attention", false), json.PositionTypes(), json.Bool("share_att_key", false),
        json.MaxRelativePositions(), json.Float("position_buckets", -1) >= 1 ? json.Int("position_buckets") : 0, Normalizes(json.Text("norm_rel_ebd", "none")));

    /// <summary>Whether norm_rel_ebd names a normalisation.</summary>
    public static bool Normalizes(string norms) => norms.ToLowerInvariant().Split('|', StringSplitOptions.TrimEntries).Contains("layer_norm");

    /// <summary>How many rows of the table lie on each side.</summary>
    public int Span => Buckets > 0 ? Buckets : Reach;
}

/// <summary>Attention between contents and relative positions in buckets (arXiv:2111.09543), of DeBERTa's second generation and SEW-D.
/// B = batch, S = tokens or frames, H = hidden size.</summary>
internal static class BucketedAttention
{
    /// <summary>The table of relative positions, [2 * span, H], and its rows for a text; null where positions are absolute.</summary>
    /// <param name="encoder">Holds the modules "rel_embeddings" and "LayerNorm".</param>
    public static (Value? Table, RelativeRows? Rows) RelativePositions(this BucketedPositions positions, GraphBuilder graph, Dim length, Weights encoder, float epsilon)
    {
        if (!positions.IsRelative)
        {
            encoder.Ignore("rel_embeddings", "LayerNorm");
            return (null, null);
        }
        var table = encoder["rel_embeddings"].Get("weight");
        if (positions.NormalizesTable)
            table = table.LayerNorm(encoder["LayerNorm"], epsilon);
        var (span, reach, buckets) = (positions.Span, positions.Reach, positions.Buckets);
        var rows = RelativeRows.Of(graph, length, 2 * reach, distance =>
            Math.Clamp((buckets > 0 ? Bucket(distance, buckets, reach) : distance) + span, 0, 2L * span - 1));
        return (table, rows);
    }

    /// <summary>Self-attention by the modules "query_proj", "key_proj" and "value_proj": [B, S, H].</summary>
    /// <param name="mask">Added to scores: [B, 1, S, S].</param>
    public static Value BucketedSelfAttention(this Value x, Value mask, Value? table, RelativeRows? rows, Weights weights, BucketedPositions positions, int heads)
    {
        var query = x.Linear(weights["query_proj"]).SplitHeads(heads);
        var key = x.Linear(weights["key_proj"]).SplitHeads(heads);
        var value = x.Linear(weights["value_proj"]).SplitHeads(heads);
        var types = positions.Types;
        var scale = 1 / MathF.Sqrt(query.Dim(3).Size!.Value * (1 + types.Count)); // projections have known widths
        // Positions go through the projections of contents, or through their own.
        var (keyProjection, queryProjection) = positions.IsShared ? ("key_proj", "query_proj") : ("pos_key_proj", "pos_query_proj");
        if (table is not null && rows is not null && DisentangledAttention.RelativeScores(query, key,
                types.Contains("c2p") ? table.ProjectPositions(weights[keyProjection], heads, scale) : null,
                types.Contains("p2c") ? table.ProjectPositions(weights[queryProjection], heads, scale) : null, rows) is { } scores)
            mask += scores;
        return query.Attend(key, value, mask, scale);
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
}
