namespace Gpux.Benchmarks.Training;

/// <summary>The sizes of a transformer that its memory and its work follow from.</summary>
public sealed record TransformerShape
{
    /// <summary>1 to 100,000.</summary>
    public required int Layers { get; init; }

    /// <summary>1 to 1,000,000.</summary>
    public required int HiddenSize { get; init; }

    public required int Heads { get; init; }

    /// <summary>Fewer than <see cref="Heads"/> where queries share them (arXiv:2305.13245).</summary>
    public required int KeyValueHeads { get; init; }

    public required int HeadSize { get; init; }

    /// <summary>Of the dense layers; 0 where every layer has experts.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Tokens; 0 for a model that reads no text and writes none.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Whether a second matrix gates the first, as in SwiGLU (arXiv:2002.05202).</summary>
    public bool IsGated { get; init; }

    /// <summary>Whether the matrix that reads tokens also writes them.</summary>
    public bool TiesEmbeddings { get; init; } = true;

    /// <summary>Whether there are scores of the vocabulary at the end: false for encoders without such a head.</summary>
    public bool WritesTokens { get; init; } = true;

    /// <summary>Vectors that are learned for positions and kinds of tokens; 0 for rotary embeddings.</summary>
    public int LearnedVectors { get; init; }

    public bool HasNormBias { get; init; }
    public bool HasQueryKeyValueBias { get; init; }

    /// <summary>Biases of attention's output and of the feed-forward matrices.</summary>
    public bool HasOtherBiases { get; init; }

    /// <summary>Whether queries and keys are normalised head by head.</summary>
    public bool HasQueryKeyNorm { get; init; }

    /// <summary>Norms outside of the layers: a last one, or one of the embeddings.</summary>
    public int OuterNorms { get; init; } = 1;

    public bool HasAttentionDropout { get; init; }

    /// <summary>Dropout of the embeddings, and of what layers add.</summary>
    public bool HasResidualDropout { get; init; }

    /// <summary>Null for a dense model.</summary>
    public MixtureOfExperts? Experts { get; init; }

    /// <summary>Parameters of what comes before the first layer or after the last, besides embeddings: patches, poolers, heads of a task.</summary>
    public long OuterParameters { get; init; }

    /// <summary>The shape of GPT-2 and of Megatron's models: learned positions, biases everywhere, four times as wide inside.</summary>
    /// <param name="sequence">Positions that are learned.</param>
    public static TransformerShape Gpt(int layers, int hiddenSize, int heads, int vocabularySize, int sequence) => new()
    {
        Layers = layers, HiddenSize = hiddenSize, Heads = heads, KeyValueHeads = heads, HeadSize = Math.Max(1, hiddenSize / Math.Max(1, heads)),
        FeedForwardSize = (int)Math.Min(int.MaxValue, 4L * hiddenSize), VocabularySize = vocabularySize, LearnedVectors = sequence, HasNormBias = true,
        HasQueryKeyValueBias = true, HasOtherBiases = true, HasAttentionDropout = true, HasResidualDropout = true,
    };

    /// <summary>Width of all queries together.</summary>
    public double QueryWidth => (double)Heads * HeadSize;

    /// <summary>Width of all keys together, and of all values.</summary>
    public double KeyValueWidth => (double)KeyValueHeads * HeadSize;

    internal int FeedForwardMatrices => IsGated ? 3 : 2;

    /// <summary>Every number that is trained, counted tensor by tensor.</summary>
    public double Parameters => LayerParameters + EmbeddingParameters + OutputParameters + OuterParameters;

    /// <summary>Those that one token passes: of the experts of a layer the active ones only.</summary>
    public double ActiveParameters => Parameters - InactiveParameters;

    /// <summary>All layers, and the norms around them.</summary>
    public double LayerParameters => Layers * AttentionParameters + DenseLayers * DenseParameters + ExpertLayers * ExpertParameters + OuterNorms * NormParameters;

    /// <summary>Tokens and positions as they are read.</summary>
    public double EmbeddingParameters => ((double)VocabularySize + LearnedVectors) * HiddenSize;

    /// <summary>The matrix that writes tokens, where it is one of its own.</summary>
    public double OutputParameters => WritesTokens && !TiesEmbeddings ? (double)VocabularySize * HiddenSize : 0;

    /// <summary>Of the largest layer, which ZeRO-3 gathers as a whole.</summary>
    public double LargestLayerParameters => AttentionParameters + Math.Max(DenseLayers > 0 ? DenseParameters : 0, ExpertLayers > 0 ? ExpertParameters : 0);

    /// <summary>Elements of the matrices that a token is multiplied with in all layers together.</summary>
    internal double ActiveMatrixElements => Layers * AttentionMatrices + DenseLayers * FeedForward(FeedForwardSize)
        + (Experts is { } experts ? ExpertLayers * (experts.Active * FeedForward(experts.FeedForwardSize) + FeedForward(experts.SharedFeedForwardSize) + experts.Count * (double)HiddenSize) : 0);

    internal double ExpertLayers => Experts is { } experts ? Layers - Math.Min(Layers, experts.DenseLayers) : 0;
    internal double DenseLayers => Layers - ExpertLayers;

    private double AttentionMatrices => 2 * HiddenSize * QueryWidth + 2 * HiddenSize * KeyValueWidth;

    private double AttentionParameters => AttentionMatrices + 2 * NormParameters
        + (HasQueryKeyValueBias ? QueryWidth + 2 * KeyValueWidth : 0) + (HasOtherBiases ? HiddenSize : 0) + (HasQueryKeyNorm ? 2.0 * HeadSize : 0);

    private double DenseParameters => FeedForward(FeedForwardSize) + (HasOtherBiases ? (FeedForwardMatrices - 1.0) * FeedForwardSize + HiddenSize : 0);

    private double ExpertParameters => Experts is not { } experts ? 0 : experts.Count * FeedForward(experts.FeedForwardSize)
        + FeedForward(experts.SharedFeedForwardSize) + (double)experts.Count * HiddenSize + (experts.GatesShared ? HiddenSize : 0);

    private double InactiveParameters => Experts is { } experts ? ExpertLayers * (experts.Count - experts.Active) * FeedForward(experts.FeedForwardSize) : 0;

    private double NormParameters => HiddenSize * (HasNormBias ? 2.0 : 1.0);

    private double FeedForward(int size) => (double)FeedForwardMatrices * HiddenSize * size;

    /// <exception cref="TrainingInputException">A size is out of its range.</exception>
    public void Validate()
    {
        TrainingInputException.Require(Layers, 1, 100_000, "the number of layers");
        TrainingInputException.Require(HiddenSize, 1, 1_000_000, "the hidden size");
        TrainingInputException.Require(Heads, 1, 100_000, "the number of heads");
        TrainingInputException.Require(KeyValueHeads, 1, Heads, "the number of heads of keys and values");
        TrainingInputException.Require(HeadSize, 1, 1_000_000, "the size of a head");
        TrainingInputException.Require(FeedForwardSize, 0, 10_000_000, "the feed-forward size");
        TrainingInputException.Require(VocabularySize, 0, 100_000_000, "the size of the vocabulary");
        TrainingInputException.Require(LearnedVectors, 0, 100_000_000, "the number of learned positions");
        TrainingInputException.Require(OuterParameters, 0, TrainingModel.MostParameters, "the number of parameters outside of the layers");
        if (Heads % KeyValueHeads != 0)
            throw new TrainingInputException($"{KeyValueHeads} heads of keys and values cannot be shared by {Heads} heads.", "Name a divisor of the number of heads.");
        if (Experts is not { } experts)
            return;
        TrainingInputException.Require(experts.Count, 1, 1_000_000, "the number of experts");
        TrainingInputException.Require(experts.Active, 1, experts.Count, "the number of active experts");
        TrainingInputException.Require(experts.FeedForwardSize, 1, 10_000_000, "the feed-forward size of an expert");
        TrainingInputException.Require(experts.SharedFeedForwardSize, 0, 10_000_000, "the feed-forward size of the shared experts");
        TrainingInputException.Require(experts.DenseLayers, 0, Layers, "the number of layers without experts");
    }
}

/// <summary>Layers in which each token passes a few of many feed-forward networks (arXiv:2101.03961).</summary>
/// <param name="Count">Experts of a layer.</param>
/// <param name="Active">Those that a token passes.</param>
/// <param name="FeedForwardSize">Of one expert.</param>
public sealed record MixtureOfExperts(int Count, int Active, int FeedForwardSize)
{
    /// <summary>Of the experts that every token passes, together; 0 for none.</summary>
    public int SharedFeedForwardSize { get; init; }

    /// <summary>Whether a learned vector weighs the shared experts.</summary>
    public bool GatesShared { get; init; }

    /// <summary>Layers that have a dense network instead.</summary>
    public int DenseLayers { get; init; }
}
