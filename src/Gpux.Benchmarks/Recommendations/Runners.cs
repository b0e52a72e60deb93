using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>What most likely runs a model on a platform: what ran others there, else what ran them on hardware of the same maker.</summary>
internal sealed class Runners
{
    private readonly Dictionary<long, Counts> _ofPlatform = [];
    private readonly Dictionary<string, Counts> _ofProvider = [];

    public Runners(IEnumerable<Cell> cells)
    {
        foreach (var cell in cells)
        {
            if (!_ofPlatform.TryGetValue(cell.HardwareId, out var there))
                _ofPlatform.Add(cell.HardwareId, there = new Counts());
            there.Add(cell);
            if (cell.Runner.Provider is not { } provider)
                continue;
            if (!_ofProvider.TryGetValue(provider, out var alike))
                _ofProvider.Add(provider, alike = new Counts());
            alike.Add(cell);
        }
    }

    /// <returns>Null where nothing ran.</returns>
    public Runner? Here(long? platform) => platform is { } id && _ofPlatform.TryGetValue(id, out var counts) ? counts.Most : null;

    public Runner Elsewhere(HardwarePlatform platform)
    {
        var provider = platform.Kind == HardwareKind.Cpu ? "cpu" : platform.Vendor == "NVIDIA" ? "cuda" : null;
        return provider is not null && _ofProvider.TryGetValue(provider, out var counts) ? counts.Most! : new Runner(null, provider); // some cell was added
    }

    /// <summary>With most of the runs.</summary>
    /// <returns>Null for no cells.</returns>
    public static Runner? Most(IEnumerable<Cell> cells)
    {
        var counts = new Counts();
        foreach (var cell in cells)
            counts.Add(cell);
        return counts.Most;
    }

    // There are few runners.
    private sealed class Counts
    {
        private readonly List<Runner> _runners = [];
        private long[] _runs = [];

        public Runner? Most
        {
            get
            {
                var most = -1;
                for (var i = 0; i < _runners.Count; i++)
                    if (most < 0 || _runs[i] > _runs[most] || (_runs[i] == _runs[most] && Runner.Order.Compare(_runners[i], _runners[most]) < 0))
                        most = i;
                return most < 0 ? null : _runners[most];
            }
        }

        public void Add(Cell cell)
        {
            var i = _runners.IndexOf(cell.Runner);
            if (i < 0)
            {
                i = _runners.Count;
                _runners.Add(cell.Runner);
                _runs = [.. _runs, 0];
            }
            _runs[i] += cell.Runs;
        }
    }
}
