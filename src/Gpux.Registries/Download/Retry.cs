using Gpux.Registries.Http;

namespace Gpux.Registries.Download;

/// <summary>Tries again what may pass by itself: 5 times, after 1, 2, 4, 8 and 8 s or as long as the server asks. Once
/// only where nothing answers at all.</summary>
internal sealed class Retry(TimeProvider clock, Random chance)
{
    public const int Limit = 5;

    /// <summary>Where nothing listens, or the host is unknown, waiting rarely helps.</summary>
    public const int UnreachableLimit = 1;

    // A window of the Hub's rate limits lasts five minutes; whoever asks for more is not waited for.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <param name="limit">How often to try again.</param>
    /// <param name="onWait">Called before each wait.</param>
    /// <exception cref="GpuxException">The last failure, if all attempts failed.</exception>
    public async Task<T> RunAsync<T>(
        Func<Task<T>> attempt, int limit, Action<TimeSpan>? onWait, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return await attempt();
            }
            catch (TransferInterruptedException interrupted)
            {
                if (failures >= (interrupted.IsUnreachable ? Math.Min(limit, UnreachableLimit) : limit))
                    throw interrupted.IfItLasts;
                await WaitAsync(failures, interrupted, onWait, cancellationToken);
            }
        }
    }

    /// <summary>Waits after a failure.</summary>
    /// <param name="failures">How many came before it.</param>
    /// <exception cref="GpuxException">The server asks for a longer wait than a user would sit through.</exception>
    public async Task WaitAsync(
        int failures, TransferInterruptedException interrupted, Action<TimeSpan>? onWait, CancellationToken cancellationToken)
    {
        if (interrupted.RetryAfter > LongestWait)
            throw interrupted.IfItLasts;
        // Up to a tenth more, so that those who were interrupted together do not come back together.
        var wait = (interrupted.RetryAfter + TimeSpan.FromSeconds(1) ?? TimeSpan.FromSeconds(Math.Min(8, 1 << failures)))
            * (1 + (chance.NextDouble() / 10));
        onWait?.Invoke(wait);
        await Task.Delay(wait, clock, cancellationToken);
    }

    /// <summary>What an exception of a broken transfer means; null if it is not one.</summary>
    public static TransferInterruptedException? Interruption(Exception exception, string what, CancellationToken callers)
    {
        if (exception is TransferInterruptedException interrupted)
            return interrupted;
        var reason = exception switch
        {
            InvalidDataException => "what it sends cannot be decompressed.",
            _ when !RegistryHttp.IsBrokenConnection(exception, callers) => null,
            OperationCanceledException => "it sends no more bytes.",
            _ => exception.Message,
        };
        return reason is null ? null : new TransferInterruptedException(new RegistryUnreachableException(what, reason, exception));
    }
}
