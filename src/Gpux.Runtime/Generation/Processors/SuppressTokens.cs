namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes tokens at every step (SuppressTokensLogitsProcessor).</summary>
internal sealed class SuppressTokens(int[] tokens) : ILogitsProcessor
{
    public void Process(in LogitsRow row) => Remove(row.Scores, tokens);

    /// <summary>Removes tokens; those that the vocabulary lacks are ignored.</summary>
    internal static void Remove(Span<float> scores, ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
        {
            if ((uint)token < (uint)scores.Length)
                scores[token] = float.NegativeInfinity;
        }
    }
}
