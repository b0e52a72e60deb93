using Gpux.Benchmarks.Results;
using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>What a forecast had to do without. Each is as sure as such forecasts of held-out results turned out.</summary>
internal enum Question
{
    /// <summary>The configuration was measured: what will the next run say?</summary>
    Repeat,

    /// <summary>The model was measured on the platform, in other configurations.</summary>
    OtherWorkload,

    /// <summary>Both were measured, but not together.</summary>
    NewPair,
    NewModel,
    NewHardware,
    NewModelAndHardware,
}

/// <summary>A forecast of a time or a rate.</summary>
/// <param name="Runs">Of this very configuration.</param>
/// <param name="Threshold">In expected deviations; infinite where too little was measured to know.</param>
internal sealed record TargetForecast(Forecast Forecast, Question Question, int Runs, double Threshold, double Noise)
{
    public double Typical => Math.Exp(Forecast.Mean);
    public double Low => double.IsInfinity(Threshold) ? 0 : Math.Exp(Forecast.Mean - Threshold * Deviation);
    public double High => double.IsInfinity(Threshold) ? double.PositiveInfinity : Math.Exp(Forecast.Mean + Threshold * Deviation);

    private double Deviation => Math.Sqrt(Forecast.Variance + Noise);
}

/// <summary>How often intervals held what was measured after all that they were made of.</summary>
/// <param name="Metric">"latency" or "throughput".</param>
/// <param name="Question">Such as "new model".</param>
/// <param name="Groups">Models, platforms or pairs that were held out, one after another.</param>
/// <param name="Needed">How many it takes at least for an interval at all: those after them are counted.</param>
/// <param name="Covered">Groups whose error was within the interval that the groups measured before it gave.</param>
public sealed record HeldOutCoverage(string Metric, string Question, int Groups, int Needed, int Covered, int Count)
{
    private const double Level = 0.95;

    /// <summary>0 to 1; NaN when nothing could be held out.</summary>
    public double Share => (double)Covered / Count;

    /// <summary>Lower end of the 95 % interval of the share in the long run, of Clopper and Pearson; 0 when nothing could be held out.</summary>
    public double Low => Covered == 0 ? 0 : Beta.InvCDF(Covered, Count - Covered + 1, (1 - Level) / 2);

    /// <summary>Its upper end; 1 when nothing could be held out.</summary>
    public double High => Covered == Count ? 1 : Beta.InvCDF(Covered + 1, Count - Covered, (1 + Level) / 2);
}

/// <summary>Forecasts one quantity, latency or throughput, of any model on any platform, from all that were measured.</summary>
internal sealed class TargetModel
{
    private const int Folds = 10;
    private const int GroupsTried = 150;
    private const int RowsTriedOfGroup = 8;
    private const int QuestionCount = (int)Question.NewModelAndHardware + 1;

    private readonly EffectsDesign _design = new();
    private readonly Cell[] _cells; // a row each
    private readonly LogMean[] _means;
    private readonly double[] _values;
    private readonly int[] _models; // numbered from 0
    private readonly int[] _platforms;
    private readonly Dictionary<Cell, int> _rowOf = new(ReferenceEqualityComparer.Instance);
    private readonly IReadOnlyList<double[]>?[] _errors = new IReadOnlyList<double[]>?[QuestionCount];
    private readonly double[] _thresholds = new double[QuestionCount]; // 0: not yet
    private readonly EffectsFit _fit;
    private readonly bool _isRate;
    private readonly double? _level;
    private readonly int _seed;

    /// <param name="isRate">Whether of throughput, not of latency.</param>
    /// <param name="level">Of the intervals; null for none.</param>
    public TargetModel(Cell[] cells, Func<long, ModelFacts> modelOf, Func<long, HardwarePlatform> platformOf, bool isRate, double? level, int seed)
    {
        (_isRate, _level, _seed) = (isRate, level, seed);
        _cells = Array.FindAll(cells, cell => (isRate ? cell.Throughput : cell.Latency) is not null);
        var (models, platforms) = (new Dictionary<long, int>(), new Dictionary<long, int>());
        var count = _cells.Length;
        (_means, _values, _models, _platforms) = (new LogMean[count], new double[count], new int[count], new int[count]);
        for (var i = 0; i < count; i++)
        {
            var cell = _cells[i];
            var (model, platform) = (modelOf(cell.ModelId), platformOf(cell.HardwareId));
            _design.Add(Levels(model, platform, cell.Runner, cell.Work.Precision), Offset(model, platform, cell.Work, cell.CountsTokens));
            _rowOf.Add(cell, i);
            _means[i] = (isRate ? cell.Throughput : cell.Latency)!.Value; // filtered
            _values[i] = _means[i].Mean;
            models.TryAdd(cell.ModelId, models.Count);
            platforms.TryAdd(cell.HardwareId, platforms.Count);
            (_models[i], _platforms[i]) = (models[cell.ModelId], platforms[cell.HardwareId]);
        }
        var runs = Runs();
        _fit = EffectsFit.Solve(_design, _values, runs, EffectsFit.Learn(_design, _values, runs, PooledNoise()));
    }

    public bool IsEmpty => _cells.Length == 0;

    public EffectVariances Variances => _fit.Variances;

    /// <param name="measured">The cell that is asked for; null where it was never measured.</param>
    public TargetForecast Forecast(ModelFacts model, HardwarePlatform platform, Runner runner, in WorkPoint work, bool countsTokens, Cell? measured)
    {
        var row = _design.Row(Levels(model, platform, runner, work.Precision), Offset(model, platform, work, countsTokens));
        var index = measured is not null && _rowOf.TryGetValue(measured, out var found) ? found : -1;
        var question = index >= 0 ? Question.Repeat : row.Pair >= 0 ? Question.OtherWorkload
            : (IsUnseen(row, EffectGroup.Model, EffectGroup.UnsizedModel), IsUnseen(row, EffectGroup.Hardware, EffectGroup.UnknownHardware)) switch
            {
                (false, false) => Question.NewPair,
                (true, false) => Question.NewModel,
                (false, true) => Question.NewHardware,
                _ => Question.NewModelAndHardware,
            };
        return new TargetForecast(_fit.Forecast(row, index), question, index < 0 ? 0 : _means[index].Runs, Threshold(question), _fit.Variances.Noise);
    }

    /// <summary>The most likely value alone.</summary>
    public double Typical(ModelFacts model, HardwarePlatform platform, Runner runner, in WorkPoint work, bool countsTokens, Cell? measured) =>
        Math.Exp(_fit.Mean(_design.Row(Levels(model, platform, runner, work.Precision), Offset(model, platform, work, countsTokens)),
            measured is not null && _rowOf.TryGetValue(measured, out var index) ? index : -1));

    public HeldOutCoverage Coverage(Question question, double level)
    {
        var errors = Errors(question);
        var needed = ConformalBand.Needed(level);
        var (covered, count) = ConformalBand.Coverage(errors, level, _seed);
        return new HeldOutCoverage(_isRate ? "throughput" : "latency", Named(question), errors.Count, needed, covered, count);
    }

    /// <summary>How many groups can be held out.</summary>
    public int Groups(Question question) => Errors(question).Count;

    internal static string Named(Question question) => question switch
    {
        Question.Repeat => "another run",
        Question.OtherWorkload => "another configuration",
        Question.NewPair => "new pair",
        Question.NewModel => "new model",
        Question.NewHardware => "new hardware",
        _ => "new model on new hardware",
    };

    private static bool IsUnseen(EffectRow row, EffectGroup known, EffectGroup unknown) => row.UnseenGroups.Contains(known) || row.UnseenGroups.Contains(unknown);

    private static EffectLevels Levels(ModelFacts model, HardwarePlatform platform, Runner runner, string? precision) =>
        new(platform.Name, RooflineTime.IsKnown(platform), model.Family, model.Name, RooflineTime.IsKnown(model), runner.ToString(), precision);

    private double Offset(ModelFacts model, HardwarePlatform platform, in WorkPoint work, bool countsTokens)
    {
        var seconds = RooflineTime.Seconds(model, platform, work);
        // Requests of a closed loop wait for each other; together they are no faster.
        return Math.Log(_isRate ? RooflineTime.Rate(work, countsTokens, seconds) : seconds * work.Concurrency);
    }

    private int[] Runs()
    {
        var runs = new int[_means.Length];
        for (var i = 0; i < runs.Length; i++)
            runs[i] = _means[i].Runs;
        return runs;
    }

    // The variance of single runs within their cells, pooled so that a few wild cells do not matter: the weighted median of the cells' own, each
    // corrected for the median of its chi-square distribution (Wilson and Hilferty).
    private double PooledNoise()
    {
        var (variances, freedoms) = (new double[_means.Length], new double[_means.Length]);
        var (count, total) = (0, 0.0);
        foreach (var mean in _means)
        {
            if (mean.Runs < 2)
                continue;
            var freedom = mean.Runs - 1;
            (variances[count], freedoms[count]) = (mean.SquaredDeviations / freedom / Math.Pow(1 - 2.0 / (9 * freedom), 3), freedom);
            total += freedom;
            count++;
        }
        Array.Sort(variances, freedoms, 0, count);
        var (below, pooled) = (0.0, 0.0);
        for (var i = 0; i < count && below < total / 2; i++)
            (below, pooled) = (below + freedoms[i], variances[i]);
        return Math.Max(1e-8, (pooled * total + EffectVariances.Prior.Noise * EffectVariances.PriorWeight) / (total + EffectVariances.PriorWeight));
    }

    private double Threshold(Question question)
    {
        if (_level is not { } level)
            return double.PositiveInfinity;
        ref var threshold = ref _thresholds[(int)question];
        if (threshold == 0)
            threshold = ConformalBand.Threshold(Errors(question), level, _seed);
        return threshold;
    }

    // In the order in which they were measured.
    private IReadOnlyList<double[]> Errors(Question question) => _errors[(int)question] ??= question == Question.Repeat ? RepeatErrors() : HeldOutErrors(question);

    // Each cell's last run, foretold from the runs before it.
    private double[][] RepeatErrors()
    {
        var (values, runs) = (_values.AsSpan().ToArray(), Runs());
        var repeated = new List<int>();
        for (var i = 0; i < values.Length; i++)
        {
            if (_means[i].Runs < 2 || double.IsNaN(_means[i].Last))
                continue;
            (values[i], runs[i]) = (_means[i].MeanBefore, runs[i] - 1);
            repeated.Add(i);
        }
        var fit = EffectsFit.Solve(_design, values, runs, _fit.Variances);
        var errors = new List<HeldErrors>();
        foreach (var i in Some(repeated, GroupsTried))
            errors.Add(new HeldErrors(_cells[i].MeasuredAt, [Error(fit, i, _means[i].Last, 1, measured: i)]));
        return InOrder(errors);
    }

    private double[][] HeldOutErrors(Question question)
    {
        // What each row is held out with, and which group its error belongs to; -1: it is never held out.
        var (held, group) = (new int[_cells.Length], new int[_cells.Length]);
        var scored = new List<int>();
        var folds = Folds;
        switch (question)
        {
            case Question.OtherWorkload:
                Array.Fill(held, -1);
                for (var pair = 0; pair < _design.PairCount; pair++)
                {
                    var rows = _design.RowsOfPair(pair);
                    if (rows.Length < 2)
                        continue;
                    var chosen = rows[Mixed(pair) % rows.Length];
                    (held[chosen], group[chosen]) = (Mixed(pair) % folds, pair);
                    scored.Add(chosen);
                }
                break;
            case Question.NewPair:
                var (ofModel, ofPlatform) = (PairsOf(_models), PairsOf(_platforms));
                for (var i = 0; i < held.Length; i++)
                {
                    var pair = _design.Rows[i].Pair;
                    (held[i], group[i]) = (Mixed(pair) % folds, pair);
                    if (ofModel[_models[i]] > 1 && ofPlatform[_platforms[i]] > 1)
                        scored.Add(i);
                }
                break;
            case Question.NewModel or Question.NewHardware:
                var of = question == Question.NewModel ? _models : _platforms;
                for (var i = 0; i < held.Length; i++)
                {
                    (held[i], group[i]) = (Mixed(of[i]) % folds, of[i]);
                    scored.Add(i);
                }
                break;
            default:
                return NewBothErrors();
        }
        return ErrorsOf(Chosen(scored, group), group, folds, (fold, i) => held[i] == fold, (fold, i) => held[i] == fold);
    }

    // A tenth of the models and a tenth of the platforms are held out at a time; the rows that have both are foretold. Each tenth meets three of the others.
    private double[][] NewBothErrors()
    {
        const int Meetings = 3;
        var fewer = _models.Max() < _platforms.Max() ? _models : _platforms; // numbered from 0
        var scored = new List<int>();
        for (var i = 0; i < _cells.Length; i++)
            if ((FoldOf(_models, i) - FoldOf(_platforms, i) + Folds) % Folds < Meetings)
                scored.Add(i);
        return ErrorsOf(Chosen(scored, fewer), fewer, Folds * Meetings, (fold, i) => HasModel(fold, i) || HasPlatform(fold, i), (fold, i) => HasModel(fold, i) && HasPlatform(fold, i));

        bool HasModel(int fold, int i) => FoldOf(_models, i) == (fold + fold / Folds) % Folds;
        bool HasPlatform(int fold, int i) => FoldOf(_platforms, i) == fold % Folds;
        static int FoldOf(int[] levels, int i) => Mixed(levels[i]) % Folds;
    }

    private double[][] ErrorsOf(List<int> scored, int[] group, int folds, Func<int, int, bool> isHeld, Func<int, int, bool> isForetold)
    {
        var errors = new double[_cells.Length];
        Parallel.For(0, folds, fold =>
        {
            var runs = Runs();
            var count = 0;
            for (var i = 0; i < runs.Length; i++)
            {
                if (!isHeld(fold, i))
                    continue;
                runs[i] = 0;
                count++;
            }
            if (count == 0 || count == runs.Length)
            {
                foreach (var i in scored)
                    if (isForetold(fold, i))
                        errors[i] = double.NaN; // nothing was left to learn from
                return;
            }
            var fit = EffectsFit.Solve(_design, _values, runs, _fit.Variances);
            foreach (var i in scored)
                if (isForetold(fold, i))
                    errors[i] = Error(fit, i, _values[i], _means[i].Runs, measured: -1);
        });
        var held = new List<HeldErrors>();
        foreach (var rows in Grouped(scored.FindAll(i => !double.IsNaN(errors[i])), group))
        {
            var (last, own) = (DateTimeOffset.MinValue, new double[rows.Count]);
            for (var i = 0; i < own.Length; i++)
                (last, own[i]) = (_cells[rows[i]].MeasuredAt > last ? _cells[rows[i]].MeasuredAt : last, errors[rows[i]]);
            held.Add(new HeldErrors(last, own));
        }
        return InOrder(held);
    }

    // In the order in which they were measured, and those of one moment as they are.
    private static double[][] InOrder(List<HeldErrors> errors) => [.. errors.Order(HeldErrors.Order).Select(each => each.Errors)];

    private double Error(EffectsFit fit, int row, double value, int runs, int measured)
    {
        var forecast = fit.Forecast(_design.Rows[row], measured);
        return Math.Abs(value - forecast.Mean) / Math.Sqrt(forecast.Variance + fit.Variances.Noise / runs);
    }

    // Some groups, and some rows of each: an even choice, for the effort grows with every row.
    private static List<int> Chosen(List<int> rows, int[] group)
    {
        var chosen = new List<int>();
        foreach (var each in Some(Grouped(rows, group), GroupsTried))
            chosen.AddRange(Some(each, RowsTriedOfGroup));
        return chosen;
    }

    private static List<T> Some<T>(List<T> all, int count)
    {
        if (all.Count <= count)
            return all;
        var some = new List<T>(count);
        for (var i = 0; i < count; i++)
            some.Add(all[(int)((long)i * all.Count / count)]);
        return some;
    }

    // Groups are numbered from 0, and are no more than there are rows.
    private static List<List<int>> Grouped(List<int> rows, int[] group)
    {
        var (groups, of) = (new List<List<int>>(), new List<int>?[group.Length]);
        foreach (var i in rows)
        {
            if (of[group[i]] is not { } own)
                groups.Add(of[group[i]] = own = []);
            own.Add(i);
        }
        return groups;
    }

    // How many pairs a model or a platform is in.
    private int[] PairsOf(int[] levels)
    {
        var (counts, known) = (new int[levels.Length], new bool[_design.PairCount]);
        for (var i = 0; i < levels.Length; i++)
        {
            ref var isKnown = ref known[_design.Rows[i].Pair];
            counts[levels[i]] += isKnown ? 0 : 1;
            isKnown = true;
        }
        return counts;
    }

    // Neighbours in the database go to different folds.
    private static int Mixed(int number) => (int)((uint)number * 2654435761u >> 8);

    // Of a group, and when the last of it was measured.
    private sealed record HeldErrors(DateTimeOffset MeasuredAt, double[] Errors)
    {
        public static IComparer<HeldErrors> Order { get; } = Comparer<HeldErrors>.Create((a, b) => a.MeasuredAt.CompareTo(b.MeasuredAt));
    }
}
