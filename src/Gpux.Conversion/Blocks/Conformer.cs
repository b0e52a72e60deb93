using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>The parts of the Conformer (arXiv:2005.08100) that its kin share. B = batch, T = frames, H = hidden size, D = size of a head.</summary>
internal static class Conformer
{
    /// <summary>Sines and cosines, in turns, of the distances T - 1 down to -(T - 1): [2 T - 1, H] (arXiv:1901.02860).</summary>
    /// <param name="frequencies">By how much each pair of columns turns from one frame to the next: H / 2 of them.</param>
    public static Value SinusoidalDistances(this GraphBuilder graph, Dim length, ReadOnlySpan<float> frequencies)
    {
        var (frames, one) = (graph.Extent(length), graph.Constant([1L]));
        var distances = frames - one - (frames + frames - one).Range(Dim.Unknown); // [2 T - 1]
        var angles = distances.Cast(ElementType.Float32).Unsqueeze(1) * graph.Constant(frequencies, 1, frequencies.Length);
        return ((Value[])[angles.Sin().Unsqueeze(2), angles.Cos().Unsqueeze(2)]).Concat(axis: 2).Reshape(Dim.Same, 2L * frequencies.Length);
    }

    /// <summary>Attention with relative positions and two biases of queries (arXiv:1901.02860): [B, T, H].</summary>
    /// <param name="query">[B, heads, T, D], and key and value.</param>
    /// <param name="distances">The projected embeddings of distances: [2 T - 1, H].</param>
    /// <param name="contentBias">Added to queries that meet keys: [heads, D]; <paramref name="distanceBias"/> to those that meet distances.</param>
    /// <param name="mask">Added to scores: [B, 1, T, T].</param>
    public static Value AttendRelative(this Value query, Value key, Value value, Value distances, Value contentBias, Value distanceBias, Value mask)
    {
        var (heads, size) = (query.Dim(1), query.Dim(3));
        var table = distances.Reshape(Dim.Same, heads, size).Transpose(1, 2, 0); // [heads, D, 2 T - 1]
        var scores = (query + distanceBias.Unsqueeze(1)).MatMul(table)
            .PadZeros(query.Graph.Constant([1, 0]), 3).ShiftDistances() / MathF.Sqrt(size.Size!.Value); // projections have known widths
        return (query + contentBias.Unsqueeze(1)).Attend(key, value, scores + mask);
    }

    /// <summary>A convolution over one frame, whose kernel is [out, H, 1]: [B, T, out].</summary>
    public static Value PointwiseConvolution(this Value x, Weights weights) => x.Linear(weights.Pointwise("weight"), weights.Find("bias"));

    /// <summary>A convolution of each channel by itself: [B, H, T] to [B, H, T].</summary>
    public static Value DepthwiseConvolution(this Value x, Weights weights, int size, (int Before, int Behind) padding)
    {
        var kernel = weights.Get("weight");
        if (kernel.Rank != 3 || !kernel.Dim(2).MayEqual(size))
            throw new GraphException("Conv", $"The kernel {kernel} is not of the size {size} that config.json states.");
        return x.Conv1D(kernel, weights.Find("bias"), padding: padding, groups: (int)kernel.Dim(0).Size!.Value); // weights have known extents
    }

    /// <summary>The odd size of the convolution over frames.</summary>
    public static int DepthwiseSize(this ModelConfig json, string name, int absent) => json.Int(name, absent, minimum: 1) is var size && size % 2 == 1 ? size
        : throw json.Invalid(name, "an odd size was expected");
}
