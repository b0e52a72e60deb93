namespace Gpux.Benchmarks.Training;

/// <summary>What matrices are multiplied in.</summary>
public enum TrainingPrecision
{
    /// <summary>bfloat16, with master weights in float32.</summary>
    BrainFloat16,

    /// <summary>float16 with a scaled loss, and master weights in float32.</summary>
    Float16,

    /// <summary>Everything is kept in float32, and rounded to 19 bits when it is multiplied.</summary>
    TensorFloat32,

    Float32,
}

/// <summary>What keeps how much for each parameter.</summary>
public enum TrainingOptimizer
{
    /// <summary>Adam or AdamW: two float32 numbers for each parameter (arXiv:1412.6980).</summary>
    Adam,

    /// <summary>The same in 8 bits, with a float32 scale for each block of 256 (arXiv:2110.02861).</summary>
    Adam8Bit,

    /// <summary>Stochastic gradient descent with momentum: one float32 number.</summary>
    Sgd,

    /// <summary>A float32 number for each row and column of a matrix, without momentum (arXiv:1804.04235).</summary>
    Adafactor,
}

/// <summary>Whose account of the bytes for each parameter is followed, with 16-bit training and Adam.</summary>
public enum StateConvention
{
    /// <summary>Megatron-LM: 2 for weights, 4 for gradients, which are summed in float32, 12 for the optimizer: 18 in all, and 6 + 12/d with its
    /// distributed optimizer. The default, since it is what training in bfloat16 takes in practice.</summary>
    Megatron,

    /// <summary>The ZeRO paper (arXiv:1910.02054): 2, 2 and 12: 16 in all.</summary>
    ZeroPaper,

    /// <summary>DeepSpeed's estimators since 0.14.3: 2, 2, and 16 that are sharded with the optimizer, among them float32 gradients: 18 + 2 in all where nothing is
    /// sharded, 2 + 18/d at stage 2, 18/d at stage 3.</summary>
    DeepSpeed,
}

internal static class TrainingNames
{
    public static int ElementBytes(this TrainingPrecision precision) => precision is TrainingPrecision.BrainFloat16 or TrainingPrecision.Float16 ? 2 : 4;

    public static string Name(this TrainingPrecision precision) => precision switch
    {
        TrainingPrecision.BrainFloat16 => "bf16",
        TrainingPrecision.Float16 => "fp16",
        TrainingPrecision.TensorFloat32 => "tf32",
        _ => "fp32",
    };
}
