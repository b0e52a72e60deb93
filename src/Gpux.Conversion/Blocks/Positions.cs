using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Where tokens stand, as tables, rotations and distances. B = batch, S = tokens, H = hidden size, D = size of a head.</summary>
internal static class Positions
{
    // Tables of distances are constants of the graph.
    private const int FurthestReach = 1 << 16;

    /// <summary>The first S rows of a table of learned positions: [S, H], the same for every text.</summary>
    public static Value LearnedPositions(this Value ids, Weights table)
    {
        var graph = ids.Graph;
        var length = ids.Dim(1);
        return table.Stored("weight").Slice(axis: 0, graph.Constant([0L]), graph.Extent(length), length).Cast(ElementType.Float32);
    }

    /// <summary>Numbers tokens from <paramref name="pad"/> + 1 and leaves padding, told by its id, at <paramref name="pad"/>, as
    /// fairseq's models do: int64 [B, S].</summary>
    public static Value PositionsBehindPadding(this Value ids, int pad)
    {
        var tokens = (!ids.EqualTo(pad)).Cast(ElementType.Int64);
        return tokens.CumulativeSum(axis: 1) * tokens + ids.Graph.Constant(pad);
    }

    /// <summary>Each query's number less each key's: int64 [S, S].</summary>
    public static Value Distances(this GraphBuilder graph, Dim length)
    {
        var numbers = graph.Extent(length).Range(length);
        return numbers.Unsqueeze(1) - numbers.Unsqueeze(0);
    }

    /// <summary>Looks up in a table what belongs to each distance; distances beyond its ends belong to the ends.</summary>
    /// <param name="distances">int64, of any shape.</param>
    /// <param name="furthest">The table reaches from -furthest to furthest.</param>
    public static Value ByDistance(this Value distances, int furthest, Func<int, long> entry)
    {
        var table = new long[2 * furthest + 1];
        for (var i = 0; i < table.Length; i++)
            table[i] = entry(i - furthest);
        var graph = distances.Graph;
        return graph.Constant(table).Gather(distances.Clip(-furthest, furthest) + graph.Constant(furthest));
    }

    /// <summary>From the scores of each query and distance, which are the query's own in each row of <paramref name="scores"/>, to those of
    /// each query and key: read as if it were one shorter, each row begins one distance further to the left. Nothing is looked up.</summary>
    /// <param name="scores">[B, heads, S, 2 S]: of distances from S (never read) down to -(S - 1).</param>
    /// <returns>[B, heads, S, S].</returns>
    /// <remarks>Source: arXiv:1901.02860, appendix B.</remarks>
    public static Value ShiftDistances(this Value scores)
    {
        var (graph, length) = (scores.Graph, scores.Dim(2));
        return scores.Reshape(Dim.Same, Dim.Same, Dim.Rest, length).Slice(axis: 2, 1)
            .Reshape(Dim.Same, Dim.Same, length, Dim.Rest).Slice(axis: 3, graph.Constant([0L]), graph.Extent(length), length);
    }

    /// <summary>A distance that config.json states: 1 to 65536.</summary>
    public static int Reach(this ModelConfig json, string name, int absent) => json.Int(name, absent, minimum: 1) is <= FurthestReach and var reach ? reach
        : throw json.Invalid(name, $"at most {FurthestReach} was expected");

    /// <summary>T5's bucket of a distance, where queries see both ways: half the buckets for each, half of these for one distance
    /// each, and the others growing by powers.</summary>
    /// <param name="distance">The query's number less the key's.</param>
    /// <param name="furthest">From here on all distances share the last bucket.</param>
    /// <remarks>Source: arXiv:1910.10683; in single precision, as the original computes it.</remarks>
    public static long Bucket(int distance, int buckets, int furthest)
    {
        var ofSide = buckets / 2;
        var exact = ofSide / 2;
        var (first, steps) = (distance < 0 ? ofSide : 0, Math.Abs(distance));
        if (steps < exact)
            return first + steps;
        var grown = MathF.Log((float)steps / exact) / (float)Math.Log((double)furthest / exact) * (ofSide - exact);
        return first + Math.Min(exact + (long)grown, ofSide - 1);
    }

    /// <summary>The cosines and sines that turn queries and keys by their positions (arXiv:2104.09864): [S, D / 2] each.</summary>
    /// <param name="size">The number of elements of a head that turn.</param>
    /// <param name="theta">The base of the wavelengths.</param>
    /// <param name="stretch">Positions count as so many times less: the linear rule.</param>
    public static (Value Cosines, Value Sines) Rotations(this GraphBuilder graph, Dim length, int size, float theta, float stretch = 1)
    {
        var frequencies = new float[size / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = 1 / (float)Math.Pow(theta, 2f * i / size) / stretch;
        var numbers = graph.Extent(length).Range(length).Cast(ElementType.Float32).Unsqueeze(1); // [S, 1]
        var angles = numbers * graph.Constant(frequencies, 1, frequencies.Length);
        return (angles.Cos(), angles.Sin());
    }

    /// <summary>The base of the wavelengths that a configuration states, of version 5 or before.</summary>
    /// <exception cref="UnsupportedModelException">Positions are scaled.</exception>
    public static float RotaryTheta(this ModelConfig json, float absent) =>
        json.Rotary(absent) is (var theta, 1) ? theta : throw ScaledPositions(json.ModelType, "linear");

    /// <summary>The base of the wavelengths, and by how much positions are stretched.</summary>
    /// <exception cref="UnsupportedModelException">Positions are scaled by another rule than the linear one.</exception>
    public static (float Theta, float Stretch) Rotary(this ModelConfig json, float absent)
    {
        var rope = json.Has("rope_parameters") ? json.Section("rope_parameters") : json.Section("rope_scaling");
        return (rope.Float("rope_theta", json.Float("rope_theta", absent)), rope.Stretch(json.ModelType));
    }

    /// <summary>By how much the rule of this entry of rope_parameters stretches positions.</summary>
    /// <exception cref="UnsupportedModelException">It is another rule than the linear one.</exception>
    public static float Stretch(this ModelConfig rope, string modelType) => rope.Text("rope_type", rope.Text("type", "default")) switch
    {
        "default" => 1,
        "linear" => rope.Float("factor", 0) is > 0 and var factor ? factor : throw rope.Invalid("factor", "a number above 0 was expected"),
        var rule => throw ScaledPositions(modelType, rule),
    };

    public static UnsupportedModelException ScaledPositions(string modelType, string rule) =>
        new($"The positions of this {modelType} are scaled by the rule '{rule}'.", "Take a model of the family whose positions are not scaled by it.");

    /// <summary>Turns the pairs (i, i + D / 2) of [B, heads, S, D].</summary>
    public static Value Rotate(this Value x, (Value Cosines, Value Sines) rotations)
    {
        var half = x.Dim(3).Size!.Value / 2; // projections have known widths
        var parts = x.Split(axis: 3, half, half);
        return ((Value[])[
            parts[0] * rotations.Cosines - parts[1] * rotations.Sines,
            parts[1] * rotations.Cosines + parts[0] * rotations.Sines,
        ]).Concat(axis: 3);
    }

    /// <summary>Turns the pairs (2 i, 2 i + 1) of [B, heads, S, D].</summary>
    public static Value RotateNeighbours(this Value x, (Value Cosines, Value Sines) rotations)
    {
        var (even, odd) = (x.Slice(axis: 3, 0, step: 2), x.Slice(axis: 3, 1, step: 2));
        return ((Value[])[
            (even * rotations.Cosines - odd * rotations.Sines).Unsqueeze(4),
            (odd * rotations.Cosines + even * rotations.Sines).Unsqueeze(4),
        ]).Concat(axis: 4).Reshape(Dim.Same, Dim.Same, Dim.Same, x.Dim(3));
    }
}
