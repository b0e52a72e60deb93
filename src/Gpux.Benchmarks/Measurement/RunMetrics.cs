using System.Globalization;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Measurement;

/// <summary>What launches found, as metrics that a run can be stored with.</summary>
/// <remarks>What was measured for minutes is never lost for a number that makes no sense: an interval that goes beyond what a metric can be is left out, and so is a metric that does.</remarks>
internal sealed class RunMetrics
{
    // At ten bytes each they are far from what a run may be stored with.
    private const int MostSamples = 1 << 24;

    private static readonly double[] Shares = [0.5, 0.9, 0.95, 0.99, 0.999];

    private readonly LaunchRequest _request;
    private readonly IReadOnlyList<LaunchReport> _launches;
    private readonly List<MetricResult> _results = [];
    private readonly List<string> _notes = [];

    /// <param name="launches">At least one.</param>
    public RunMetrics(LaunchRequest request, BenchmarkSubject subject, HardwarePlatform hardware, IReadOnlyList<LaunchReport> launches)
    {
        (_request, _launches) = (request, launches);
        Samples = Pooled(launches);
        Latencies = Samples.FirstOrDefault(series => series.Metric == Metric.Latency)?.Ordered() ?? [];
        LatencyPercentiles = Latencies.Length == 0 ? [] : CountPercentiles();
        AddTimes();
        AddRates();
        AddOfLaunches(Metric.FirstInference, launches.Select(launch => launch.FirstInferenceSeconds));
        AddOfLaunches(Metric.LoadTime, launches.Select(launch => launch.LoadSeconds));
        if (subject.Conversion is { } conversion)
            Add(new MetricResult(Metric.ConversionTime, 1, conversion.TotalSeconds));
        AddOutcomes();
        AddMemory();
        if (Count > 0 && launches.All(launch => launch.Joules is not null))
            AddOfLaunches(Metric.Energy, launches.Where(launch => launch.Count > 0).Select(launch => launch.Joules!.Value / launch.Count)); // all have one
        // In an open loop the share would be what is offered, and not what is achieved.
        if (Count > 0 && request.Rate is null && subject.GraphPath is not null && hardware.Peaks.Count == 0)
            _notes.Add("roofline: no share is told, for the machine's own speed is not known: it was busy when that was measured.");
        else if (Count > 0 && request.Rate is null && Bound(subject, hardware, launches[0]) is { } bound)
            AddRooflineShare(bound);
    }

    public IReadOnlyList<MetricResult> Results => _results;

    /// <summary>What was left out, and why: worth knowing, and no fault of the run.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>One series of all launches for each metric, of one stride: percentiles of launches are never averaged.</summary>
    public IReadOnlyList<SampleSeries> Samples { get; }

    /// <summary>In seconds, from the least; of more than a million evenly chosen ones.</summary>
    public double[] Latencies { get; }

    /// <summary>Of latency; empty where no request succeeded.</summary>
    public IReadOnlyList<Percentile> LatencyPercentiles { get; }

    /// <summary>Null without objectives.</summary>
    public GoodputShare? Goodput => _request.Objectives is { } objectives ? new GoodputShare(objectives, _launches.Sum(launch => launch.Good ?? 0), Count + Failures) : null;

    private long Count => _launches.Sum(launch => launch.Count);

    private long Failures => _launches.Sum(launch => launch.Failures.Values.Sum());

    private static List<SampleSeries> Pooled(IReadOnlyList<LaunchReport> launches) =>
    [
        .. launches.SelectMany(launch => launch.Samples).GroupBy(series => series.Metric)
            .Select(group => new SampleSeries(group.Key, [.. group.SelectMany(series => series.Launches)]).Evenly(MostSamples)),
    ];

    // Of the samples, or where these are a part, of everything that was counted, in buckets.
    private Percentile[] CountPercentiles()
    {
        if (_launches.All(launch => launch.All is null))
            return Of(Latencies);
        var all = new LatencyRecorder();
        foreach (var launch in _launches)
        {
            if (launch.All is not null)
                all.Merge(launch.All);
            else
                foreach (var value in launch.Samples.Where(series => series.Metric == Metric.Latency).SelectMany(series => series.Ordered()))
                    all.Record((long)(value * 1e9));
        }
        var count = (int)Math.Min(all.Count, int.MaxValue);
        return Array.ConvertAll(Shares, share =>
        {
            var (low, high) = Percentiles.IntervalRanks(count, share);
            return new Percentile(share, count, all.Percentile(share) / 1e9, low is { } from ? all.AtRank(from) / 1e9 : null, high is { } to ? all.AtRank(to) / 1e9 : null, Percentiles.Level);
        });
    }

    private static Percentile[] Of(double[] ordered) => Array.ConvertAll(Shares, share => Percentiles.Of(ordered, share));

    private void AddTimes()
    {
        foreach (var series in Samples)
        {
            var percentiles = series.Metric == Metric.Latency ? LatencyPercentiles : series.Ordered() is { Length: > 0 } ordered ? Of(ordered) : [];
            if (percentiles.Count == 0)
                continue;
            var all = _launches.Aggregate(default(RunningMoments), (sum, launch) => sum.With(launch.Moments.GetValueOrDefault(series.Metric)));
            // The parts of a percentile that samples do not bound are not said: p99 of a hundred is their greatest, and no more.
            double? At(double share) => percentiles.First(percentile => percentile.Share == share) is { IsBounded: true } known ? known.Value : null;
            var median = percentiles.First(percentile => percentile.Share == 0.5).Value;
            var interval = MedianInterval.Of(series, median);
            Add(new MetricResult(series.Metric, all.Count, all.Mean)
            {
                P50 = At(0.5), P90 = At(0.9), P95 = At(0.95), P99 = At(0.99), StandardDeviation = all.StandardDeviation,
                ConfidenceLow = interval?.Low, ConfidenceHigh = interval?.High, ConfidenceLevel = interval is null ? null : Percentiles.Level,
            });
        }
    }

    private void AddRates()
    {
        var measured = _launches.Where(launch => launch.Seconds > 0).ToList();
        if (_request.Objectives is not null)
            AddOfLaunches(Metric.Goodput, measured.Select(launch => (launch.Good ?? 0) / launch.Seconds));
        measured.RemoveAll(launch => launch.Count == 0);
        double RowsPerSecond(LaunchReport launch) => launch.Count * _request.Batch / launch.Seconds;
        AddOfLaunches(Metric.Throughput, measured.Select(RowsPerSecond));
        if (_launches[0].InputTokens is { } prompt)
            AddOfLaunches(Metric.InputTokenThroughput, measured.Select(launch => RowsPerSecond(launch) * prompt));
        if (_launches[0].OutputTokens is { } generated)
            AddOfLaunches(Metric.OutputTokenThroughput, measured.Select(launch => RowsPerSecond(launch) * generated));
    }

    private void AddOutcomes()
    {
        if (Count + Failures is > 0 and var ended)
            Add(new MetricResult(Metric.ErrorRate, ended, (double)Failures / ended));
    }

    private void AddMemory()
    {
        foreach (var (metric, values) in ((Metric, IEnumerable<long?>)[])
            [
                (Metric.PeakMemory, _launches.Select(launch => launch.PeakMemory)), (Metric.PeakDeviceMemory, _launches.Select(launch => launch.DeviceMemory)),
                (Metric.CacheMemory, _launches.Select(launch => launch.CacheBytes)), (Metric.WeightMemory, _launches.Select(launch => (long?)launch.WeightBytes)),
            ])
        {
            if (values.All(value => value is > 0))
                AddOfLaunches(metric, values.Select(value => (double)value!.Value)); // all have one
        }
    }

    // What the machine allows for a request; null where its speed is not known, or the graph is not wholly counted.
    private static RooflineBound? Bound(BenchmarkSubject subject, HardwarePlatform hardware, LaunchReport launch)
    {
        if (subject.GraphPath is not { } graph || launch.InputShapes is not { } shapes)
            return null;
        try
        {
            var cost = GraphCost.Of(graph, shapes.ToDictionary(input => input.Key, input => new Shape(input.Value)));
            return cost.Uncounted.Count == 0 ? RooflineBound.Of(cost, hardware) : null;
        }
        catch (GraphCostException)
        {
            // Known by its absence: a share of what cannot be counted would be made up.
            return null;
        }
    }

    private void AddRooflineShare(RooflineBound bound)
    {
        var found = OfLaunches(Metric.RooflineShare, [.. _launches.Where(launch => launch is { Seconds: > 0, Count: > 0 }).Select(launch => bound.Share(launch.Count / launch.Seconds))]);
        if (found.Mean > 1)
            _notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"roofline: no share is told, for it would be {found.Mean:P0}: {(bound.IsMemoryBound ? "what the model reads lies in the processor's caches, which are faster than the memory that bounds it" : "the machine's peak was understated, as by other programs that ran when it was measured")}."));
        else if (found.ConfidenceHigh > Metric.RooflineShare.Maximum)
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"roofline: no share is told, for launches differ too much: {found.Mean:P0}, and up to {found.ConfidenceHigh:P0}."));
        else
            Add(found);
    }

    private void AddOfLaunches(Metric metric, IEnumerable<double> values)
    {
        double[] each = [.. values];
        if (each.Length > 0)
            Add(OfLaunches(metric, each));
    }

    /// <summary>A value of each launch: their mean, with Student's interval, for launches are independent of each other.</summary>
    /// <param name="values">At least one.</param>
    internal static MetricResult OfLaunches(Metric metric, double[] values)
    {
        var moments = Moments.Of(values);
        if (values.Length < 2)
            return new MetricResult(metric, values.Length, moments.Mean);
        var (low, high) = MedianInterval.Student(moments);
        return new MetricResult(metric, values.Length, moments.Mean)
        {
            StandardDeviation = Math.Sqrt(moments.Variance), ConfidenceLow = Math.Max(0, low), ConfidenceHigh = high, ConfidenceLevel = Percentiles.Level,
        };
    }

    private void Add(MetricResult result)
    {
        var metric = result.Metric;
        bool CanBe(double? value) => value is null || value >= 0 && value <= metric.Maximum;
        if (!CanBe(result.Mean) || !CanBe(result.P50) || !CanBe(result.P90) || !CanBe(result.P95) || !CanBe(result.P99))
        {
            _notes.Add($"{metric}: left out, for what was found is more than can be, or no number.");
            return;
        }
        if (!CanBe(result.StandardDeviation))
            result = result with { StandardDeviation = null };
        _results.Add(CanBe(result.ConfidenceLow) && CanBe(result.ConfidenceHigh) ? result : result with { ConfidenceLow = null, ConfidenceHigh = null, ConfidenceLevel = null });
    }
}
