namespace Gpux.Benchmarks.Training;

/// <summary>Bytes of one GPU that do not depend on the batch: weights, gradients, and what the optimizer keeps.</summary>
/// <remarks>Sources: arXiv:1910.02054 chapter 5 and table 1 (ZeRO); Megatron-LM's theoretical_memory_usage.py; DeepSpeed's
/// estimate_zero2_model_states_mem_needs and estimate_zero3_model_states_mem_needs.</remarks>
public sealed record ModelStates(double Weights, double Gradients, double Optimizer)
{
    public double Total => Weights + Gradients + Optimizer;

    /// <param name="parameters">Of this GPU's part of the model: what tensor and pipeline parallelism leave to it.</param>
    /// <param name="stage">Of ZeRO: 0 shards nothing, 1 the optimizer's states, 2 gradients too, 3 weights too.</param>
    /// <param name="replicas">GPUs that have the same part: the data-parallel size.</param>
    public static ModelStates Of(double parameters, int stage, long replicas, BytesPerParameter bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(parameters);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(replicas);
        ArgumentOutOfRangeException.ThrowIfNegative(stage);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stage, 3);
        return new ModelStates(
            parameters * bytes.Weights / (stage >= 3 ? replicas : 1),
            parameters * bytes.Gradients / (stage >= 2 ? replicas : 1),
            parameters * bytes.Optimizer / (stage >= 1 ? replicas : 1));
    }
}

/// <summary>How many bytes a parameter takes of each kind.</summary>
/// <param name="Optimizer">Master weights, and for some conventions gradients in float32, included.</param>
public sealed record BytesPerParameter(double Weights, double Gradients, double Optimizer)
{
    public double Total => Weights + Gradients + Optimizer;

    /// <param name="hiddenSize">Width of the matrices, whose rows and columns <see cref="TrainingOptimizer.Adafactor"/> counts.</param>
    /// <param name="stage">Of ZeRO, 0 to 3.</param>
    public static BytesPerParameter Of(StateConvention convention, TrainingPrecision precision, TrainingOptimizer optimizer, int hiddenSize, int stage)
    {
        var moments = optimizer switch
        {
            TrainingOptimizer.Adam => 8,
            TrainingOptimizer.Adam8Bit => 2 + 2 * 4 / 256.0,
            TrainingOptimizer.Sgd => 4,
            // A square matrix; wider ones have less.
            _ => 8.0 / hiddenSize,
        };
        if (precision.ElementBytes() == 4)
            return new BytesPerParameter(4, 4, moments);
        const int master = 4;
        return convention switch
        {
            StateConvention.Megatron => new BytesPerParameter(2, 4, master + moments),
            StateConvention.ZeroPaper => new BytesPerParameter(2, 2, master + moments),
            // At stage 3 a layer's 16-bit gradients pass at once into the float32 ones of the GPU that they belong to.
            _ => new BytesPerParameter(2, stage == 3 ? 0 : 2, 4 + master + moments),
        };
    }
}

/// <summary>What DeepSpeed's own estimators print, for Adam in 16 bits without offloading: bytes of one GPU.</summary>
/// <remarks>Source: deepspeed/runtime/zero/stage_1_and_2.py and stage3.py. What they print as GB are GiB.</remarks>
public static class DeepSpeedEstimator
{
    /// <summary>ZeRO-2 as it was estimated until version 0.14.2, and as the documentation still prints: 4 P + 16 P/N.</summary>
    public static double Stage2Before0143(double parameters, long gpus) => 4 * parameters + 16 * parameters / gpus;

    /// <summary>ZeRO-2 since version 0.14.3: 2 P + 18 P/N.</summary>
    public static double Stage2(double parameters, long gpus) => 2 * parameters + 18 * parameters / gpus;

    /// <summary>ZeRO-3: 4 bytes for each parameter of the largest layer, and 18 P/N.</summary>
    public static double Stage3(double parameters, double largestLayerParameters, long gpus) => 4 * largestLayerParameters + 18 * parameters / gpus;
}
