using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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

    private delegate void Run(Span<float> elements, int position);

    private delegate void Chunk(ReadOnlySpan<float> elements);

    // Elements that follow each other are at one position of the axis, but of the last axis each is at the position after that of the one before.
    private bool AxisIsLast => Axis == Directions.Shape.Rank - 1;

    public override void Write(CheckpointData data, Stream target)
    {
        var (directions, lengths) = (data.Open(Directions), data.Open(Lengths));
        var factors = Factors(directions, lengths);
        Run multiply = AxisIsLast
            ? (elements, position) => Multiply(elements, factors.AsSpan(position, elements.Length))
            : (elements, position) =>
            {
                var factor = factors[position];
                foreach (ref var element in elements)
                    element *= factor;
            };
        Visit(directions, multiply, chunk => target.Write(MemoryMarshal.AsBytes(chunk)));
    }

    // g / |v| for each position of the axis.
    private float[] Factors(Tensor directions, Tensor lengths)
    {
        var squares = new double[Directions.Shape[Axis]];
        Run add = AxisIsLast
            ? (elements, position) => AddSquares(elements, squares.AsSpan(position, elements.Length))
            : (elements, position) =>
            {
                var sum = squares[position];
                foreach (double element in elements)
                    sum += element * element;
                squares[position] = sum;
            };
        Visit(directions, add, chunkDone: null);
        var factors = new float[squares.Length];
        for (var start = 0; start < factors.Length; start += ChunkElements)
            TensorElements.Read(lengths, start, factors.AsSpan(start, Math.Min(ChunkElements, factors.Length - start)));
        for (var i = 0; i < factors.Length; i++)
            factors[i] /= (float)Math.Sqrt(squares[i]);
        return factors;
    }

    // All elements in runs: with the position of the first one, those that are at it too or, of the last axis, at those that follow.
    private void Visit(Tensor directions, Run visit, Chunk? chunkDone)
    {
        var (shape, chunk) = (Directions.Shape, new float[ChunkElements]);
        long positions = shape[Axis], inner = new Shape(shape.Dimensions.AsSpan()[(Axis + 1)..]).ElementCount;
        for (long start = 0; start < shape.ElementCount; start += ChunkElements)
        {
            var elements = chunk.AsSpan(0, TensorElements.Read(directions, start, chunk));
            for (var done = 0; done < elements.Length;)
            {
                var position = (start + done) / inner % positions;
                var left = AxisIsLast ? positions - position : inner - (start + done) % inner;
                var count = (int)Math.Min(left, elements.Length - done);
                visit(elements.Slice(done, count), (int)position);
                done += count;
            }
            chunkDone?.Invoke(elements);
        }
    }

    private static void Multiply(Span<float> elements, ReadOnlySpan<float> factors)
    {
        var vectors = MemoryMarshal.Cast<float, Vector128<float>>(elements);
        var factorVectors = MemoryMarshal.Cast<float, Vector128<float>>(factors);
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] *= factorVectors[i];
        for (var i = vectors.Length * Vector128<float>.Count; i < elements.Length; i++)
            elements[i] *= factors[i];
    }

    private static void AddSquares(ReadOnlySpan<float> elements, Span<double> sums)
    {
        var vectors = MemoryMarshal.Cast<float, Vector128<float>>(elements);
        var sumVectors = MemoryMarshal.Cast<double, Vector128<double>>(sums);
        for (var i = 0; i < vectors.Length; i++)
        {
            var (low, high) = Vector128.Widen(vectors[i]);
            sumVectors[2 * i] += low * low;
            sumVectors[2 * i + 1] += high * high;
        }
        for (var i = vectors.Length * Vector128<float>.Count; i < elements.Length; i++)
            sums[i] += (double)elements[i] * elements[i];
    }
}
