using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion;

/// <summary>A weight that does not lie in its file as ONNX wants it: compressed, strided, or in another byte order.</summary>
internal sealed record RearrangedData(CheckpointTensor Source) : PreparedData(Source, Source.ByteCount)
{
    private const int ChunkBytes = 1 << 22;

    public override unsafe void Write(CheckpointData data, Stream target)
    {
        var tensor = data.Open(Source);
        for (long done = 0; done < tensor.ByteCount; done += ChunkBytes)
            target.Write(new ReadOnlySpan<byte>(tensor.Data + done, (int)Math.Min(ChunkBytes, tensor.ByteCount - done)));
        GC.KeepAlive(tensor);
    }
}
