using System.Runtime.InteropServices;
using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Precision;

/// <summary>A weight rounded to float16.</summary>
internal sealed record HalfData(CheckpointTensor Source) : PreparedData(Source, ElementType.Float16.ByteSize(Source.Shape.ElementCount))
{
    private const int ChunkElements = 1 << 16;

    /// <exception cref="UnsupportedPrecisionException">A value is too large for 16 bits.</exception>
    public override void Write(CheckpointData data, Stream target)
    {
        var tensor = data.Open(Source);
        var (wide, narrow) = (new float[ChunkElements], new Half[ChunkElements]);
        for (long start = 0; start < Source.Shape.ElementCount; start += ChunkElements)
        {
            var count = TensorElements.Read(tensor, start, wide);
            for (var i = 0; i < count; i++)
            {
                narrow[i] = (Half)wide[i];
                if (Half.IsInfinity(narrow[i]) && float.IsFinite(wide[i]))
                    throw new UnsupportedPrecisionException($"Tensor '{Source.Name}' holds {wide[i]:0.###e0}, which is more than float16 can.", "Convert with --precision fp32.");
            }
            target.Write(MemoryMarshal.AsBytes(narrow.AsSpan(0, count)));
        }
    }
}

/// <summary>A model cannot be had in a precision.</summary>
public sealed class UnsupportedPrecisionException(string problem, string remedy) : GpuxException(ErrorCode.UnsupportedPrecision, problem, remedy);
