using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Multi-head attention (arXiv:1706.03762). B = batch, S = queries, T = keys, D = size of a head.</summary>
internal static class SelfAttention
{
    /// <summary>What is added to the score of a key that must not be seen: the lowest float32, as the original does, so that a
    /// row without any key to see gives equal weights and not NaN.</summary>
    public const float Masked = float.MinValue;

    /// <summary>Turns 1 for tokens and 0 for padding into what is added to scores.</summary>
    /// <param name="attended">int64 [B, T].</param>
    /// <param name="queries">The extent S.</param>
    /// <returns>float [B, 1, S, T] or, where the target's operators broadcast, [B, 1, 1, T].</returns>
    public static Value PaddingMask(this Value attended, Dim queries)
    {
        var mask = ((1f - attended.Cast(ElementType.Float32)) * Masked).Unsqueeze(1, 2);
        // Attention-23 takes no mask of one row for several queries.
        return attended.Graph.Target == GraphTarget.Cpu ? mask.Expand(attended.Dim(0), 1, queries, attended.Dim(1)) : mask;
    }

    /// <summary>What is added to scores so that a query sees the tokens within a distance on each side, and no padding.</summary>
    /// <param name="attended">int64 [B, S].</param>
    /// <param name="reach">The largest distance that is seen.</param>
    /// <returns>float [B, 1, S, S].</returns>
    public static Value WindowMask(this Value attended, int reach)
    {
        var graph = attended.Graph;
        var near = graph.Distances(attended.Dim(1)).Abs() <= graph.Constant(reach); // [S, S]
        var seen = near & attended.EqualTo(1).Unsqueeze(1, 2); // [B, 1, S, S]
        return seen.Where(graph.Scalar(0, ElementType.Float32), graph.Scalar(Masked, ElementType.Float32));
    }

    /// <summary>What is added to scores so that a query sees the tokens up to itself, and no padding.</summary>
    /// <param name="attended">int64 [B, T]; the queries are the last S of the T tokens.</param>
    /// <param name="queries">The extent S.</param>
    /// <returns>float [B, 1, S, T].</returns>
    public static Value CausalMask(this Value attended, Dim queries)
    {
        var graph = attended.Graph;
        var (length, total) = (graph.Extent(queries), graph.Extent(attended.Dim(1)));
        var keys = total.Range(attended.Dim(1)); // [T]
        var own = (length.Range(queries) + (total - length)).Unsqueeze(1); // [S, 1]: each query's number among all tokens
        var seen = (keys <= own) & attended.EqualTo(1).Unsqueeze(1, 2); // [B, 1, S, T]
        return seen.Where(graph.Scalar(0, ElementType.Float32), graph.Scalar(Masked, ElementType.Float32));
    }

    /// <summary>Puts new keys or values behind cached ones: [B, heads, P, D] and [B, heads, S, D] to [B, heads, T, D].</summary>
    public static Value Append(this Value past, Value added, Dim total) => ((Value[])[past, added]).Concat(axis: 2, total);

    /// <summary>Splits the last axis into heads: [B, S, heads * D] to [B, heads, S, D].</summary>
    public static Value SplitHeads(this Value x, int heads) =>
        x.Reshape(Dim.Same, Dim.Same, heads, x.Dim(2).Size!.Value / heads).Transpose(0, 2, 1, 3); // projections have known widths

    /// <summary>Lets groups of query heads share a head of keys or values: [B, heads, S, D] to [B, heads * times, S, D].</summary>
    public static Value RepeatHeads(this Value x, int times) => times == 1 ? x
        : x.Unsqueeze(2).Expand(x.Dim(0), x.Dim(1), times, x.Dim(2), x.Dim(3)).Reshape(x.Dim(0), x.Dim(1) * times, x.Dim(2), x.Dim(3));

    /// <summary>Joins heads: [B, heads, S, D] to [B, S, heads * D].</summary>
    public static Value JoinHeads(this Value x) => 
        x.Transpose(0, 2, 1, 3).Reshape(Dim.Same, Dim.Same, x.Dim(1) * x.Dim(3));

    /// <summary>softmax(Q K^T scale + mask) V, heads joined again.</summary>
    /// <param name="query">[B, heads, S, D], and key and value [B, heads, T, D].</param>
    /// <param name="mask">Added to the scores; null where every query sees every key.</param>
    /// <param name="scale">1 / sqrt(D) unless given.</param>
    /// <returns>[B, S, heads * D].</returns>
    public static Value Attend(this Value query, Value key, Value value, Value? mask, float? scale = null)
    {
        var factor = scale ?? 1 / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
        if (query.Graph.Target == GraphTarget.Cpu)
            return query.Attention(key, value, mask, factor).JoinHeads();
        var scores = query.MatMul(key.Transpose(0, 1, 3, 2)) * factor;
        return (mask is null ? scores : scores + mask).Softmax(-1).MatMul(value).JoinHeads();
    }
}
