using System.Numerics;

namespace Gpux.Runtime.Pipelines;

/// <summary>How alike two embeddings of one width are: the greater, the more.</summary>
/// <remarks>Source: sentence-transformers 6.2, util/similarity.py. Distances are negative, so that 0 is the most alike.</remarks>
internal delegate float SimilarityMeasure(ReadOnlySpan<float> one, ReadOnlySpan<float> other);

internal static class SimilarityMeasures
{
    /// <param name="name">As config_sentence_transformers.json states it.</param>
    /// <returns>Null if there is no such measure.</returns>
    public static SimilarityMeasure? Find(string name) => name switch
    {
        "cosine" => Cosine,
        "dot" or "dot_product" => Sum<Product>,
        "euclidean" => (one, other) => -MathF.Sqrt(Sum<SquaredDifference>(one, other)),
        "manhattan" => (one, other) => -Sum<Distance>(one, other),
        _ => null,
    };

    private static float Cosine(ReadOnlySpan<float> one, ReadOnlySpan<float> other) =>
        Sum<Product>(one, other) / Math.Max(MathF.Sqrt(Sum<Product>(one, one)) * MathF.Sqrt(Sum<Product>(other, other)), 1e-12f);

    private static float Sum<T>(ReadOnlySpan<float> one, ReadOnlySpan<float> other) where T : struct, ITerm
    {
        var (sums, at) = (Vector<float>.Zero, 0);
        for (; at <= one.Length - Vector<float>.Count; at += Vector<float>.Count)
            sums += T.Of(new Vector<float>(one[at..]), new Vector<float>(other[at..]));
        var sum = Vector.Sum(sums);
        for (; at < one.Length; at++)
            sum += T.Of(new Vector<float>(one[at]), new Vector<float>(other[at]))[0];
        return sum;
    }

    /// <summary>What two elements add to a sum.</summary>
    private interface ITerm
    {
        static abstract Vector<float> Of(Vector<float> one, Vector<float> other);
    }

    private readonly struct Product : ITerm
    {
        public static Vector<float> Of(Vector<float> one, Vector<float> other) => one * other;
    }

    private readonly struct SquaredDifference : ITerm
    {
        public static Vector<float> Of(Vector<float> one, Vector<float> other) => (one - other) * (one - other);
    }

    private readonly struct Distance : ITerm
    {
        public static Vector<float> Of(Vector<float> one, Vector<float> other) => Vector.Abs(one - other);
    }
}
