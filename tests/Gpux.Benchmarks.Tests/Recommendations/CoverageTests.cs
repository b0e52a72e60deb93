using Gpux.Benchmarks.Recommendations;
using Xunit.Abstractions;

namespace Gpux.Benchmarks.Tests.Recommendations;

/// <summary>Intervals of 90 % hold 88 to 92 % of what they are asked about, whatever was missing, on fleets whose truth is known.</summary>
public sealed class CoverageTests(ITestOutputHelper output)
{
    private const int Fleets = 100;
    // 29 that are known, whose error of rank 27 is the threshold: exactly 90 % of the next; and 10 new ones.
    private const int Models = 39;
    private const int Platforms = 39;
    private const int New = 10;

    [Fact]
    [Trait("Category", "Slow")]
    public void Intervals_hold_what_they_promise_on_simulated_fleets()
    {
        var counts = new (int Covered, int Count)[6];
        Parallel.For(0, Fleets, seed =>
        {
            var fleet = new SimulatedFleet(seed, Models, Platforms);
            // The last models and platforms are new; of the others some pairs are missing.
            var cells = fleet.Measure(0.5, (model, platform) => model >= Models - New || platform >= Platforms - New);
            var target = new TargetModel(cells, fleet.Model, fleet.Platform, isRate: false, level: 0.9, seed: 1);
            var measured = cells.ToDictionary(cell => (cell.ModelId, cell.HardwareId, cell.Work.BatchSize));
            for (long model = 0; model < Models; model++)
            {
                for (long platform = 0; platform < Platforms; platform++)
                {
                    foreach (var batch in (int[])[1, 8])
                    {
                        var forecast = target.Forecast(fleet.Model(model), fleet.Platform(platform), SimulatedFleet.Cuda, SimulatedFleet.Work(batch), countsTokens: false,
                            measured.GetValueOrDefault((model, platform, batch)));
                        var run = Math.Exp(fleet.Run(model, platform, batch));
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
