namespace Gpux.Runtime.Generation.Processors;

/// <summary>NaN becomes 0, and infinities the greatest and the least number (InfNanRemoveLogitsProcessor).</summary>
internal sealed class RemoveInvalidValues : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        foreach (ref var score in row.Scores)
        {
            if (!float.IsFinite(score))
                score = float.IsNaN(score) ? 0 : score > 0 ? float.MaxValue : float.MinValue;
        }
    }
}
