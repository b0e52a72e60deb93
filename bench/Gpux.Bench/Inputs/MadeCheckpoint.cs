using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Gpux.Bench.Inputs;

/// <summary>A repository of config.json and model.safetensors, made once and then reused.</summary>
internal static class MadeCheckpoint
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Weights of float32, random and small, as a trained model's.</summary>
    /// <returns>The repository's folder.</returns>
    public static string Random(string folder, string config, IEnumerable<(string Name, long[] Shape)> tensors) => Make(folder, config, tensors, "F32", sizeof(float), stream =>
    {
        var random = new Random(20260101);
        var block = new byte[BlockBytes];
        for (var left = stream.Length - stream.Position; left > 0; left -= BlockBytes)
        {
            random.NextBytes(block);
            foreach (ref var bits in MemoryMarshal.Cast<byte, uint>(block.AsSpan()))
            {
                // The bits as a fraction: 1 to 2, then -0.05 to 0.05.
                var unit = BitConverter.UInt32BitsToSingle(bits >> 9 | 0x3F80_0000);
                bits = BitConverter.SingleToUInt32Bits((unit - 1.5f) * 0.1f);
            }
            stream.Write(block, 0, (int)Math.Min(BlockBytes, left));
        }
    });

    /// <summary>Weights of float16 that are a hole in the file: all there is of them on disk is the header.</summary>
    /// <inheritdoc cref="Random"/>
    public static string Sparse(string folder, string config, IEnumerable<(string Name, long[] Shape)> tensors) =>
        Make(folder, config, tensors, "F16", sizeof(ushort), static _ => { });

    private static string Make(string folder, string config, IEnumerable<(string Name, long[] Shape)> tensors, string type, int elementBytes, Action<FileStream> fill)
    {
        // config.json comes last and says that all is there.
        if (File.Exists(Path.Combine(folder, "config.json")))
            return folder;
        Directory.CreateDirectory(folder);
        var (header, dataBytes) = Header(tensors, type, elementBytes);
        using (var stream = new FileStream(Path.Combine(folder, "model.safetensors"), FileMode.Create, FileAccess.ReadWrite))
        {
            Span<byte> length = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            stream.SetLength(stream.Position + dataBytes);
            fill(stream);
        }
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        return folder;
    }

    private static (byte[] Header, long DataBytes) Header(IEnumerable<(string Name, long[] Shape)> tensors, string type, int elementBytes)
    {
        using var header = new MemoryStream();
        long offset = 0;
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            foreach (var (name, shape) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (var extent in shape)
                    json.WriteNumberValue(extent);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset += shape.Aggregate((long)elementBytes, (bytes, extent) => bytes * extent);
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Data begin at a multiple of 8.
        header.Write(Encoding.ASCII.GetBytes(new string(' ', (int)(-header.Length & 7))));
        return (header.ToArray(), offset);
    }
}
