namespace Gpux.Runtime.Generation.Processors;

/// <summary>Keeps the tokens whose information is closest to the entropy, up to a probability in all (TypicalLogitsWarper).</summary>
internal sealed class TypicalP(float mass, int minTokensToKeep) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        var candidates = row.Scratch.Candidates(row.Scores);
        var softmax = candidates.Softmax();
        var entropy = (float)candidates.Entropy(softmax);
        var keys = row.Scratch.Keys(candidates.Count);
        for (var i = 0; i < keys.Length; i++)
            keys[i] = Selection.Key(MathF.Abs(-candidates.LogProbability(i, softmax) - entropy), i);

        // The token that reaches the mass is the last to stay, with those just as far from the entropy.
        var kept = Selection.Prefix(keys, candidates.Probabilities, mass, inclusive: false);
        if (kept == keys.Length)
            return;
        Selection.LeastToFront(keys[kept..]);
        var last = keys[kept++];
        for (var i = kept; i < keys.Length; i++)
        {
            if (!Selection.SameScore(keys[i], last))
                continue;
            (keys[kept], keys[i]) = (keys[i], keys[kept]);
            kept++;
        }
        for (; kept < Math.Min(minTokensToKeep, keys.Length); kept++)
            Selection.LeastToFront(keys[kept..]);
        foreach (var key in keys[kept..])
            row.Scores[candidates.Tokens[Selection.IndexOf(key)]] = float.NegativeInfinity;
    }
}
