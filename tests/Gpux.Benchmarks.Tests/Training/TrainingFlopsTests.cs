using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Tests.Training;

public sealed class TrainingFlopsTests
{
    [Theory]
    [InlineData(48, 6144, 64)]
    [InlineData(96, 12288, 96)]
    public void Operations_are_those_of_the_papers_formulas(int layers, int hiddenSize, int heads)
    {
        var shape = PublishedModels.Megatron(layers, hiddenSize, heads);
        const double batch = 64, s = PublishedModels.Sequence, v = PublishedModels.Vocabulary;
        var (l, h) = ((double)layers, (double)hiddenSize);
        var work = 72 * batch * s * l * h * h;
        Close(work * (1 + s / (6 * h) + v / (12 * h * l)), TrainingFlops.Model(shape, batch * s, PublishedModels.Sequence));
        Close(work * (1 + s / (3 * h) + v / (12 * h * l)), TrainingFlops.Hardware(shape, batch * s, PublishedModels.Sequence, Recompute.Selective));
        Close(work / 72 * 96 * (1 + s / (6 * h) + v / (16 * l * h)), TrainingFlops.Hardware(shape, batch * s, PublishedModels.Sequence, Recompute.Full));

        static void Close(double expected, double actual) => Assert.Equal(expected, actual, 1e-12 * expected);
    }

    // arXiv:2104.04473 table 1: TFLOP/s of an A100 with full recomputation, as a share of the peak; the same as MFU.
    [Theory]
    [InlineData(24, 2304, 24, 137, 44, 33.5)]
    [InlineData(30, 3072, 32, 138, 44, 33.5)]
    [InlineData(36, 4096, 32, 142, 46, 34.4)]
    [InlineData(40, 6144, 48, 135, 43, 32.6)]
    [InlineData(48, 8192, 64, 138, 44, 33.3)]
    [InlineData(60, 10240, 80, 140, 45, 33.7)]
    [InlineData(80, 12288, 96, 148, 47, 35.6)]
    [InlineData(96, 16384, 128, 155, 50, 37.3)]
    [InlineData(105, 20480, 128, 163, 52, 39.2)]
    [InlineData(128, 25600, 160, 163, 52, 39.2)]
    public void Utilizations_are_those_of_Megatron_table_1(int layers, int hiddenSize, int heads, double teraflops, double percent, double mfu)
    {
        var shape = PublishedModels.Megatron(layers, hiddenSize, heads);
        var hardware = TrainingFlops.Hardware(shape, 1, PublishedModels.Sequence, Recompute.Full);
        var model = TrainingFlops.Model(shape, 1, PublishedModels.Sequence);
        var seconds = hardware / (teraflops * 1e12);
        Assert.Equal(percent, Math.Round(100 * TrainingFlops.Utilization(hardware, seconds, 1, PublishedModels.A100Flops)));
        Assert.Equal(mfu, 100 * TrainingFlops.Utilization(model, seconds, 1, PublishedModels.A100Flops), 0.1);
    }

    // arXiv:2205.05198 table 5: selective recomputation with sequence parallelism. The time of the smallest is rounded to 1.10 s, which is worth 0.2 points.
    [Theory]
    [InlineData("22B", 4, 8, 1.10, 41.5, 43.7, 0.21)]
    [InlineData("175B", 64, 64, 13.75, 51.4, 52.8, 0.1)]
    [InlineData("530B", 280, 280, 37.83, 56.0, 57.0, 0.1)]
    [InlineData("1T", 512, 512, 71.49, 56.3, 57.0, 0.1)]
    public void Utilizations_are_those_of_Korthikanti(string model, int batch, int gpus, double seconds, double mfu, double hfu, double tolerance)
    {
        var shape = model switch { "22B" => PublishedModels.Gpt22, "175B" => PublishedModels.Gpt175, "530B" => PublishedModels.Gpt530, _ => PublishedModels.Gpt1000 };
        var tokens = (double)batch * PublishedModels.Sequence;
        Assert.Equal(mfu, 100 * TrainingFlops.Utilization(TrainingFlops.Model(shape, tokens, PublishedModels.Sequence), seconds, gpus, PublishedModels.A100Flops), tolerance);
        Assert.Equal(hfu, 100 * TrainingFlops.Utilization(
            TrainingFlops.Hardware(shape, tokens, PublishedModels.Sequence, Recompute.Selective), seconds, gpus, PublishedModels.A100Flops), tolerance);
    }

    // arXiv:2201.11990: MT-NLG, 1920 sequences in a step.
    [Theory]
    [InlineData(2240, 60.1, 126)]
    [InlineData(2800, 50.2, 121)]
    [InlineData(3360, 44.4, 113)]
    public void Speeds_are_those_of_Megatron_Turing(int gpus, double seconds, double teraflops)
    {
        var flops = TrainingFlops.Hardware(PublishedModels.Gpt530, 1920.0 * PublishedModels.Sequence, PublishedModels.Sequence, Recompute.Full);
        Assert.Equal(teraflops, flops / seconds / gpus / 1e12, 1.0);
    }

    [Fact]
    public void Trainings_take_the_days_of_the_Megatron_paper()
    {
        Assert.Equal(34, TrainingFlops.TrainingSeconds(175e9, 300e9, 1024, 140e12) / 86400, 0.5);
        Assert.Equal(84, TrainingFlops.TrainingSeconds(1e12, 450e9, 3072, 163e12) / 86400, 1.0);
    }

    // 6 P FLOP for each token, which is how these are published: arXiv:2302.13971 (380 tokens/s on an A100), arXiv:2407.21783 table 4.
    [Theory]
    [InlineData(65.2e9, 380, 312e12, 47.6)]
    [InlineData(405.9e9, 430e12 / (6 * 405.9e9), 989e12, 43.5)]
    [InlineData(405.9e9, 400e12 / (6 * 405.9e9), 989e12, 40.4)]
    [InlineData(405.9e9, 380e12 / (6 * 405.9e9), 989e12, 38.4)]
    public void Utilizations_are_those_of_Llama(double parameters, double tokensPerSecond, double peak, double percent) =>
        Assert.Equal(percent, 100 * TrainingFlops.Utilization(6 * parameters * tokensPerSecond, 1, 1, peak), 0.1);

    [Fact]
    public void Six_operations_for_each_parameter_and_token_are_nearly_all()
    {
        var shape = PublishedModels.Gpt175;
        var perToken = TrainingFlops.Model(shape, 1, PublishedModels.Sequence) / shape.Parameters;
        Assert.InRange(perToken, 6, 6.3);
        Assert.InRange(TrainingFlops.Hardware(shape, 1, PublishedModels.Sequence, Recompute.Full) / shape.Parameters, 8, 8.3);
    }
}
