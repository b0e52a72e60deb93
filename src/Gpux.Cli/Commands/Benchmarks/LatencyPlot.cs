using System.Globalization;
using System.Text;
using Gpux.Benchmarks.Charts;

namespace Gpux.Cli.Commands.Benchmarks;

/// <summary>How latencies are distributed, in block characters: as high as there are many.</summary>
internal static class LatencyPlot
{
    private const string Eighths = " ▁▂▃▄▅▆▇█";
    private const int Rows = 4;
    private const int MostColumns = 72;
    private const int Margin = 2;

    // Beyond lie few, which would leave most of the plot empty.
    private const double Shown = 0.99;

    /// <param name="ordered">Seconds, from the least; at least one.</param>
    /// <param name="width">Columns that a line may take.</param>
    public static IEnumerable<string> Draw(IReadOnlyList<double> ordered, int width)
    {
        var columns = Math.Clamp(width - 2 * Margin, 10, MostColumns);
        var (least, most) = (ordered[0], ordered[Math.Min(ordered.Count - 1, (int)(Shown * ordered.Count))]);
        if (most <= least)
            (least, most) = (least * 0.9, least * 1.1);
        var counts = new int[columns];
        var beyond = 0;
        foreach (var latency in ordered)
        {
            if (latency <= most)
                counts[Math.Min(columns - 1, (int)((latency - least) / (most - least) * columns))]++;
            else
                beyond++;
        }
        var highest = counts.Max();
        for (var row = Rows - 1; row >= 0; row--)
        {
            var line = new StringBuilder(new string(' ', Margin));
            foreach (var count in counts)
            {
                // What is there is seen, if by an eighth of a row.
                var eighths = count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)count / highest * Rows * 8));
                line.Append(Eighths[Math.Clamp(eighths - row * 8, 0, 8)]);
            }
            yield return line.ToString().TrimEnd();
        }
        var (left, right) = (UnitScale.Format("s", least), UnitScale.Format("s", most));
        var axis = new string(' ', Margin) + left + new string(' ', Math.Max(1, columns - left.Length - right.Length)) + right;
        yield return beyond == 0 ? axis : string.Create(CultureInfo.InvariantCulture, $"{axis}, {beyond} beyond, up to {UnitScale.Format("s", ordered[^1])}");
    }
}
