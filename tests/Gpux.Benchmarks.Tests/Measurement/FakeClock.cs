namespace Gpux.Benchmarks.Tests.Measurement;

/// <summary>A clock that stands still, but for what is waited or worked.</summary>
/// <param name="stepNanoseconds">How much it moves whenever somebody looks: enough for who waits by looking.</param>
internal sealed class FakeClock(long stepNanoseconds = 0) : TimeProvider
{
    private long _now = 1_000_000_000;

    public override long TimestampFrequency => 1_000_000_000;

    public double Seconds => _now / 1e9;

    public override long GetTimestamp() => _now += stepNanoseconds;

    public void Work(double seconds) => _now += (long)(seconds * 1e9);

    // What is waited for happens at once.
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Work(dueTime.TotalSeconds);
        callback(state);
        return new SpentTimer();
    }

    private sealed class SpentTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
