namespace Gpux.Cli.Commands;

internal static class InTurn
{
    /// <summary>Computes several answers, so many at once, and gives them in their order.</summary>
    public static async Task<T[]> RunAsync<T>(int count, int atOnce, Func<int, CancellationToken, T> answer, CancellationToken cancellationToken)
    {
        var answers = new T[count];
        if (atOnce == 1)
        {
            for (var i = 0; i < count; i++)
                answers[i] = answer(i, cancellationToken);
            return answers;
        }
        var options = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, count, options, (i, token) =>
        {
            answers[i] = answer(i, token);
            return ValueTask.CompletedTask;
        });
        return answers;
    }
}
