namespace Gpux.Runtime.Generation.Processors;

/// <summary>Leaves the given tokens as the last that a row can hold (ForcedEOSTokenLogitsProcessor).</summary>
internal sealed class ForcedEos(int maxLength, int[] tokens) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        if (row.Ids.Length != maxLength - 1)
            return;
        row.Scores.Fill(float.NegativeInfinity);
        foreach (var token in tokens)
            row.Scores[token] = 0;
    }
}
