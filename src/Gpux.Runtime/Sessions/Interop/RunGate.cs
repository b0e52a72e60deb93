namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Lets the runs of a session overlap each other, but none overlap a run that records a profile.</summary>
/// <remarks>ONNX Runtime 1.30 starts the recording of the pool's threads in the midst of the work of other runs, which then fail
/// with "LogStart must pair with LogEnd".</remarks>
internal sealed class RunGate
{
    private const int Alone = -1;

    // The number of runs under way, or that there is one which must be alone.
    private int _runs;
    private int _waitingToBeAlone;

    /// <exception cref="OperationCanceledException">Cancelled while others ran.</exception>
    public Pass Enter(bool alone, CancellationToken cancellationToken)
    {
        if (!alone)
            Wait(alone, cancellationToken);
        else
        {
            Interlocked.Increment(ref _waitingToBeAlone);
            try
            {
                Wait(alone, cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _waitingToBeAlone);
            }
        }
        return new Pass(this, alone);
    }

    private void Wait(bool alone, CancellationToken cancellationToken)
    {
        for (var wait = default(SpinWait); !TryEnter(alone); wait.SpinOnce())
            cancellationToken.ThrowIfCancellationRequested();
    }

    private bool TryEnter(bool alone)
    {
        if (alone)
            return Interlocked.CompareExchange(ref _runs, Alone, 0) == 0;
        var runs = Volatile.Read(ref _runs);
        return runs != Alone && Volatile.Read(ref _waitingToBeAlone) == 0
            && Interlocked.CompareExchange(ref _runs, runs + 1, runs) == runs;
    }

    /// <summary>The permission to run, until it is disposed of.</summary>
    public readonly ref struct Pass(RunGate gate, bool alone)
    {
        public void Dispose()
        {
            if (alone)
                Volatile.Write(ref gate._runs, 0);
            else
                Interlocked.Decrement(ref gate._runs);
        }
    }
}
