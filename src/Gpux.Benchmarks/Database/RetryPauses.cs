namespace Gpux.Benchmarks.Database;

/// <summary>How long to pause between tries of what another process has: from 25 ms to a quarter of a second, each pause half as long again as the one before.</summary>
/// <remarks>To open a file costs some milliseconds of a processor, which the one who has it may need.</remarks>
internal sealed class RetryPauses
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);
    private TimeSpan _next = TimeSpan.FromMilliseconds(25);

    /// <param name="left">Of the whole wait. The last try is at its end.</param>
    public TimeSpan Next(TimeSpan left)
    {
        var pause = left <= TimeSpan.Zero ? TimeSpan.Zero : left < _next ? left : _next;
        _next = _next * 1.5 < Longest ? _next * 1.5 : Longest;
        return pause;
    }
}
