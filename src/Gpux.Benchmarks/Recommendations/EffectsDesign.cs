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
/// <param name="Columns">Of the effects that were seen, and the intercept.</param>
/// <param name="UnseenGroups">Those whose level no row has.</param>
/// <param name="Pair">-1: no row has this model on this platform.</param>
/// <param name="Offset">ln of the roofline.</param>
internal sealed record EffectRow(int[] Columns, EffectGroup[] UnseenGroups, int Pair, double Offset);

/// <summary>The rows that effects are learnt from.</summary>
internal sealed class EffectsDesign
{
    private readonly Dictionary<(EffectGroup, string), int> _columns = [];
    private readonly Dictionary<(string, string), int> _pairs = [];
    private readonly List<EffectGroup> _groups = [];
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
    public EffectGroup GroupOf(int column) => _groups[column - 1];

    public void Add(in EffectLevels levels, double offset)
    {
        foreach (var (group, level) in Effects(levels))
        {
            if (_columns.TryAdd((group, level), ColumnCount))
                _groups.Add(group);
        }
        if (_pairs.TryAdd((levels.Model, levels.Hardware), PairCount))
            _rowsOfPair.Add([]);
        var row = Row(levels, offset);
        _rowsOfPair[row.Pair].Add(_rows.Count);
        _rows.Add(row);
    }

    /// <summary>A row as those that were added, whose levels may be new.</summary>
    public EffectRow Row(in EffectLevels levels, double offset)
    {
        List<int> columns = [0];
        List<EffectGroup> unseen = [];
        foreach (var (group, level) in Effects(levels))
        {
            if (_columns.TryGetValue((group, level), out var column))
                columns.Add(column);
            else
                unseen.Add(group);
        }
        return new EffectRow([.. columns], [.. unseen], _pairs.TryGetValue((levels.Model, levels.Hardware), out var pair) ? pair : -1, offset);
    }

    private static (EffectGroup, string)[] Effects(in EffectLevels levels) =>
    [
        (levels.IsHardwareKnown ? EffectGroup.Hardware : EffectGroup.UnknownHardware, levels.Hardware),
        // A family of its own where none is known.
        (EffectGroup.Family, levels.Family ?? $"of {levels.Model}"),
        (levels.IsModelSized ? EffectGroup.Model : EffectGroup.UnsizedModel, levels.Model),
        (EffectGroup.Runner, levels.Runner),
        (EffectGroup.Precision, levels.Precision ?? ""),
    ];
}
