namespace Gpux.Benchmarks.Results;

/// <summary>What is measured. The vocabulary is closed: a metric has one name, one unit (SI base units) and one direction that is better.</summary>
/// <remarks>The same as the rows of the table "metrics", which a test compares.</remarks>
public sealed record Metric
{
    /// <summary>From the moment that a request was due until its answer was whole.</summary>
    public static readonly Metric Latency = new("latency.e2e", "s", higherIsBetter: false, maximum: 1e6);

    /// <summary>Of the first inference after loading, which compiles and allocates.</summary>
    public static readonly Metric FirstInference = new("latency.first_inference", "s", higherIsBetter: false, maximum: 1e6);

    /// <summary>From the moment that a request was due until its first token was chosen.</summary>
    public static readonly Metric TimeToFirstToken = new("latency.ttft", "s", higherIsBetter: false, maximum: 1e6);

    /// <summary>Between tokens after the first: (latency - time to first token) / (tokens - 1).</summary>
    public static readonly Metric TimePerOutputToken = new("latency.tpot", "s", higherIsBetter: false, maximum: 1e6);

    /// <summary>From the files to a session that is ready to run.</summary>
    public static readonly Metric LoadTime = new("load_time", "s", higherIsBetter: false, maximum: 1e6);

    /// <summary>From the checkpoint to an ONNX graph.</summary>
    public static readonly Metric ConversionTime = new("conversion_time", "s", higherIsBetter: false, maximum: 1e6);

    /// <summary>Rows of a batch (texts, images, sounds) in a second.</summary>
    public static readonly Metric Throughput = new("throughput.samples", "1/s", higherIsBetter: true, maximum: 1e12);

    /// <summary>Tokens that went in with the requests answered in a second, prompts of generated texts among them. How fast a prompt alone is read is the matter of <see cref="TimeToFirstToken"/>.</summary>
    public static readonly Metric InputTokenThroughput = new("throughput.tokens_in", "1/s", higherIsBetter: true, maximum: 1e12);

    /// <summary>Tokens generated in a second, by all requests together.</summary>
    public static readonly Metric OutputTokenThroughput = new("throughput.tokens_out", "1/s", higherIsBetter: true, maximum: 1e12);

    /// <summary>Requests in a second that kept every bound that was set. Comparable where the bounds are the same: <see cref="Measurement.GoodputShare.Of"/>.</summary>
    public static readonly Metric Goodput = new("goodput", "1/s", higherIsBetter: true, maximum: 1e12);

    /// <summary>Share of the requests that failed, 0 to 1.</summary>
    public static readonly Metric ErrorRate = new("error_rate", "1", higherIsBetter: false, maximum: 1);

    /// <summary>Largest resident memory of the process.</summary>
    public static readonly Metric PeakMemory = new("memory.peak_rss", "B", higherIsBetter: false, maximum: 1e16);

    /// <summary>Largest memory taken of the device.</summary>
    public static readonly Metric PeakDeviceMemory = new("memory.peak_device", "B", higherIsBetter: false, maximum: 1e16);

    public static readonly Metric WeightMemory = new("memory.weights", "B", higherIsBetter: false, maximum: 1e16);

    /// <summary>Of keys and values that generation keeps.</summary>
    public static readonly Metric CacheMemory = new("memory.cache", "B", higherIsBetter: false, maximum: 1e16);

    /// <summary>Of one inference.</summary>
    public static readonly Metric Energy = new("energy", "J", higherIsBetter: false, maximum: 1e12);

    /// <summary>Achieved share of what the machine's peak arithmetic and memory bandwidth allow for the graph, 0 to 1. Others may tell a little more, where
    /// the peak was understated; gpux bench then leaves it out.</summary>
    public static readonly Metric RooflineShare = new("roofline_share", "1", higherIsBetter: true, maximum: 2);

    private Metric(string name, string unit, bool higherIsBetter, double maximum) =>
        (Name, Unit, HigherIsBetter, Maximum) = (name, unit, higherIsBetter, maximum);

    public static IReadOnlyList<Metric> All { get; } =
    [
        Latency, FirstInference, TimeToFirstToken, TimePerOutputToken, LoadTime, ConversionTime, Throughput, InputTokenThroughput,
        OutputTokenThroughput, Goodput, ErrorRate, PeakMemory, PeakDeviceMemory, WeightMemory, CacheMemory, Energy, RooflineShare,
    ];

    public string Name { get; }
    public string Unit { get; }
    public bool HigherIsBetter { get; }

    /// <summary>More cannot have been measured, and is refused: 1e6 s are eleven days, 1e16 B ten petabytes.</summary>
    public double Maximum { get; }

    /// <summary>Its place in <see cref="All"/>.</summary>
    internal int Order
    {
        get
        {
            for (var i = 0; i < All.Count; i++)
                if (ReferenceEquals(All[i], this))
                    return i;
            return All.Count;
        }
    }

    /// <returns>Null for a name that is not in the vocabulary.</returns>
    public static Metric? Find(string name) => All.FirstOrDefault(metric => metric.Name == name);

    public override string ToString() => Name;
}

/// <summary>What a run found of one metric, in the metric's unit. All numbers are finite and not negative.</summary>
/// <param name="SampleCount">At least 1.</param>
/// <param name="Mean">Null where a source tells percentiles alone, as MLPerf does of latencies; then there is one of them at least.</param>
public sealed record MetricResult(Metric Metric, long SampleCount, double? Mean)
{
    /// <summary>Percentiles by nearest rank; null where the samples are too few to say.</summary>
    public double? P50 { get; init; }

    public double? P90 { get; init; }
    public double? P95 { get; init; }
    public double? P99 { get; init; }
    public double? StandardDeviation { get; init; }

    /// <summary>Interval of the median (of the mean where there are no percentiles) at <see cref="ConfidenceLevel"/>. What gpux bench measured is of the run's launches, where it has
    /// two or more.</summary>
    public double? ConfidenceLow { get; init; }

    public double? ConfidenceHigh { get; init; }

    /// <summary>Between 0 and 1, such as 0.95.</summary>
    public double? ConfidenceLevel { get; init; }

    /// <summary>The median where it is known, else the mean; null where only percentiles beyond the median are.</summary>
    public double? Typical => P50 ?? Mean;

    /// <summary>Whether it has a mean or a percentile, as every result must.</summary>
    internal bool HasValue => (Mean ?? P50 ?? P90 ?? P95 ?? P99) is not null;
}
