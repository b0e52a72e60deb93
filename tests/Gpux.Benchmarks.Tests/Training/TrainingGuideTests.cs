using System.Globalization;
using Gpux.Benchmarks.Training;
using Gpux.Benchmarks.Training.Launch;

namespace Gpux.Benchmarks.Tests.Training;

/// <summary>What docs/guides/training-plans.md shows is what is computed.</summary>
public sealed class TrainingGuideTests
{
    private static readonly string Guide = File.ReadAllText(Path.Combine(Corpus.Repository, "docs", "guides", "training-plans.md")).ReplaceLineEndings("\n");

    [Fact]
    public void States_stand_beside_the_paper()
    {
        (double Billions, int Stage, string[] Published)[] rows =
        [
            (7.5, 1, ["120", "52.5", "35.6", "31.4", "30.4", "30.1"]), (7.5, 2, ["120", "41.3", "21.6", "16.6", "15.4", "15.1"]), (7.5, 3, ["120", "30", "7.5", "1.88", "0.47", "0.12"]),
            (128, 1, ["2048", "896", "608", "536", "518", "513"]), (128, 2, ["2048", "704", "368", "284", "263", "257"]), (128, 3, ["2048", "512", "128", "32", "8", "2"]),
            (1000, 1, ["16000", "7000", "4750", "4187", "4046", "4011"]), (1000, 2, ["16000", "5500", "2875", "2218", "2054", "2013"]), (1000, 3, ["16000", "4000", "1000", "250", "62.5", "15.6"]),
        ];
        int[] replicas = [1, 4, 16, 64, 256, 1024];
        Shows(["| | 1 | 4 | 16 | 64 | 256 | 1024 |", "|---|---|---|---|---|---|---|", .. rows.Select(row =>
            $"| {(row.Billions == 1000 ? "1T" : $"{row.Billions}B")}, stage {row.Stage} | {string.Join(" | ", row.Published.Zip(replicas, (published, count) => $"{published} / {Digits(Gigabytes(row.Billions, row.Stage, count))}"))} |")]);

        static double Gigabytes(double billions, int stage, int count) => ModelStates.Of(billions, stage, count,
            BytesPerParameter.Of(StateConvention.ZeroPaper, TrainingPrecision.Float16, TrainingOptimizer.Adam, 4096, stage)).Total;
        static string Digits(double number) => number.ToString(number >= 100 ? "0.#" : number >= 10 ? "0.##" : "0.###");
    }

    [Fact]
    public void Utilizations_stand_beside_the_Megatron_paper()
    {
        (int Layers, int Width, int Heads, string Split, string Billions, int Teraflops, int Percent)[] rows =
        [
            (24, 2304, 24, "1, 1, 32", "1.7", 137, 44), (30, 3072, 32, "2, 1, 64", "3.6", 138, 44), (36, 4096, 32, "4, 1, 128", "7.5", 142, 46), (40, 6144, 48, "8, 1, 256", "18.4", 135, 43),
            (48, 8192, 64, "8, 2, 512", "39.1", 138, 44), (60, 10240, 80, "8, 4, 1024", "76.1", 140, 45), (80, 12288, 96, "8, 8, 1536", "145.6", 148, 47), (96, 16384, 128, "8, 16, 1920", "310.1", 155, 50),
            (105, 20480, 128, "8, 35, 2520", "529.6", 163, 52), (128, 25600, 160, "8, 64, 3072", "1008.0", 163, 52),
        ];
        Shows(["| Layers, width, heads | t, p, GPUs | Parameters (G) | TFLOP/s | Share of the peak | MFU |", "|---|---|---|---|---|---|", .. rows.Select(row =>
        {
            var shape = PublishedModels.Megatron(row.Layers, row.Width, row.Heads);
            var (hardware, model) = (TrainingFlops.Hardware(shape, 1, PublishedModels.Sequence, Recompute.Full), TrainingFlops.Model(shape, 1, PublishedModels.Sequence));
            var share = row.Teraflops * 1e12 / PublishedModels.A100Flops;
            return $"| {row.Layers}, {row.Width}, {row.Heads} | {row.Split} | {row.Billions} / {shape.Parameters / 1e9:0.0} | {row.Teraflops} | {row.Percent} % / {share * 100:0.0} % | {share * model / hardware * 100:0.0} % |";
        })]);
    }

    [Fact]
    public void Utilizations_stand_beside_the_paper_of_selective_recomputation()
    {
        (string Name, TransformerShape Shape, int Batch, double Seconds, string Mfu, string Hfu)[] rows =
        [
            ("22B", PublishedModels.Gpt22, 4, 1.10, "41.5", "43.7"), ("175B", PublishedModels.Gpt175, 64, 13.75, "51.4", "52.8"),
            ("530B", PublishedModels.Gpt530, 280, 37.83, "56.0", "57.0"), ("1T", PublishedModels.Gpt1000, 512, 71.49, "56.3", "57.0"),
        ];
        Shows(["| | Step | MFU | HFU |", "|---|---|---|---|", .. rows.Select(row =>
        {
            var (tokens, gpus) = ((double)row.Batch * PublishedModels.Sequence, row.Name == "22B" ? 8 : row.Batch);
            string Percent(double flops) => (100 * TrainingFlops.Utilization(flops, row.Seconds, gpus, PublishedModels.A100Flops)).ToString("0.0", CultureInfo.InvariantCulture);
            return $"| {row.Name}, {row.Batch} sequences on {gpus} | {row.Seconds:0.00} s | {row.Mfu} / {Percent(TrainingFlops.Model(row.Shape, tokens, PublishedModels.Sequence))} % "
                + $"| {row.Hfu} / {Percent(TrainingFlops.Hardware(row.Shape, tokens, PublishedModels.Sequence, Recompute.Selective))} % |";
        })]);
    }

    [Fact]
    public void Its_example_compiles_and_plans()
    {
        // begin of the example
        var model = TrainingModel.OfConfig("my model", File.ReadAllBytes(ConfigFile())); // or TrainingModel.LoadAsync(library, reference, ...)
        var cluster = new TrainingCluster(Accelerator.Find("H100 SXM"), GpuCount: 64, GpusPerNode: 8);
        var advice = TrainingPlanner.Plan(new TrainingJob(model, cluster) { Sequence = 4096, HasFlashAttention = true, Tokens = 300e9 });
        if (advice.Best is not { } plan)
            throw new NoTrainingPlanException(advice); // says what would fit
        Console.WriteLine($"{plan.Parallelism}: {plan.TokensPerSecond:N0} tokens/s, {plan.Duration?.TotalDays:0.0} days");
        Console.WriteLine(LaunchSettings.Of(TrainingFramework.Megatron, advice).Text);
        // end of the example
        var source = File.ReadAllLines(Path.Combine(Corpus.Repository, "tests", "Gpux.Benchmarks.Tests", "Training", "TrainingGuideTests.cs"));
        var (start, end) = (Array.FindIndex(source, line => line.EndsWith("// begin of the example", StringComparison.Ordinal)), Array.FindIndex(source, line => line.EndsWith("// end of the example", StringComparison.Ordinal)));
        var example = string.Join('\n', source[(start + 1)..end].Select(line => line["        ".Length..])).Replace("ConfigFile()", "\"config.json\"", StringComparison.Ordinal);
        Assert.Contains($"```csharp\n{example}\n```", Guide, StringComparison.Ordinal);
        Assert.Equal(64, plan.Parallelism.TensorParallel * plan.Parallelism.PipelineParallel * plan.Parallelism.DataParallel);
    }

    private static string ConfigFile() => Path.Combine(Corpus.Repository, "samples", "storyteller", "config.json");

    private static void Shows(string[] table) =>
        Assert.True(Guide.Contains($"\n{string.Join('\n', table)}\n", StringComparison.Ordinal), $"The guide lacks this table:\n{string.Join('\n', table)}");
}
