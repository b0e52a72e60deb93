using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Roofline;

/// <summary>How fast a machine could run a graph whose data come from memory: limited by its arithmetic, or by what that memory delivers.</summary>
/// <remarks>Source: Williams, Waterman and Patterson, Roofline (2009). The bound takes only the bytes that must be moved
/// (<see cref="GraphCost.CompulsoryBytes"/>), because caches and fused operators may spare the rest. Of a model that lies in the
/// processor's caches with its weights memory is no bound: only <see cref="ComputeTime"/> is.</remarks>
/// <param name="ComputeTime">The graph's operations at the machine's peak.</param>
/// <param name="MemoryTime">The compulsory bytes at the machine's bandwidth.</param>
public sealed record RooflineBound(TimeSpan ComputeTime, TimeSpan MemoryTime)
{
    /// <summary>No run takes less that reads weights and inputs from memory, as it must where they do not stay in the caches from run to run.</summary>
    public TimeSpan Least => ComputeTime > MemoryTime ? ComputeTime : MemoryTime;

    public bool IsMemoryBound => MemoryTime > ComputeTime;

    /// <summary>What a run achieved of what the machine allows: 0 to 1, if the peaks are right and its data come from memory; else it may be any number above 0.</summary>
    /// <remarks>One request at a time has the machine for itself; of several, each has a part of it: what counts is how many end in a second, and not how long each takes.</remarks>
    /// <param name="graphsPerSecond">How often the graph was run in a second, by all callers together: see <see cref="GraphRate"/>.</param>
    public double Share(double graphsPerSecond) =>
        graphsPerSecond >= 0 ? Least.TotalSeconds * graphsPerSecond : throw new ArgumentOutOfRangeException(nameof(graphsPerSecond), graphsPerSecond, "A rate is not negative.");

    /// <param name="hardware">With peaks and the bandwidth of its memory.</param>
    /// <returns>Null where the machine's peaks or bandwidth are not known.</returns>
    public static RooflineBound? Of(GraphCost cost, HardwarePlatform hardware)
    {
        if (hardware.MemoryBytesPerSecond is not > 0 || hardware.Peaks.Count == 0)
            return null;
        var seconds = cost.Nodes.Sum(node => node.Flop / Peak(hardware, node.Precision));
        return new RooflineBound(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(cost.CompulsoryBytes / hardware.MemoryBytesPerSecond.Value));
    }

    /// <summary>Each node by itself, as if it read its inputs from memory and wrote its outputs there.</summary>
    /// <returns>Null where the machine's peaks or bandwidth are not known.</returns>
    public static IReadOnlyList<(NodeCost Node, RooflineBound Bound)>? PerNode(GraphCost cost, HardwarePlatform hardware) =>
        hardware.MemoryBytesPerSecond is not (> 0 and var bandwidth) || hardware.Peaks.Count == 0 ? null
            : [.. cost.Nodes.Select(node => (node, new RooflineBound(
                TimeSpan.FromSeconds(node.Flop / Peak(hardware, node.Precision)), TimeSpan.FromSeconds(node.Bytes / bandwidth))))];

    /// <summary>Operations a second at a precision; of one that is not known, those at which the machine is fastest, so that the bound stays one.</summary>
    internal static double Peak(HardwarePlatform hardware, string? precision) =>
        hardware.Peaks.FirstOrDefault(peak => peak.Precision == precision)?.OperationsPerSecond ?? hardware.Peaks.Max(peak => peak.OperationsPerSecond);
}
