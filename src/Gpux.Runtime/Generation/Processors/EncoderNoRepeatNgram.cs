namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes tokens that would complete a sequence of n tokens that the encoder read (EncoderNoRepeatNGramLogitsProcessor).</summary>
/// <param name="copies">The rows that are generated for each of the encoder's.</param>
internal sealed class EncoderNoRepeatNgram(int size, TokenBatch encoderInput, int copies) : ILogitsProcessor
{
    public void Process(in LogitsRow row) => NoRepeatNgram.Remove(row, encoderInput[row.Index / copies], size);
}
