namespace Gpux.Models.Projects;

/// <summary>Ends what takes longer than it may.</summary>
public static class AnswerTime
{
    /// <param name="limit">Null for any time.</param>
    /// <exception cref="AnswerTimeoutException">It took longer.</exception>
    public static T Limit<T>(TimeSpan? limit, Func<CancellationToken, T> answer, CancellationToken cancellationToken)
    {
        if (limit is not { } longest)
            return answer(cancellationToken);
        using var timer = new CancellationTokenSource(longest);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            return answer(either.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new AnswerTimeoutException(longest);
        }
    }
}

/// <summary>An answer took longer than gpux.yml allows.</summary>
public sealed class AnswerTimeoutException(TimeSpan limit) : GpuxException(ErrorCode.AnswerTimeout,
    $"The answer took longer than the {limit.TotalSeconds:0.###} s that gpux.yml allows (runtime.timeout).",
    "Allow more time, ask for less at once, or use a faster backend (runtime.gpu.backend).");
