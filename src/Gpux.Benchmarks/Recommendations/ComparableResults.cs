namespace Gpux.Benchmarks.Recommendations;

/// <summary>The cells of one basis, and what is learnt from them.</summary>
internal sealed class ComparableResults
{
    private const int LevelLimit = 64; // models and platforms whose effects are learnt

    /// <param name="basis">All models but the one that is asked about count in the newest version of theirs that was measured so. Null where nothing was measured at all.</param>
    /// <param name="level">Of the intervals; null for none.</param>
    public ComparableResults(BenchmarkCells database, ModelFacts model, long? modelId, Basis? basis, double? level, int seed)
    {
        Basis = basis;
        var sameWay = database.Cells.Where(cell => cell.Method == basis?.Method).ToArray();
        var newest = new Dictionary<long, Cell>();
        foreach (var cell in sameWay)
            if (!newest.TryGetValue(cell.ModelId, out var known) || database.Versions.Rank(cell.VersionId) > database.Versions.Rank(known.VersionId))
                newest[cell.ModelId] = cell;
        Cells = Array.FindAll(sameWay, cell => cell.VersionId == (cell.ModelId == modelId ? basis!.VersionId : newest[cell.ModelId].VersionId)); // there is one, for there are cells
        var cells = Learnt(Cells, database, model, modelId);
        Own = [.. Cells.Where(cell => cell.ModelId == modelId)];
        CountsTokensAlone = Own.Any(cell => cell is { Throughput: not null, CountsTokensAlone: true });
        RunsOfOthers = cells.Where(cell => cell.ModelId != modelId).Sum(cell => cell.Runs);
        var facts = new Dictionary<long, ModelFacts>();
        foreach (var cell in cells)
            if (!facts.ContainsKey(cell.ModelId))
                facts.Add(cell.ModelId, cell.ModelId == modelId ? model : ModelFacts.Of(database.Models[cell.ModelId]));
        TargetModel? latency = null, throughput = null;
        Parallel.Invoke(() => latency = Learn(isRate: false), () => throughput = Learn(isRate: true));
        (Latency, Throughput) = (latency!, throughput!); // made above
        Tails = new TailModel(cells, level);
        Memory = new MeasuredMemory(Own, database.Hardware);

        TargetModel Learn(bool isRate) => new(isRate ? Array.FindAll(cells, cell => cell.CountsTokensAlone == CountsTokensAlone) : cells, id => facts[id], id => database.Hardware[id], isRate, level, seed);
    }

    public Basis? Basis { get; }

    public Cell[] Cells { get; }

    /// <summary>Cells of the model that is asked about.</summary>
    public IReadOnlyList<Cell> Own { get; }

    /// <summary>Whether throughputs are of tokens of requests of unknown length: such are not compared with those of requests.</summary>
    public bool CountsTokensAlone { get; }

    public int RunsOfOthers { get; }
    public TargetModel Latency { get; }
    public TargetModel Throughput { get; }
    public TailModel Tails { get; }

    /// <summary>Of the model that is asked about.</summary>
    public MeasuredMemory Memory { get; }

    public bool IsEmpty => Latency.IsEmpty && Throughput.IsEmpty;

    // Of so many models and platforms as are solved in a moment: the model's own, then its relatives, then those measured most.
    private static Cell[] Learnt(Cell[] cells, BenchmarkCells database, ModelFacts model, long? modelId)
    {
        var models = Most(cell => cell.ModelId, id => id == modelId ? 0 : model.Family is { } family && database.Models[id].Architecture == family ? 1 : 2);
        var ownPlatforms = new HashSet<long>();
        foreach (var cell in cells)
            if (cell.ModelId == modelId)
                ownPlatforms.Add(cell.HardwareId);
        var platforms = Most(cell => cell.HardwareId, id => ownPlatforms.Contains(id) ? 0 : 1);
        return Array.FindAll(cells, cell => models.Contains(cell.ModelId) && platforms.Contains(cell.HardwareId));

        HashSet<long> Most(Func<Cell, long> of, Func<long, int> distance)
        {
            var levels = new Dictionary<long, Level>();
            foreach (var cell in cells)
            {
                if (!levels.TryGetValue(of(cell), out var level))
                    levels.Add(of(cell), level = new Level(of(cell), distance(of(cell))));
                level.Runs += cell.Runs;
            }
            var most = new HashSet<long>();
            foreach (var level in levels.Values.Order(Level.Order).Take(LevelLimit))
                most.Add(level.Id);
            return most;
        }
    }

    // A model or a platform.
    private sealed class Level(long id, int distance)
    {
        // The near ones first, then those with most runs.
        public static IComparer<Level> Order { get; } = Comparer<Level>.Create((a, b) =>
            a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : a.Runs != b.Runs ? b.Runs.CompareTo(a.Runs) : a.Id.CompareTo(b.Id));

        public long Id => id;
        public int Distance => distance;
        public long Runs { get; set; }
    }
}
