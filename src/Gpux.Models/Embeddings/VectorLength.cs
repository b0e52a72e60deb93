using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Embeddings;

internal static class VectorLength
{
    private static readonly SimilarityMeasure Dot = SimilarityMeasures.Find("dot")!; // there is one of this name

    /// <summary>Divides a vector by its Euclidean length, as torch's normalize does: zeros stay.</summary>
    public static void MakeOne(Span<float> vector)
    {
        var length = Math.Max(MathF.Sqrt(Dot(vector, vector)), 1e-12f);
        foreach (ref var value in vector)
            value /= length;
    }
}
