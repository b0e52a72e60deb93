using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>A metric of every model and workload on all hardware, by the ways in which its engine ran: how much, of how many launches, and whether it was measured at all.</summary>
public static class HeatMapChart
{
    private const int MostColumns = 8;
    private const int MostRows = 30;

    public static Chart Of(RunNames names, Metric metric)
    {
        var (shown, notes) = RunCharts.Choose(names, Need.Of(metric, isLogarithmic: true));
        // One column for each model and workload, in the order of their numbers; what all share is said above.
        var workloads = shown.DistinctBy(Key).OrderBy(run => run.Run.Model.Name, StringComparer.Ordinal).ThenBy(run => run.Run.VersionTag, StringComparer.Ordinal).ThenBy(run => run.Run.Workload.Precision, StringComparer.Ordinal)
            .ThenBy(run => run.Run.Workload.BatchSize).ThenBy(run => run.Run.Workload.InputTokens).ThenBy(run => Key(run).Objectives, StringComparer.Ordinal).ToArray();
        var titles = RunNames.Of([.. workloads.Select(run => run.Run with { Hardware = new HardwarePlatform("", HardwareKind.Other), Engine = new Engine(null) })], names: null, metric);
        var columns = workloads.Select(Key).ToList();
        var rows = shown.Select(Row).Distinct().OrderBy(row => row.Hardware, StringComparer.Ordinal).ThenBy(row => row.Engine, StringComparer.Ordinal).ToList();
        if (columns.Count > MostColumns || rows.Count > MostRows)
            notes.Add($"The first {Math.Min(MostColumns, columns.Count)} of {columns.Count} columns and {Math.Min(MostRows, rows.Count)} of {rows.Count} rows are shown.");
        // How the engine ran is said of hardware on which it ran in several ways.
        var several = rows.GroupBy(row => row.Hardware).Where(ways => ways.Count() > 1).Select(ways => ways.Key).ToHashSet();
        string Name((string Hardware, string Engine) row) => several.Contains(row.Hardware) && row.Engine.Length > 0 ? $"{row.Hardware}, {row.Engine}" : row.Hardware;
        (columns, rows) = ([.. columns.Take(MostColumns)], [.. rows.Take(MostRows)]);
        List<Mark> marks = [];
        List<string> words = [];
        foreach (var (x, column) in columns.Index())
        {
            var title = columns.Count == 1 ? titles.Common : titles.Runs[x].Name;
            var cells = shown.Where(run => Key(run) == column).GroupBy(Row).Where(cell => rows.Contains(cell.Key)).ToArray();
            // Measured numbers go before predicted ones of the same place.
            var best = cells.Select(cell => (Row: cell.Key, Runs: cell.Any(run => RunCharts.IsMeasured(run.Run)) ? [.. cell.Where(run => RunCharts.IsMeasured(run.Run))] : cell.ToArray()))
                .Select(cell => (cell.Row, cell.Runs, Value: Median([.. cell.Runs.Select(run => RunCharts.Typical(run.Run, metric))]))).ToArray(); // shown runs have it
            if (best.Length == 0)
                continue; // its rows are among those that are not shown
            var (low, high) = (Math.Log(best.Min(cell => cell.Value)), Math.Log(best.Max(cell => cell.Value)));
            foreach (var (row, runs, value) in best)
            {
                var (isPredicted, launches) = (!RunCharts.IsMeasured(runs[0].Run), runs.Sum(run => run.Run.LaunchCount));
                var place = high > low ? (Math.Log(value) - low) / (high - low) : 1;
                var interval = runs.Length == 1 ? RunCharts.IntervalOf(runs[0].Run[metric]) : (runs.Min(run => RunCharts.Typical(run.Run, metric)), runs.Max(run => RunCharts.Typical(run.Run, metric))); // as above
                var detail = (isPredicted ? "predicted" : $"n {launches}") + (interval is var (from, to) ? CellMark.Separator + Bare(metric.Unit, from, to) : "");
                var text = $"{Name(row)}, {title}: {UnitScale.Format(metric.Unit, value)}, {(isPredicted ? "predicted" : $"{launches} launch{(launches == 1 ? "" : "es")}")}";
                words.Add(text + ".");
                marks.Add(new CellMark(x, rows.IndexOf(row), high > low && !metric.HigherIsBetter ? 1 - place : place, UnitScale.Format(metric.Unit, value), detail, isPredicted, text));
            }
        }
        notes.Add($"n: independent launches; the range is the interval of a run, or that of several runs. Dark is best in its column ({RunCharts.Better(metric)}); hatched was not measured; empty: no data.");
        return new Chart($"{RunCharts.Title(metric)} by hardware and workload", string.Join(' ', words), new Axis("", "", AxisScale.Category) { Categories = [.. titles.Runs.Take(columns.Count).Select(run => workloads.Length == 1 ? titles.Common : run.Name)] },
            new Axis("", "", AxisScale.Category) { Categories = [.. rows.Select(Name)] }, [new Series(RunCharts.Title(metric))], marks)
        {
            Subtitle = workloads.Length > 1 ? LatencyChart.Subtitle(titles) : null, RunCount = shown.Count(run => columns.Contains(Key(run)) && rows.Contains(Row(run))), Notes = notes,
        };

        (string, string?, string, Workload, string Objectives) Key(NamedRun run) =>
            (run.Run.Model.Name, run.Run.VersionTag, $"{run.Run.Suite} {run.Run.BenchmarkVersion}", run.Run.Workload, metric == Metric.Goodput ? RunCharts.Objectives(run.Run) : "");
    }

    private static (string Hardware, string Engine) Row(NamedRun run) => (run.Run.Hardware.Name, RunTraits.DescribeEngine(run.Run));

    private static string Bare(string unit, double low, double high)
    {
        var scale = UnitScale.For(unit, high);
        return $"{scale.Number(low)}–{scale.Number(high)}";
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length % 2 == 1 ? values[values.Length / 2] : (values[values.Length / 2 - 1] + values[values.Length / 2]) / 2;
    }
}
