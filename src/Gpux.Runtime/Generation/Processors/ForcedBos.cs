namespace Gpux.Runtime.Generation.Processors;

/// <summary>Leaves one token after the first of a row (ForcedBOSTokenLogitsProcessor).</summary>
internal sealed class ForcedBos(int token) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        if (row.Ids.Length != 1)
            return;
        row.Scores.Fill(float.NegativeInfinity);
        row.Scores[token] = 0;
    }
}
