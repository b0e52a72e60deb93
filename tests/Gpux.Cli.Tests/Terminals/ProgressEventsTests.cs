using System.Text.Json.Nodes;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Tests.Terminals;

public sealed class ProgressEventsTests
{
    [Fact]
    public void Every_report_is_a_line_of_json()
    {
        var (output, clock) = (new StringWriter(), new HandClock());
        var events = new ProgressEvents(output, clock);
        events.Report(new Progress("Downloading", "ä\"b.bin", 0, 1000, ProgressUnit.Bytes));
        clock.Advance(TimeSpan.FromSeconds(1));
        events.Report(new Progress("Downloading", "ä\"b.bin", 100, 1000, ProgressUnit.Bytes));
        events.Report(new Progress("Checking", null, 1, null));
        var lines = output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.ToJsonString());
        Assert.Equal(
        [
            JsonNode.Parse("""{"step":"Downloading","item":"ä\"b.bin","done":0,"total":1000,"unit":"bytes","rate":null,"seconds_left":null}""")!.ToJsonString(),
            JsonNode.Parse("""{"step":"Downloading","item":"ä\"b.bin","done":100,"total":1000,"unit":"bytes","rate":100,"seconds_left":9}""")!.ToJsonString(),
            JsonNode.Parse("""{"step":"Checking","item":null,"done":1,"total":null,"unit":"items","rate":null,"seconds_left":null}""")!.ToJsonString(),
        ], lines);
    }

    [Fact]
    public void Rate_is_that_of_the_last_seconds()
    {
        var clock = new HandClock();
        var rate = new RecentRate(clock);
        Assert.Null(rate.PerSecond);
        var done = 0L;
        for (var second = 0; second < 20; second++)
        {
            rate.Add(done);
            clock.Advance(TimeSpan.FromSeconds(1));
            done += second < 10 ? 1000 : 10; // it slows down to a hundredth
        }
        rate.Add(done);
        Assert.InRange(rate.PerSecond!.Value, 9.9, 10.1);
    }

    private sealed class HandClock : TimeProvider
    {
        private long _now = 1;
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
        public override long GetTimestamp() => _now;
        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
