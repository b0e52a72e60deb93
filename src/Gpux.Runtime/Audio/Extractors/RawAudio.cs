namespace Gpux.Runtime.Audio.Extractors;

/// <summary>What codecs take: samples, with a dimension for the channel.</summary>
internal static class RawAudio
{
    /// <param name="length">Of every sound, in samples.</param>
    /// <returns>input_values: float [batch, 1, length]; padding_mask: int64 [batch, length], 1 where sound is.</returns>
    public static AudioFeatures Stack(IReadOnlyList<Waveform> sounds, long length, Padding padding)
    {
        var values = Tensor.Uninitialized(ElementType.Float32, Padding.Shaped(sounds.Count, 1, (int)Padding.Shaped(1, length)[1]));
        var lengths = new int[sounds.Count];
        for (var i = 0; i < lengths.Length; i++)
        {
            var row = values.AsSpan<float>().Slice(i * (int)length, (int)length);
            row.Fill(padding.Value);
            lengths[i] = sounds[i].Samples.Length;
            sounds[i].Samples.CopyTo(row[(padding.OnLeft ? row.Length - lengths[i] : 0)..]);
        }
        return new AudioFeatures(new Dictionary<string, Tensor> { ["input_values"] = values, ["padding_mask"] = padding.Mask(lengths, (int)length) });
    }
}
