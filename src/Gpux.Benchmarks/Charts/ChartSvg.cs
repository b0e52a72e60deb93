using static Gpux.Benchmarks.Charts.SvgText;

namespace Gpux.Benchmarks.Charts;

/// <summary>Draws a chart as SVG: the same chart gives the same bytes everywhere.</summary>
/// <remarks>Nothing in it is fetched, and no script runs. Colours follow the reader's choice of light or dark. Texts have the room that a wide
/// font needs, so that they neither overlap nor are cut off in a narrower one.</remarks>
public sealed class ChartSvg
{
    private const double Width = 760;
    private const double Edge = 18;
    private const double TitleSize = 17;
    private const double TextSize = 12.5;
    private const double TickSize = 11.5;
    private const double LineHeight = 17;
    private const double PlotHeight = 300;
    private const double RowHeight = 34;
    private const double CellHeight = 46;
    private const double LegendGap = 22;
    private const double SymbolWidth = 26;
    private const double MostLabelRoom = 270;
    private const double DetailSize = 10.5;
    private const int ColumnTitleLines = 6;

    // As many letters as a label beside a point may have: wide ones are cut once more.
    private const int MostLabelLetters = 34;

    // So far from its point a label is still seen to be its own, with a line between them.
    private const double LongestLeader = 64;

    private const int MostKeyLines = 12;

    // Right of the mark if there is room, else around it: how far the label lies to the right and below, and what part of its width to the left.
    private static readonly (double X, double OfWidth, double Y)[] Beside = [(9, 0, 0), (-9, 1, 0), (0, 0.5, -14), (0, 0.5, 14), (7, 0, -12), (7, 0, 12), (-7, 1, -12), (-7, 1, 12)];

    private readonly Chart _chart;
    private readonly string _id;
    private readonly SvgText _svg = new();
    private readonly List<Box> _taken = [];
    private readonly List<Box> _points = [];
    private readonly List<PlacedLabel> _labels = [];
    private readonly List<string> _key = [];
    private int _unlabelled;
    private AxisTicks _x = null!; // Write sets both before anything is drawn
    private AxisTicks _y = null!;
    private Box _plot = new(0, 0, 0, 0);

    private ChartSvg(Chart chart, string id) => (_chart, _id) = (chart, id);

    /// <summary>A file of its own.</summary>
    public static string Write(Chart chart) => new ChartSvg(chart, "chart").Draw(hasStyle: true);

    /// <summary>A part of a page that has <see cref="ChartStyle.Sheet"/> already.</summary>
    /// <param name="id">Unlike that of any other on the page.</param>
    internal static string WriteInline(Chart chart, string id) => new ChartSvg(chart, id).Draw(hasStyle: false);

    private string Draw(bool hasStyle)
    {
        Measure();
        var legend = LegendRows();
        var top = Edge + TextMetrics.Wrap(_chart.Title, Width - 2 * Edge, TitleSize, 2, isBold: true).Count * (TitleSize + 5);
        var subtitle = _chart.Subtitle is { } text ? TextMetrics.Wrap(text, Width - 2 * Edge, TextSize, 3) : [];
        top += subtitle.Count * LineHeight + (subtitle.Count > 0 ? 4 : 0);
        var legendTop = top + 6;
        top = legendTop + legend.Count * (LineHeight + 3);
        var axisTitleTop = top + 8;
        var hasYTitle = _chart.Y.Title.Length > 0;
        top = axisTitleTop + (hasYTitle ? LineHeight + 6 : 4);
        var columns = ColumnLines();
        top += columns.Count == 0 ? 0 : columns.Max(lines => lines.Count) * 15 + 6;
        _plot = _plot with { Top = top };
        var below = top + _plot.Height + (IsHeatMap ? 8 : 24 + (_chart.X.Title.Length > 0 ? LineHeight + 4 : 0));
        PlaceLabels();
        string[] notes =
        [
            .. _key.Count == 0 ? [] : TextMetrics.Wrap(string.Join("; ", _key), Width - 2 * Edge, TickSize, MostKeyLines),
            .. _unlabelled == 0 ? [] : (string[])[$"{_unlabelled} point{(_unlabelled == 1 ? "" : "s")} in the crowd {(_unlabelled == 1 ? "has" : "have")} no label: choose fewer runs, or point at them."],
            .. _chart.Notes.SelectMany(note => TextMetrics.Wrap(note, Width - 2 * Edge, TickSize, 4)),
        ];
        var height = below + (notes.Length > 0 ? 6 + notes.Length * 15 : 0) + Edge - 4;

        _svg.Open("svg", "xmlns", "http://www.w3.org/2000/svg", "viewBox", $"0 0 {Number(Width)} {Number(height)}", "width", Number(Width), "height", Number(height),
            "role", "img", "aria-labelledby", $"{_id}-title {_id}-desc", "font-family", ChartStyle.Fonts).Line();
        _svg.Text("title", _chart.Title, "id", $"{_id}-title").Text("desc", _chart.Description, "id", $"{_id}-desc");
        if (hasStyle)
            _svg.Open("style").Raw(ChartStyle.Sheet).Close();
        _svg.Empty("rect", "class", "bg", "width", Number(Width), "height", Number(height));
        var y = Edge + TitleSize - 3;
        foreach (var line in TextMetrics.Wrap(_chart.Title, Width - 2 * Edge, TitleSize, 2, isBold: true))
        {
            Say(line, Edge, y, TitleSize, "ink", isBold: true);
            y += TitleSize + 5;
        }
        foreach (var line in subtitle)
        {
            Say(line, Edge, y - 2, TextSize, "mute");
            y += LineHeight;
        }
        DrawLegend(legend, legendTop);
        if (hasYTitle)
            Say(AxisTitle(_chart.Y, _y), IsHeatMap || _chart.Y.Scale == AxisScale.Category ? Edge : _plot.Left - YLabelRoom(), axisTitleTop + 12, TextSize, "mute");
        if (IsHeatMap)
            DrawColumns(columns);
        DrawAxes();
        foreach (var mark in _chart.Marks)
            DrawMark(mark);
        foreach (var label in _labels)
        {
            if (label.Leader is { } path)
                _svg.Empty("path", "class", "axis", "d", path);
            Say(label.Text, label.Box.Left, label.Box.Bottom - 4, TickSize, "ink halo");
        }
        y = below + 6 + 10;
        foreach (var note in notes)
        {
            Say(note, Edge, y, TickSize, "mute");
            y += 15;
        }
        _svg.Close();
        return _svg.ToString();
    }

    private bool IsHeatMap => _chart.X.Scale == AxisScale.Category && _chart.Y.Scale == AxisScale.Category;

    // The plot's size follows from its labels.
    private void Measure()
    {
        var (xs, ys) = Extents();
        _y = AxisTicks.For(_chart.Y, ys, 6);
        var left = Edge + (_chart.Y.Scale == AxisScale.Category ? Math.Min(MostLabelRoom, _chart.Y.Categories.Append("").Max(name => TextMetrics.Width(name, TextSize))) + 10 : YLabelRoom());
        var right = _chart.X.Scale == AxisScale.Category ? Edge : Edge + 16;
        _x = AxisTicks.For(_chart.X, xs, 7);
        var height = IsHeatMap ? CellHeight * Math.Max(1, _chart.Y.Categories.Count)
            : _chart.Y.Scale == AxisScale.Category ? RowHeight * Math.Max(1, _chart.Y.Categories.Count) + 8 : PlotHeight;
        _plot = new Box(left, 0, Width - left - right, height);
    }

    private double YLabelRoom() => _y.Ticks.Select(tick => TextMetrics.Width(tick.Label, TickSize)).DefaultIfEmpty(0).Max() + 8;

    private (List<double> X, List<double> Y) Extents()
    {
        List<double> xs = [], ys = [];
        foreach (var mark in _chart.Marks)
        {
            switch (mark)
            {
                case LineMark line:
                    xs.AddRange(line.Points.Select(point => point.X));
                    ys.AddRange(line.Points.Select(point => point.Y));
                    break;
                case PointMark point:
                    xs.AddRange([point.X, point.HorizontalInterval?.Low ?? point.X, point.HorizontalInterval?.High ?? point.X]);
                    ys.AddRange([point.Y, point.Interval?.Low ?? point.Y, point.Interval?.High ?? point.Y]);
                    break;
                case BandMark band:
                    xs.AddRange(band.Points.Select(point => point.X));
                    ys.AddRange(band.Points.SelectMany(point => (double[])[point.Low, point.High]));
                    break;
                case BoxMark box:
                    xs.AddRange([box.Low, box.High]);
                    break;
                case BarMark bar:
                    xs.AddRange([0, bar.Length, bar.Interval?.High ?? bar.Length]);
                    break;
                case RuleMark rule:
                    xs.Add(rule.X);
                    break;
            }
        }
        return (xs, ys);
    }

    private double X(double value) => _plot.Left + _x.Place(value) * _plot.Width;

    // Upwards, but for categories.
    private double Y(double value) => _chart.Y.Scale == AxisScale.Category
        ? _plot.Top + (value + 0.5) / Math.Max(1, _chart.Y.Categories.Count) * _plot.Height : _plot.Bottom - _y.Place(value) * _plot.Height;

    private static string AxisTitle(Axis axis, AxisTicks ticks) =>
        axis.Title + (ticks.Unit.Length > 0 ? $", {ticks.Unit}" : "") + (ticks.IsLog ? " (log)" : "") + (axis.Better is { } better ? $" · {better}" : "");

    private void Say(string text, double x, double y, double size, string style, string anchor = "start", bool isBold = false)
    {
        if (isBold)
            _svg.Text("text", text, "class", style, "x", Number(x), "y", Number(y), "font-size", Number(size), "text-anchor", anchor, "font-weight", "600");
        else
            _svg.Text("text", text, "class", style, "x", Number(x), "y", Number(y), "font-size", Number(size), "text-anchor", anchor);
    }

    // --- Legend ---

    private List<List<(int Series, string Name)>> LegendRows()
    {
        List<List<(int, string)>> rows = [];
        if (IsHeatMap || _chart.Series.Count < 2 && !_chart.Series.Any(series => series.IsPredicted))
            return rows;
        var room = 0.0;
        for (var i = 0; i < _chart.Series.Count; i++)
        {
            var name = TextMetrics.Fit(_chart.Series[i].Name + (_chart.Series[i].IsPredicted ? " (not measured)" : ""), Width - 2 * Edge - SymbolWidth, TextSize);
            var needed = SymbolWidth + TextMetrics.Width(name, TextSize) + LegendGap;
            if (rows.Count == 0 || needed - LegendGap > room)
            {
                rows.Add([]);
                room = Width - 2 * Edge;
            }
            rows[^1].Add((i, name));
            room -= needed;
        }
        return rows;
    }

    private void DrawLegend(List<List<(int Series, string Name)>> rows, double top)
    {
        var y = top + 11;
        foreach (var row in rows)
        {
            var x = Edge;
            foreach (var (series, name) in row)
            {
                if (_chart.Marks.Any(mark => mark is LineMark && mark.Series == series))
                    _svg.Empty("path", "class", LineStyle(series), "d", $"M{Number(x)} {Number(y - 4)}h20");
                if (_chart.Marks.Any(mark => mark is PointMark or BoxMark or BarMark && mark.Series == series) || !_chart.Marks.Any(mark => mark.Series == series))
                    Shape(series, x + 10, y - 4, 4.5, _chart.Series[series].IsPredicted);
                Say(name, x + SymbolWidth, y, TextSize, "ink");
                x += SymbolWidth + TextMetrics.Width(name, TextSize) + LegendGap;
            }
            y += LineHeight + 3;
        }
    }

    // --- Axes ---

    private void DrawAxes()
    {
        if (IsHeatMap)
        {
            RowLabels();
            return;
        }
        foreach (var tick in _x.Ticks)
            _svg.Empty("path", "class", "grid", "d", $"M{Number(X(tick.Value))} {Number(_plot.Top)}v{Number(_plot.Height)}");
        if (_chart.Y.Scale == AxisScale.Category)
            RowLabels();
        else
            YLabels();
        XLabels();
        _svg.Empty("path", "class", "axis", "d", $"M{Number(_plot.Left)} {Number(_plot.Bottom)}h{Number(_plot.Width)}");
        if (_chart.X.Title.Length > 0)
            Say(TextMetrics.Fit(AxisTitle(_chart.X, _x), _plot.Width, TextSize), _plot.Right, _plot.Bottom + 24 + 14, TextSize, "mute", "end");
    }

    private void YLabels()
    {
        var free = double.PositiveInfinity;
        foreach (var tick in _y.Ticks)
        {
            var y = Y(tick.Value);
            _svg.Empty("path", "class", "grid", "d", $"M{Number(_plot.Left)} {Number(y)}h{Number(_plot.Width)}");
            if (y + TickSize > free || !tick.IsMajor)
                continue;
            Say(tick.Label, _plot.Left - 7, y + 4, TickSize, "mute", "end");
            free = y - TickSize / 2;
        }
    }

    // Labels that would touch the one before are left out: first the minor ones.
    private void XLabels()
    {
        List<Box> taken = [];
        foreach (var tick in _x.Ticks.OrderByDescending(tick => tick.IsMajor))
        {
            var half = TextMetrics.Width(tick.Label, TickSize) / 2;
            var at = Math.Clamp(X(tick.Value), half + 2, Width - half - 2);
            var box = new Box(at - half - 5, 0, 2 * half + 10, 1);
            if (taken.Exists(box.Overlaps))
                continue;
            taken.Add(box);
            Say(tick.Label, at, _plot.Bottom + 17, TickSize, "mute", "middle");
        }
    }

    private void RowLabels()
    {
        for (var i = 0; i < _chart.Y.Categories.Count; i++)
        {
            // The widest label has exactly its own room, less a rounding.
            var lines = TextMetrics.Wrap(_chart.Y.Categories[i], _plot.Left - Edge - 10 + 1e-6, TextSize, 2);
            var y = Y(i) + 4.5 - (lines.Count - 1) * 7;
            foreach (var line in lines)
            {
                Say(line, _plot.Left - 10, y, TextSize, "ink", "end");
                y += 14;
            }
        }
    }

    private IReadOnlyList<IReadOnlyList<string>> ColumnLines() => IsHeatMap
        ? [.. _chart.X.Categories.Select(name => TextMetrics.Wrap(name, _plot.Width / _chart.X.Categories.Count - 8, TickSize, ColumnTitleLines))] : [];

    private void DrawColumns(IReadOnlyList<IReadOnlyList<string>> columns)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            for (var line = 0; line < columns[i].Count; line++)
                Say(columns[i][line], X(i), _plot.Top - 8 - (columns[i].Count - 1 - line) * 15, TickSize, "ink", "middle");
        }
    }

    // --- Marks ---

    private static string LineStyle(int series) => $"line s{series % ChartStyle.SeriesStyles} d{series % ChartStyle.SeriesStyles}";

    private void DrawMark(Mark mark)
    {
        switch (mark)
        {
            case LineMark line:
                _svg.Empty("path", "class", LineStyle(line.Series), "d", PathOf(line));
                break;
            case BandMark band:
                _svg.Empty("path", "class", $"area f{band.Series % ChartStyle.SeriesStyles}", "d",
                    $"M{string.Join('L', band.Points.Select(point => At(point.X, point.High)))}L{string.Join('L', band.Points.Reverse().Select(point => At(point.X, point.Low)))}Z");
                break;
            case PointMark point:
                DrawPoint(point);
                break;
            case BoxMark box:
                DrawBox(box);
                break;
            case BarMark bar:
                DrawBar(bar);
                break;
            case CellMark cell:
                DrawCell(cell);
                break;
            case RuleMark rule:
                _svg.Empty("path", "class", "rule", "d", $"M{Number(X(rule.X))} {Number(_plot.Top)}v{Number(_plot.Height)}");
                break;
        }
    }

    private string At(double x, double y) => $"{Number(X(x))} {Number(Y(y))}";

    private string PathOf(LineMark line)
    {
        var path = new System.Text.StringBuilder();
        var last = (X: double.NaN, Y: double.NaN);
        foreach (var (dataX, dataY) in line.Points)
        {
            var (x, y) = (Math.Round(X(dataX), 1), Math.Round(Y(dataY), 1));
            if (x == last.X && y == last.Y)
                continue; // thousands of values lie on one pixel
            path.Append(double.IsNaN(last.X) ? $"M{Number(x)} {Number(y)}" : line.Steps ? $"H{Number(x)}V{Number(y)}" : $"L{Number(x)} {Number(y)}");
            last = (x, y);
        }
        return path.ToString();
    }

    private void DrawPoint(PointMark point)
    {
        var (x, y) = (X(point.X), Y(point.Y));
        if (point.IsRaw)
        {
            _svg.Empty("circle", "class", $"raw f{point.Series % ChartStyle.SeriesStyles}", "cx", Number(x), "cy", Number(y), "r", "1.6");
            return;
        }
        _svg.Open("g").Text("title", point.Text);
        var stroke = $"thin s{point.Series % ChartStyle.SeriesStyles}";
        if (point.Interval is { } vertical)
            _svg.Empty("path", "class", stroke, "d", $"M{Number(x)} {Number(Y(vertical.Low))}V{Number(Y(vertical.High))}M{Number(x - 4)} {Number(Y(vertical.Low))}h8M{Number(x - 4)} {Number(Y(vertical.High))}h8");
        if (point.HorizontalInterval is { } horizontal)
            _svg.Empty("path", "class", stroke, "d", $"M{Number(X(horizontal.Low))} {Number(y)}H{Number(X(horizontal.High))}M{Number(X(horizontal.Low))} {Number(y - 4)}v8M{Number(X(horizontal.High))} {Number(y - 4)}v8");
        Shape(point.Series, x, y, 5, _chart.Series[point.Series].IsPredicted);
        _svg.Close();
    }

    // A shape for each series, of about the same area.
    private void Shape(int series, double x, double y, double r, bool isHollow)
    {
        var style = $"mark s{series % ChartStyle.SeriesStyles} {(isHollow ? "hollow" : $"f{series % ChartStyle.SeriesStyles}")}";
        string N(double value) => Number(value);
        var d = (series % ChartStyle.SeriesStyles) switch
        {
            0 => $"M{N(x - r)} {N(y)}a{N(r)} {N(r)} 0 1 0 {N(2 * r)} 0a{N(r)} {N(r)} 0 1 0 {N(-2 * r)} 0Z",
            1 => $"M{N(x - r * .88)} {N(y - r * .88)}h{N(r * 1.76)}v{N(r * 1.76)}h{N(-r * 1.76)}Z",
            2 => $"M{N(x)} {N(y - r * 1.15)}L{N(x + r * 1.15)} {N(y + r * .85)}H{N(x - r * 1.15)}Z",
            3 => $"M{N(x)} {N(y - r * 1.25)}L{N(x + r * 1.25)} {N(y)}L{N(x)} {N(y + r * 1.25)}L{N(x - r * 1.25)} {N(y)}Z",
            4 => $"M{N(x)} {N(y + r * 1.15)}L{N(x + r * 1.15)} {N(y - r * .85)}H{N(x - r * 1.15)}Z",
            5 => $"M{N(x - r * .4)} {N(y - r * 1.1)}h{N(r * .8)}v{N(r * .7)}h{N(r * .7)}v{N(r * .8)}h{N(-r * .7)}v{N(r * .7)}h{N(-r * .8)}v{N(-r * .7)}h{N(-r * .7)}v{N(-r * .8)}h{N(r * .7)}Z",
            _ => $"M{N(x - r * 1.1)} {N(y)}L{N(x - r * .55)} {N(y - r)}H{N(x + r * .55)}L{N(x + r * 1.1)} {N(y)}L{N(x + r * .55)} {N(y + r)}H{N(x - r * .55)}Z",
        };
        _svg.Empty("path", "class", style, "d", d);
    }

    private void DrawBox(BoxMark box)
    {
        var (y, half) = (Y(box.Category), 8.0);
        var style = $"thin s{box.Series % ChartStyle.SeriesStyles}";
        _svg.Open("g").Text("title", box.Text);
        _svg.Empty("path", "class", style, "d", $"M{Number(X(box.Low))} {Number(y)}H{Number(X(box.LowerQuartile))}M{Number(X(box.UpperQuartile))} {Number(y)}H{Number(X(box.High))}M{Number(X(box.Low))} {Number(y - 5)}v10M{Number(X(box.High))} {Number(y - 5)}v10");
        var frame = (string[])["x", Number(X(box.LowerQuartile)), "y", Number(y - half), "width", Number(Math.Max(0.5, X(box.UpperQuartile) - X(box.LowerQuartile))), "height", Number(2 * half)];
        _svg.Empty("rect", ["class", $"area f{box.Series % ChartStyle.SeriesStyles}", .. frame]).Empty("rect", ["class", style, .. frame]);
        _svg.Empty("path", "class", $"line s{box.Series % ChartStyle.SeriesStyles}", "d", $"M{Number(X(box.Median))} {Number(y - half)}v{Number(2 * half)}");
        _svg.Close();
    }

    private void DrawBar(BarMark bar)
    {
        var (y, half, series) = (Y(bar.Category), 8.0, bar.Series % ChartStyle.SeriesStyles);
        var frame = (string[])["x", Number(_plot.Left), "y", Number(y - half), "width", Number(Math.Max(0.5, X(bar.Length) - _plot.Left)), "height", Number(2 * half)];
        _svg.Open("g").Text("title", bar.Text);
        _svg.Empty("rect", ["class", $"area f{series}", .. frame]).Empty("rect", ["class", $"thin s{series}", .. frame]);
        if (bar.Interval is { } interval)
            _svg.Empty("path", "class", $"line s{series}", "d", $"M{Number(X(interval.Low))} {Number(y)}H{Number(X(interval.High))}M{Number(X(interval.Low))} {Number(y - 4)}v8M{Number(X(interval.High))} {Number(y - 4)}v8");
        _svg.Close();
    }

    private void DrawCell(CellMark cell)
    {
        var (width, height) = (_plot.Width / _chart.X.Categories.Count, CellHeight);
        var (left, top) = (_plot.Left + cell.Column * width + 1.5, _plot.Top + cell.Row * height + 1.5);
        (width, height) = (width - 3, height - 3);
        var shade = Math.Clamp((int)(cell.Shade * ChartStyle.Shades), 0, ChartStyle.Shades - 1);
        var isDeep = ChartStyle.IsDeep(shade);
        var style = isDeep ? "on-deep" : "on-pale";
        _svg.Open("g").Text("title", cell.Text);
        _svg.Empty("rect", "class", $"c{shade}", "x", Number(left), "y", Number(top), "width", Number(width), "height", Number(height), "rx", "3");
        if (cell.IsPredicted)
            Hatch(left, top, width, height, isDeep ? "hatch deep" : "hatch");
        Say(TextMetrics.Fit(cell.Value, width - 6, TextSize, isBold: true), left + width / 2, top + height / 2 - (cell.Detail.Length > 0 ? 2 : -4), TextSize, style, "middle", isBold: true);
        if (cell.Detail.Length > 0)
            Say(DetailOf(cell, width - 6), left + width / 2, top + height / 2 + 13, DetailSize, style, "middle");
        _svg.Close();
    }

    // A narrow field has no room for the interval, of which a part would say nothing; the reader points at it.
    private static string DetailOf(CellMark cell, double room) =>
        TextMetrics.Width(cell.Detail, DetailSize) <= room ? cell.Detail : TextMetrics.Fit(cell.Detail.Split(CellMark.Separator)[0], room, DetailSize);

    // Lines of 45 degrees, cut off at the edges; around the text in the middle there are none.
    private void Hatch(double left, double top, double width, double height, string style)
    {
        var path = new System.Text.StringBuilder();
        for (var start = 7.0; start < width + height; start += 7)
        {
            var (x1, y1) = start <= height ? (0.0, start) : (start - height, height);
            var (x2, y2) = start <= width ? (start, 0.0) : (width, start - width);
            // From the lower left to the upper right, of which only the ends show.
            var reach = Math.Min(5, Math.Abs(x2 - x1) / 2);
            path.Append($"M{Number(left + x1)} {Number(top + y1)}l{Number(reach)} {Number(-reach)}M{Number(left + x2)} {Number(top + y2)}l{Number(-reach)} {Number(reach)}");
        }
        _svg.Empty("path", "class", style, "d", path.ToString());
    }

    // --- Labels beside marks ---

    /// <summary>First what stands beside its mark, then what a line leads to; what has no room is a number, and told below.</summary>
    private void PlaceLabels()
    {
        _points.AddRange(_chart.Marks.OfType<PointMark>().Where(point => !point.IsRaw).Select(AreaOf));
        _taken.AddRange(_points);
        foreach (var (text, x, y) in _chart.Marks.Select(Label).Where(label => label.Text.Length > 0))
            TryBeside(TextMetrics.Fit(text, 220, TickSize), x, y);
        var labels = PointLabels.Of(_chart, MostLabelLetters, (a, b) => AreaOf(a).Overlaps(AreaOf(b))).Select(label => label with { Text = TextMetrics.Fit(label.Text, 220, TickSize) }).ToList();
        labels.RemoveAll(label => label.Points.Any(point => TryBeside(label.Text, X(point.X), Y(point.Y))));
        labels.RemoveAll(TryLeader);
        foreach (var label in labels)
        {
            var number = $"{_key.Count + 1}";
            if (label.Points.Any(point => TryBeside(number, X(point.X), Y(point.Y))) || TryLeader(label with { Text = number }))
                _key.Add($"{number}: {label.Text}");
            else
                _unlabelled += label.Points.Count;
        }
    }

    private (string Text, double X, double Y) Label(Mark mark) => mark switch
    {
        LineMark { Label: { } label, Points: [.., var last] } => (label, X(last.X), Y(last.Y)),
        RuleMark rule => (rule.Label, X(rule.X), _plot.Top + 9),
        _ => ("", 0, 0),
    };

    private Box AreaOf(PointMark point) => new(X(point.X) - 7, Y(point.Y) - 7, 14, 14);

    private bool TryBeside(string text, double x, double y)
    {
        var (width, height) = (TextMetrics.Width(text, TickSize), TickSize + 3);
        foreach (var (right, ofWidth, below) in Beside)
        {
            var box = new Box(x + right - ofWidth * width, y + below - height / 2, width, height);
            if (!IsFree(box))
                continue;
            _taken.Add(box);
            _labels.Add(new PlacedLabel(text, box, null));
            return true;
        }
        return false;
    }

    /// <summary>Farther away, from the nearest on, with a line to the point.</summary>
    private bool TryLeader(PointLabel label)
    {
        var (width, height) = (TextMetrics.Width(label.Text, TickSize), TickSize + 3);
        // The line may pass the points that touch its own, for else none would lead out of a heap.
        Box[] own = [.. label.Points.Select(AreaOf)], heap = [.. _points.Where(area => Array.Exists(own, area.Overlaps))];
        for (var distance = 18.0; distance <= LongestLeader; distance += 6)
        {
            foreach (var point in label.Points)
            {
                var (x, y) = (X(point.X), Y(point.Y));
                for (var turn = 0; turn < 16; turn++)
                {
                    var (sin, cos) = Math.SinCos(turn * Math.PI / 8);
                    var (endX, endY) = (x + distance * cos, y + distance * sin);
                    // The line ends at the middle of the side that is nearest.
                    var box = Math.Abs(cos) > 0.5 ? new Box(cos > 0 ? endX + 2 : endX - 2 - width, endY - height / 2, width, height)
                        : new Box(endX - width / 2, sin > 0 ? endY : endY - height, width, height);
                    var dots = Dots(x + 6 * cos, y + 6 * sin, endX, endY);
                    if (!IsFree(box) || dots.Any(dot => _taken.Exists(taken => taken.Overlaps(dot) && !heap.Contains(taken))))
                        continue;
                    _taken.Add(box);
                    _taken.AddRange(dots);
                    _labels.Add(new PlacedLabel(label.Text, box, $"M{Number(x + 6 * cos)} {Number(y + 6 * sin)}L{Number(endX)} {Number(endY)}"));
                    return true;
                }
            }
        }
        return false;
    }

    // A line as small boxes, which nothing may overlap.
    private static Box[] Dots(double fromX, double fromY, double toX, double toY)
    {
        var count = Math.Max(2, (int)(Math.Max(Math.Abs(toX - fromX), Math.Abs(toY - fromY)) / 2));
        return [.. Enumerable.Range(0, count).Select(i => new Box(fromX + (toX - fromX) * i / count - 1, fromY + (toY - fromY) * i / count - 1, 2, 2))];
    }

    private bool IsFree(Box box) =>
        box.Left >= _plot.Left + 2 && box.Right <= Width - 4 && box.Top >= _plot.Top && box.Bottom <= _plot.Bottom - 1 && !_taken.Exists(box.Overlaps);

    /// <param name="Leader">The line from its point; null where it stands beside it.</param>
    private sealed record PlacedLabel(string Text, Box Box, string? Leader);

    private sealed record Box(double Left, double Top, double Width, double Height)
    {
        public double Right => Left + Width;
        public double Bottom => Top + Height;

        public bool Overlaps(Box other) => Left < other.Right && other.Left < Right && Top < other.Bottom && other.Top < Bottom;
    }
}
