namespace Gpux.Models.Suitability;

/// <summary>A precision that weights can be kept in.</summary>
/// <param name="Name">Such as "float16".</param>
/// <param name="BitsPerWeight">With the scales that quantised weights carry: one of 16 bits for each 32 weights.</param>
public sealed record Precision(string Name, double BitsPerWeight)
{
    public static IReadOnlyList<Precision> All { get; } = [new("float32", 32), new("float16", 16), new("int8", 8.5), new("int4", 4.5)];
}

/// <summary>The memory that a model takes in a precision, and which memories of a machine hold it.</summary>
/// <param name="Bytes">Weights, and a tenth more for the values in between: an estimate, no measurement. Long texts and large batches take more.</param>
public sealed record MemoryNeed(Precision Precision, long Bytes, IReadOnlyList<DeviceMemory> Fits)
{
    private const double Overhead = 1.1;

    /// <param name="parameters">Numbers that the model was trained to.</param>
    public static IReadOnlyList<MemoryNeed> Of(long parameters, IReadOnlyList<DeviceMemory> memories) =>
        [.. Precision.All.Select(precision =>
        {
            var bytes = (long)(parameters * precision.BitsPerWeight / 8 * Overhead);
            return new MemoryNeed(precision, bytes, [.. memories.Where(memory => bytes <= memory.TotalBytes)]);
        })];
}
