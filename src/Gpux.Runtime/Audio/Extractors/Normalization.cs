namespace Gpux.Runtime.Audio.Extractors;

/// <summary>To a mean of zero and a variance of one.</summary>
internal static class Normalization
{
    private const double VarianceFloor = 1e-7;

    /// <summary>Normalises samples by the statistics of those that count.</summary>
    /// <remarks>Source: transformers 5.23, Wav2Vec2FeatureExtractor.zero_mean_unit_var_norm.</remarks>
    public static void Samples(Span<float> samples)
    {
        double sum = 0;
        foreach (var sample in samples)
            sum += sample;
        var mean = sum / samples.Length;
        double squares = 0;
        foreach (var sample in samples)
            squares += (sample - mean) * (sample - mean);
        var scale = 1 / Math.Sqrt(squares / samples.Length + VarianceFloor);
        foreach (ref var sample in samples)
            sample = (float)((sample - mean) * scale);
    }

    /// <summary>The mean and the sum of squared distances from it, of a column of a table.</summary>
    public static (float Mean, double Squares) Column(ReadOnlySpan<float> table, int column, int width, int rows)
    {
        double sum = 0;
        for (int row = 0, at = column; row < rows; row++, at += width)
            sum += table[at];
        // As the original, whose tables and means are float32: of a constant nothing remains.
        var mean = (float)(sum / rows);
        double squares = 0;
        for (int row = 0, at = column; row < rows; row++, at += width)
            squares += (double)(table[at] - mean) * (table[at] - mean);
        return (mean, squares);
    }
}
