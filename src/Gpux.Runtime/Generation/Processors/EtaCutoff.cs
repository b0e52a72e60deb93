namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes tokens below epsilon or, where the entropy is high, below sqrt(epsilon) * e^-entropy (EtaLogitsWarper).</summary>
internal sealed class EtaCutoff(float epsilon, int minTokensToKeep) : ILogitsProcessor
{
    public void Process(in LogitsRow row)
    {
        var candidates = row.Scratch.Candidates(row.Scores);
        var softmax = candidates.Softmax();
        var entropy = (float)candidates.Entropy(softmax);
        var eta = MathF.Min(epsilon, MathF.Sqrt(epsilon) * MathF.Exp(-entropy));
        EpsilonCutoff.RemoveBelow(row, candidates, eta, minTokensToKeep);
    }
}
