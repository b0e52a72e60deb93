using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;

namespace Gpux.Benchmarks.Charts;

/// <summary>What runs achieved below the roof of their machines: arithmetic peak, and memory bandwidth times operations a byte.</summary>
public static class RooflineChart
{
    /// <param name="costs">The work of each run's graph, in the order of the runs; null where it is not known.</param>
    public static Chart Of(RunNames names, IReadOnlyList<GraphCost?> costs)
    {
        List<Series> series = [];
        List<Mark> marks = [];
        List<string> words = [];
        var costOf = new Dictionary<BenchmarkRun, GraphCost?>(ReferenceEqualityComparer.Instance);
        foreach (var (run, cost) in names.Runs.Zip(costs))
            costOf[run.Run] = cost;
        var (shown, notes) = RunCharts.Choose(names,
            new Need(run => !GraphRate.IsOffered(run), "of an open loop, where the share would be what was offered", "Measure without --rate: gpux bench MODEL --save."),
            new Need(run => !GraphRate.IsOfMore(run), "a request is more than one run of the graph, as end to end, in generation and in training",
                "Measure the model alone, of a task that generates nothing: gpux bench MODEL --save, without --end-to-end."),
            new Need(run => GraphRate.Of(run) is not null, "neither their throughput and batch nor the latency of one caller is known", "gpux db show ID says what a run measured."),
            new Need(run => costOf[run] is { Flop: > 0, CompulsoryBytes: > 0 }, "no operation of the graph can be counted", "Name the ONNX file that the runs ran: --graph model.onnx."),
            new Need(run => RooflineBound.Of(costOf[run]!, run.Hardware) is not null, "their machine's peak or bandwidth is not known", // the need before
                "gpux bench MODEL --save measures both of a processor; gpux db show ID says what is known."));
        var points = shown.Select(run =>
        {
            var (cost, rate) = (costOf[run.Run]!, GraphRate.Of(run.Run)!.Value); // chosen by both
            return (First: run, Cost: cost, Intensity: (double)cost.Flop / cost.CompulsoryBytes, Rate: rate, Achieved: cost.Flop * rate);
        }).ToArray();
        foreach (var machine in points.GroupBy(point => point.First.Run.Hardware.Name).Take(RunCharts.MostSeries))
        {
            var hardware = machine.First().First.Run.Hardware;
            var bandwidth = hardware.MemoryBytesPerSecond!.Value; // has a bound
            foreach (var precision in machine.Select(point => MainPrecision(point.Cost)).Distinct())
            {
                var place = series.Count % RunCharts.MostSeries;
                var peak = RooflineBound.Peak(hardware, precision);
                var ridge = peak / bandwidth;
                var (from, to) = (Math.Min(ridge, machine.Min(point => point.Intensity)) / 4, Math.Max(ridge, machine.Max(point => point.Intensity)) * 4);
                series.Add(new Series($"{hardware.Name}, {precision}", machine.All(point => !RunCharts.IsMeasured(point.First.Run))));
                marks.Add(new LineMark(place, [(from, bandwidth * from), (ridge, peak), (to, peak)]));
                words.Add($"{hardware.Name} in {precision}: {UnitScale.Format("FLOP/s", peak)}, {UnitScale.Format("B/s", bandwidth)}, ridge at {UnitScale.Three(ridge)} operations a byte.");
                var own = machine.Where(point => MainPrecision(point.Cost) == precision).ToArray();
                var labels = RunNames.Among([.. own.Select(point => point.First)]).Runs;
                foreach (var (i, point) in own.Index())
                {
                    var bound = RooflineBound.Of(point.Cost, hardware)!; // checked above
                    var share = bound.Share(point.Rate);
                    var text = $"{point.First.Name}: {UnitScale.Format("FLOP/s", point.Achieved)}, {share * 100:0.#} % of what the machine allows, bound by {(bound.IsMemoryBound ? "memory" : "arithmetic")}";
                    words.Add(text + ".");
                    marks.Add(new PointMark(place, point.Intensity, point.Achieved, text) { Label = $"{(own.Length > 1 ? labels[i].Name : point.First.Name)} ({share * 100:0} %)" });
                }
            }
        }
        notes.Add("Bytes are those that must be moved: weights, inputs and outputs. Achieved is what all callers together do in a second. In brackets: the share of the roof.");
        return new Chart("Roofline", string.Join(' ', words), new Axis("Operations a byte", "FLOP/B", AxisScale.Log), new Axis("Operations a second", "FLOP/s", AxisScale.Log) { Better = "higher is better" }, series, marks)
        {
            Subtitle = LatencyChart.Subtitle(names), RunCount = points.Length, Notes = notes,
        };
    }

    // In which most of the operations are done.
    private static string MainPrecision(GraphCost cost) =>
        cost.Nodes.Where(node => node.Precision is not null).GroupBy(node => node.Precision!).MaxBy(group => group.Sum(node => node.Flop))?.Key ?? "fp32";
}
