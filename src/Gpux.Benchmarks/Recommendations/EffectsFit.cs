using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>What is expected of a row.</summary>
/// <param name="Mean">Of the logarithm.</param>
/// <param name="OwnVariance">Of what is peculiar to this row, given the shared effects.</param>
/// <param name="Loading">How it moves with the shared effects, in units of independent standard normal variables.</param>
internal readonly record struct Forecast(double Mean, double OwnVariance, double[] Loading)
{
    /// <summary>Of the true logarithm; a run adds its noise.</summary>
    public double Variance => OwnVariance + CholeskyFactor.Dot(Loading, Loading);
}

/// <summary>Effects of hardware, family, model, provider and precision on the logarithm of a time, shrunk towards none by their variances (BLUP).</summary>
/// <remarks>y = ln roofline + intercept + hardware + family + model + provider + precision + (model on hardware) + (this configuration) + noise/n.
/// Henderson's equations; the effects of pairs, of which there are many, are absorbed. Source: Robinson, "That BLUP is a good thing", 1991.</remarks>
internal sealed class EffectsFit
{
    private const int VarianceSteps = 12;
    private const int PairsTried = 64;
    private const double Floor = 1e-6;

    private readonly EffectsDesign _design;
    private readonly double[] _values;
    private readonly double[] _weights; // of a row given its pair's effect: 1 / (cell + noise / n); 0 where it is held out
    private readonly CholeskyFactor _factor;
    private readonly double[] _effects;

    private EffectsFit(EffectsDesign design, double[] values, double[] weights, EffectVariances variances, CholeskyFactor factor, double[] effects) =>
        (_design, _values, _weights, Variances, _factor, _effects) = (design, values, weights, variances, factor, effects);

    public EffectVariances Variances { get; }

    /// <param name="values">Logarithms, a row each.</param>
    /// <param name="runs">How many runs each is the mean of; 0 leaves the row out.</param>
    public static EffectsFit Solve(EffectsDesign design, double[] values, ReadOnlySpan<int> runs, EffectVariances variances)
    {
        var size = design.ColumnCount;
        var matrix = new double[CholeskyFactor.Row(size)]; // its lower triangle
        var right = new double[size];
        var weights = new double[values.Length];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = runs[i] == 0 ? 0 : 1 / (variances.Cell + variances.Noise / runs[i]);
        var sums = new double[size];
        var touched = new List<int>();
        var rows = design.Rows;
        for (var pair = 0; pair < design.PairCount; pair++)
        {
            var (weight, weighted) = (0.0, 0.0);
            int[]? shared = null; // the columns of all its rows
            var isShared = true;
            foreach (var i in design.RowsOfPair(pair))
            {
                if (weights[i] == 0)
                    continue;
                var row = rows[i];
                weight += weights[i];
                weighted += (values[i] - row.Offset) * weights[i];
                shared ??= row.Columns;
                isShared &= ReferenceEquals(shared, row.Columns);
            }
            if (shared is null)
                continue;
            var absorbed = variances.Pair / (1 + variances.Pair * weight);
            if (isShared)
            {
                AddOuter(matrix, shared, weight - absorbed * weight * weight);
                foreach (var column in shared)
                    right[column] += weighted * (1 - absorbed * weight);
                continue;
            }
            foreach (var i in design.RowsOfPair(pair))
            {
                if (weights[i] == 0)
                    continue;
                var row = rows[i];
                AddOuter(matrix, row.Columns, weights[i]);
                foreach (var column in row.Columns)
                {
                    right[column] += (values[i] - row.Offset) * weights[i];
                    if (sums[column] == 0)
                        touched.Add(column);
                    sums[column] += weights[i];
                }
            }
            foreach (var column in touched)
            {
                right[column] -= absorbed * sums[column] * weighted;
                foreach (var other in touched)
                    if (other <= column)
                        matrix[CholeskyFactor.Row(column) + other] -= absorbed * sums[column] * sums[other];
            }
            foreach (var column in touched)
                sums[column] = 0;
            touched.Clear();
        }
        matrix[0] += 1e-4; // the intercept is free
        for (var column = 1; column < size; column++)
            matrix[CholeskyFactor.Row(column) + column] += 1 / variances.Groups[(int)design.GroupOf(column)];
        var factor = CholeskyFactor.Of(matrix, size);
        factor.Solve(right);
        return new EffectsFit(design, values, weights, variances, factor, right);
    }

    // To the lower triangle, in the rows and columns given, which are in order.
    private static void AddOuter(double[] matrix, int[] columns, double weight)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            var row = CholeskyFactor.Row(columns[i]);
            for (var j = 0; j <= i; j++)
                matrix[row + columns[j]] += weight;
        }
    }

    /// <summary>Learns the variances by restricted maximum likelihood (expectation-maximisation), with what is supposed beforehand as a few more levels.</summary>
    public static EffectVariances Learn(EffectsDesign design, double[] values, ReadOnlySpan<int> runs, double noise)
    {
        var variances = EffectVariances.Prior with { Noise = noise };
        for (var step = 0; step < VarianceSteps; step++)
            variances = Solve(design, values, runs, variances).Improved(runs);
        return variances;
    }

    /// <param name="row">May have levels that were never seen.</param>
    /// <param name="measured">Which of the rows it is; -1 for none.</param>
    public Forecast Forecast(EffectRow row, int measured = -1)
    {
        var loading = new double[_design.ColumnCount];
        var (mean, own) = Expect(row, measured, loading);
        _factor.SolveLower(loading);
        return new Forecast(mean, Math.Max(own, 0), loading);
    }

    /// <summary>The forecast's mean alone, at a fraction of the effort.</summary>
    public double Mean(EffectRow row, int measured = -1) => Expect(row, measured, []).Mean;

    // The loading's place is empty where it is not asked for.
    private (double Mean, double OwnVariance) Expect(EffectRow row, int measured, Span<double> loading)
    {
        if (!loading.IsEmpty)
            foreach (var column in row.Columns)
                loading[column] += 1;
        var (mean, own) = (row.Offset, Variances.Pair + Variances.Cell);
        foreach (var group in row.UnseenGroups)
            own += Variances.Groups[(int)group];
        foreach (var column in row.Columns)
            mean += _effects[column];
        if (row.Pair >= 0)
        {
            // Kriging on the rows of the pair: V = pair + diag(cell + noise / n), inverted by Sherman and Morrison.
            var (total, mine) = (0.0, 0.0);
            foreach (var i in _design.RowsOfPair(row.Pair))
            {
                total += _weights[i];
                mine = i == measured ? _weights[i] : mine;
            }
            var shared = Variances.Pair / (1 + Variances.Pair * total);
            foreach (var i in _design.RowsOfPair(row.Pair))
            {
                if (_weights[i] == 0)
                    continue;
                var covariance = Variances.Pair + (i == measured ? Variances.Cell : 0);
                var share = _weights[i] * (covariance - shared * (Variances.Pair * total + Variances.Cell * mine));
                own -= covariance * share;
                mean += share * Residual(i);
                if (!loading.IsEmpty)
                    foreach (var column in _design.Rows[i].Columns)
                        loading[column] -= share;
            }
        }
        return (mean, own);
    }

    private double Residual(int i)
    {
        var residual = _values[i] - _design.Rows[i].Offset;
        foreach (var column in _design.Rows[i].Columns)
            residual -= _effects[column];
        return residual;
    }

    private EffectVariances Improved(ReadOnlySpan<int> runs)
    {
        var inverse = _factor.InverseDiagonal();
        var (squares, counts) = (new double[Variances.Groups.Length], new double[Variances.Groups.Length]);
        for (var column = 1; column < _design.ColumnCount; column++)
        {
            var group = (int)_design.GroupOf(column);
            squares[group] += _effects[column] * _effects[column] + inverse[column];
            counts[group]++;
        }
        var (pairSquares, pairs, cellSquares, cells) = (0.0, 0, 0.0, 0);
        var uncertainty = UncertaintyOfPairs();
        for (var pair = 0; pair < _design.PairCount; pair++)
        {
            var (weight, weighted) = (0.0, 0.0);
            foreach (var i in _design.RowsOfPair(pair))
                (weight, weighted) = (weight + _weights[i], weighted + _weights[i] * Residual(i));
            if (weight == 0)
                continue;
            var share = Variances.Pair / (1 + Variances.Pair * weight);
            var effect = share * weighted;
            pairSquares += effect * effect + share + share * weight * share * weight * uncertainty;
            pairs++;
            foreach (var i in _design.RowsOfPair(pair))
            {
                if (_weights[i] == 0)
                    continue;
                var gain = Variances.Cell * _weights[i];
                var own = gain * (Residual(i) - effect);
                cellSquares += own * own + Variances.Cell * (1 - gain) + gain * gain * (share + (1 - share * weight) * (1 - share * weight) * uncertainty);
                cells++;
            }
        }
        var prior = EffectVariances.Prior;
        double Mean(double sum, double count, double supposed) =>
            Math.Max(Floor, (sum + EffectVariances.PriorWeight * supposed) / (count + EffectVariances.PriorWeight));
        var groups = new double[squares.Length];
        for (var group = 0; group < groups.Length; group++)
            groups[group] = Mean(squares[group], counts[group], prior.Groups[group]);
        return Variances with { Groups = groups, Pair = Mean(pairSquares, pairs, prior.Pair), Cell = Mean(cellSquares, cells, prior.Cell) };
    }

    // The variance that the shared effects leave to a pair's residual: the mean over some pairs, for it takes a solution each.
    private double UncertaintyOfPairs()
    {
        var (sum, count) = (0.0, 0);
        var loading = new double[_design.ColumnCount];
        var stride = Math.Max(1, _design.PairCount / PairsTried);
        for (var pair = 0; pair < _design.PairCount; pair += stride)
        {
            Array.Clear(loading);
            var total = 0.0;
            foreach (var i in _design.RowsOfPair(pair))
            {
                total += _weights[i];
                foreach (var column in _design.Rows[i].Columns)
                    loading[column] += _weights[i];
            }
            if (total == 0)
                continue;
            foreach (ref var value in loading.AsSpan())
                value /= total;
            _factor.SolveLower(loading);
            sum += CholeskyFactor.Dot(loading, loading);
            count++;
        }
        return count == 0 ? 0 : sum / count;
    }
}
