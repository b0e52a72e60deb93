using System.Runtime.InteropServices;
using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion;

/// <summary>A weight that is stored as directions and their lengths (weight normalisation, arXiv:1602.07868): v / |v| * g in float32,
/// computed while it is written, a chunk at a time.</summary>
/// <param name="Directions">v.</param>
/// <param name="Lengths">g: as many elements as the axis has positions.</param>
/// <param name="Axis">Norms are taken over all other axes.</param>
internal sealed record NormalizedData(CheckpointTensor Directions, CheckpointTensor Lengths, int Axis)
    : PreparedData(Directions, ElementType.Float32.ByteSize(Directions.Shape.ElementCount))
{
    private const int ChunkElements = 1 << 14;

    public override void Write(CheckpointData data, Stream target)
    {
        var (directions, lengths) = (data.Open(Directions), data.Open(Lengths));
        var factors = Factors(directions, lengths);
        var (chunk, place) = (new float[ChunkElements], new Place(Inner, factors.Length));
        for (long start = 0; start < directions.Shape.ElementCount; start += ChunkElements)
        {
            var elements = chunk.AsSpan(0, Read(directions, start, chunk));
            foreach (ref var element in elements)
                element *= factors[place.Next()];
            target.Write(MemoryMarshal.AsBytes(elements));
        }
    }

    // How many elements follow each other at one position of the axis.
    private long Inner
    {
        get
        {
            long inner = 1;
            for (var i = Axis + 1; i < Directions.Shape.Rank; i++)
                inner *= Directions.Shape[i];
            return inner;
        }
    }

    // g / |v| for each position of the axis.
    private float[] Factors(Tensor directions, Tensor lengths)
    {
        var squares = new double[Directions.Shape[Axis]];
        var (chunk, place) = (new float[ChunkElements], new Place(Inner, squares.Length));
        for (long start = 0; start < directions.Shape.ElementCount; start += ChunkElements)
            foreach (double element in chunk.AsSpan(0, Read(directions, start, chunk)))
                squares[place.Next()] += element * element;
        var factors = new float[squares.Length];
        for (var start = 0; start < factors.Length; start += ChunkElements)
            Read(lengths, start, factors.AsSpan(start, Math.Min(ChunkElements, factors.Length - start)));
        for (var i = 0; i < factors.Length; i++)
            factors[i] /= (float)Math.Sqrt(squares[i]);
        return factors;
    }

    // Widens elements from a start on; returns how many there were.
    private static int Read(Tensor tensor, long start, Span<float> elements)
    {
        var count = (int)Math.Min(elements.Length, tensor.Shape.ElementCount - start);
        var bytes = Bytes(tensor, start, count);
        switch (tensor.ElementType)
        {
            case ElementType.Float32:
                bytes.CopyTo(MemoryMarshal.AsBytes(elements));
                break;
            case ElementType.Float64:
                var wide = MemoryMarshal.Cast<byte, double>(bytes);
                for (var i = 0; i < count; i++)
                    elements[i] = (float)wide[i];
                break;
            case ElementType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(bytes);
                for (var i = 0; i < count; i++)
                    elements[i] = (float)halves[i];
                break;
            case ElementType.BFloat16:
                var uppers = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < count; i++)
                    elements[i] = BitConverter.Int32BitsToSingle(uppers[i] << 16);
                break;
            default:
                throw new ArgumentException($"Elements of type {tensor.ElementType} are no weights.", nameof(tensor)); // Weights lets none through
        }
        GC.KeepAlive(tensor);
        return count;
    }

    private static unsafe ReadOnlySpan<byte> Bytes(Tensor tensor, long start, int count)
    {
        var size = tensor.ElementType.BitSize() / 8;
        return new ReadOnlySpan<byte>(tensor.Data + start * size, count * size);
    }

    // The position along the axis of one element after the other.
    private struct Place(long inner, long positions)
    {
        private long _within;
        private long _position;

        public long Next()
        {
            var position = _position;
            if (++_within == inner)
            {
                _within = 0;
                if (++_position == positions)
                    _position = 0;
            }
            return position;
        }
    }
}
