namespace Gpux.Benchmarks.Training;

/// <summary>What is kept of the forward pass, and what is computed again in the backward pass.</summary>
public enum Recompute
{
    None,

    /// <summary>Scores and softmax of the attention are computed again.</summary>
    Selective,

    /// <summary>Only the input of each layer is kept.</summary>
    Full,
}

/// <summary>How the values of the forward pass are kept until the backward pass needs them.</summary>
/// <param name="Sequence">Tokens of a sequence.</param>
/// <param name="MicroBatch">Sequences of a micro-batch.</param>
/// <param name="ElementBytes">2 for 16-bit training, else 4.</param>
public sealed record ActivationLayout(int Sequence, int MicroBatch, int TensorParallel = 1, int ElementBytes = 2)
{
    public Recompute Recompute { get; init; }

    /// <summary>Whether what tensor parallelism leaves whole is split along the sequence (arXiv:2205.05198, 4.2.2).</summary>
    public bool IsSequenceParallel { get; init; }

    /// <summary>Whether attention never writes its scores (arXiv:2205.14135).</summary>
    public bool HasFlashAttention { get; init; }

    internal double Tokens => (double)Sequence * MicroBatch;
}

/// <summary>Bytes of the activations.</summary>
/// <remarks>
/// Source: Korthikanti et al., arXiv:2205.05198, table 2 and equations 1 to 6, taken apart so that it holds for queries that share keys, gated networks and
/// experts, and where there is no dropout. Of a GPT shape with dropout in 16 bits, and s tokens, b sequences, a heads, width h, t GPUs: 34 sbh + 5 a s² b; split
/// sbh (10 + 24/t) + 5 a s² b/t; with sequence parallelism all of it/t; without the attention's core the second term is gone; full recomputation 2 sbh.
/// </remarks>
public static class ActivationMemory
{
    /// <summary>Of one dense layer, or one with experts where every layer has them, on one GPU.</summary>
    public static double PerLayer(TransformerShape shape, ActivationLayout layout) =>
        PerLayer(shape, layout, hasExperts: shape.DenseLayers == 0);

    /// <summary>Of all layers, for one micro-batch on one GPU.</summary>
    public static double AllLayers(TransformerShape shape, ActivationLayout layout) =>
        shape.DenseLayers * PerLayer(shape, layout, hasExperts: false) + shape.ExpertLayers * PerLayer(shape, layout, hasExperts: true);

    /// <summary>Of one pipeline stage without interleaving: its part of the layers for each micro-batch that is under way there.</summary>
    /// <param name="stage">From 0; the first has the most micro-batches under way, the last has the logits.</param>
    /// <param name="microBatches">Of a step on one replica.</param>
    /// <param name="chunks">Parts of the model that each stage has: more than 1 is the interleaved schedule (arXiv:2104.04473, 2.2.2).</param>
    public static double OfStage(TransformerShape shape, ActivationLayout layout, int stage, int stages, double microBatches, int chunks = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stage, stages);
        var underWay = chunks == 1 ? Math.Min(microBatches, stages - stage) : stages - stage + (stages - 1.0) / chunks;
        var bytes = AllLayers(shape, layout) / stages * underWay + OfRecomputedLayer(shape, layout);
        var (tokens, split) = (layout.Tokens, (double)layout.TensorParallel);
        // The mask of the embeddings' dropout.
        if (stage == 0 && shape.HasResidualDropout)
            bytes += tokens * shape.HiddenSize * underWay / split;
        return stage == stages - 1 ? bytes + OfOutput(shape, layout) : bytes;
    }

    /// <summary>Of the last norm, the matrix that writes tokens, and the loss, which is computed in float32: 4sbh (1 + v/h)/t.</summary>
    public static double OfOutput(TransformerShape shape, ActivationLayout layout) =>
        !shape.WritesTokens ? 0 : layout.Tokens * (2.0 * layout.ElementBytes * shape.HiddenSize + 4.0 * shape.VocabularySize) / layout.TensorParallel;

    /// <summary>What the backward pass computes again, of the one layer that it is at.</summary>
    internal static double OfRecomputedLayer(TransformerShape shape, ActivationLayout layout)
    {
        if (layout.Recompute == Recompute.None)
            return 0;
        var whole = PerLayer(shape, layout with { Recompute = Recompute.None });
        return layout.Recompute == Recompute.Full ? whole : whole - PerLayer(shape, layout);
    }

    private static double PerLayer(TransformerShape shape, ActivationLayout layout, bool hasExperts)
    {
        var (tokens, element, split) = (layout.Tokens, (double)layout.ElementBytes, (double)layout.TensorParallel);
        double width = shape.HiddenSize;
        if (layout.Recompute == Recompute.Full)
            return element * tokens * width;
        var mask = shape.HasResidualDropout ? 1 : 0;
        // The inputs of two norms, of attention and of the feed-forward network; masks of what both add.
        var whole = tokens * width * (4 * element + 2 * mask);
        // Queries, keys and values, and what attention gives to its last matrix.
        var parted = tokens * element * (2 * shape.QueryWidth + 2 * shape.KeyValueWidth);
        // Of a plain network the inputs of its activation and of its second matrix; of a gated one both factors too.
        parted += tokens * element * shape.FeedForwardMatrices * InnerWidth(shape, hasExperts);
        if (hasExperts && shape.Experts is { } experts)
            whole += tokens * element * experts.Active * 2 * width; // a token's copies on their way to its experts and back
        var core = 0.0;
        if (layout.Recompute == Recompute.None && !layout.HasFlashAttention)
        {
            // Softmax; with dropout its mask and its result.
            var dropout = shape.HasAttentionDropout ? element + 1 : 0;
            core = tokens * layout.Sequence * shape.Heads * (element + dropout);
        }
        return (layout.IsSequenceParallel ? whole / split : whole) + (parted + core) / split;
    }

    private static double InnerWidth(TransformerShape shape, bool hasExperts) => hasExperts && shape.Experts is { } experts
        ? (double)experts.Active * experts.FeedForwardSize + experts.SharedFeedForwardSize : shape.FeedForwardSize;
}
