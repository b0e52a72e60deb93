namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes tokens that are less likely than epsilon (EpsilonLogitsWarper).</summary>
internal sealed class EpsilonCutoff(float epsilon, int minTokensToKeep) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        var candidates = row.Scratch.Candidates(row.Scores);
        candidates.Softmax();
        RemoveBelow(row, candidates, epsilon, minTokensToKeep);
    }

    /// <summary>Removes candidates below a probability, but for the greatest scores and what equals the last of them.</summary>
    internal static void RemoveBelow(in LogitsRow row, in Candidates candidates, float probability, int minTokensToKeep)
    {
        if (candidates.Count <= minTokensToKeep)
            return;
        var keys = row.Scratch.Keys(minTokensToKeep);
        Selection.Greatest(candidates.Scores, keys);
        var always = candidates.Scores[Selection.RankedIndex(keys[0])];
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.Probabilities[i] < probability && candidates.Scores[i] < always)
                row.Scores[candidates.Tokens[i]] = float.NegativeInfinity;
        }
    }
}
