using System.Diagnostics;

namespace Gpux.Bench.Measurement;

/// <summary>Measures contenders in turns, so that whatever slows the machine for a while slows all of them.</summary>
internal static class Alternation
{
    // Threads of the contender before may still spin in wait for work.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(60);

    /// <param name="contenders">Each measures itself once and says the value.</param>
    /// <returns>A series for each contender.</returns>
    public static Series[] Measure(int warmups, int rounds, params ReadOnlySpan<Func<double>> contenders)
    {
        var values = new double[contenders.Length][];
        for (var i = 0; i < contenders.Length; i++)
            values[i] = new double[rounds];
        for (var round = -warmups; round < rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                Thread.Sleep(Pause);
                var value = contenders[i]();
                if (round >= 0)
                    values[i][round] = value;
            }
        }
        return [.. values.Select(series => new Series(series))];
    }

    /// <returns>Milliseconds.</returns>
    public static double Time(Action action)
    {
        var started = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
