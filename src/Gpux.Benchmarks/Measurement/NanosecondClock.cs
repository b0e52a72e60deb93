namespace Gpux.Benchmarks.Measurement;

/// <summary>Timestamps in nanoseconds, and waiting for one.</summary>
internal readonly struct NanosecondClock(TimeProvider provider)
{
    // A sleep ends up to a millisecond late. The rest of the time is spent looking at the clock.
    private static readonly TimeSpan SleepAccuracy = TimeSpan.FromMilliseconds(1.5);
    private readonly double _nanosecondsPerTick = 1e9 / provider.TimestampFrequency;

    public long Now => Of(provider.GetTimestamp());

    public static double Seconds(long nanoseconds) => nanoseconds / 1e9;

    public static long Of(TimeSpan time) => time.Ticks * (1_000_000_000 / TimeSpan.TicksPerSecond);

    /// <summary>Of a timestamp of the provider.</summary>
    public long Of(long timestamp) => _nanosecondsPerTick == 1 ? timestamp : (long)(timestamp * _nanosecondsPerTick);

    /// <summary>Waits until <see cref="Now"/> is <paramref name="due"/>, or does nothing if it was before.</summary>
    public void WaitUntil(long due, CancellationToken cancellationToken)
    {
        while (due - Now is > 0 and var left)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rest = TimeSpan.FromTicks(left / 100) - SleepAccuracy;
            if (rest > TimeSpan.Zero)
                Task.Delay(rest, provider, cancellationToken).Wait(cancellationToken);
            else
                Thread.SpinWait(20);
        }
    }
}
