namespace Gpux.Cli.Terminals;

/// <summary>How much is done a second, over the last few seconds: what an average since the start hides for minutes.</summary>
internal sealed class RecentRate(TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);

    private readonly Queue<(long At, long Done)> _samples = new();
    private long _lastSample;
    private (long At, long Done) _latest;

    /// <summary>The rate; null while there is too little to tell.</summary>
    public double? PerSecond
    {
        get
        {
            if (_samples.Count == 0)
                return null;
            var (at, done) = _samples.Peek();
            var elapsed = clock.GetElapsedTime(at, _latest.At);
            return elapsed >= Least ? Math.Max(0, _latest.Done - done) / elapsed.TotalSeconds : null;
        }
    }

    public void Add(long done)
    {
        _latest = (clock.GetTimestamp(), done);
        if (_samples.Count == 0 || clock.GetElapsedTime(_lastSample, _latest.At) >= Spacing)
        {
            _samples.Enqueue(_latest);
            _lastSample = _latest.At;
        }
        // The oldest stays until the next is old enough, so that there is always a whole window.
        while (_samples.Count > 2 && clock.GetElapsedTime(_samples.Peek().At, _latest.At) > Window)
            _samples.Dequeue();
    }
}
