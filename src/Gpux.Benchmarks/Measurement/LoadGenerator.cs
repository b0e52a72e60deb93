namespace Gpux.Benchmarks.Measurement;

/// <summary>Sends requests as users would: the next when one ends (closed loop), or at random moments of a rate (open loop).</summary>
/// <remarks>In an open loop latency counts from the moment that a request was due, whether or not anybody was free to send it: a closed
/// loop waits out a stall and then reports one slow request where users would have met many.</remarks>
internal sealed class LoadGenerator(IRequests requests, MeasurementLimits limits, TimeProvider clock)
{
    private readonly NanosecondClock _clock = new(clock);

    /// <summary>Called when warm-up is over.</summary>
    public Action? Measuring { get; init; }

    /// <summary>That good requests keep; null for none.</summary>
    public GoodputObjectives? Objectives { get; init; }

    /// <summary>Warms up and measures.</summary>
    /// <param name="concurrency">Callers: how many requests are answered at a time.</param>
    /// <param name="ratePerSecond">Requests a second in an open loop, by chance (Poisson); null for a closed loop.</param>
    /// <param name="hasTokens">Whether answers say when their first token came.</param>
    public LoadResult Run(int concurrency, double? ratePerSecond, bool hasTokens, int seed, CancellationToken cancellationToken)
    {
        var recording = new LoadRecording(limits, _clock, concurrency, ratePerSecond, hasTokens, Objectives, Measuring);
        var arrivals = ratePerSecond is { } rate ? new Arrivals(recording.Start, rate, seed) : null;
        if (concurrency == 1)
            Call(0, recording, arrivals, cancellationToken);
        else
            CallTogether(concurrency, recording, arrivals, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return new LoadResult(recording, arrivals?.CountBetween(recording.MeasuringStart, recording.MeasuringEnd));
    }

    private void CallTogether(int concurrency, LoadRecording recording, Arrivals? arrivals, CancellationToken cancellationToken)
    {
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? fault = null;
        var threads = new Thread[concurrency];
        for (var i = 0; i < concurrency; i++)
        {
            var caller = i;
            threads[i] = new Thread(() =>
            {
                try
                {
                    Call(caller, recording, arrivals, stopped.Token);
                }
                catch (OperationCanceledException) when (stopped.IsCancellationRequested)
                {
                    // Said below, once for all of them.
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref fault, exception, null);
                    stopped.Cancel();
                }
            }) { IsBackground = true, Name = $"caller {caller}" };
        }
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        if (fault is not null)
            throw new InvalidOperationException("A caller of the benchmark failed.", fault);
    }

    private void Call(int caller, LoadRecording recording, Arrivals? arrivals, CancellationToken cancellationToken)
    {
        while (!recording.IsDone)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var due = arrivals?.Next() ?? _clock.Now;
            if (arrivals is not null)
                _clock.WaitUntil(due, cancellationToken);
            try
            {
                var answer = requests.Answer(caller, cancellationToken);
                var end = _clock.Now;
                recording.Succeeded(caller, due, end, answer, answer.FirstToken is { } first ? _clock.Of(first) : end);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                recording.Failed(exception, _clock.Now);
            }
        }
    }

    /// <summary>The moments at which requests are due, of which each is given to one caller.</summary>
    private sealed class Arrivals(long start, double ratePerSecond, int seed)
    {
        private readonly Lock _lock = new();
        private Moments _next = new(start, ratePerSecond, seed);

        public long Next()
        {
            lock (_lock)
                return _next.Next();
        }

        /// <summary>How many are due in a time that is over; also those that nobody came to take.</summary>
        public long CountBetween(long from, long to)
        {
            var count = 0L;
            var moments = new Moments(start, ratePerSecond, seed);
            while (moments.Next() is var due && due < to)
                count += due >= from ? 1 : 0;
            return count;
        }
    }

    // The same each time for a seed.
    private struct Moments(long start, double ratePerSecond, int seed)
    {
        private readonly Random _chance = new(seed);
        private double _last = start;

        public long Next() => (long)(_last -= Math.Log(1 - _chance.NextDouble()) / ratePerSecond * 1e9);
    }
}

/// <summary>What a load brought to light.</summary>
/// <param name="Due">Requests of an open loop that were due in the measured time; null in a closed loop.</param>
internal sealed record LoadResult(LoadRecording Recording, long? Due);
