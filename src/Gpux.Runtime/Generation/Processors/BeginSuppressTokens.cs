namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes tokens where a row has one certain length (SuppressTokensAtBeginLogitsProcessor).</summary>
internal sealed class BeginSuppressTokens(int length, int[] tokens) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        if (row.Ids.Length == length)
            SuppressTokens.Remove(row.Scores, tokens);
    }
}
