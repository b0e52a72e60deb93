using Gpux.Conversion.Precision;

namespace Gpux.Models.Precision;

/// <summary>What users and files call the precisions.</summary>
public static class PrecisionNames
{
    private static readonly (string Name, WeightPrecision Precision)[] Names =
        [("fp32", WeightPrecision.Float32), ("fp16", WeightPrecision.Float16), ("int8", WeightPrecision.Int8)];

    public static string[] All => Array.ConvertAll(Names, entry => entry.Name);

    public static string Of(WeightPrecision precision) => Names[(int)precision].Name;

    /// <param name="name">Null for fp32.</param>
    /// <exception cref="FormatException">It is none of <see cref="All"/>.</exception>
    public static WeightPrecision Parse(string? name)
    {
        foreach (var (known, precision) in Names)
            if (known == (name ?? "fp32"))
                return precision;
        throw new FormatException($"'{name}' is no precision.");
    }
}
