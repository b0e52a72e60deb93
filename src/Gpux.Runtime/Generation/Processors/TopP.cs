namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes the unlikeliest tokens whose probabilities add up to no more than 1 - p (TopPLogitsWarper).</summary>
/// <remarks>Of equally likely tokens at the border, those with the lower ids are removed, as a stable ascending sort does.</remarks>
internal sealed class TopP(double p, int minTokensToKeep) : ILogitsProcessor
{
    private readonly float _removable = (float)(1 - p);

    public void Process(in LogitsRow row)
    {
        var candidates = row.Scratch.Candidates(row.Scores);
        candidates.Softmax();
        // Tokens so unlikely that all of them could not fill what may be removed need no order. (The likeliest is never one.)
        var negligible = minTokensToKeep == 1 ? _removable / candidates.Count : 0;
        var removedAlready = 0d;
        var keys = row.Scratch.Keys(candidates.Count);
        var count = 0;
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.Probabilities[i] < negligible)
            {
                removedAlready += candidates.Probabilities[i];
                row.Scores[candidates.Tokens[i]] = float.NegativeInfinity;
                continue;
            }
            keys[count++] = Selection.Key(candidates.Scores[i], i);
        }
        keys = keys[..count];
        var removed = Selection.Prefix(keys, candidates.Probabilities, _removable, inclusive: true, removedAlready);
        for (; removed > Math.Max(0, keys.Length - minTokensToKeep); removed--)
            Selection.GreatestToBack(keys[..removed]);
        foreach (var key in keys[..removed])
            row.Scores[candidates.Tokens[Selection.IndexOf(key)]] = float.NegativeInfinity;
    }
}
