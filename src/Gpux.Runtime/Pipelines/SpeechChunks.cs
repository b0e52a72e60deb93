using Gpux.Runtime.Audio;

namespace Gpux.Runtime.Pipelines;

/// <summary>A long sound in parts that overlap, of which each is heard with what lies beside it and counts without it.</summary>
/// <remarks>Source: transformers 5.23, AutomaticSpeechRecognitionPipeline, chunk_iter and rescale_stride.</remarks>
/// <param name="Length">Of a part, in samples.</param>
/// <param name="Left">How much of it at its start does not count, in samples; the first part counts from its start.</param>
/// <param name="Right">How much of it at its end does not count; the last part counts to its end.</param>
internal sealed record SpeechChunks(int Length, int Left, int Right)
{
    // What share of a part each side of it is, where no other length is asked for: one in so many.
    private const int DefaultStrideShare = 6;

    /// <param name="align">Samples of one frame: all lengths are whole frames.</param>
    /// <returns>Null if no parts are asked for.</returns>
    public static SpeechChunks? Read(PipelineArguments arguments, int samplingRate, int align)
    {
        if (arguments.Numbers("chunk_length_s") is not [> 0 and var seconds])
            return arguments.IsNull("chunk_length_s") || !arguments.Has("chunk_length_s") || arguments.Numbers("chunk_length_s") is [0] ? null
                : throw arguments.Unfit("chunk_length_s", "a number of seconds was expected");
        var (left, right) = arguments.Numbers("stride_length_s") switch
        {
            null => (seconds / DefaultStrideShare, seconds / DefaultStrideShare),
            [>= 0 and var both] => (both, both),
            [>= 0 and var before, >= 0 and var after] => (before, after),
            _ => throw arguments.Unfit("stride_length_s", "a number of seconds, or two, was expected"),
        };
        int Samples(double length) => length * samplingRate < int.MaxValue ? (int)Math.Round(length * samplingRate / align) * align : int.MaxValue;
        var chunks = new SpeechChunks(Samples(seconds), Samples(left), Samples(right));
        return chunks.Length > (long)chunks.Left + chunks.Right ? chunks
            : throw arguments.Unfit("chunk_length_s", "more than the two lengths of stride_length_s was expected");
    }

    public IEnumerable<SpeechChunk> Of(Waveform sound)
    {
        var total = sound.Samples.Length;
        for (var start = 0; start < total; start += Length - Left - Right)
        {
            var isLast = (long)start + Length >= total;
            var length = isLast ? total - start : Length;
            var left = start == 0 ? 0 : Left;
            if (length > left)
                yield return new SpeechChunk(sound.Slice(start, length), left, isLast ? 0 : Right);
            if (isLast)
                yield break;
        }
    }
}

/// <summary>A part of a sound.</summary>
/// <param name="Left">Samples at its start that do not count.</param>
/// <param name="Right">Samples at its end that do not count.</param>
internal readonly record struct SpeechChunk(Waveform Sound, int Left, int Right)
{
    /// <summary>Which of the frames that a model makes of it count.</summary>
    /// <param name="samplesPerFrame">What the model's strides are together.</param>
    /// <param name="frames">How many there are.</param>
    public Range Counted(int samplesPerFrame, int frames)
    {
        var length = Sound.Samples.Length;
        // Halves are rounded to even numbers, and what is half depends on the order of the operations, which is the original's.
        var all = (int)Math.Round(length * (1.0 / samplesPerFrame));
        var left = (int)Math.Round((double)Left / length * all);
        var right = all - (int)Math.Round((double)Right / length * all);
        // The last frames of a part are often fewer than its length tells.
        right = Math.Min(right, frames);
        return Math.Min(left, right)..right;
    }
}
