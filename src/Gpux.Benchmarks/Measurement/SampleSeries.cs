using System.Buffers;
using System.Text;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Measurement;

/// <summary>The raw values of one metric of a run.</summary>
/// <remarks>As bytes they are described in docs/formats/samples.md.</remarks>
public sealed record SampleSeries(Metric Metric, IReadOnlyList<LaunchSamples> Launches)
{
    /// <summary>Of <see cref="RunSamples.Format"/>.</summary>
    public const string Format = "gpux-samples-1";

    private const int LongestName = 64;

    /// <summary>All values of all launches, in seconds, from the least.</summary>
    public double[] Ordered()
    {
        var values = new double[Launches.Sum(launch => launch.Windows.Sum(window => window.Length))];
        var at = 0;
        foreach (var launch in Launches)
            foreach (var window in launch.Windows)
                foreach (var nanoseconds in window)
                    values[at++] = nanoseconds / 1e9;
        Array.Sort(values);
        return values;
    }

    /// <summary>The same with one stride in all launches, so that each value of any of them stands for as many as another: the greatest that a launch has, or
    /// more where too many would be left.</summary>
    /// <param name="most">Values of all launches together, that are kept.</param>
    public SampleSeries Evenly(int most)
    {
        if (Launches.Count == 0)
            return this;
        long stride = Launches.Max(launch => launch.Stride);
        while (Launches.Sum(launch => launch.Count * launch.Stride) / stride > most)
            stride *= 2;
        return this with { Launches = [.. Launches.Select(launch => launch.Thinned((int)stride))] };
    }

    /// <summary>The median of each launch that has values, in seconds: what is independent of what other launches found.</summary>
    public double[] LaunchMedians() =>
    [
        .. Launches.Select(launch => new SampleSeries(Metric, [launch]).Ordered()).Where(ordered => ordered.Length > 0).Select(ordered => Percentiles.Median(ordered)),
    ];

    /// <summary>The medians of a run's launches, by metric; empty where the run brings no samples, or of one launch only.</summary>
    /// <exception cref="InvalidSamplesException">They are damaged.</exception>
    public static IReadOnlyDictionary<Metric, IReadOnlyList<double>> LaunchMedians(RunSamples? samples) => samples is not { Format: Format } ? new Dictionary<Metric, IReadOnlyList<double>>()
        : Read(samples).Select(series => (series.Metric, Medians: series.LaunchMedians())).Where(series => series.Medians.Length > 1)
            .ToDictionary(series => series.Metric, series => (IReadOnlyList<double>)series.Medians);

    public static RunSamples Write(IReadOnlyList<SampleSeries> series)
    {
        var output = new ArrayBufferWriter<byte>();
        Write(output, (ulong)series.Count);
        foreach (var each in series)
        {
            var name = Encoding.UTF8.GetBytes(each.Metric.Name);
            Write(output, (ulong)name.Length);
            output.Write(name);
            Write(output, (ulong)each.Launches.Count);
            foreach (var launch in each.Launches)
                Write(output, launch);
        }
        return new RunSamples(Format, output.WrittenSpan.ToArray());
    }

    /// <exception cref="InvalidSamplesException">Of another format, or damaged.</exception>
    public static IReadOnlyList<SampleSeries> Read(RunSamples samples)
    {
        if (samples.Format != Format)
            throw new InvalidSamplesException($"Samples of the format '{samples.Format}' cannot be read; only '{Format}'.");
        var input = new Reader(samples.Content);
        var series = new SampleSeries[input.Count()];
        for (var i = 0; i < series.Length; i++)
        {
            var name = input.Text(LongestName);
            var metric = Metric.Find(name) ?? throw new InvalidSamplesException($"Samples are of '{name}', which is no metric.");
            var launches = new LaunchSamples[input.Count()];
            for (var launch = 0; launch < launches.Length; launch++)
                launches[launch] = ReadLaunch(ref input);
            series[i] = new SampleSeries(metric, launches);
        }
        input.RequireEnd();
        return series;
    }

    private static void Write(ArrayBufferWriter<byte> output, LaunchSamples launch)
    {
        Write(output, (ulong)launch.Stride);
        Write(output, (ulong)launch.Windows.Count);
        var before = 0L;
        foreach (var window in launch.Windows)
        {
            Write(output, (ulong)window.Length);
            foreach (var value in window)
            {
                var difference = value - before;
                Write(output, (ulong)(difference << 1 ^ difference >> 63));
                before = value;
            }
        }
    }

    private static LaunchSamples ReadLaunch(ref Reader input)
    {
        var stride = input.Number();
        if (stride is 0 or > int.MaxValue)
            throw new InvalidSamplesException("Samples are damaged: of how many one is kept makes no sense.");
        var windows = new long[input.Count()][];
        var before = 0L;
        for (var i = 0; i < windows.Length; i++)
        {
            var window = windows[i] = new long[input.Count()];
            for (var k = 0; k < window.Length; k++)
            {
                var coded = input.Number();
                before = unchecked(before + ((long)(coded >> 1) ^ -(long)(coded & 1)));
                window[k] = before >= 0 ? before : throw new InvalidSamplesException("Samples are damaged: a time is negative.");
            }
        }
        return new LaunchSamples((int)stride, windows);
    }

    // Seven bits a byte, the least first; the eighth says that more follow.
    private static void Write(ArrayBufferWriter<byte> output, ulong number)
    {
        var span = output.GetSpan(10);
        var length = 0;
        for (; number >= 0x80; number >>= 7)
            span[length++] = (byte)(number | 0x80);
        span[length++] = (byte)number;
        output.Advance(length);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _at;

        public ulong Number()
        {
            var number = 0UL;
            for (var shift = 0; shift < 64; shift += 7)
            {
                if (_at == _bytes.Length)
                    break;
                var next = _bytes[_at++];
                if (shift == 63 && next > 1)
                    break;
                number |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                    return number;
            }
            throw new InvalidSamplesException("Samples are damaged: they end within a number, or a number is too large.");
        }

        /// <summary>Of things of at least a byte each, so that no more can be claimed than there is.</summary>
        public int Count() => Number() is var count && count <= (ulong)(_bytes.Length - _at) ? (int)count
            : throw new InvalidSamplesException("Samples are damaged: they claim to be more than there are.");

        public string Text(int longest)
        {
            var length = Count();
            if (length > longest)
                throw new InvalidSamplesException("Samples are damaged: the name of a metric is too long.");
            var text = Encoding.UTF8.GetString(_bytes.Slice(_at, length));
            _at += length;
            return text;
        }

        public readonly void RequireEnd()
        {
            if (_at != _bytes.Length)
                throw new InvalidSamplesException("Samples are damaged: more follows behind their end.");
        }
    }
}

/// <summary>The values of one launch.</summary>
/// <param name="Stride">Of how many one is kept: 1, unless there were more than a million.</param>
/// <param name="Windows">For each window of the measured time, nanoseconds, for each caller in the order in which they ended.</param>
public sealed record LaunchSamples(int Stride, IReadOnlyList<long[]> Windows)
{
    internal long Count => Windows.Sum(window => (long)window.Length);

    /// <summary>Evenly chosen ones of them.</summary>
    /// <param name="stride">A multiple of <see cref="Stride"/>.</param>
    internal LaunchSamples Thinned(int stride)
    {
        var step = stride / Stride;
        if (step == 1)
            return this;
        // The steps go on from window to window, whose lengths would else be rounded each by itself.
        var next = 0;
        return new LaunchSamples(stride, [.. Windows.Select(window =>
        {
            var first = next;
            var kept = new long[first < window.Length ? (window.Length - first + step - 1) / step : 0];
            for (var i = 0; i < kept.Length; i++)
                kept[i] = window[first + i * step];
            next = first + kept.Length * step - window.Length;
            return kept;
        })]);
    }
}

/// <summary>Raw values of a run cannot be read.</summary>
public sealed class InvalidSamplesException(string problem) : GpuxException(
    ErrorCode.InvalidSamples, problem, "Measure again, or import the run again from where it came.");
