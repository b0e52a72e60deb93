using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>What most likely runs a model on a platform: what ran others there, else what ran them on hardware of the same maker.</summary>
internal sealed class Runners
{
    private readonly Dictionary<long, Runner> _ofPlatform;
    private readonly Dictionary<string, Runner> _ofProvider;

    public Runners(IReadOnlyCollection<Cell> cells)
    {
        _ofPlatform = cells.GroupBy(cell => cell.HardwareId).ToDictionary(group => group.Key, group => Most(group)!.Value); // no group is empty
        _ofProvider = cells.Where(cell => cell.Runner.Provider is not null).GroupBy(cell => cell.Runner.Provider!).ToDictionary(group => group.Key, group => Most(group)!.Value); // filtered; no group is empty
    }

    /// <returns>Null where nothing ran.</returns>
    public Runner? Here(long? platform) => platform is { } id && _ofPlatform.TryGetValue(id, out var runner) ? runner : null;

    public Runner Elsewhere(HardwarePlatform platform)
    {
        var provider = platform.Kind == HardwareKind.Cpu ? "cpu" : platform.Vendor == "NVIDIA" ? "cuda" : null;
        return provider is not null && _ofProvider.TryGetValue(provider, out var runner) ? runner : new Runner(null, provider);
    }

    /// <summary>With most of the runs.</summary>
    public static Runner? Most(IEnumerable<Cell> cells) => cells.GroupBy(cell => cell.Runner).OrderByDescending(group => group.Sum(cell => cell.Runs))
        .ThenBy(group => group.Key.Provider, StringComparer.Ordinal).ThenBy(group => group.Key.Backend, StringComparer.Ordinal).FirstOrDefault()?.Key;
}
