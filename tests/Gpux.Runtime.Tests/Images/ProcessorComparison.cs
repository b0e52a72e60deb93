using System.Globalization;
using Gpux.Runtime.Images;

namespace Gpux.Runtime.Tests.Images;

/// <summary>Judges a processor's outputs by a recorded run.</summary>
/// <remarks>
/// Whole form: pixel_values and flattened_patches by the run's pixel rule (no element further than max_abs from the recorded one,
/// and at most max_share of the elements outside the case's tolerance); every other output within the tolerance. A run in
/// accept_also may be equalled instead.
/// Sparse form: the shape; of the recorded elements at most 2 % outside the tolerance and none further than one 8-bit level;
/// mean, deviation, minimum and maximum within 1e-3.
/// </remarks>
internal static class ProcessorComparison
{
    private const double SparseShare = 0.02;
    private const double StatisticTolerance = 1e-3;

    /// <param name="levelStep">One 8-bit level in the outputs: 1/255 divided by the least deviation. Used by the sparse
    /// form.</param>
    /// <returns>What differs; null where nothing does.</returns>
    public static string? Differences(ConformanceCase recorded, ConformanceRun run, ProcessedImages actual, double levelStep)
    {
        if (run.Sparse is not null)
            return SparseDifferences(recorded, run, actual, levelStep);
        string? first = null;
        foreach (var name in run.AcceptAlso.Prepend(run.Name))
        {
            var differences = WholeDifferences(recorded, run, name, actual);
            if (differences is null)
                return null;
            first ??= differences;
        }
        return first;
    }

    private static string? WholeDifferences(ConformanceCase recorded, ConformanceRun run, string recordedRun, ProcessedImages actual)
    {
        foreach (var output in run.Outputs)
        {
            if (!actual.Tensors.TryGetValue(output, out var tensor))
                return $"{output} is missing";
            var name = $"{recordedRun}/out/{output}";
            if (!recorded.Tensors.Shape(name).SequenceEqual(tensor.Shape.Dimensions))
                return $"{output} is {tensor.Shape}, recorded [{string.Join(", ", recorded.Tensors.Shape(name))}]";
            var isPixels = output is "pixel_values" or "flattened_patches";
            var (maxAbs, maxShare) = isPixels && run.PixelRule is { } rule ? rule : (0, 0);
            if (Outside(recorded, recorded.Tensors.Values(name), Values(tensor), maxAbs, maxShare) is { } outside)
                return $"{output}: {outside}";
        }
        return null;
    }

    private static string? SparseDifferences(ConformanceCase recorded, ConformanceRun run, ProcessedImages actual, double levelStep)
    {
        var output = run.Sparse!; // the caller has looked
        if (!actual.Tensors.TryGetValue(output, out var tensor))
            return $"{output} is missing";
        var prefix = $"{run.Name}/out/{output}";
        if (!recorded.Tensors.Has(prefix + ".indices"))
            return Outside(recorded, recorded.Tensors.Values(prefix), Values(tensor), 0, 0);
        if (!run.SparseShape.SequenceEqual(tensor.Shape.Dimensions))
            return $"{output} is {tensor.Shape}, recorded [{string.Join(", ", run.SparseShape)}]";

        var values = Values(tensor);
        var sampled = Array.ConvertAll(recorded.Tensors.Values(prefix + ".indices"), index => values[(long)index]);
        if (Outside(recorded, recorded.Tensors.Values(prefix + ".values"), sampled, levelStep, SparseShare) is { } outside)
            return $"{output}: {outside}";

        var mean = values.Average();
        var deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / values.Length);
        (string, double)[] statistics = [("mean", mean), ("std", deviation), ("min", values.Min()), ("max", values.Max())];
        foreach (var (statistic, value) in statistics)
            if (Math.Abs(recorded.Tensors.Values($"{prefix}.{statistic}")[0] - value) > StatisticTolerance)
                return $"{output}: {statistic} is {value}, recorded {recorded.Tensors.Values($"{prefix}.{statistic}")[0]}";
        return null;
    }

    private static string? Outside(ConformanceCase recorded, double[] expected, double[] actual, double maxAbs, double maxShare)
    {
        if (expected.Length != actual.Length)
            return $"{actual.Length} elements, recorded {expected.Length}";
        var outside = 0;
        var furthest = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            var distance = Math.Abs(expected[i] - actual[i]);
            if (double.IsNaN(distance))
                return $"element {i} is not a number";
            if (distance > recorded.AbsoluteTolerance + recorded.RelativeTolerance * Math.Abs(expected[i]))
                (outside, furthest) = (outside + 1, Math.Max(furthest, distance));
        }
        return outside == 0 || (furthest <= maxAbs && outside <= maxShare * expected.Length)
            ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"{(double)outside / expected.Length:P3} outside the tolerance (allowed {maxShare:P3}), the furthest by {furthest} (allowed {maxAbs})");
    }

    private static double[] Values(Tensor tensor) => tensor.ElementType == ElementType.Int64
        ? Array.ConvertAll(tensor.AsSpan<long>().ToArray(), value => (double)value)
        : Array.ConvertAll(tensor.AsSpan<float>().ToArray(), value => (double)value);
}
