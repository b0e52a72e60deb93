namespace Gpux.Registries.Download;

/// <summary>Holds back all connections together so that they bring no more than a rate allows.</summary>
internal sealed class RateLimit(TransferRate rate, TimeProvider clock)
{
    private readonly Lock _lock = new();

    // What was not used lately may be caught up with, but for no longer than this: else a pause would end in a burst.
    private readonly long _burst = clock.TimestampFrequency / 10;
    private long _paidUntil;

    /// <summary>So few that a wait for them is short, even behind sixteen others.</summary>
    public int MostBytesAtOnce { get; } = (int)Math.Clamp(rate.BytesPerSecond / 64, 1 << 10, 1 << 18);

    /// <summary>Pays for bytes that came, and waits until the rate allows more.</summary>
    public ValueTask PayAsync(int bytes, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            _paidUntil = Math.Max(_paidUntil, now - _burst) + (long)((double)bytes / rate.BytesPerSecond * clock.TimestampFrequency);
            wait = clock.GetElapsedTime(now, _paidUntil);
        }
        return wait <= TimeSpan.FromMilliseconds(1) ? ValueTask.CompletedTask : new ValueTask(Task.Delay(wait, clock, cancellationToken));
    }
}
