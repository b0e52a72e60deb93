using Gpux.Runtime.Tokenizers;

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

    /// <summary>The tokens that may be part of an answer: those of a text, and the first one, which stands for no answer.</summary>
    /// <param name="sequence">Which of the texts that are read together.</param>
    public static bool[] Wanted(Encoding encoding, int sequence, int? clsId)
    {
        var wanted = new bool[encoding.Count];
        for (var i = 0; i < wanted.Length; i++)
            wanted[i] = encoding.SequenceIds[i] == sequence || clsId is { } cls && encoding.Ids[i] == cls;
        return wanted;
    }

    /// <summary>The best answers of a text, the best first, and how likely it is that it has none.</summary>
    /// <param name="starts">A score for each token to be the first; left as probabilities, as are <paramref name="ends"/>.</param>
    public static (List<AnswerSpan> Spans, float None) Read(float[] starts, float[] ends, bool[] wanted, int count, int longest)
    {
        ToProbabilities(starts, wanted);
        ToProbabilities(ends, wanted);
        var none = starts[0] * ends[0];
        starts[0] = ends[0] = 0; // the place of "no answer"
        var spans = new List<AnswerSpan>();
        foreach (var span in Best(starts, ends, count, longest))
            if (wanted[span.Start] && wanted[span.End])
                spans.Add(span);
        return (spans, none);
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
