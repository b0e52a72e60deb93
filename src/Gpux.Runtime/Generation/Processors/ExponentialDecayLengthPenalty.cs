namespace Gpux.Runtime.Generation.Processors;

/// <summary>Makes the ends exponentially likelier from some length on (ExponentialDecayLengthPenalty).</summary>
internal sealed class ExponentialDecayLengthPenalty(ExponentialDecay decay, int promptLength, int[] ends) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        var past = row.Ids.Length - (decay.Start + promptLength);
        if (past <= 0)
            return;
        var factor = (float)(Math.Pow(decay.Factor, past) - 1);
        foreach (var end in ends)
        {
            ref var score = ref row.Scores[end];
            // An end that another rule removed stays so. (The reference gets NaN there: infinity less infinity.)
            if (score != float.NegativeInfinity)
                score += MathF.Abs(score) * factor;
        }
    }
}
