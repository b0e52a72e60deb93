using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Recommendations;

public sealed class ParetoFrontTests
{
    [Fact]
    public void What_is_worse_in_one_respect_and_better_in_none_is_behind() =>
        Assert.Equal([true, false, true], ParetoFront.Of([[Sure(1), Sure(2)], [Sure(1), Sure(3)], [Sure(2), Sure(1)]]));

    [Fact]
    public void A_difference_within_the_tolerance_puts_nothing_behind() =>
        Assert.Equal([true, true, false], ParetoFront.Of([[Sure(1.00)], [Sure(1.02)], [Sure(1.04)]]));

    [Fact]
    public void An_unsure_difference_puts_nothing_behind()
    {
        Axis Unsure(double typical, double deviation)
        {
            var random = new Random(1);
            return new(typical, [.. Enumerable.Range(0, 1000).Select(_ => typical * Math.Exp(MathNet.Numerics.Distributions.Normal.Sample(random, 0, deviation)))]);
        }
        Axis Noise(double typical) => Unsure(typical, 0.5) with { Draws = [.. Unsure(typical, 0.5).Draws!.Reverse()] };
        Assert.Equal([true, true], ParetoFront.Of([[Unsure(1, 0.5)], [Noise(1.2)]]));
        Assert.Equal([true, false], ParetoFront.Of([[Unsure(1, 0.01)], [Unsure(1.2, 0.01)]]));
    }

    [Fact]
    public void What_is_not_known_is_not_compared() =>
        Assert.Equal([true, false], ParetoFront.Of([[Sure(1), new Axis(null, null)], [Sure(2), Sure(0.1)]]));

    [Theory]
    [InlineData(TaskType.Inference, false, false, 0.435, 0.391, 0.174)]
    [InlineData(TaskType.Training, false, false, 0.625, 0.125, 0.250)]
    public void Weights_are_those_of_the_task(TaskType task, bool latency, bool memory, double throughput, double lat, double mem)
    {
        var weights = UtilityWeights.Of(task, latency, memory);
        Assert.Equal((throughput, lat, mem), (Math.Round(weights.Throughput, 3), Math.Round(weights.Latency, 3), Math.Round(weights.Memory, 3)));
    }

    [Fact]
    public void Asking_for_latency_or_memory_makes_it_count_twice_against_the_rest()
    {
        var (plain, latency, memory) = (UtilityWeights.Of(TaskType.Inference, false, false), UtilityWeights.Of(TaskType.Inference, true, false), UtilityWeights.Of(TaskType.Inference, false, true));
        Assert.Equal(2 * plain.Latency / plain.Throughput, latency.Latency / latency.Throughput, 12);
        Assert.Equal(2 * plain.Memory / plain.Throughput, memory.Memory / memory.Throughput, 12);
        Assert.Equal(1, latency.Throughput + latency.Latency + latency.Memory, 12);
    }

    private static Axis Sure(double value) => new(value, null);
}
