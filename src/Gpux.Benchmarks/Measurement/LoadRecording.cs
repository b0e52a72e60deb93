using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Measurement;

/// <summary>A part of a launch, of about the same length as the others.</summary>
/// <param name="Median">Seconds; 0 if no request succeeded.</param>
internal readonly record struct LoadWindow(int Count, double Seconds, double Median)
{
    public double Throughput => Count / Seconds;
}

/// <summary>Takes what callers see, cuts it into windows, and decides when warm-up and measuring end.</summary>
/// <remarks>Taking a sample neither locks nor allocates; the caller that ends a window does its work. Meanwhile the others go on: samples say when
/// they ended, and belong to a window by that alone. What is decided on the way looks at counts that may be a few requests off.</remarks>
internal sealed class LoadRecording
{
    private const int MostSamples = 1 << 20;
    private const int MostSamplesWithTokens = 1 << 16;
    private const int WindowsToAgree = 3;
    private const int WindowsForInterval = 6; // of fewer, no two bound the median at 95 %
    private const int FailuresToGiveUp = 20;

    private readonly MeasurementLimits _limits;
    private readonly NanosecondClock _clock;
    private readonly Action? _measuring;
    private readonly bool _isOpenLoop;
    private readonly long _windowLength;
    private readonly double? _strictShare;
    private readonly CallerSamples[] _callers;
    private readonly LatencyRecorder _all = new();
    private readonly List<LoadWindow> _windows = [];
    private readonly List<long> _windowEnds = [];
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly long _start;
    // Made once: what measures should take little of the memory that is measured.
    private readonly LatencyRecorder _inWindow = new();
    private LatencyRecorder _before = new(), _after = new(), _beforeMeasuring = new();
    private long _windowStart, _windowEnd, _measuringStart, _failureCount;
    private int _nextLook = WindowsForInterval;
    private volatile bool _isMeasuring, _isDone;

    /// <param name="objectives">That good requests keep; null for none.</param>
    public LoadRecording(MeasurementLimits limits, NanosecondClock clock, int concurrency, double? ratePerSecond, bool hasTokens, GoodputObjectives? objectives, Action? measuring)
    {
        (_limits, _clock, _measuring) = (limits, clock, measuring);
        _isOpenLoop = ratePerSecond is not null;
        _strictShare = !limits.IsStrict ? null : concurrency == 1 && !_isOpenLoop ? 0.9 : 0.99;
        // Requests that come by chance need a window of many before its median means something.
        var seconds = ratePerSecond is { } rate ? Math.Max(limits.Window.TotalSeconds, Math.Min(limits.WarmUpMost.TotalSeconds / 10, 100 / rate)) : limits.Window.TotalSeconds;
        _windowLength = (long)(seconds * 1e9);
        _callers = new CallerSamples[concurrency];
        for (var i = 0; i < concurrency; i++)
            _callers[i] = new CallerSamples(Math.Max(1024, (hasTokens ? MostSamplesWithTokens : MostSamples) / concurrency), hasTokens, objectives);
        _start = _clock.Now;
        (_windowStart, _windowEnd) = (_start, _start + _windowLength);
    }

    /// <summary>A timestamp, as the following ones.</summary>
    public long Start => _start;

    /// <summary>Whether callers may stop.</summary>
    public bool IsDone => _isDone;

    /// <summary>Whether three windows in a row agreed before measuring began.</summary>
    public bool IsWarm { get; private set; }

    /// <summary>Whether the median became known as precisely as asked for.</summary>
    public bool IsPrecise { get; private set; }

    public double WarmUpSeconds { get; private set; }

    /// <summary>What ended after it, and up to <see cref="MeasuringEnd"/>, is measured.</summary>
    public long MeasuringStart => _measuringStart;

    public long MeasuringEnd => _windowStart;
    public IReadOnlyList<LoadWindow> Windows => _windows;

    /// <summary>When each of <see cref="Windows"/> ended, which is when the next began.</summary>
    public IReadOnlyList<long> WindowEnds => _windowEnds;

    /// <summary>Of the measured time; the last of each may have ended shortly after it.</summary>
    public IReadOnlyList<CallerSamples> Callers => _callers;

    /// <summary>By the name of the error, of the measured time.</summary>
    public IReadOnlyDictionary<string, long> Failures => _failures;

    /// <summary>Of the measured time, but for a few at its ends.</summary>
    public LatencyRecorder Measured => _before.Since(_beforeMeasuring);

    public void Succeeded(int caller, long due, long end, Answered answer, long firstToken)
    {
        var latency = end - due;
        if (_isMeasuring && end > KnownMeasuringStart())
        {
            var first = firstToken - due;
            _callers[caller].Add(end, latency, new TokenTimes(first, answer.Tokens > 1 ? (latency - first) / (answer.Tokens - 1) : null));
        }
        // It may have ended in time all the same.
        if (_isDone)
            return;
        _all.Record(latency);
        if (end >= Volatile.Read(ref _windowEnd))
            EndWindow(end);
    }

    public void Failed(Exception failure, long end)
    {
        lock (_lock)
        {
            if (_isDone)
                return;
            var name = failure is GpuxException known ? known.Code.ToString() : failure.GetType().Name;
            _failures[name] = _failures.GetValueOrDefault(name) + 1;
            _failureCount++;
            // Nothing to measure, and failing is often quick.
            if (_failureCount >= FailuresToGiveUp && _failureCount > _all.Count)
            {
                if (_isMeasuring)
                    AddWindow(Math.Max(end, _windowStart));
                Finish(end);
            }
        }
        if (end >= Volatile.Read(ref _windowEnd))
            EndWindow(end);
    }

    private void EndWindow(long now)
    {
        lock (_lock)
        {
            if (_isDone || now < _windowEnd)
                return;
            AddWindow(now);
            if (_isMeasuring)
                ConsiderEnding(now);
            else
                ConsiderMeasuring(now);
            // Whoever ended later waits at the lock until it is known whether that is still measured: of each caller one sample lies behind the end at most.
            Volatile.Write(ref _windowEnd, _windowStart + _windowLength);
        }
    }

    private void AddWindow(long now)
    {
        _all.CopyTo(_after);
        _after.Since(_before, _inWindow);
        _windows.Add(new LoadWindow((int)_inWindow.Count, NanosecondClock.Seconds(now - _windowStart), _inWindow.Percentile(0.5) / 1e9));
        _windowEnds.Add(now);
        (_before, _after) = (_after, _before);
        _windowStart = now;
    }

    private void ConsiderMeasuring(long now)
    {
        var elapsed = now - _start;
        IsWarm = elapsed >= NanosecondClock.Of(_limits.WarmUpLeast) && _all.Count >= _limits.LeastRequests && LastWindowsAgree();
        if (!IsWarm && elapsed < NanosecondClock.Of(_limits.WarmUpMost))
            return;
        WarmUpSeconds = NanosecondClock.Seconds(elapsed);
        _windows.Clear();
        _windowEnds.Clear();
        _failures.Clear();
        _failureCount = 0;
        _measuring?.Invoke();
        // Whoever looks at the clock after this has seen it.
        _isMeasuring = true;
        _all.CopyTo(_before);
        _beforeMeasuring = _before.Copy();
        _windowStart = _clock.Now;
        Volatile.Write(ref _measuringStart, _windowStart);
    }

    // Set right after the flag, within the lock.
    private long KnownMeasuringStart()
    {
        if (Volatile.Read(ref _measuringStart) is not 0 and var start)
            return start;
        lock (_lock)
            return _measuringStart;
    }

    private bool LastWindowsAgree()
    {
        if (_windows.Count < WindowsToAgree)
            return false;
        var last = _windows[^WindowsToAgree..];
        // In an open loop the throughput is what is offered.
        return Agree(last.Select(window => window.Median)) && (_isOpenLoop || Agree(last.Select(window => window.Throughput)));
    }

    private bool Agree(IEnumerable<double> values) => values.Min() is > 0 and var least && values.Max() <= least * _limits.Agreement;

    private void ConsiderEnding(long now)
    {
        var elapsed = now - _measuringStart;
        var count = _before.Count - _beforeMeasuring.Count;
        var isEnough = elapsed >= NanosecondClock.Of(_limits.Least) && count + _failureCount >= _limits.LeastRequests
            && (_strictShare is not { } share || count >= EarlyStopping.LeastSamples(1, share));
        // Looking often and stopping at the first success would make the interval too narrow: looks are ever farther apart.
        if (isEnough && _windows.Count >= _nextLook)
        {
            _nextLook = _windows.Count + Math.Max(1, _windows.Count / 3);
            IsPrecise = IsMedianKnown();
            if (IsPrecise)
                Finish(now);
        }
        if (!_isDone && elapsed >= NanosecondClock.Of(_limits.Most))
        {
            IsPrecise = IsMedianKnown();
            Finish(now);
        }
    }

    private bool IsMedianKnown() => HalfInterval(_windows) is { } half && half < _limits.Precision;

    /// <summary>Half of the 95 % interval of the median of the windows' medians, as a share of it; null if they are too few.</summary>
    public static double? HalfInterval(IReadOnlyList<LoadWindow> windows)
    {
        double[] medians = [.. windows.Where(window => window.Count > 0).Select(window => window.Median).Order()];
        return medians.Length > 0 && Percentiles.Of(medians, 0.5) is { Low: { } low, High: { } high, Value: > 0 and var median } ? (high - low) / 2 / median : null;
    }

    private void Finish(long now)
    {
        if (!_isMeasuring)
        {
            // Its windows are of the warm-up.
            _windows.Clear();
            _windowEnds.Clear();
            (_measuringStart, _windowStart, WarmUpSeconds, _beforeMeasuring) = (now, now, NanosecondClock.Seconds(now - _start), _before.Copy());
        }
        _isDone = true;
    }
}
