using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Scoring;

/// <summary>One value of a machine that others have too.</summary>
/// <param name="Machine">Its place among the machines.</param>
/// <param name="Column">What was measured: a metric in a workload.</param>
/// <param name="Value">The logarithm, the larger the better.</param>
/// <param name="Weight">Above 0, the same in the whole column.</param>
internal readonly record struct MeasuredCell(int Machine, int Column, double Value, double Weight);

/// <summary>How far machines are above each other, on logarithms, where not all were measured in all: least squares of
/// value = machine + column over the cells that are there.</summary>
/// <remarks>Of a full table these are weighted means over its columns. The difference of two machines that were measured in the same columns is the weighted
/// mean of their differences, whoever else was measured and in what: nobody turns their order. Source: the additive model of two-way tables with
/// missing cells, F. Yates, The analysis of replicated experiments when the field results are incomplete (1933).</remarks>
internal static class GeometricFit
{
    /// <param name="cells">Of machines that are all linked by columns that they share: see <see cref="Linked"/>.</param>
    /// <returns>Of each machine its mean over all columns, what was not measured being fitted, less the columns' best values; at most 0 where nothing was fitted.</returns>
    public static double[] Solve(IReadOnlyList<MeasuredCell> cells, int machines)
    {
        var columns = cells.GroupBy(cell => cell.Column).Select(column => column.ToArray()).ToArray();
        // The columns' own terms are solved for first: what is left is a system of the machines, whose differences alone it knows. Their sum is set to 0.
        var matrix = new double[CholeskyFactor.Row(machines)]; // its lower triangle
        var result = new double[machines];
        Array.Fill(matrix, 1.0 / machines);
        foreach (var column in columns)
        {
            var (weight, mean) = (column[0].Weight, column.Average(cell => cell.Value));
            foreach (var cell in column)
            {
                result[cell.Machine] += weight * (cell.Value - mean);
                matrix[CholeskyFactor.Row(cell.Machine) + cell.Machine] += weight;
                foreach (var other in column)
                    if (other.Machine <= cell.Machine)
                        matrix[CholeskyFactor.Row(cell.Machine) + other.Machine] -= weight / column.Length;
            }
        }
        CholeskyFactor.Of(matrix, machines).Solve(result);
        // What the typical machine of a column is below its best one, in the mean of all columns.
        var total = columns.Sum(column => column[0].Weight);
        var offset = columns.Sum(column => column[0].Weight / total * (column.Average(cell => cell.Value - result[cell.Machine]) - column.Max(cell => cell.Value)));
        return Array.ConvertAll(result, machine => machine + offset);
    }

    /// <summary>The largest group of machines of which each shares a column with another of it; of equally large ones that of the first machine.</summary>
    public static HashSet<int> Linked(IReadOnlyList<MeasuredCell> cells)
    {
        var columns = cells.GroupBy(cell => cell.Column).Select(column => column.Select(cell => cell.Machine).ToArray()).ToArray();
        List<HashSet<int>> groups = [];
        foreach (var column in columns)
        {
            var joined = groups.FindAll(group => group.Overlaps(column));
            groups.RemoveAll(joined.Contains);
            groups.Add([.. column, .. joined.SelectMany(group => group)]);
        }
        return groups.OrderByDescending(group => group.Count).ThenBy(group => group.Min()).FirstOrDefault() ?? [];
    }
}
