namespace Gpux.Benchmarks.Training;

/// <summary>The time that GPUs of a plan spend sending to each other in one step.</summary>
/// <remarks>
/// Collectives as rings, first within nodes, then between them: every GPU sends (n - 1)/n of the buffer for a gather or a reduction that leaves parts, twice
/// that for an all-reduce (arXiv:1910.02054 chapter 7). The k GPUs of a group that share a node share the node's network: the group has k times one GPU's
/// part of it, at most what links the GPUs. That a ring gets <see cref="Achieved"/> of the bandwidth, and each hop costs <see cref="HopSeconds"/>, are assumptions: about what
/// NCCL's own tests show on such nodes.
/// </remarks>
internal sealed class Communication(TrainingCluster cluster)
{
    private const double HopSeconds = 5e-6;
    private const double Achieved = 0.75;

    /// <summary>One gather, or one reduction that leaves parts, of <paramref name="bytes"/> among <paramref name="size"/> GPUs.</summary>
    /// <param name="inNode">How many of them share a node.</param>
    /// <param name="pieces">That the buffer is sent in, each with hops of its own.</param>
    public double Ring(double bytes, long size, long inNode, double pieces = 1)
    {
        if (size <= 1)
            return 0;
        inNode = Math.Clamp(inNode, 1, size);
        var nodes = (double)size / inNode;
        var bandwidth = nodes <= 1 ? cluster.Accelerator.IntraNodeBytesPerSecond
            : Math.Min(cluster.Accelerator.IntraNodeBytesPerSecond, inNode * cluster.Accelerator.InterNodeBytesPerSecond);
        return bytes * (size - 1) / size / (Achieved * bandwidth) + pieces * HopSeconds * (inNode - 1 + nodes - 1);
    }

    /// <summary>Of tensor parallelism, which waits: four all-reduces of a layer's width for each layer and micro-batch (arXiv:1909.08053 chapter 3), six where
    /// the forward pass is done again.</summary>
    public double TensorParallel(TransformerShape shape, ActivationLayout activations, double layers, double microBatches)
    {
        var reductions = activations.Recompute == Recompute.Full ? 6 : 4;
        var bytes = activations.Tokens * shape.HiddenSize * activations.ElementBytes;
        return microBatches * layers * reductions * 2 * Ring(bytes, activations.TensorParallel, activations.TensorParallel);
    }

    /// <summary>Between pipeline stages: each micro-batch crosses forward and back, and with interleaving once for each chunk.</summary>
    /// <param name="isInNode">Whether the next stage is in the same node.</param>
    public double Pipeline(TransformerShape shape, ActivationLayout activations, int chunks, double microBatches, bool isInNode)
    {
        // The GPUs of a tensor-parallel group send a part each (arXiv:2104.04473, 4.1).
        var bytes = activations.Tokens * shape.HiddenSize * activations.ElementBytes / activations.TensorParallel;
        var bandwidth = isInNode ? cluster.Accelerator.IntraNodeBytesPerSecond : cluster.Accelerator.InterNodeBytesPerSecond;
        return 2 * chunks * microBatches * (bytes / (Achieved * bandwidth) + HopSeconds);
    }

    /// <summary>Of data parallelism, what computation does not hide.</summary>
    /// <param name="weightBytes">Of this GPU's part of the model, as they are gathered.</param>
    /// <param name="gradientBytes">Of the same, as they are reduced.</param>
    /// <param name="layers">Of the part: each is sent by itself, so that it can be hidden.</param>
    /// <param name="microBatchSeconds">Computing one micro-batch, forward and backward.</param>
    /// <remarks>
    /// Stage 0 reduces gradients once a step, and stage 1 gathers the new weights besides what its reduction leaves: together the same. Stage 2 keeps parts of the gradients,
    /// so it reduces with every micro-batch; stage 3 also gathers the weights for its forward and for its backward pass: with one
    /// micro-batch half as much again. The last micro-batch's backward pass hides a reduction, the first one's forward pass a gathering; stages 2 and 3 hide theirs micro-batch by micro-batch.
    /// </remarks>
    public double DataParallel(int stage, long replicas, long inNode, double weightBytes, double gradientBytes, double microBatches, double layers, double microBatchSeconds)
    {
        if (replicas <= 1)
            return 0;
        var (gather, reduce) = (Ring(weightBytes, replicas, inNode, layers), Ring(gradientBytes, replicas, inNode, layers));
        var (forward, backward) = (microBatchSeconds / 3, microBatchSeconds * 2 / 3);
        return stage switch
        {
            0 => Exposed(2 * reduce, backward),
            1 => Exposed(reduce, backward) + Exposed(gather, forward),
            2 => microBatches * Exposed(reduce, backward) + Exposed(gather, forward),
            _ => microBatches * (Exposed(gather, forward) + Exposed(gather + reduce, backward)),
        };
    }

    private static double Exposed(double communication, double hidden) => Math.Max(0, communication - hidden);
}
