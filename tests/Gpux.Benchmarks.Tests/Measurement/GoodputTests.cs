using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Measurement;

public sealed class GoodputTests
{
    private static GoodputShare Share(BenchmarkOutcome outcome) => outcome.Goodput!; // asked for

    [Theory]
    [InlineData("latency=50ms", "latency <= 50 ms")]
    [InlineData("ttft=200ms,tpot=20ms", "ttft <= 200 ms, tpot <= 20 ms")]
    [InlineData(" tpot = 1500 us , latency=1.5s", "latency <= 1.5 s, tpot <= 1.5 ms")]
    public void Objectives_are_names_with_times(string text, string expected) => Assert.Equal(expected, GoodputObjectives.Parse([text]).ToString());

    [Theory]
    [InlineData(""), InlineData("latency"), InlineData("latency=50"), InlineData("latency=ms"), InlineData("latency=-1ms"), InlineData("latency=0s"), InlineData("latency=NaNs")]
    [InlineData("latency=1e3s"), InlineData("latency=2000000s"), InlineData("itl=5ms"), InlineData("Latency=5ms"), InlineData("latency=5ms,latency=6ms"), InlineData("latency=5ms,")]
    public void Anything_else_is_none(string text) => Assert.Throws<FormatException>(() => GoodputObjectives.Parse([text]));

    [Fact]
    public void What_keeps_its_bound_is_counted_a_second_and_as_a_share()
    {
        var objectives = GoodputObjectives.Parse(["latency=1ms"]);
        var outcome = FakeModel.Measure((_, chance) => () => chance.NextDouble() < 0.9 ? 0.001 : 0.005, objectives: objectives);
        Assert.Equal(0.9, Share(outcome).Share, 0.01);
        var run = outcome.Run!;
        Assert.Equal(run[Metric.Latency]!.SampleCount, Share(outcome).Requests);
        Assert.Equal(SampleSeries.Read(run.Samples!).Single().Ordered().Count(latency => latency <= 0.001), Share(outcome).Good);
        Assert.Equal(0.9 / 0.0014, run[Metric.Goodput]!.Mean!.Value, 10.0);
        // What the database keeps of it.
        Assert.Equal(Share(outcome), GoodputShare.Of(run));
        Assert.Null(FakeModel.Measure((_, _) => () => 0.01, launches: 1).Run![Metric.Goodput]);
    }

    [Fact]
    public void Thinned_samples_do_not_blur_the_count()
    {
        var calls = 0;
        var outcome = FakeModel.Measure((_, _) => () => ++calls % 8 == 0 ? 9e-6 : 5e-6, launches: 1, objectives: GoodputObjectives.Parse(["latency=5us"])); // every eighth is slow, as a stride might be
        Assert.True(SampleSeries.Read(outcome.Run!.Samples!).Single().Launches.Single().Stride > 1);
        Assert.Equal(outcome.Run[Metric.Latency]!.SampleCount * 7.0 / 8, Share(outcome).Good, 1.0);
    }

    [Fact]
    public void A_failed_request_keeps_nothing()
    {
        var outcome = FakeModel.Measure((clock, chance) => new Answers(() =>
        {
            clock.Work(0.001);
            return chance.NextDouble() < 0.1 ? throw new TimeoutException() : default;
        }), objectives: GoodputObjectives.Parse(["latency=1s"]));
        Assert.Equal(0.9, Share(outcome).Share, 0.01);
        Assert.Equal(1 - outcome.Run![Metric.ErrorRate]!.Mean!.Value, Share(outcome).Share, 1e-12);
        var failing = FakeModel.Measure((_, _) => new Answers(() => throw new TimeoutException()), objectives: GoodputObjectives.Parse(["latency=1s"]));
        Assert.Equal((0, true), (Share(failing).Good, Share(failing).Requests > 0));
        RunCheck.Require(failing.Run!, DateTimeOffset.UtcNow);
    }

    [Fact]
    public void A_text_keeps_all_bounds_or_is_not_good()
    {
        // First token after 0.1 or 0.3 s by turns, nine more in 0.09 or 0.9 s by thirds.
        var calls = 0;
        var outcome = FakeModel.Measure((clock, _) => new Answers(() =>
        {
            var call = calls++;
            clock.Work(call % 2 == 0 ? 0.1 : 0.3);
            var first = clock.GetTimestamp();
            clock.Work(call % 3 == 0 ? 0.09 : 0.9);
            return new Answered(first, 10);
        }), hasTokens: true, objectives: GoodputObjectives.Parse(["ttft=200ms", "tpot=20ms"]));
        Assert.Equal(1.0 / 6, Share(outcome).Share, 0.02);
        Assert.Equal(0.2, outcome.Run![Metric.TimeToFirstToken]!.Mean!.Value, 0.005);
    }

    [Fact]
    public void A_single_token_has_no_time_between_tokens_to_keep()
    {
        Assert.True(GoodputObjectives.Parse(["tpot=1us"]).AreKeptBy(5_000, new TokenTimes(5_000, null)));
        Assert.False(GoodputObjectives.Parse(["ttft=1us,tpot=1us"]).AreKeptBy(5_000, new TokenTimes(5_000, null)));
    }

    [Theory]
    [InlineData("{}"), InlineData("[1]"), InlineData("{\"goodput\": 5}"), InlineData("{\"goodput\": {\"objectives\": {\"latency\": -1}, \"good\": 1, \"requests\": 1}}"), InlineData("{\"goodput\": {\"objectives\": {}, \"good\": 1.5}}")]
    public void What_others_keep_under_its_name_is_none(string environment) =>
        Assert.Null(GoodputShare.Of(FakeModel.Measure((_, _) => () => 0.01, launches: 1).Run! with { EnvironmentJson = environment }));

    private sealed class Answers(Func<Answered> answer) : IRequests
    {
        public Answered Answer(int caller, CancellationToken cancellationToken) => answer();
    }
}
