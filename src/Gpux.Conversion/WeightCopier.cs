using Gpux.Conversion.Checkpoints;
using Gpux.Onnx;

namespace Gpux.Conversion;

/// <summary>Copies weights into one file beside the graph: all of them, or those that cannot be used where they lie.</summary>
internal static class WeightCopier
{
    private const int Alignment = 64;
    private const int ChunkBytes = 1 << 22;

    /// <summary>Writes the elements of <paramref name="tensors"/> and makes these name the new file.</summary>
    /// <param name="data">A file that does not exist yet.</param>
    /// <returns>The size of the new file in bytes.</returns>
    public static long Copy(IReadOnlyList<OnnxTensor> tensors, ModelFiles files, string data, IProgress<Progress>? progress)
    {
        var location = Path.GetFileName(data);
        var total = tensors.Sum(tensor => tensor.External!.Length!.Value); // weights are external and state their length
        var buffer = new byte[ChunkBytes];
        var arranged = new CheckpointData(files);
        using var target = new FileStream(data, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            PreallocationSize = total + Alignment * tensors.Count,
        });
        // A weight that two tensors use is copied once.
        var copied = new Dictionary<ExternalData, ExternalData>();
        foreach (var tensor in tensors)
        {
            var source = tensor.External!; // as above
            if (!copied.TryGetValue(source, out var place))
            {
                target.Seek((target.Position + Alignment - 1) / Alignment * Alignment, SeekOrigin.Begin);
                place = new ExternalData(location, target.Position, source.Length);
                if (source is PreparedData prepared)
                    prepared.Write(arranged, target);
                else
                    Copy(target, source, files, buffer, () => Report(target.Position));
                Report(target.Position);
                copied.Add(source, place);
            }
            tensor.External = place;
        }
        target.SetLength(target.Position);
        target.Flush(flushToDisk: true);
        Report(total);
        return target.Length;

        void Report(long done) => progress?.Report(new Progress("Copying weights", null, done, total, ProgressUnit.Bytes));
    }

    private static void Copy(FileStream target, ExternalData source, ModelFiles files, byte[] buffer, Action report)
    {
        using var file = File.OpenHandle(files.Require(source.Location), options: FileOptions.SequentialScan);
        for (long done = 0; done < source.Length;)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(ChunkBytes, source.Length.Value - done)), source.Offset + done);
            if (read == 0)
                throw new InvalidCheckpointException(source.Location, "it became shorter while it was read");
            target.Write(buffer, 0, read);
            done += read;
            report();
        }
    }
}
