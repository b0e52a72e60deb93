using System.Runtime.InteropServices;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>What a time deviates by from its roofline: each is a group of effects whose sizes are drawn from one distribution.</summary>
internal enum EffectGroup
{
    Hardware,

    /// <summary>Of platforms whose arithmetic or bandwidth nothing says, so that their roofline is a guess.</summary>
    UnknownHardware,
    Family,
    Model,

    /// <summary>Of models whose size nothing says.</summary>
    UnsizedModel,
    Runner,
    Precision,
}

/// <summary>Variances of the effects on the logarithm of a time or a rate.</summary>
/// <param name="Groups">By <see cref="EffectGroup"/>.</param>
/// <param name="Pair">Of a model on a platform, whatever the workload.</param>
/// <param name="Cell">Of a model on a platform in one configuration.</param>
/// <param name="Noise">Of one run.</param>
internal sealed record EffectVariances(double[] Groups, double Pair, double Cell, double Noise)
{
    /// <summary>What is supposed before anything was measured; it counts as <see cref="PriorWeight"/> levels of each group.</summary>
    public static EffectVariances Prior { get; } = new([Square(0.5), Square(1), Square(0.4), Square(0.3), Square(1), Square(0.4), Square(0.25)], Square(0.2), Square(0.15), Square(0.05));

    public const double PriorWeight = 4;

    private static double Square(double deviation) => deviation * deviation;
}

/// <summary>What the effects of a row depend on.</summary>
/// <param name="Family">Null: unknown.</param>
/// <param name="Runner">Such as "onnxruntime cuda"; empty: unknown.</param>
internal readonly record struct EffectLevels(
    string Hardware, bool IsHardwareKnown, string? Family, string Model, bool IsModelSized, string Runner, string? Precision);

/// <summary>A row: which effects it has, and what of them is unknown.</summary>
/// <param name="Columns">Of the effects that were seen, and the intercept, in order. Rows of a pair that have the same share them.</param>
/// <param name="UnseenGroups">Those whose level no row has.</param>
/// <param name="Pair">-1: no row has this model on this platform.</param>
/// <param name="Offset">ln of the roofline.</param>
internal sealed record EffectRow(int[] Columns, EffectGroup[] UnseenGroups, int Pair, double Offset);

/// <summary>The rows that effects are learnt from.</summary>
internal sealed class EffectsDesign
{
    private const int EffectCount = 5; // of a row, besides the intercept
    private static readonly int GroupCount = (int)EffectGroup.Precision + 1;

    // Dictionaries by name, and no pairs: for keys that are values, code is compiled when it first runs.
    private readonly Dictionary<string, int>[] _columns = [.. Enumerable.Range(0, GroupCount).Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];
    private readonly Dictionary<string, Dictionary<string, int>> _pairs = new(StringComparer.Ordinal); // by model, and then platform
    private readonly List<int> _groups = []; // of columns
    private readonly List<EffectRow> _rows = [];
    private readonly List<List<int>> _rowsOfPair = [];

    /// <summary>Until a row is added.</summary>
    public ReadOnlySpan<EffectRow> Rows => CollectionsMarshal.AsSpan(_rows);

    /// <summary>One, and the columns of the levels.</summary>
    public int ColumnCount => _groups.Count + 1;

    public int PairCount => _rowsOfPair.Count;

    /// <summary>Until a row is added.</summary>
    public ReadOnlySpan<int> RowsOfPair(int pair) => CollectionsMarshal.AsSpan(_rowsOfPair[pair]);

    /// <summary>The group of a column but the first, which is the intercept.</summary>
    public EffectGroup GroupOf(int column) => (EffectGroup)_groups[column - 1];

    public void Add(in EffectLevels levels, double offset)
    {
        for (var effect = 0; effect < EffectCount; effect++)
        {
            var group = (int)Effect(levels, effect, out var level);
            if (_columns[group].TryAdd(level, ColumnCount))
                _groups.Add(group);
        }
        if (!_pairs.TryGetValue(levels.Model, out var platforms))
            _pairs.Add(levels.Model, platforms = new Dictionary<string, int>(StringComparer.Ordinal));
        if (platforms.TryAdd(levels.Hardware, PairCount))
            _rowsOfPair.Add([]);
        var row = Row(levels, offset);
        var others = _rowsOfPair[row.Pair];
        foreach (var other in others)
        {
            if (!_rows[other].Columns.AsSpan().SequenceEqual(row.Columns))
                continue;
            row = row with { Columns = _rows[other].Columns };
            break;
        }
        others.Add(_rows.Count);
        _rows.Add(row);
    }

    /// <summary>A row as those that were added, whose levels may be new.</summary>
    public EffectRow Row(in EffectLevels levels, double offset)
    {
        Span<int> columns = stackalloc int[1 + EffectCount];
        var (seen, unseen) = (1, (EffectGroup[])[]);
        for (var effect = 0; effect < EffectCount; effect++)
        {
            var group = Effect(levels, effect, out var level);
            if (_columns[(int)group].TryGetValue(level, out var column))
                columns[seen++] = column;
            else
                unseen = [.. unseen, group];
        }
        columns[0] = 0;
        columns[..seen].Sort();
        var pair = _pairs.TryGetValue(levels.Model, out var platforms) && platforms.TryGetValue(levels.Hardware, out var known) ? known : -1;
        return new EffectRow(columns[..seen].ToArray(), unseen, pair, offset);
    }

    private static EffectGroup Effect(in EffectLevels levels, int effect, out string level)
    {
        level = effect switch
        {
            0 => levels.Hardware,
            1 => levels.Family ?? $"of {levels.Model}", // a family of its own where none is known
            2 => levels.Model,
            3 => levels.Runner,
            _ => levels.Precision ?? "",
        };
        return effect switch
        {
            0 => levels.IsHardwareKnown ? EffectGroup.Hardware : EffectGroup.UnknownHardware,
            1 => EffectGroup.Family,
            2 => levels.IsModelSized ? EffectGroup.Model : EffectGroup.UnsizedModel,
            3 => EffectGroup.Runner,
            _ => EffectGroup.Precision,
        };
    }
}
