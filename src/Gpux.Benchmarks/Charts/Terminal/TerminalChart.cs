using System.Text;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts.Terminal;

/// <summary>Draws charts with characters, for a terminal of a given width.</summary>
public static class TerminalChart
{
    private const int PlotRows = 16;
    private const int LeastColumns = 30;
    private const int MostLabel = 28;
    private const string Eighths = " ▁▂▃▄▅▆▇█";
    private const string BarEighths = " ▏▎▍▌▋▊▉█";

    /// <param name="width">Columns that a line may take.</param>
    /// <param name="colours">Whether escape sequences may colour the series; their shapes tell them apart without.</param>
    public static void Write(TextWriter output, Chart chart, int width, bool colours)
    {
        var ink = new TerminalColours(colours);
        width = Math.Max(width, LeastColumns + 10);
        Heading(output, chart.Title, chart.Subtitle, width, ink);
        if (chart.Marks.Any(mark => mark is CellMark))
            Cells(output, chart, width);
        else if (chart.Marks.Any(mark => mark is BarMark or BoxMark))
            Rows(output, chart, width, ink);
        else
            Plot(output, chart, width, ink);
        Notes(output, chart.Notes, width, ink);
    }

    /// <summary>The distribution of latencies as a row of blocks for each run, all on one axis.</summary>
    /// <exception cref="Reports.PlotInputException">Of no valid run the distribution is known.</exception>
    public static void WriteDistribution(TextWriter output, RunNames names, int width, bool colours)
    {
        var ink = new TerminalColours(colours);
        var columns = Math.Max(width, LeastColumns + 10) - 2;
        var (chosen, notes) = LatencyChart.Choose(names);
        var runs = chosen.Select(run => (run.Run, Sorted: RunLatencies.Of(run.Run.Samples)?.Sorted())).ToArray();
        var ticks = AxisTicks.For(RunCharts.AxisOf(Metric.Latency, AxisScale.Log), runs.SelectMany(run => run.Sorted is { } sorted ? [sorted[0], sorted[^1]]
            : LatencyChart.Percentiles(run.Run).Select(each => each.Value)), Math.Max(2, columns / 12));
        int Column(double value) => Math.Clamp((int)(ticks.Place(value) * columns), 0, columns - 1);
        Heading(output, "Latency: how often requests took so long", LatencyChart.Subtitle(names), width, ink);
        var numbers = runs.Select(run => string.Join("  ", LatencyChart.Numbers(run.Run, run.Sorted))).ToArray();
        var titles = ShortNames.Fit([.. chosen.Select(run => Clean(run.Name))], columns);
        // Where there is no room beside the names, the numbers stand below.
        var between = titles.Max(title => title.Length) + numbers.Max(text => text.Length) + 2 <= columns ? "  " : $"{output.NewLine}  ";
        foreach (var (i, (run, sorted)) in runs.Index())
        {
            output.WriteLine($"{ink.Of(i, TerminalColours.Symbol(i, !RunCharts.IsMeasured(run)).ToString())} {titles[i]}{between}{ink.Dim(numbers[i])}");
            var line = new char[columns];
            line.AsSpan().Fill(' ');
            if (sorted is not null)
            {
                var counts = new int[columns];
                foreach (var value in sorted)
                    counts[Column(value)]++;
                var most = counts.Max();
                for (var column = 0; column < columns; column++)
                    line[column] = counts[column] == 0 ? ' ' : Eighths[Math.Max(1, (int)Math.Round(8.0 * counts[column] / most))];
            }
            else
            {
                // The percentiles that are known, by their order.
                foreach (var (share, value) in LatencyChart.Percentiles(run).Reverse())
                    line[Column(value)] = share == .5 ? '●' : '|';
            }
            output.WriteLine($"  {ink.Of(i, new string(line).TrimEnd())}");
        }
        output.WriteLine($"  {ink.Dim(Axis(ticks, columns, Column, "─"))}");
        output.WriteLine($"  {ink.Dim(AxisLabels(ticks, columns, Column))}");
        if (runs.Count(run => run.Sorted is null) is > 0 and var bare)
            notes.Add($"Of {bare} of {RunCharts.Count(runs.Length)} no raw samples are stored: ● is p50, | are p90, p95 and p99, as far as they are known.");
        if (chosen.Any(run => !RunCharts.IsMeasured(run.Run)))
            notes.Add("A hollow mark: not measured.");
        Notes(output, notes, width, ink);
    }

    private static void Notes(TextWriter output, IReadOnlyList<string> notes, int width, TerminalColours ink)
    {
        foreach (var note in notes)
            foreach (var line in Lines(Clean(note), width))
                output.WriteLine(ink.Dim(line));
    }

    private static void Heading(TextWriter output, string title, string? subtitle, int width, TerminalColours ink)
    {
        foreach (var line in Lines(Clean(title), width))
            output.WriteLine(ink.Bold(line));
        if (subtitle is not null)
            foreach (var line in Lines(Clean(subtitle), width))
                output.WriteLine(ink.Dim(line));
    }

    private static void Plot(TextWriter output, Chart chart, int width, TerminalColours ink)
    {
        var points = chart.Marks.SelectMany(Points).ToArray();
        var y = AxisTicks.For(chart.Y, points.Select(point => point.Y), 5);
        var labels = y.Ticks.Select(tick => (Row: PlotRows - 1 - (int)Math.Round(y.Place(tick.Value) * (PlotRows - 1)), tick.Label)).Where(tick => tick.Row is >= 0 and < PlotRows).GroupBy(tick => tick.Row).ToDictionary(group => group.Key, group => group.First().Label);
        var left = labels.Values.Select(label => label.Length).DefaultIfEmpty(0).Max();
        var columns = Math.Max(LeastColumns, width - left - 3);
        var x = AxisTicks.For(chart.X, points.Select(point => point.X), Math.Max(2, columns / 14));
        var canvas = new TerminalCanvas(columns, PlotRows);
        int Across(double value) => (int)Math.Round(x.Place(value) * (columns - 1));
        int Down(double value) => PlotRows - 1 - (int)Math.Round(y.Place(value) * (PlotRows - 1));
        (int X, int Y) Dot((double X, double Y) point) => ((int)Math.Round(x.Place(point.X) * (columns * 2 - 1)), PlotRows * 4 - 1 - (int)Math.Round(y.Place(point.Y) * (PlotRows * 4 - 1)));
        foreach (var line in chart.Marks.OfType<LineMark>())
        {
            for (var i = 1; i < line.Points.Count; i++)
            {
                var (from, to) = (Dot(line.Points[i - 1]), Dot(line.Points[i]));
                canvas.Line(from.X, from.Y, to.X, line.Steps ? from.Y : to.Y, line.Series);
                if (line.Steps)
                    canvas.Line(to.X, from.Y, to.X, to.Y, line.Series);
            }
        }
        foreach (var point in chart.Marks.OfType<PointMark>().Where(point => point.Interval is not null))
            for (var row = Down(point.Interval!.Value.High); row <= Down(point.Interval.Value.Low); row++) // filtered
                canvas.Put(Across(point.X), row, '│', point.Series);
        foreach (var point in chart.Marks.OfType<PointMark>())
            canvas.Put(Across(point.X), Down(point.Y), TerminalColours.Symbol(point.Series, chart.Series[point.Series].IsPredicted), point.Series);
        foreach (var (cluster, label) in PointLabels.Of(chart, MostLabel, (a, b) => Math.Abs(Across(a.X) - Across(b.X)) <= 1 && Math.Abs(Down(a.Y) - Down(b.Y)) <= 1))
            foreach (var point in cluster)
                if (Label(canvas, Clean(label), Across(point.X), Down(point.Y)))
                    break;

        output.WriteLine(ink.Dim(ShortNames.Ends(AxisTitle(chart.Y, y), width)));
        for (var row = 0; row < PlotRows; row++)
            output.WriteLine($"{ink.Dim($"{labels.GetValueOrDefault(row, "").PadLeft(left)} {(labels.ContainsKey(row) ? '┤' : '│')}")}{canvas.Row(row, ink)}");
        output.WriteLine(ink.Dim($"{new string(' ', left)} └{Axis(x, columns, Across, "─")}"));
        output.WriteLine(ink.Dim($"{new string(' ', left + 2)}{AxisLabels(chart.X.Scale == AxisScale.Time ? x with { Unit = "" } : x, columns, Across)}"));
        if (chart.X.Title.Length > 0)
            output.WriteLine(ink.Dim(ShortNames.Ends(AxisTitle(chart.X, x), width).PadLeft(Math.Min(width, left + 2 + columns))));
        if (chart.Series.Count > 1 || chart.Series.Any(series => series.IsPredicted))
        {
            var names = ShortNames.Fit([.. chart.Series.Select(series => Clean(series.Name))], width - 20);
            foreach (var (i, series) in chart.Series.Index())
                output.WriteLine($"{ink.Of(i, LegendSymbol(chart, i))} {names[i]}{(series.IsPredicted ? " (not measured)" : "")}");
        }
    }

    private static string LegendSymbol(Chart chart, int series) =>
        chart.Marks.Any(mark => mark is PointMark && mark.Series == series) ? TerminalColours.Symbol(series, chart.Series[series].IsPredicted).ToString() : "⠒";

    private static IEnumerable<(double X, double Y)> Points(Mark mark) => mark switch
    {
        LineMark line => line.Points,
        PointMark { Interval: var (low, high) } point => [(point.X, low), (point.X, point.Y), (point.X, high)],
        PointMark point => [(point.X, point.Y)],
        _ => [],
    };

    // Right of its point, else left; where both are taken, none.
    private static bool Label(TerminalCanvas canvas, string label, int column, int row)
    {
        foreach (var start in (ReadOnlySpan<int>)[column + 2, column - 1 - label.Length])
        {
            if (!Enumerable.Range(start - 1, label.Length + 2).All(place => place == start - 1 || place == start + label.Length || canvas.IsFree(place, row))
                || start < 0 || start + label.Length > canvas.Columns)
                continue;
            for (var i = 0; i < label.Length; i++)
                canvas.Put(start + i, row, label[i], -1);
            return true;
        }
        return false;
    }

    // A bar, or whiskers and a box, for each category.
    private static void Rows(TextWriter output, Chart chart, int width, TerminalColours ink)
    {
        var values = chart.Marks.SelectMany(mark => mark switch
        {
            BarMark bar => (double[])[0, bar.Length, bar.Interval?.High ?? bar.Length],
            BoxMark box => [box.Low, box.High],
            PointMark point => [point.X],
            _ => [],
        });
        var left = Math.Min(width / 2, chart.Y.Categories.Select(name => Clean(name).Length).DefaultIfEmpty(0).Max());
        var columns = Math.Max(LeastColumns, width - left - 2);
        var ticks = AxisTicks.For(chart.X, values, Math.Max(2, columns / 14));
        int Across(double value) => Math.Clamp((int)Math.Round(ticks.Place(value) * (columns - 1)), 0, columns - 1);
        var names = ShortNames.Fit([.. chart.Y.Categories.Select(Clean)], left);
        foreach (var mark in chart.Marks.Where(mark => mark is BarMark or BoxMark))
        {
            var category = mark is BarMark one ? one.Category : ((BoxMark)mark).Category;
            var text = mark is BoxMark box ? BoxText(box, chart.Marks.OfType<PointMark>().Where(point => point.IsRaw && (int)Math.Round(point.Y) == box.Category), columns, Across) : BarText(ticks.Place(((BarMark)mark).Length) * columns);
            output.WriteLine($"{names[category].PadRight(left)}  {ink.Of(mark.Series, text)}");
        }
        output.WriteLine(ink.Dim($"{new string(' ', left + 2)}{Axis(ticks, columns, Across, "─")}"));
        output.WriteLine(ink.Dim($"{new string(' ', left + 2)}{AxisLabels(ticks, columns, Across)}"));
        output.WriteLine(ink.Dim(ShortNames.Ends(AxisTitle(chart.X, ticks), width).PadLeft(Math.Min(width, left + 2 + columns))));
    }

    private static string BarText(double length)
    {
        var whole = (int)length;
        return new string('█', whole) + BarEighths[(int)((length - whole) * 8)];
    }

    private static string BoxText(BoxMark box, IEnumerable<PointMark> raw, int columns, Func<double, int> across)
    {
        var line = new char[columns];
        line.AsSpan().Fill(' ');
        foreach (var point in raw)
            line[across(point.X)] = '·';
        line.AsSpan(across(box.Low), across(box.High) - across(box.Low) + 1).Fill('─');
        line.AsSpan(across(box.LowerQuartile), across(box.UpperQuartile) - across(box.LowerQuartile) + 1).Fill('▒');
        (line[across(box.Low)], line[across(box.High)], line[across(box.Median)]) = ('├', '┤', '█');
        return new string(line).TrimEnd();
    }

    // A table: what is not measured stands in brackets.
    private static void Cells(TextWriter output, Chart chart, int width)
    {
        var cells = chart.Marks.OfType<CellMark>().ToDictionary(cell => (cell.Column, cell.Row));
        string Text(int column, int row) => cells.TryGetValue((column, row), out var cell) ? cell.IsPredicted ? $"[{cell.Value}]" : $"{cell.Value} ({cell.Detail.Split(CellMark.Separator)[0]})" : "-";
        var left = Math.Min(width / 3, chart.Y.Categories.Select(name => Clean(name).Length).DefaultIfEmpty(0).Max());
        var room = Math.Max(18, (width - left) / Math.Max(1, chart.X.Categories.Count) - 2);
        var (rows, columns) = (ShortNames.Fit([.. chart.Y.Categories.Select(Clean)], left), ShortNames.Fit([.. chart.X.Categories.Select(Clean)], room));
        var widths = columns.Select((name, column) => Math.Min(room, Enumerable.Range(0, rows.Length).Select(row => Text(column, row).Length).Append(name.Length).Max())).ToArray();
        // Columns that no line has room for follow below.
        for (int first = 0, last; first < widths.Length; first = last)
        {
            var used = left;
            for (last = first; last < widths.Length && (last == first || used + 2 + widths[last] <= width); last++)
                used += 2 + widths[last];
            string Line(string name, Func<int, string> cell) => name.PadRight(left) + string.Concat(Enumerable.Range(first, last - first).Select(column => "  " + ShortNames.Ends(cell(column), widths[column]).PadLeft(widths[column])));
            output.WriteLine(Line("", column => columns[column]).TrimEnd());
            for (var row = 0; row < rows.Length; row++)
                output.WriteLine(Line(rows[row], column => Text(column, row)));
        }
    }

    private static string AxisTitle(Axis axis, AxisTicks ticks) =>
        Clean(axis.Title) + (ticks.Unit.Length > 0 ? $", {ticks.Unit}" : "") + (ticks.IsLog ? " (log)" : "") + (axis.Better is { } better ? $" · {better}" : "");

    private static string Axis(AxisTicks ticks, int columns, Func<double, int> across, string line)
    {
        var text = new StringBuilder(columns).Insert(0, line, columns);
        foreach (var tick in ticks.Ticks)
            text[Math.Clamp(across(tick.Value), 0, columns - 1)] = '┬';
        return text.ToString();
    }

    private static string AxisLabels(AxisTicks ticks, int columns, Func<double, int> across)
    {
        var text = new char[columns];
        text.AsSpan().Fill(' ');
        columns -= ticks.Unit.Length > 0 ? ticks.Unit.Length + 1 : 0; // the unit stands after the last label
        foreach (var tick in ticks.Ticks.OrderByDescending(tick => tick.IsMajor))
        {
            var label = Clean(tick.Label);
            label = label.Length > columns ? label[..columns] : label;
            var start = Math.Clamp(across(tick.Value) - label.Length / 2, 0, Math.Max(0, columns - label.Length));
            if (across(tick.Value) > columns)
                continue;
            var (from, to) = (Math.Max(0, start - 1), Math.Min(columns, start + label.Length + 1));
            if (text.AsSpan(from, to - from).ContainsAnyExcept(' '))
                continue;
            label.CopyTo(text.AsSpan(start));
        }
        var written = new string(text).TrimEnd();
        return ticks.Unit.Length > 0 ? $"{written} {ticks.Unit}" : written;
    }

    private static IEnumerable<string> Lines(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }
            line = line.Length == 0 ? word : $"{line} {word}";
        }
        yield return line;
    }

    // Names come from strangers and must not give commands to a terminal.
    private static string Clean(string text) => string.Concat(text.Select(letter =>
        char.IsControl(letter) || letter is >= '\u200E' and <= '\u200F' or >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' ? '\uFFFD' : letter));
}
