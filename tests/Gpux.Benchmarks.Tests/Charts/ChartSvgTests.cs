using System.Globalization;
using System.Xml.Linq;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Runtime.Images.Writing;

namespace Gpux.Benchmarks.Tests.Charts;

public sealed class ChartSvgTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    // Names of strangers: markup, quotes, control characters, another direction, very long, another script, a lone half of a pair.
    private static readonly string[] HostileNames =
    [
        "</text><script>alert(1)</script>", "\" onload=\"alert(1)", "a & b < c > d 'e'", "null\0bell\aescape\e[31m", "right\u202Eto left", new('n', 1000), "模型/基础-大型", "half\uD800pair", "]]>", "--><svg/>",
    ];

    private static RunNames Hostile => RunNames.Of([.. HostileNames.Select((name, i) => ExampleRun.Of($"h{i}", model: name, hardware: $"{name} {i}", latencySeconds: 0.001 * (i + 1), throughput: 1000.0 / (i + 1)))]);

    public static TheoryData<string, Chart> Charts
    {
        get
        {
            TheoryData<string, Chart> charts = [];
            foreach (var (name, make) in DocumentPictureTests.Pictures)
                charts.Add(name, make());
            charts.Add("hostile latency", LatencyChart.Of(Hostile));
            charts.Add("hostile pareto", ParetoChart.Of(Hostile, Metric.Latency, Metric.Throughput));
            charts.Add("hostile history", HistoryChart.Of(Hostile, Metric.Latency, byVersion: false));
            charts.Add("hostile heat map", HeatMapChart.Of(Hostile, Metric.Latency));
            charts.Add("hostile bars", BarChart.Of(Hostile, Metric.PeakDeviceMemory));
            charts.Add("one run", LatencyChart.Of(RunNames.Of([ExampleRun.Of("a")])));
            charts.Add("all alike", HistoryChart.Of(RunNames.Of([ExampleRun.Of("a"), ExampleRun.Of("b")]), Metric.Latency, byVersion: false));
            return charts;
        }
    }

    [Theory]
    [MemberData(nameof(Charts))]
    public void Texts_neither_overlap_nor_leave_the_picture(string name, Chart chart)
    {
        var svg = XDocument.Parse(ChartSvg.Write(chart)).Root!; // parsed
        var size = svg.Attribute("viewBox")!.Value.Split(' ').Select(Number).ToArray(); // every picture has one
        var texts = svg.Descendants(Svg + "text").Select(BoxOf).ToArray();
        Assert.NotEmpty(texts);
        foreach (var (i, text) in texts.Index())
        {
            Assert.True(text.Left >= 0 && text.Right <= size[2] && text.Top >= 0 && text.Bottom <= size[3], $"{name}: '{text.Text}' leaves the picture: {text}");
            foreach (var other in texts.Skip(i + 1))
                Assert.False(text.Overlaps(other), $"{name}: '{text.Text}' and '{other.Text}' overlap: {text} and {other}");
        }
    }

    [Theory]
    [MemberData(nameof(Charts))]
    public void Every_coordinate_is_a_number_in_the_picture(string name, Chart chart)
    {
        var svg = XDocument.Parse(ChartSvg.Write(chart)).Root!; // parsed
        Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("∞", svg.ToString(), StringComparison.Ordinal);
        var size = svg.Attribute("viewBox")!.Value.Split(' ').Select(Number).ToArray(); // every picture has one
        foreach (var circle in svg.Descendants(Svg + "circle"))
            Assert.True(Number(circle.Attribute("cx")!.Value) is var x && x >= 0 && x <= size[2] && Number(circle.Attribute("cy")!.Value) is var y && y >= 0 && y <= size[3], $"{name}: {circle}"); // circles have centres
    }

    [Theory]
    [MemberData(nameof(Charts))]
    public void Names_of_strangers_are_text_and_nothing_is_fetched(string name, Chart chart)
    {
        var svg = XDocument.Parse(ChartSvg.Write(chart)).Root!; // parsed
        HashSet<string> known = ["svg", "title", "desc", "style", "rect", "path", "text", "g", "circle"];
        foreach (var element in svg.DescendantsAndSelf())
        {
            Assert.True(known.Contains(element.Name.LocalName), $"{name}: <{element.Name.LocalName}>");
            Assert.DoesNotContain(element.Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal) || attribute.Name.LocalName is "href" or "style");
        }
        Assert.DoesNotContain(svg.ToString(), letter => char.IsControl(letter) && letter is not '\n' || letter is '\u202E');
        Assert.DoesNotContain("url(", svg.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("@import", svg.ToString(), StringComparison.Ordinal);
    }

    // A renderer of its own kind sees what we drew: of the right size, with ink in it, and none at the edge.
    [Theory]
    [MemberData(nameof(Charts))]
    public void Another_program_draws_it_whole(string name, Chart chart)
    {
        var svg = ChartSvg.Write(chart);
        var size = XDocument.Parse(svg).Root!.Attribute("viewBox")!.Value.Split(' ').Select(Number).ToArray(); // every picture has one
        var image = SvgRenderer.Render(svg, 1, name);
        Assert.InRange(image.Width, size[2] - 1, size[2] + 1);
        Assert.InRange(image.Height, size[3] - 1, size[3] + 1);
        var pixels = image.Pixels.ToArray();
        bool IsWhite(int x, int y) => pixels.AsSpan((y * image.Width + x) * 3, 3).SequenceEqual((ReadOnlySpan<byte>)[255, 255, 255]);
        Assert.True(Enumerable.Range(0, image.Width * image.Height).Count(i => !IsWhite(i % image.Width, i / image.Width)) > 500, $"{name}: hardly anything is drawn");
        for (var y = 0; y < image.Height - 1; y++)
            Assert.True(IsWhite(0, y) && IsWhite(image.Width - 1, y), $"{name}: something reaches the edge at {y}");
    }

    // Two versions on three machines, four runs each: clusters of points that touch.
    private static RunNames Crowd => RunNames.Of([.. from version in Enumerable.Range(0, 2)
        from machine in Enumerable.Range(0, 3)
        from i in Enumerable.Range(0, 4)
        let latency = 0.004 * Math.Pow(3, machine) * (version == 1 && machine > 0 ? 0.64 : 1) * (1 + 0.01 * i)
        select ExampleRun.Of($"{version}-{machine}-{i}", hardware: $"machine {machine}", latencySeconds: latency, throughput: 1 / latency, version: $"v1.{version}.0")]);

    // Three kinds of run, one upon the other.
    private static RunNames Heap => RunNames.Of([.. Enumerable.Range(0, 30).Select(i => ExampleRun.Of($"{i}", latencySeconds: 0.01 * (1 + 0.0005 * i), throughput: 100 - 0.01 * i, version: $"a-long-name-of-version-{i}"))]);

    public static TheoryData<string, Chart> Crowded => new()
    {
        { "two versions on three machines", ParetoChart.Of(Crowd, Metric.Latency, Metric.Throughput) },
        { "thirty versions in one place", ParetoChart.Of(Heap, Metric.Latency, Metric.Throughput) },
    };

    [Theory]
    [MemberData(nameof(Crowded))]
    public void Label_stands_beside_its_point_or_has_a_line_to_it(string name, Chart chart)
    {
        Texts_neither_overlap_nor_leave_the_picture(name, chart);
        var svg = XDocument.Parse(ChartSvg.Write(chart)).Root!; // parsed
        var points = svg.Descendants(Svg + "g").Select(group => Start(group.Elements(Svg + "path").Last())).ToArray();
        var leaders = svg.Descendants(Svg + "path").Where(path => path.Attribute("class")?.Value == "axis" && path.Attribute("d")!.Value.Contains('L', StringComparison.Ordinal)) // paths have shapes
            .Select(path => path.Attribute("d")!.Value[1..].Split('L').Select(end => end.Split(' ').Select(Number).ToArray()).ToArray()).ToArray(); // as above
        var labels = svg.Descendants(Svg + "text").Where(text => text.Attribute("class")!.Value == "ink halo").Select(BoxOf).ToArray(); // every text has a class
        Assert.NotEmpty(labels);
        foreach (var label in labels)
        {
            var isBeside = points.Any(point => label.Distance(point.X, point.Y) < 16);
            var leader = leaders.FirstOrDefault(ends => label.Distance(ends[1][0], ends[1][1]) < 6);
            Assert.True(isBeside || leader is not null && points.Any(point => Math.Abs(point.X - leader[0][0]) + Math.Abs(point.Y - leader[0][1]) < 20), $"{name}: '{label.Text}' floats");
        }
        // What has no room for its words has a number, which is told below.
        var below = string.Join(' ', svg.Descendants(Svg + "text").Where(text => text.Attribute("class")!.Value == "mute").Select(text => text.Value)); // as above
        foreach (var number in labels.Where(label => label.Text.All(char.IsAsciiDigit)))
            Assert.Contains($"{number.Text}: ", below, StringComparison.Ordinal);
        Assert.DoesNotContain(labels, label => label.Text.Contains("bert", StringComparison.Ordinal));
        // And what has none is counted.
        if (chart.Marks.OfType<PointMark>().DistinctBy(point => point.Kind).Count() > labels.Length)
            Assert.Matches("[0-9]+ points? in the crowd ha(s|ve) no label", below);
    }

    [Fact]
    public void Points_of_one_kind_that_touch_share_a_label()
    {
        var svg = XDocument.Parse(ChartSvg.Write(ParetoChart.Of(Crowd, Metric.Latency, Metric.Throughput))).Root!; // parsed
        var labels = svg.Descendants(Svg + "text").Where(text => text.Attribute("class")!.Value == "ink halo").Select(text => text.Value); // every text has a class
        Assert.Equal(["v1.0.0 (4 runs)", "v1.0.0 (4 runs)", "v1.0.0 (4 runs)", "v1.1.0 (4 runs)", "v1.1.0 (4 runs)", "v1.1.0 (4 runs)"], labels.Order(StringComparer.Ordinal));
        Assert.Contains("bert-base-uncased", svg.Descendants(Svg + "text").ElementAt(1).Value, StringComparison.Ordinal);
    }

    // Where a path begins, in the picture's units; a shape's first point lies at its edge.
    private static (double X, double Y) Start(XElement path)
    {
        var numbers = path.Attribute("d")!.Value[1..].Split('a', 'h', 'L', 'v', 'H', 'V', 'Z')[0].Split(' ').Select(Number).ToArray(); // paths have shapes
        return (numbers[0], numbers[1]);
    }

    [Fact]
    public void Picture_says_in_words_what_it_shows()
    {
        var svg = XDocument.Parse(ChartSvg.Write(LatencyChart.Of(RunNames.Of(ExampleRuns.Precisions)))).Root!; // parsed
        Assert.Equal("img", svg.Attribute("role")!.Value); // has a role
        Assert.Equal("chart-title chart-desc", svg.Attribute("aria-labelledby")!.Value); // has a label
        Assert.Contains("int8: p50 8.", svg.Element(Svg + "desc")!.Value, StringComparison.Ordinal); // has words
    }

    [Fact]
    public void Same_chart_is_the_same_file() => Assert.Equal(ChartSvg.Write(LatencyChart.Of(RunNames.Of(ExampleRuns.Precisions))), ChartSvg.Write(LatencyChart.Of(RunNames.Of(ExampleRuns.Precisions))));

    [Fact]
    public void What_was_not_measured_is_hatched_or_hollow()
    {
        Assert.Contains("class=\"hatch", ChartSvg.Write(HeatMapChart.Of(RunNames.Of(ExampleRuns.Batches), Metric.Throughput)), StringComparison.Ordinal);
        Assert.Contains("hollow\" d=", ChartSvg.Write(ParetoChart.Of(RunNames.Of(ExampleRuns.Batches), Metric.Latency, Metric.Throughput)), StringComparison.Ordinal);
    }

    [Fact]
    public void Front_holds_the_runs_that_none_beats()
    {
        var runs = RunNames.Of(
        [
            ExampleRun.Of("fast", model: "a", latencySeconds: 0.001, throughput: 10), ExampleRun.Of("beaten", model: "b", latencySeconds: 0.002, throughput: 9),
            ExampleRun.Of("broad", model: "c", latencySeconds: 0.003, throughput: 30), ExampleRun.Of("tie", model: "d", latencySeconds: 0.003, throughput: 30), ExampleRun.Of("late", model: "e", latencySeconds: 0.004, throughput: 30),
        ]).Runs;
        Assert.Equal(["fast", "broad"], ParetoChart.Front(runs, Metric.Latency, Metric.Throughput).Select(run => run.Run.Key));
        // The other way round it is the same front.
        Assert.Equal(["fast", "broad"], ParetoChart.Front(runs, Metric.Throughput, Metric.Latency).Select(run => run.Run.Key));
    }

    [Fact]
    public void Runs_are_called_by_what_tells_them_apart()
    {
        var names = RunNames.Of(ExampleRuns.Precisions);
        Assert.Equal("example/encoder-base, laptop, 8 cores, batch 1, 128 tokens", names.Common);
        Assert.Equal(["fp32", "fp16", "int8"], names.Runs.Select(run => run.Name));
        Assert.Equal(["run 1", "run 2"], RunNames.Of([ExampleRun.Of("a"), ExampleRun.Of("b")]).Runs.Select(run => run.Name));
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static TextBox BoxOf(XElement text)
    {
        double Get(string name) => Number(text.Attribute(name)!.Value); // every text has them
        var width = TextMetrics.Width(text.Value, Get("font-size"), text.Attribute("font-weight") is not null);
        var left = Get("x") - text.Attribute("text-anchor")!.Value switch { "end" => width, "middle" => width / 2, _ => 0 }; // as above
        // Letters reach three quarters of the size up and a fifth down.
        return new TextBox(text.Value, left, Get("y") - Get("font-size") * 0.76, left + width, Get("y") + Get("font-size") * 0.2);
    }

    private sealed record TextBox(string Text, double Left, double Top, double Right, double Bottom)
    {
        public double Distance(double x, double y) => Math.Max(Math.Max(Left - x, x - Right), 0) + Math.Max(Math.Max(Top - y, y - Bottom), 0);

        public bool Overlaps(TextBox other) => Left < other.Right && other.Left < Right && Top < other.Bottom && other.Top < Bottom;
    }
}
