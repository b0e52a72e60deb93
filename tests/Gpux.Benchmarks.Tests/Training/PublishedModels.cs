using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Tests.Training;

/// <summary>The models of arXiv:2104.04473 table 1 (and arXiv:2205.05198 table 3), which all have 51,200 tokens and sequences of 2,048.</summary>
internal static class PublishedModels
{
    public const int Sequence = 2048;
    public const int Vocabulary = 51_200;
    public const double A100Flops = 312e12;

    public static TransformerShape Megatron(int layers, int hiddenSize, int heads) => TransformerShape.Gpt(layers, hiddenSize, heads, Vocabulary, Sequence);

    public static TransformerShape Gpt22 { get; } = Megatron(48, 6144, 64);
    public static TransformerShape Gpt175 { get; } = Megatron(96, 12288, 96);
    public static TransformerShape Gpt530 { get; } = Megatron(105, 20480, 128);
    public static TransformerShape Gpt1000 { get; } = Megatron(128, 25600, 160);
}
