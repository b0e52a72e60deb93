namespace Gpux.Runtime.Audio.Extractors;

/// <summary>How shorter sounds are brought to the length of the longest.</summary>
/// <remarks>Source: transformers 5.23, SequenceFeatureExtractor.pad.</remarks>
/// <param name="Value">What is put beside the sound.</param>
/// <param name="OnLeft">Whether before the sound, else behind it.</param>
internal sealed record Padding(float Value, bool OnLeft)
{
    public static Padding Read(ExtractorConfig config)
    {
        var side = config.Text("padding_side") ?? "right";
        if (side is not ("left" or "right"))
            throw config.Invalid($"padding_side is '{side}', where left or right was expected");
        return new Padding((float)config.Number("padding_value", 0), side == "left");
    }

    /// <summary>Lays rows of unequal length into one tensor.</summary>
    /// <param name="rows">Each of whole columns of <paramref name="width"/> elements.</param>
    /// <param name="length">Of every row, in columns; at least that of the longest.</param>
    /// <returns>float [rows, length] if <paramref name="width"/> is 0, else [rows, length, width].</returns>
    public Tensor Stack(IReadOnlyList<ReadOnlyMemory<float>> rows, int length, int width = 0)
    {
        var columns = Math.Max(1, width);
        var tensor = Tensor.Uninitialized(ElementType.Float32, Shaped(rows.Count, length, width));
        for (var i = 0; i < rows.Count; i++)
        {
            var row = tensor.AsSpan<float>().Slice(i * length * columns, length * columns);
            var start = OnLeft ? row.Length - rows[i].Length : 0;
            row.Fill(Value);
            rows[i].Span.CopyTo(row[start..]);
        }
        return tensor;
    }

    /// <summary>int64 [rows, length]: 1 where a row's own columns are.</summary>
    public Tensor Mask(IReadOnlyList<int> lengths, int length)
    {
        var tensor = Tensor.Zeros(ElementType.Int64, new Shape(lengths.Count, length));
        for (var i = 0; i < lengths.Count; i++)
            tensor.AsSpan<long>().Slice(i * length + (OnLeft ? length - lengths[i] : 0), lengths[i]).Fill(1);
        return tensor;
    }

    /// <summary>The shape of a batch, if it can be held.</summary>
    /// <exception cref="UnfitAudioException">It cannot.</exception>
    public static Shape Shaped(int rows, long length, int width = 0) =>
        rows * length * Math.Max(1, width) * sizeof(float) > Array.MaxLength
            ? throw new UnfitAudioException($"{rows} sounds of {length} steps make more than {Array.MaxLength} bytes of input.",
                "Give fewer or shorter sounds at once; for speech, let it be taken in parts: chunk_length_s=30.")
            : width == 0 ? new Shape(rows, length) : new Shape(rows, length, width);

    public static int Longest(IReadOnlyList<Waveform> sounds)
    {
        var longest = 0;
        foreach (var sound in sounds)
            longest = Math.Max(longest, sound.Samples.Length);
        return longest;
    }
}
