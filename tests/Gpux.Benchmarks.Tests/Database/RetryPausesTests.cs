using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Tests.Database;

public sealed class RetryPausesTests
{
    [Fact]
    public void Who_waits_for_long_tries_seldom_and_still_at_the_end()
    {
        var (pauses, wait, waited, all) = (new RetryPauses(), TimeSpan.FromSeconds(10), TimeSpan.Zero, new List<TimeSpan>());
        while (waited < wait)
        {
            all.Add(pauses.Next(wait - waited));
            waited += all[^1];
        }
        Assert.Equal((TimeSpan.FromMilliseconds(25), wait), (all[0], waited));
        Assert.All(all, pause => Assert.InRange(pause.TotalMilliseconds, 0.001, 250));
        Assert.InRange(all.Count, 40, 50); // 400 where each is as short as the first
        Assert.Equal(TimeSpan.Zero, pauses.Next(TimeSpan.FromTicks(-1)));
    }
}
