namespace Gpux.Models.Embeddings;

/// <summary>Brings vectors of floats to fewer bits.</summary>
/// <remarks>Source: sentence-transformers 6.2, util/quantization.py.</remarks>
internal sealed class Quantizer
{
    private const int Steps = 255;
    private readonly VectorPrecision _precision;
    private readonly float[] _starts, _steps;

    /// <param name="lows">The least value of each dimension; only for bytes.</param>
    /// <param name="highs">The greatest.</param>
    public Quantizer(VectorPrecision precision, ReadOnlySpan<float> lows, ReadOnlySpan<float> highs)
    {
        _precision = precision;
        _starts = lows.ToArray();
        _steps = new float[lows.Length];
        for (var i = 0; i < _steps.Length; i++)
            _steps[i] = (highs[i] - lows[i]) / Steps is var step and not 0 ? step : 1;
    }

    public static bool NeedsRanges(VectorPrecision precision) => precision is VectorPrecision.Int8 or VectorPrecision.UInt8;

    /// <summary>How many numbers a vector of so many dimensions has when it is written.</summary>
    public static int Width(VectorPrecision precision, int dimensions) =>
        precision is VectorPrecision.Binary or VectorPrecision.UBinary ? (dimensions + 7) / 8 : dimensions;

    /// <param name="bytes">As many as <see cref="Width"/> says.</param>
    public void Quantize(ReadOnlySpan<float> vector, Span<byte> bytes)
    {
        if (NeedsRanges(_precision))
        {
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)Math.Clamp(MathF.Floor((vector[i] - _starts[i]) / _steps[i]), 0, Steps);
        }
        else
        {
            bytes.Clear();
            for (var i = 0; i < vector.Length; i++)
                if (vector[i] > 0)
                    bytes[i >> 3] |= (byte)(0x80 >> (i & 7));
        }
        // Less 128 in two's complement is the same as to turn the highest bit.
        if (_precision is VectorPrecision.Int8 or VectorPrecision.Binary)
            foreach (ref var value in bytes)
                value ^= 0x80;
    }
}
