using System.Diagnostics;

namespace Gpux.Benchmarks.Tests.Database;

/// <summary>Kills a process at moments that are spread evenly over a piece of its work, as long as that takes when nobody kills it.</summary>
/// <remarks>The process says "begin" before each piece of its work, what it likes while it is at it, and "end" after it.</remarks>
/// <param name="piecesBefore">Which the process does in peace: the first ones take longer than others.</param>
internal sealed class Kills(int times, int piecesBefore)
{
    public const string Begin = "begin";
    public const string End = "end";

    // Of one moment: a kill that came too late is none, and shows that the work has become faster.
    private const int MostAttempts = 4;

    private readonly Random _random = new(times);

    /// <param name="check">Gets what the process said, and fails for what it left behind.</param>
    public void Each(Func<OtherProcess> start, Action<IReadOnlyList<string>> check)
    {
        var duration = Run(start, TimeSpan.MaxValue, check) ?? throw new InvalidOperationException("The process was killed before its time.");
        var withinWork = 0;
        for (var i = 0; i < times; i++)
        {
            for (var attempt = 0; attempt < MostAttempts; attempt++)
            {
                if (Run(start, duration * ((i + _random.NextDouble()) / times), check) is not { } shorter)
                {
                    withinWork++;
                    break;
                }
                duration = shorter;
            }
        }
        Assert.True(withinWork >= times * 9 / 10, $"{withinWork} of {times} landed within the work, which takes {duration}.");
    }

    /// <summary>Lets a process work, kills it in the midst of a piece or after it, and checks what it left.</summary>
    /// <returns>How long the piece took; null if the process was killed before it said so.</returns>
    private TimeSpan? Run(Func<OtherProcess> start, TimeSpan delay, Action<IReadOnlyList<string>> check)
    {
        List<string> said = [];
        TimeSpan? took = null;
        using (var other = start())
        {
            for (var begun = 0; begun <= piecesBefore; begun += said[^1] == Begin ? 1 : 0)
                said.Add(other.ReadLine() ?? throw new InvalidOperationException("The process ended by itself."));
            var watch = Stopwatch.StartNew();
            var next = other.ReadLineAsync();
            while (took is null && watch.Elapsed < delay)
            {
                if (!next.Wait(Milliseconds(delay - watch.Elapsed)))
                    continue;
                said.Add(next.Result ?? throw new InvalidOperationException("The process ended by itself."));
                took = said[^1] == End ? watch.Elapsed : null;
                next = other.ReadLineAsync();
            }
            other.Kill();
            // What it said before it died.
            for (; next.Result is { } line; next = other.ReadLineAsync())
                said.Add(line);
        }
        check(said);
        return took;
    }

    private static int Milliseconds(TimeSpan time) => (int)Math.Min(int.MaxValue, time.TotalMilliseconds);
}
