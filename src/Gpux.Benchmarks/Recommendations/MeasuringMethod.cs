using System.Globalization;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Scoring;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>How numbers came about. Only those of one method are pooled, and predictions are learnt from one method alone.</summary>
/// <remarks>What <see cref="WorkloadStratum"/> keeps apart besides the sizes of the work: one rule for scores, comparisons and advice.</remarks>
/// <param name="Suite">The benchmark, such as "gpux bench".</param>
/// <param name="Version">Of the benchmark.</param>
/// <param name="Scenario">Such as "closed-loop".</param>
/// <param name="OfferedRate">Requests a second that were due; null in a closed loop.</param>
public sealed record MeasuringMethod(string Suite, string Version, string Scenario, double? OfferedRate)
{
    private const string ClosedLoop = "closed-loop";

    // MLPerf's "Server" and our "open-loop" send requests whether or not the last was answered, also where nobody wrote down how many.
    private static readonly string[] OpenScenarios = ["open-loop", "server"];

    /// <summary>Whether requests came at a rate that somebody chose: then the throughput is that rate, and not what the hardware can do.</summary>
    public bool IsOffered => OfferedRate is not null || OpenScenarios.Contains(Scenario, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether whole answers were measured, tokenization and processing included, and not the model alone.</summary>
    public bool IsEndToEnd => Suite == RunSummary.EndToEndSuite;

    /// <summary>Whether it is what advice is about where nothing else is said: the model itself, as gpux bench measures it in a closed loop.</summary>
    public bool IsUsual => Suite == RunSummary.Suite && IsClosedLoop;

    // First what hardware can do, of the model itself, by the scenario that says so plainly.
    internal int Distance => (IsOffered ? 4 : 0) + (IsEndToEnd ? 2 : 0) + (IsClosedLoop ? 0 : 1);

    private bool IsClosedLoop => !IsOffered && Scenario == ClosedLoop;

    internal static IComparer<MeasuringMethod> Order { get; } = Comparer<MeasuringMethod>.Create((a, b) =>
    {
        var order = string.CompareOrdinal(a.Suite, b.Suite);
        order = order != 0 ? order : string.CompareOrdinal(a.Version, b.Version);
        order = order != 0 ? order : string.CompareOrdinal(a.Scenario, b.Scenario);
        return order != 0 ? order : (a.OfferedRate ?? -1).CompareTo(b.OfferedRate ?? -1); // none is negative
    });

    /// <returns>Such as "llama-bench 1, closed-loop" or "gpux bench 1, open-loop at 50/s".</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Suite} {Version}, {(Scenario.Length > 0 ? Scenario : "no scenario said")}{(OfferedRate is { } rate ? $" at {rate:0.###}/s" : "")}");
}

/// <summary>Results that may be compared: of one method, and of the model that is asked about of one version.</summary>
/// <param name="VersionId">Null: of runs that belong to no version.</param>
internal sealed record Basis(MeasuringMethod Method, long? VersionId)
{
    /// <summary>The bases of some cells, the best first: by method, then the newest version of the model, then the benchmark that measured most, in its newest version.</summary>
    public static Basis[] InOrder(IReadOnlyCollection<Cell> cells, VersionOrder versions)
    {
        var runs = new Dictionary<string, long>();
        foreach (var cell in cells)
            runs[cell.Method.Suite] = runs.GetValueOrDefault(cell.Method.Suite) + cell.Runs;
        return [.. cells.Where(cell => cell.Runs > 0).Select(cell => cell.Basis).Distinct().Order(Comparer<Basis>.Create(Compare))];

        int Compare(Basis a, Basis b)
        {
            var order = a.Method.Distance.CompareTo(b.Method.Distance);
            order = order != 0 ? order : versions.Rank(b.VersionId).CompareTo(versions.Rank(a.VersionId));
            order = order != 0 ? order : runs[b.Method.Suite].CompareTo(runs[a.Method.Suite]);
            order = order != 0 ? order : string.CompareOrdinal(a.Method.Suite, b.Method.Suite);
            order = order != 0 ? order : Number(b.Method.Version).CompareTo(Number(a.Method.Version));
            order = order != 0 ? order : string.CompareOrdinal(b.Method.Version, a.Method.Version);
            order = order != 0 ? order : (a.Method.OfferedRate ?? -1).CompareTo(b.Method.OfferedRate ?? -1); // none is negative
            return order != 0 ? order : string.CompareOrdinal(a.Method.Scenario, b.Method.Scenario);
        }
    }

    // So that 10 comes after 9.
    private static double Number(string version) => double.TryParse(version, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
