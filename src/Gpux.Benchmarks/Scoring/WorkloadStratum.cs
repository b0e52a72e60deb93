using System.Globalization;
using System.Numerics;
using System.Text;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>Runs whose numbers may be compared: those that asked the same of the model, of the same order of magnitude.</summary>
/// <remarks>Numbers are classes: the least power of two that holds them, so that 100 and 128 tokens are one workload, and batches of
/// 1 and 2 are two. Null is a class of its own: a workload that says nothing is not taken for one that says 1.</remarks>
/// <param name="Precision">By width: see <see cref="PrecisionClass"/>.</param>
/// <param name="Suite">The benchmark and its version: results of another version are not compared.</param>
public sealed record WorkloadStratum(
    TaskType TaskType, string Scenario, int? BatchClass, int? InputClass, int? OutputClass, int? ConcurrencyClass, double? OfferedRate,
    string Precision, string Suite)
{
    /// <summary>By smaller batches, shorter texts and so on: an order for tables, the same on every machine.</summary>
    public static IComparer<WorkloadStratum> InOrder { get; } = Comparer<WorkloadStratum>.Create(Compare);

    public static WorkloadStratum Of(Workload workload, string suite, string benchmarkVersion) => new(
        workload.TaskType, workload.Scenario, Class(workload.BatchSize), Class(workload.InputTokens), Class(workload.OutputTokens),
        Class(workload.Concurrency), workload.OfferedRate, PrecisionClass.Of(workload.Precision), $"{suite} {benchmarkVersion}");

    /// <summary>For people: "inference closed-loop, batch 1, 128 tokens, fp32".</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(TaskType == TaskType.Training ? "training " : "inference ").Append(Scenario);
        Add("batch ", BatchClass, "");
        Add("", InputClass, " tokens");
        Add("", OutputClass, " tokens out");
        if (ConcurrencyClass > 1)
            Add("", ConcurrencyClass, " at a time");
        if (OfferedRate is { } rate)
            text.Append(CultureInfo.InvariantCulture, $", {rate:0.###}/s due");
        return text.Append(", ").Append(Precision).ToString();

        void Add(string before, int? value, string after)
        {
            if (value is { } number)
                text.Append(CultureInfo.InvariantCulture, $", {before}{number}{after}");
        }
    }

    private static int Compare(WorkloadStratum left, WorkloadStratum right)
    {
        ReadOnlySpan<int> orders =
        [
            left.TaskType.CompareTo(right.TaskType), string.CompareOrdinal(left.Scenario, right.Scenario), Nullable.Compare(left.BatchClass, right.BatchClass),
            Nullable.Compare(left.InputClass, right.InputClass), Nullable.Compare(left.OutputClass, right.OutputClass),
            Nullable.Compare(left.ConcurrencyClass, right.ConcurrencyClass), Nullable.Compare(left.OfferedRate, right.OfferedRate),
            string.CompareOrdinal(left.Precision, right.Precision), string.CompareOrdinal(left.Suite, right.Suite),
        ];
        return orders.IndexOfAnyExcept(0) is >= 0 and var first ? orders[first] : 0;
    }

    // Half of the range of int is the largest power of two in it.
    private static int? Class(int? value) => value is not { } number ? null : number <= 0 ? 0 : number > 1 << 30 ? 1 << 30 : (int)BitOperations.RoundUpToPowerOf2((uint)number);
}

/// <summary>Names of one precision, as different suites write them.</summary>
public static class PrecisionClass
{
    public const string Unknown = "unknown precision";

    /// <summary>The precision that others are compared with.</summary>
    public const string Reference = "fp32";

    /// <returns>"fp32", "16-bit", "8-bit", "4-bit"; the name itself in small letters where it is none of the known.</returns>
    public static string Of(string? precision)
    {
        var name = precision?.Trim().ToLowerInvariant();
        return name switch
        {
            null or "" => Unknown,
            "fp32" or "f32" or "float32" or "float" => Reference,
            "fp16" or "f16" or "float16" or "half" or "bf16" or "bfloat16" => "16-bit",
            "int8" or "uint8" or "i8" or "fp8" or "w8a8" or "w8a16" => "8-bit",
            "int4" or "uint4" or "i4" or "fp4" or "nf4" or "w4a16" => "4-bit",
            _ when name.StartsWith("q8", StringComparison.Ordinal) || name.StartsWith("fp8", StringComparison.Ordinal) => "8-bit",
            _ when name.StartsWith("q4", StringComparison.Ordinal) || name.StartsWith("iq4", StringComparison.Ordinal) => "4-bit",
            _ => name,
        };
    }
}
