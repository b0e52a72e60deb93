using System.Runtime.InteropServices;
using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Precision;

/// <summary>What one step of a matrix's quantised elements is worth, for each row or column: the largest magnitude there is 127
/// steps.</summary>
/// <remarks>Symmetric, so that a weight of 0 stays 0.</remarks>
/// <param name="source">A matrix.</param>
/// <param name="byRow">Whether each row has a scale; else each column.</param>
internal sealed class ChannelScales(CheckpointTensor source, bool byRow)
{
    public const int Steps = 127;

    private float[]? _scales;

    public CheckpointTensor Source => source;
    public int Rows { get; } = (int)source.Shape[0];
    public int Columns { get; } = (int)source.Shape[1];
    public bool ByRow => byRow;
    public int Count => byRow ? Rows : Columns;

    /// <exception cref="UnsupportedPrecisionException">An element is no number.</exception>
    public float[] Read(CheckpointData data)
    {
        if (_scales is not null)
            return _scales;
        var tensor = data.Open(source);
        var (largest, row) = (new float[Count], new float[Columns]);
        for (var r = 0; r < Rows; r++)
        {
            TensorElements.Read(tensor, (long)r * Columns, row);
            if (byRow)
                largest[r] = MaxMagnitude(row);
            else
                for (var c = 0; c < row.Length; c++)
                    largest[c] = Math.Max(largest[c], Math.Abs(row[c])); // NaN stays
        }
        for (var i = 0; i < largest.Length; i++)
        {
            if (!float.IsFinite(largest[i]))
                throw new UnsupportedPrecisionException($"Tensor '{source.Name}' holds values that are no numbers.", "Convert with --precision fp32.");
            largest[i] = largest[i] == 0 ? 1 : largest[i] / Steps;
        }
        return _scales = largest;
    }

    private static float MaxMagnitude(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
            largest = Math.Max(largest, Math.Abs(value)); // NaN stays
        return largest;
    }
}

/// <summary>The scales themselves, in float32.</summary>
internal sealed record ScaleData(ChannelScales Scales) : PreparedData(Scales.Source, sizeof(float) * (long)Scales.Count)
{
    public override void Write(CheckpointData data, Stream target) => target.Write(MemoryMarshal.AsBytes(Scales.Read(data).AsSpan()));
}

/// <summary>A matrix in signed bytes, its rows as they lie: a table, of which rows are picked.</summary>
/// <param name="Scales">By row.</param>
internal sealed record QuantizedTable(ChannelScales Scales) : PreparedData(Scales.Source, (long)Scales.Rows * Scales.Columns)
{
    public override void Write(CheckpointData data, Stream target)
    {
        var (tensor, scales) = (data.Open(Source), Scales.Read(data));
        var (row, quantized) = (new float[Scales.Columns], new sbyte[Scales.Columns]);
        for (var r = 0; r < Scales.Rows; r++)
        {
            TensorElements.Read(tensor, (long)r * row.Length, row);
            for (var c = 0; c < row.Length; c++)
                quantized[c] = (sbyte)MathF.Round(row[c] / scales[r]);
            target.Write(MemoryMarshal.AsBytes(quantized.AsSpan()));
        }
    }
}

/// <summary>A matrix in unsigned bytes around 128, as [in, out], which is how products of whole numbers want it.</summary>
/// <remarks>Unsigned: processors without instructions of their own for 8-bit products saturate sums of signed ones.</remarks>
/// <param name="Scales">By output: by row of a matrix that lies as [out, in], by column of one that lies as [in, out].</param>
internal sealed record QuantizedMatrix(ChannelScales Scales) : PreparedData(Scales.Source, (long)Scales.Rows * Scales.Columns)
{
    public const byte Zero = 128;

    // Rows of the result that are made at once.
    private const int BlockRows = 256;

    public override void Write(CheckpointData data, Stream target)
    {
        var (tensor, scales) = (data.Open(Source), Scales.Read(data));
        if (!Scales.ByRow)
        {
            var (row, quantized) = (new float[Scales.Columns], new byte[Scales.Columns]);
            for (var r = 0; r < Scales.Rows; r++)
            {
                TensorElements.Read(tensor, (long)r * row.Length, row);
                for (var c = 0; c < row.Length; c++)
                    quantized[c] = Quantize(row[c] / scales[c]);
                target.Write(quantized);
            }
            return;
        }
        // Stripes of all rows: each source is read once, and the block is small.
        var block = new byte[(long)BlockRows * Scales.Rows];
        var stripe = new float[BlockRows];
        for (var first = 0; first < Scales.Columns; first += BlockRows)
        {
            var width = Math.Min(BlockRows, Scales.Columns - first);
            for (var r = 0; r < Scales.Rows; r++)
            {
                TensorElements.Read(tensor, (long)r * Scales.Columns + first, stripe.AsSpan(0, width));
                for (var i = 0; i < width; i++)
                    block[(long)i * Scales.Rows + r] = Quantize(stripe[i] / scales[r]);
            }
            target.Write(block.AsSpan(0, width * Scales.Rows));
        }
    }

    private static byte Quantize(float steps) => (byte)(MathF.Round(steps) + Zero);
}
