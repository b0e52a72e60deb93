namespace Gpux.Runtime.Generation.Processors;

/// <summary>Divides positive and multiplies negative scores of the row's own tokens by the penalty
/// (RepetitionPenaltyLogitsProcessor).</summary>
internal sealed class RepetitionPenalty(float penalty) : ILogitsProcessor
{
    public void Process(in LogitsRow row) => Apply(row, row.Ids, penalty);

    /// <summary>Applies a penalty once to each token that occurs.</summary>
    internal static void Apply(in LogitsRow row, ReadOnlySpan<int> tokens, float penalty)
    {
        var marks = row.Scratch.Marks();
        foreach (var token in tokens)
        {
            var bit = 1ul << token;
            // Prompts may hold tokens that the model reads and never writes.
            if ((uint)token >= (uint)row.Scores.Length || (marks[token >> 6] & bit) != 0)
                continue;
            marks[token >> 6] |= bit;
            ref var score = ref row.Scores[token];
            score = score < 0 ? score * penalty : score / penalty;
        }
        foreach (var token in tokens)
        {
            if ((uint)token < (uint)row.Scores.Length)
                marks[token >> 6] = 0;
        }
    }
}
