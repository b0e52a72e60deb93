using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Tests.Training;

public sealed class ModelStatesTests
{
    // Which the paper cuts or rounds: one unit of the last digit that it prints.
    [Theory]
    [InlineData(7.5, 1, new[] { 120, 52.5, 35.6, 31.4, 30.4, 30.1 }, 0.1)]
    [InlineData(7.5, 2, new[] { 120, 41.3, 21.6, 16.6, 15.4, 15.1 }, 0.1)]
    [InlineData(7.5, 3, new[] { 120, 30, 7.5, 1.88, 0.47, 0.12 }, 0.01)]
    [InlineData(128, 1, new[] { 2048d, 896, 608, 536, 518, 513 }, 1)]
    [InlineData(128, 2, new[] { 2048d, 704, 368, 284, 263, 257 }, 1)]
    [InlineData(128, 3, new[] { 2048d, 512, 128, 32, 8, 2 }, 1)]
    [InlineData(1000, 1, new[] { 16000d, 7000, 4750, 4187, 4046, 4011 }, 1)]
    [InlineData(1000, 2, new[] { 16000d, 5500, 2875, 2218, 2054, 2013 }, 1)]
    [InlineData(1000, 3, new[] { 16000, 4000, 1000, 250, 62.5, 15.6 }, 0.1)]
    public void States_are_those_of_the_ZeRO_paper(double billions, int stage, double[] gigabytes, double unit)
    {
        int[] replicas = [1, 4, 16, 64, 256, 1024];
        for (var i = 0; i < replicas.Length; i++)
        {
            var bytes = BytesPerParameter.Of(StateConvention.ZeroPaper, TrainingPrecision.Float16, TrainingOptimizer.Adam, 4096, stage);
            Assert.InRange(ModelStates.Of(billions * 1e9, stage, replicas[i], bytes).Total / 1e9, gigabytes[i] - unit, gigabytes[i] + unit);
        }
    }

    [Fact]
    public void Estimates_are_those_that_DeepSpeed_prints_of_t5_3b()
    {
        const double gibibyte = 1L << 30;
        Assert.Equal(15.93, DeepSpeedEstimator.Stage2Before0143(2851e6, 8) / gibibyte, 2);
        Assert.Equal(6.09, DeepSpeedEstimator.Stage3(2851e6, 32e6, 8) / gibibyte, 2);
        Assert.Equal(11.28, DeepSpeedEstimator.Stage2(2851e6, 8) / gibibyte, 2); // int(2P) + int(18P/8), by hand
    }

    [Fact]
    public void Convention_of_DeepSpeed_is_that_of_its_estimators()
    {
        const double parameters = 2851e6;
        Assert.Equal(DeepSpeedEstimator.Stage2(parameters, 8), Total(StateConvention.DeepSpeed, 2), 1.0);
        Assert.Equal(DeepSpeedEstimator.Stage3(parameters, 0, 8), Total(StateConvention.DeepSpeed, 3), 1.0);
        Assert.Equal(parameters * (6 + 12 / 8.0), Total(StateConvention.Megatron, 1), 1.0); // its distributed optimizer

        static double Total(StateConvention convention, int stage) => ModelStates.Of(parameters, stage, 8,
            BytesPerParameter.Of(convention, TrainingPrecision.BrainFloat16, TrainingOptimizer.Adam, 1024, stage)).Total;
    }

    [Theory]
    [InlineData(TrainingPrecision.Float32, TrainingOptimizer.Adam, 16)]
    [InlineData(TrainingPrecision.Float32, TrainingOptimizer.Sgd, 12)]
    [InlineData(TrainingPrecision.BrainFloat16, TrainingOptimizer.Adam, 18)]
    [InlineData(TrainingPrecision.BrainFloat16, TrainingOptimizer.Adam8Bit, 12.03125)]
    [InlineData(TrainingPrecision.BrainFloat16, TrainingOptimizer.Adafactor, 10.0078125)]
    public void Optimizers_take_their_bytes(TrainingPrecision precision, TrainingOptimizer optimizer, double bytes) =>
        Assert.Equal(bytes, BytesPerParameter.Of(StateConvention.Megatron, precision, optimizer, 1024, stage: 0).Total);

    [Fact]
    public void More_sharding_never_takes_more()
    {
        foreach (var convention in Enum.GetValues<StateConvention>())
        {
            for (long replicas = 1; replicas <= 4096; replicas *= 2)
            {
                for (var stage = 0; stage < 3; stage++)
                {
                    Assert.True(Total(stage + 1, replicas) <= Total(stage, replicas));
                    Assert.True(Total(stage, replicas * 2) <= Total(stage, replicas));
                }
            }
            double Total(int stage, long replicas) => ModelStates.Of(7e9, stage, replicas, BytesPerParameter.Of(convention, TrainingPrecision.BrainFloat16, TrainingOptimizer.Adam, 4096, stage)).Total;
        }
    }
}
