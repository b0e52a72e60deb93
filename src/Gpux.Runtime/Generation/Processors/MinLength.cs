namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes the ends while a row, prompt included, is too short (MinLengthLogitsProcessor).</summary>
/// <remarks>min_new_tokens is turned into a length first, so that this is MinNewTokensLengthLogitsProcessor too.</remarks>
internal sealed class MinLength(int length, int[] ends) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        if (row.Ids.Length < length)
            SuppressTokens.Remove(row.Scores, ends);
    }
}
