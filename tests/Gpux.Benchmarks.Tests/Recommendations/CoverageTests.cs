using Gpux.Benchmarks.Recommendations;
using Xunit.Abstractions;

namespace Gpux.Benchmarks.Tests.Recommendations;

/// <summary>Intervals of 90 % hold 88 to 92 % of what they are asked about, whatever was missing, on fleets whose truth is known.</summary>
public sealed class CoverageTests(ITestOutputHelper output)
{
    private const int New = 10; // models and platforms that nothing was measured of

    /// <param name="known">Models, and platforms, that results are of: groups that can be held out.</param>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(29, 100, false)]
    [InlineData(18, 160, false)]
    [InlineData(13, 220, false)]
    [InlineData(24, 120, true)]
    public void Intervals_hold_what_they_promise_on_simulated_fleets(int known, int fleets, bool isRate)
    {
        var size = known + New;
        var counts = new (int Covered, int Count)[6];
        Parallel.For(0, fleets, seed =>
        {
            var fleet = new SimulatedFleet(seed, size, size);
            // The last models and platforms are new; of the others some pairs are missing.
            var cells = fleet.Measure(0.5, (model, platform) => model >= known || platform >= known);
            var target = new TargetModel([.. cells], fleet.Model, fleet.Platform, isRate, level: 0.9, seed: 1);
            var measured = cells.ToDictionary(cell => (cell.ModelId, cell.HardwareId, cell.Work.BatchSize));
            for (long model = 0; model < size; model++)
            {
                for (long platform = 0; platform < size; platform++)
                {
                    foreach (var batch in (int[])[1, 8])
                    {
                        var forecast = target.Forecast(fleet.Model(model), fleet.Platform(platform), SimulatedFleet.Cuda, SimulatedFleet.Work(batch), countsTokens: false,
                            measured.GetValueOrDefault((model, platform, batch)));
                        var seconds = Math.Exp(fleet.Run(model, platform, batch));
                        var run = isRate ? batch / seconds : seconds;
                        lock (counts)
                        {
                            ref var count = ref counts[(int)forecast.Question];
                            count = (count.Covered + (run >= forecast.Low && run <= forecast.High ? 1 : 0), count.Count + 1);
                        }
                    }
                }
            }
        });
        foreach (var question in Enum.GetValues<Question>())
        {
            var (covered, count) = counts[(int)question];
            output.WriteLine($"{question}: {covered} of {count}, {(double)covered / count:0.0000}");
        }
        Assert.All(Enum.GetValues<Question>(), question => Assert.InRange((double)counts[(int)question].Covered / counts[(int)question].Count, 0.88, 0.92));
    }
}
