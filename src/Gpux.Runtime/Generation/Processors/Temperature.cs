namespace Gpux.Runtime.Generation.Processors;

/// <summary>Divides all scores (TemperatureLogitsWarper).</summary>
internal sealed class Temperature(float temperature) : ILogitsProcessor
{
    public void Process(in LogitsRow row) => Rows.Divide(row.Scores, temperature);
}
