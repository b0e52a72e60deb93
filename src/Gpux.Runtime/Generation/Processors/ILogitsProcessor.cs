namespace Gpux.Runtime.Generation.Processors;

/// <summary>A rule that changes the scores of one row before its next token is chosen. A removed token scores -infinity.</summary>
/// <remarks>The rules of this folder equal the classes of transformers 5.23 (generation/logits_process.py) that their summaries
/// name, on whole rows; float32 where those compute in float32. They are made once for a generation and allocate nothing per step.</remarks>
internal interface ILogitsProcessor
{
    void Process(in LogitsRow row);
}

/// <summary>What a rule sees of a row.</summary>
/// <param name="index">The row's place among all that are generated, beams included.</param>
/// <param name="ids">Prompt, with its padding, and new tokens.</param>
/// <param name="scores">One for each token of the vocabulary, changed in place.</param>
internal readonly ref struct LogitsRow(int index, ReadOnlySpan<int> ids, Span<float> scores, LogitsScratch scratch)
{
    public int Index { get; } = index;
    public ReadOnlySpan<int> Ids { get; } = ids;
    public Span<float> Scores { get; } = scores;
    public LogitsScratch Scratch { get; } = scratch;
}
