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
        var runs = cells.GroupBy(cell => cell.Method.Suite).ToDictionary(suite => suite.Key, suite => suite.Sum(cell => (long)cell.Runs));
        return
        [
            .. cells.Where(cell => cell.Runs > 0).Select(cell => cell.Basis).Distinct().OrderBy(basis => basis.Method.Distance)
                .ThenByDescending(basis => versions.Rank(basis.VersionId)).ThenByDescending(basis => runs[basis.Method.Suite]).ThenBy(basis => basis.Method.Suite, StringComparer.Ordinal)
                .ThenByDescending(basis => Number(basis.Method.Version)).ThenByDescending(basis => basis.Method.Version, StringComparer.Ordinal)
                .ThenBy(basis => basis.Method.OfferedRate).ThenBy(basis => basis.Method.Scenario, StringComparer.Ordinal),
        ];
    }

    // So that 10 comes after 9.
    private static double Number(string version) => double.TryParse(version, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
