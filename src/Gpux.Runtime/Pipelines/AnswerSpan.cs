namespace Gpux.Runtime.Pipelines;

/// <summary>Tokens that may answer a question.</summary>
/// <param name="Start">The first token.</param>
/// <param name="End">The last token.</param>
/// <param name="Score">The probability that the answer starts and ends there.</param>
internal readonly record struct AnswerSpan(int Start, int End, float Score)
{
    private static readonly Comparer<AnswerSpan> WorstFirst = Comparer<AnswerSpan>.Create(static (one, other) =>
        one.Score != other.Score ? one.Score.CompareTo(other.Score)
        : one.Start != other.Start ? other.Start.CompareTo(one.Start)
        : other.End.CompareTo(one.End));

    /// <summary>Makes probabilities of logits, of those tokens that may be part of an answer.</summary>
    public static void ToProbabilities(Span<float> logits, ReadOnlySpan<bool> wanted)
    {
        for (var i = 0; i < logits.Length; i++)
            if (!wanted[i])
                logits[i] = -10000;
        Scores.Softmax(logits);
    }

    /// <summary>The best spans of at most so many tokens, the best first; of equals the one that starts, then ends, earlier.</summary>
    /// <param name="starts">The probability of each token to be the first.</param>
    /// <param name="ends">The probability of each token to be the last.</param>
    public static AnswerSpan[] Best(ReadOnlySpan<float> starts, ReadOnlySpan<float> ends, int count, int longest)
    {
        // A heap of those kept, the worst on top: there are as many spans as tokens squared, and few are wanted.
        var kept = new PriorityQueue<AnswerSpan, AnswerSpan>(WorstFirst);
        for (var start = 0; start < starts.Length; start++)
        {
            var behind = start + Math.Min(longest, ends.Length - start);
            for (var end = start; end < behind; end++)
            {
                var span = new AnswerSpan(start, end, starts[start] * ends[end]);
                if (kept.Count < count)
                    kept.Enqueue(span, span);
                else if (span.Score > kept.Peek().Score)
                    kept.DequeueEnqueue(span, span);
            }
        }
        var best = new AnswerSpan[kept.Count];
        for (var i = best.Length - 1; i >= 0; i--)
            best[i] = kept.Dequeue();
        return best;
    }
}
