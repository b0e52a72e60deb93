namespace Gpux.Runtime.Generation.Processors;

/// <summary>Keeps the k greatest scores and what equals the last of them (TopKLogitsWarper).</summary>
internal sealed class TopK(int count) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        if (count >= row.Scores.Length)
            return;
        var keys = row.Scratch.Keys(count);
        Selection.Greatest(row.Scores, keys);
        Rows.RemoveBelow(row.Scores, row.Scores[Selection.RankedIndex(keys[0])]);
    }
}
