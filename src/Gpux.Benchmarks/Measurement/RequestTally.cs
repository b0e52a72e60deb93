using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Counts and sums of every request that succeeded, however few of their times are kept.</summary>
internal sealed class RequestTally(GoodputObjectives? objectives)
{
    private RunningMoments _latency, _first, _each;

    public long Count => _latency.Count;

    /// <summary>Requests that kept every objective; 0 where there are none.</summary>
    public long Good { get; private set; }

    /// <summary>In seconds, of each metric that any request had.</summary>
    public IReadOnlyDictionary<Metric, RunningMoments> Moments
    {
        get
        {
            var moments = new Dictionary<Metric, RunningMoments>();
            foreach (var (metric, each) in ((Metric, RunningMoments)[])[(Metric.Latency, _latency), (Metric.TimeToFirstToken, _first), (Metric.TimePerOutputToken, _each)])
                if (each.Count > 0)
                    moments.Add(metric, each);
            return moments;
        }
    }

    /// <param name="latency">Nanoseconds.</param>
    /// <param name="tokens">Null where none are generated.</param>
    public void Add(long latency, in TokenTimes? tokens)
    {
        _latency = _latency.With(NanosecondClock.Seconds(latency));
        if (tokens is { } times)
        {
            _first = _first.With(NanosecondClock.Seconds(times.First));
            if (times.Each is { } each)
                _each = _each.With(NanosecondClock.Seconds(each));
        }
        if (objectives is not null && objectives.AreKeptBy(latency, tokens))
            Good++;
    }

    public void Add(RequestTally others)
    {
        (_latency, _first, _each) = (_latency.With(others._latency), _first.With(others._first), _each.With(others._each));
        Good += others.Good;
    }
}
