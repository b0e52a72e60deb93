namespace Gpux.Conversion.Precision;

/// <summary>What the weights of a graph are stored and multiplied in. Activations are float32 at the borders of every layer.</summary>
public enum WeightPrecision
{
    /// <summary>As published: the checkpoint itself, computed in float32.</summary>
    Float32,

    /// <summary>Stored in 16 bits, half the size, and computed in float32.</summary>
    Float16,

    /// <summary>Matrices and tables in 8 bits with a scale for each output channel; products of whole numbers, with inputs that are
    /// quantised as they come (dynamically).</summary>
    Int8,
}
