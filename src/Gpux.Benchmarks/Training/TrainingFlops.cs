namespace Gpux.Benchmarks.Training;

/// <summary>Floating-point operations of a training step.</summary>
/// <remarks>
/// Source: arXiv:2205.05198 appendix A and arXiv:2104.04473 appendix. A product of matrices counts 2 for each pair of elements, the backward pass twice
/// the forward pass, attention as if every token saw the whole sequence. Of a GPT shape with B sequences: 72 B s L h² (1 + s/(6h) + v/(12hL)).
/// </remarks>
public static class TrainingFlops
{
    /// <summary>What the model's mathematics needs, however it is computed: the numerator of the model FLOPs utilization (MFU).</summary>
    /// <param name="tokens">Of the step: sequences times their length.</param>
    public static double Model(TransformerShape shape, double tokens, int sequence) => 3 * tokens * (Layers(shape, sequence) + Output(shape));

    /// <summary>What is computed, with what is computed again: the numerator of the hardware FLOPs utilization (HFU).</summary>
    /// <remarks>Full recomputation does the layers' forward pass once more: 96 B s L h² (1 + s/(6h) + v/(16Lh)). Selective recomputation is counted as the paper
    /// counts it, s/(3h) in place of s/(6h): attention's core twice, forward and backward, which is more than the forward pass that is
    /// done again. What flash attention computes again is not counted: it is paid for by the memory traffic that it saves.</remarks>
    public static double Hardware(TransformerShape shape, double tokens, int sequence, Recompute recompute) => Model(shape, tokens, sequence) + recompute switch
    {
        Recompute.Full => tokens * Layers(shape, sequence),
        Recompute.Selective => 3 * tokens * AttentionCore(shape, sequence),
        _ => 0,
    };

    /// <summary>The share of the peak that was used, 0 to 1.</summary>
    /// <param name="flops">Of a step: <see cref="Model"/> for MFU, <see cref="Hardware"/> for HFU.</param>
    /// <param name="peakFlops">FLOP/s of one GPU.</param>
    public static double Utilization(double flops, double stepSeconds, long gpus, double peakFlops) => flops / (stepSeconds * gpus * peakFlops);

    /// <summary>Seconds of a whole training with full recomputation: 8 T P/(n X), arXiv:2104.04473 equation 4.</summary>
    /// <param name="achievedFlops">FLOP/s of one GPU, with recomputation counted.</param>
    public static double TrainingSeconds(double parameters, double tokens, long gpus, double achievedFlops) => 8 * tokens * parameters / (gpus * achievedFlops);

    // Of one token, forward.
    private static double Layers(TransformerShape shape, int sequence) => 2 * shape.ActiveMatrixElements + AttentionCore(shape, sequence);

    private static double AttentionCore(TransformerShape shape, int sequence) => 4.0 * sequence * shape.QueryWidth * shape.Layers;

    private static double Output(TransformerShape shape) => shape.WritesTokens ? 2.0 * shape.HiddenSize * shape.VocabularySize : 0;
}
