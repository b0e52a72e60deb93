namespace Gpux.Registries.Http;

/// <summary>A token that is cancelled with the caller's, or when nothing has come for a while.</summary>
internal sealed class SilenceTimer : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;

    public SilenceTimer(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        _limit = limit;
        _timer = new CancellationTokenSource(_limit, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _timer.Token);
    }

    public CancellationToken Token => _either.Token;

    /// <summary>The token, its time running from now.</summary>
    public CancellationToken Restarted()
    {
        _timer.CancelAfter(_limit);
        return _either.Token;
    }

    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
    }
}
