using Gpux.Conversion.Checkpoints;
using Gpux.Onnx;

namespace Gpux.Conversion;

/// <summary>A weight that cannot be used where it lies. Whatever writes the graph writes its elements beside it.</summary>
/// <param name="Source">The tensor it is made of, or the largest of them.</param>
/// <param name="ByteCount">The size of what is written.</param>
internal abstract record PreparedData(CheckpointTensor Source, long ByteCount) : ExternalData(Source.File, Source.Offset, ByteCount)
{
    /// <summary>Writes the elements, row by row and little-endian.</summary>
    public abstract void Write(CheckpointData data, Stream target);

    /// <summary>The elements, for a graph that holds its weights.</summary>
    public byte[] ToBytes(CheckpointData data)
    {
        var bytes = new byte[ByteCount];
        Write(data, new MemoryStream(bytes));
        return bytes;
    }
}
