namespace Gpux.Runtime.Generation.Processors;

/// <summary>Turns scores into log-probabilities (LogitNormalization).</summary>
internal sealed class Renormalization : ILogitsProcessor
{
    public void Process(in LogitsRow row) => Rows.LogSoftmax(row.Scores);
}
