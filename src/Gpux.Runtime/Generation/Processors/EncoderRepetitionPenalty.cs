namespace Gpux.Runtime.Generation.Processors;

/// <summary>The inverse penalty on tokens that the encoder read (EncoderRepetitionPenaltyLogitsProcessor).</summary>
internal sealed class EncoderRepetitionPenalty(float penalty, TokenBatch encoderInput) : ILogitsProcessor
{
    private readonly float _inverse = (float)(1 / (double)penalty);

    public void Process(in LogitsRow row)
    {
        // The reference pairs row i with encoder row i even where beams make more rows than the encoder had, and leaves the rest.
        if (row.Index < encoderInput.Rows)
            RepetitionPenalty.Apply(row, encoderInput[row.Index], _inverse);
    }
}
