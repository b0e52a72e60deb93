namespace Gpux.Runtime.Generation.Processors;

/// <summary>Keeps the likeliest tokens that hold a share of the entropy of the likeliest hundred (TopHLogitsWarper).</summary>
internal sealed class TopH(float share) : ILogitsProcessor
{
    private const int Considered = 100;

    public void Process(in LogitsRow row)
    {
        var keys = row.Scratch.Keys(Math.Min(Considered, row.Scores.Length));
        Selection.Greatest(row.Scores, keys);
        keys.Sort();
        keys.Reverse();
        var count = keys.Length;
        Span<float> scores = stackalloc float[count];
        Span<float> probabilities = stackalloc float[count];
        for (var i = 0; i < count; i++)
            scores[i] = row.Scores[Selection.RankedIndex(keys[i])];
        var sum = (float)Rows.Exponentials(scores, scores[0], probabilities);
        Rows.Divide(probabilities, sum);

        var entropy = 0d;
        for (var i = 0; i < count && probabilities[i] > 0; i++)
            entropy -= (scores[i] - scores[0] - MathF.Log(sum)) * probabilities[i];
        var bound = (float)entropy * share;
        var held = 0d;
        var kept = 0;
        for (; kept < count && probabilities[kept] > 0; kept++)
        {
            held -= probabilities[kept] * MathF.Log(probabilities[kept]);
            if (kept > 0 && !((float)held <= bound))
                break;
        }
        row.Scores.Fill(float.NegativeInfinity);
        for (var i = 0; i < kept; i++)
            row.Scores[Selection.RankedIndex(keys[i])] = scores[i];
    }
}
