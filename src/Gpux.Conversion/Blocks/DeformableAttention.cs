using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Maps of several resolutions whose places follow each other as tokens. B = images, N = places of all maps, L = maps.</summary>
/// <param name="Sizes">Rows and columns of each map.</param>
/// <param name="Counts">int64 [L]: how many places each has.</param>
internal sealed record MapLevels(IReadOnlyList<(Dim Rows, Dim Columns)> Sizes, Value Counts)
{
    /// <exception cref="GraphException">There are none.</exception>
    public static MapLevels Of(IReadOnlyList<Value> maps)
    {
        if (maps.Count == 0)
            throw new GraphException("levels", "At least one map was expected: the configuration states 0 levels.");
        var graph = maps[0].Graph;
        var counts = new List<Value>();
        foreach (var map in maps)
            counts.Add(graph.Extent(map.Dim(2)) * graph.Extent(map.Dim(3)));
        return new MapLevels([.. maps.Select(map => (map.Dim(2), map.Dim(3)))], counts.Concat(0));
    }

    /// <summary>Columns and rows of a map as float [2], which is the order of coordinates.</summary>
    public Value Extent(int level)
    {
        var graph = Counts.Graph;
        return ((Value[])[graph.Extent(Sizes[level].Columns), graph.Extent(Sizes[level].Rows)]).Concat(0).Cast(ElementType.Float32);
    }

    /// <summary>Tokens, [B, N, H], as maps again, [B, H, rows, columns].</summary>
    public IReadOnlyList<Value> Maps(Value tokens)
    {
        var parts = tokens.SplitBy(axis: 1, Counts);
        return [.. parts.Select((part, i) => part.Transpose(0, 2, 1).Reshape(part.Dim(0), part.Dim(2), Sizes[i].Rows, Sizes[i].Columns))];
    }
}

/// <summary>Attention to a few places around a point, at several resolutions (arXiv:2010.04159).</summary>
/// <remarks>B = images, Q = queries, L = levels, P = points of a level, N = places of all levels, D = size of a head.</remarks>
internal static class DeformableAttention
{
    /// <param name="query">[B, Q, H], with what tells positions.</param>
    /// <param name="memory">[B, N, H].</param>
    /// <param name="weights">The modules "sampling_offsets" and "attention_weights"; in most families "value_proj" and "output_proj" too.</param>
    /// <param name="points">P for each level.</param>
    /// <param name="locate">Makes places of offsets, [B, Q, heads, P, 2], and the number of the level: 0 and 1 are the borders of the map.</param>
    /// <param name="sample">Reads a map [B * heads, D, rows, columns] at places [B * heads, Q, P, 2]; null interpolates.</param>
    /// <param name="seen">float [B, N, 1], 0 for padding, which is read as zero; null where there is none.</param>
    public static Value AttendDeformably(this Value query, Value memory, MapLevels levels, Weights weights, int heads, IReadOnlyList<int> points,
        Func<Value, int, Value> locate, Func<Value, Value, Value>? sample = null, Value? seen = null)
    {
        var value = weights.Has("value_proj") ? memory.Linear(weights["value_proj"]) : memory;
        if (seen is not null)
            value *= seen;
        var (batch, queries, all) = (query.Dim(0), query.Dim(1), points.Sum());
        var width = value.Dim(2).Size!.Value / heads; // projections have known widths
        var maps = levels.Maps(value);
        var offsets = query.Linear(weights["sampling_offsets"]).Reshape(batch, queries, heads, all, 2);
        var samples = new List<Value>();
        var first = 0;
        for (var i = 0; i < maps.Count; i++)
        {
            var places = locate(offsets.Slice(axis: 3, first, first + points[i]), i).Transpose(0, 2, 1, 3, 4).Reshape(Dim.Rest, queries, points[i], 2);
            var map = maps[i].Reshape(Dim.Rest, width, levels.Sizes[i].Rows, levels.Sizes[i].Columns); // [B * heads, D, rows, columns]
            samples.Add(sample is null ? map.SampleAt(places * 2f - 1f) : sample(map, places));
            first += points[i];
        }
        var shares = query.Linear(weights["attention_weights"]).Reshape(batch, queries, heads, all).Softmax(-1)
            .Transpose(0, 2, 1, 3).Reshape(Dim.Rest, 1, queries, all);
        var context = (samples.Concat(axis: 3) * shares).Sum(axis: 3) // [B * heads, D, Q]
            .Reshape(batch, heads * width, queries).Transpose(0, 2, 1);
        return weights.Has("output_proj") ? context.Linear(weights["output_proj"]) : context;
    }

    /// <summary>The middles of all places in order, as shares of the image without its padding: [B, N, 2].</summary>
    /// <param name="shares">How much of each level is image, x and y: [B, 1, 2] each; null where there is no padding.</param>
    public static Value Middles(this MapLevels levels, GraphBuilder graph, IReadOnlyList<Value>? shares = null)
    {
        var parts = new List<Value>();
        for (var i = 0; i < levels.Sizes.Count; i++)
        {
            var (rows, columns) = levels.Sizes[i];
            Value Numbers(Dim count) => graph.Extent(count).Range(count).Cast(ElementType.Float32) + 0.5f;
            var middles = ((Value[])
            [
                Numbers(columns).Unsqueeze(0, 2).Expand(rows, columns, 1), Numbers(rows).Unsqueeze(1, 2).Expand(rows, columns, 1),
            ]).Concat(axis: 2).Reshape(1, Dim.Rest, 2);
            var extent = levels.Extent(i);
            parts.Add(middles / (shares is null ? extent : shares[i] * extent));
        }
        return parts.Concat(axis: 1);
    }
}
