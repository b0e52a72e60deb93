using System.Buffers.Binary;
using System.Text;
using Gpux.Conversion.Checkpoints.Torch;
using Gpux.Conversion.Checkpoints.Zip;

namespace Gpux.Conversion.Checkpoints;

/// <summary>Bytes of a file.</summary>
/// <param name="Offset">From the file's start.</param>
public readonly record struct OutlinePart(long Offset, ReadOnlyMemory<byte> Bytes);

/// <summary>The few bytes of a weight file that say what is in it. A file of the same size with these and zeros elsewhere has the
/// same tensors: enough to plan a conversion before the weights are fetched.</summary>
public static class CheckpointOutline
{
    private const int HeaderSlackBytes = 2 * ushort.MaxValue;

    /// <summary>Reads the outline by a few reads.</summary>
    /// <param name="name">The file's name in the repository.</param>
    /// <param name="read">Reads so many bytes at an offset; fewer come where the file ends before.</param>
    /// <returns>Null for a format that has what it says between the weights, so that all of it is needed: PyTorch before 1.6, and Flax.</returns>
    /// <exception cref="InvalidCheckpointException">Damaged.</exception>
    public static async Task<IReadOnlyList<OutlinePart>?> ReadAsync(string name, long fileBytes, Func<long, int, Task<byte[]>> read)
    {
        var start = await read(0, SafetensorsHeader.PrefixBytes);
        if (name.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            var header = await ReadAsync(SafetensorsHeader.PrefixBytes, SafetensorsHeader.ReadLength(start, name, fileBytes));
            return [new OutlinePart(0, start), new OutlinePart(SafetensorsHeader.PrefixBytes, header)];
        }
        return start is [(byte)'P', (byte)'K', ..] ? await ReadZipAsync() : null;

        async Task<byte[]> ReadAsync(long offset, int length)
        {
            var bytes = await read(offset, length);
            return bytes.Length == length ? bytes
                : throw new InvalidCheckpointException(name, $"only {bytes.Length} of {length} bytes came of it at byte {offset}");
        }

        async Task<IReadOnlyList<OutlinePart>> ReadZipAsync()
        {
            var tailBytes = (int)Math.Min(fileBytes, ZipDirectory.TailBytes);
            var tail = await ReadAsync(fileBytes - tailBytes, tailBytes);
            var (place, count) = ZipDirectory.Find(tail, name, fileBytes);
            var directory = place.Offset >= fileBytes - tailBytes ? tail.AsMemory((int)(place.Offset - (fileBytes - tailBytes)), (int)place.Length)
                : await ReadAsync(place.Offset, (int)place.Length);
            var entries = ZipDirectory.Parse(directory.Span, count, name, place.Offset);
            var root = TorchZip.Root(entries.Select(entry => entry.Name), name);
            var parts = new List<OutlinePart> { new(fileBytes - tailBytes, tail), new(place.Offset, directory) };
            for (var i = 0; i < entries.Count; i++)
            {
                var entry = entries[i];
                if (entry.Name != root + TorchZip.PickleEntry && entry.Name != root + TorchZip.ByteOrderEntry)
                {
                    parts.Add(new OutlinePart(entry.HeaderOffset, LocalHeader(entry)));
                    continue;
                }
                if (entry.StoredBytes > TorchZip.LargestPickleBytes)
                    throw new InvalidCheckpointException(name, $"'{entry.Name}' has {entry.StoredBytes} bytes");
                var next = i + 1 < entries.Count ? entries[i + 1].HeaderOffset : place.Offset;
                parts.Add(new OutlinePart(entry.HeaderOffset, await ReadAsync(entry.HeaderOffset,
                    (int)Math.Min(next - entry.HeaderOffset, entry.StoredBytes + ZipDirectory.LocalHeaderBytes + HeaderSlackBytes))));
            }
            return parts;
        }
    }

    // A storage's own header is not fetched: one that agrees with the directory stands in for it. How much padding follows the
    // published one is not known, so that offsets of weights are right only in the file itself.
    private static byte[] LocalHeader(ZipEntry entry)
    {
        var name = Encoding.UTF8.GetBytes(entry.Name);
        var header = new byte[ZipDirectory.LocalHeaderBytes + name.Length];
        "PK\u0003\u0004"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), entry.Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(entry.IsDeflated ? 8 : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(18), (uint)Math.Min(entry.StoredBytes, uint.MaxValue));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(22), (uint)Math.Min(entry.Bytes, uint.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(26), (ushort)name.Length);
        name.CopyTo(header.AsSpan(ZipDirectory.LocalHeaderBytes));
        return header;
    }
}
