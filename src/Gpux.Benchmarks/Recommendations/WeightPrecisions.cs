namespace Gpux.Benchmarks.Recommendations;

/// <summary>What precisions are called, and how much a weight takes in each.</summary>
public static class WeightPrecisions
{
    /// <summary>One name for each: "fp16" for "float16" and "half".</summary>
    public static string Canonical(string name) => name.ToLowerInvariant() switch
    {
        "float32" or "float" or "f32" => "fp32",
        "float16" or "half" or "f16" => "fp16",
        "bfloat16" => "bf16",
        "float8" or "float8e4m3fn" or "float8_e4m3fn" => "fp8",
        var other => other,
    };

    /// <summary>The one whose weights take the most.</summary>
    /// <returns>Null where none is said.</returns>
    public static string? Widest(IEnumerable<string?> names) =>
        names.OfType<string>().OrderByDescending(name => BytesPerWeight(name) ?? 0).ThenBy(name => name, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>With the scales that quantised weights carry: one of 16 bits for each 32 weights.</summary>
    /// <returns>Null for a precision that is not known.</returns>
    public static double? BytesPerWeight(string? name)
    {
        if (name is null)
            return null;
        name = Canonical(name);
        return name switch
        {
            "fp64" => 8,
            "fp32" or "tf32" => 4,
            "fp16" or "bf16" => 2,
            "fp8" => 1,
            "int8" or "uint8" => 8.5 / 8,
            "int4" or "uint4" => 4.5 / 8,
            // Such as q4_k_m and q8_0: the digit is the bits.
            ['q', >= '2' and <= '8' and var digit, '_', ..] => (digit - '0' + 0.5) / 8,
            _ => null,
        };
    }
}
