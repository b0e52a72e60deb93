namespace Gpux.Runtime.Generation;

/// <summary>A model that continues rows of tokens step by step and remembers what it has read, usually in a key-value cache.</summary>
/// <remarks>An encoder-decoder model comes with its encoder already run: its rows, and its cross-attention, are then those of the
/// encoder's batch.</remarks>
public interface IDecoder
{
    /// <summary>The number of logits for each row.</summary>
    int VocabularySize { get; }

    /// <summary>The most tokens that a row can hold; <see cref="int.MaxValue"/> where nothing bounds it.</summary>
    int Capacity { get; }

    /// <summary>The rows that are remembered now. Before the first step: those of the encoder's batch, or 0 if any number will do.</summary>
    int Rows { get; }

    /// <summary>Reads new tokens of every row.</summary>
    /// <returns>The logits after each row's last token, float [Rows, VocabularySize], row after row. The caller may write into them;
    /// they are valid until the next call.</returns>
    Span<float> Step(scoped in DecoderInput input);

    /// <summary>Makes row i what row <paramref name="rows"/>[i] was; the number of rows becomes that of <paramref name="rows"/>.
    /// All that a row remembers moves with it, cross-attention included.</summary>
    void Reorder(ReadOnlySpan<int> rows);

    /// <summary>Forgets all tokens, and restores the rows of the encoder's batch if there is an encoder.</summary>
    void Reset();
}

/// <summary>What a step reads, in the form of the models' inputs: int64, row after row.</summary>
/// <param name="inputIds">The new tokens: [rows, length].</param>
/// <param name="attentionMask">1 for each token, 0 for padding: [rows, total], all tokens read so far and the new ones.</param>
/// <param name="positionIds">The place of each new token among those that are no padding: [rows, length].</param>
public readonly ref struct DecoderInput(
    int rows, ReadOnlySpan<long> inputIds, ReadOnlySpan<long> attentionMask, ReadOnlySpan<long> positionIds)
{
    public int Rows { get; } = rows;

    /// <summary>The new tokens of each row.</summary>
    public int Length => InputIds.Length / Rows;

    /// <summary>The tokens of each row, those read before included.</summary>
    public int TotalLength => AttentionMask.Length / Rows;

    public ReadOnlySpan<long> InputIds { get; } = inputIds;
    public ReadOnlySpan<long> AttentionMask { get; } = attentionMask;
    public ReadOnlySpan<long> PositionIds { get; } = positionIds;
}
