namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes tokens that are too unlikely beside the likeliest one (MinPLogitsWarper).</summary>
internal sealed class MinP(float p, int minTokensToKeep) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        var candidates = row.Scratch.Candidates(row.Scores);
        if (candidates.Count <= minTokensToKeep)
            return;
        candidates.Softmax();
        var least = p * Rows.Max(candidates.Probabilities);
        var always = row.Scratch.Keys(minTokensToKeep);
        Selection.Greatest(candidates.Scores, always);
        foreach (var key in always)
            candidates.Probabilities[Selection.RankedIndex(key)] = 1;
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.Probabilities[i] < least)
                row.Scores[candidates.Tokens[i]] = float.NegativeInfinity;
        }
    }
}
