using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Tests.Training;

public sealed class ActivationMemoryTests
{
    private const double S = PublishedModels.Sequence;

    // arXiv:2205.05198 table 2.
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void A_layer_keeps_what_Korthikanti_table_2_says(int t)
    {
        foreach (var (shape, b) in (ReadOnlySpan<(TransformerShape, int)>)[(PublishedModels.Gpt22, 4), (PublishedModels.Gpt175, 1), (PublishedModels.Gpt1000, 2)])
        {
            double h = shape.HiddenSize, a = shape.Heads;
            var sbh = S * b * h;
            var layout = new ActivationLayout(PublishedModels.Sequence, b, t);
            Close(sbh * (10 + 24.0 / t + 5 * a * S / (h * t)), layout);
            Close(sbh * (34 + 5 * a * S / h) / t, layout with { IsSequenceParallel = true });
            Close(sbh * (10 + 24.0 / t), layout with { Recompute = Recompute.Selective });
            Close(sbh * (10 + 24.0 / t), layout with { HasFlashAttention = true });
            Close(sbh * 34 / t, layout with { Recompute = Recompute.Selective, IsSequenceParallel = true });
            Close(sbh * 2, layout with { Recompute = Recompute.Full });

            void Close(double expected, ActivationLayout with) => Assert.Equal(expected, ActivationMemory.PerLayer(shape, with), 1e-12 * expected);
        }
    }

    [Theory]
    [InlineData(6144, 64, 107)]
    [InlineData(12288, 96, 80)]
    [InlineData(20480, 128, 64)]
    [InlineData(25600, 160, 64)]
    public void Scores_of_attention_weigh_what_Korthikanti_says(int hiddenSize, int heads, double factor)
    {
        var shape = PublishedModels.Megatron(1, hiddenSize, heads);
        var layout = new ActivationLayout(PublishedModels.Sequence, 1);
        var scores = ActivationMemory.PerLayer(shape, layout) - ActivationMemory.PerLayer(shape, layout with { Recompute = Recompute.Selective });
        Assert.Equal(factor, Math.Round(scores / (S * hiddenSize)));
    }

    [Fact]
    public void A_whole_model_keeps_what_Korthikanti_says_of_it()
    {
        var shape = PublishedModels.Gpt175;
        double h = shape.HiddenSize, v = shape.VocabularySize, sbh = S * h;
        var layout = new ActivationLayout(PublishedModels.Sequence, 1, 8) { Recompute = Recompute.Selective, IsSequenceParallel = true };
        var recomputed = ActivationMemory.OfRecomputedLayer(shape, layout);
        // Equation 5 and 4.3: all layers on the first of the stages, and a mask of the embeddings' dropout for each micro-batch under way.
        var plain = sbh * 96 * 34 / 8 + sbh * 8 / 8 + recomputed;
        Assert.Equal(plain, ActivationMemory.OfStage(shape, layout, 0, 8, microBatches: 64), 1e-9 * plain);
        // Interleaved by 3: 1 + (p - 1)/(p v) as much.
        const double factor = 1 + 7 / (8 * 3.0);
        var interleaved = (plain - recomputed) * factor + recomputed;
        Assert.Equal(interleaved, ActivationMemory.OfStage(shape, layout, 0, 8, microBatches: 64, chunks: 3), 1e-9 * interleaved);
        // Without a pipeline the logits come on top: 4sbh (1 + v/h)/t.
        var single = sbh * 96 * 34 / 8 + sbh / 8 + 4 * sbh * (1 + v / h) / 8 + recomputed;
        Assert.Equal(single, ActivationMemory.OfStage(shape, layout, 0, 1, microBatches: 64), 1e-9 * single);
    }

    [Fact]
    public void Fewer_micro_batches_than_stages_keep_less()
    {
        var layout = new ActivationLayout(PublishedModels.Sequence, 1, 8);
        Assert.True(ActivationMemory.OfStage(PublishedModels.Gpt175, layout, 0, 8, microBatches: 2) < ActivationMemory.OfStage(PublishedModels.Gpt175, layout, 0, 8, microBatches: 8));
    }

    [Fact]
    public void Gates_shared_keys_and_no_dropout_change_what_is_kept()
    {
        // Llama-3-8B, by hand: 4 inputs of 4096, queries and attention's result of 4096, keys and values of 1024, three inner values of 14336; softmax of 32 heads.
        var shape = new TransformerShape
        {
            Layers = 32, HiddenSize = 4096, Heads = 32, KeyValueHeads = 8, HeadSize = 128, FeedForwardSize = 14336, VocabularySize = 128256, IsGated = true, TiesEmbeddings = false,
        };
        const double elements = 4 * 4096 + 2 * 4096 + 2 * 1024 + 3 * 14336;
        Assert.Equal(2 * S * elements, ActivationMemory.PerLayer(shape, new ActivationLayout(2048, 1) { HasFlashAttention = true }));
        Assert.Equal(2 * S * (elements + 32 * S), ActivationMemory.PerLayer(shape, new ActivationLayout(2048, 1)));
        Assert.Equal(4 * S * elements, ActivationMemory.PerLayer(shape, new ActivationLayout(2048, 1, ElementBytes: 4) { HasFlashAttention = true }));
    }
}
