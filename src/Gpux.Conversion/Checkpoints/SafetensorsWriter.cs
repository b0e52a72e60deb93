using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Gpux.Conversion.Checkpoints;

/// <summary>Writes tensors as a .safetensors file.</summary>
/// <remarks>Source: safetensors 0.7: larger element types first, then by name, the header padded with blanks to a multiple of 8.</remarks>
public static class SafetensorsWriter
{
    /// <summary>Writes the file as a whole: see <see cref="OutputFile"/>.</summary>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var ordered = tensors.OrderByDescending(tensor => tensor.Value.ElementType.BitSize()).ThenBy(tensor => tensor.Key, StringComparer.Ordinal).ToArray();
        var header = Header(ordered);
        OutputFile.Write(path, whole =>
        {
            using var stream = new FileStream(whole, FileMode.CreateNew, FileAccess.Write);
            Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, header.WrittenCount);
            stream.Write(prefix);
            stream.Write(header.WrittenSpan);
            foreach (var (_, tensor) in ordered)
                stream.Write(tensor.Bytes);
            stream.Flush(flushToDisk: true);
        });
    }

    private static ArrayBufferWriter<byte> Header(KeyValuePair<string, Tensor>[] tensors)
    {
        var header = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(header))
        {
            long offset = 0;
            json.WriteStartObject();
            foreach (var (name, tensor) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", SafetensorsHeader.TypeName(tensor.ElementType));
                json.WriteStartArray("shape");
                foreach (var extent in tensor.Shape.Dimensions)
                    json.WriteNumberValue(extent);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.ByteCount);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (header.WrittenCount % 8 != 0)
            header.Write(" "u8);
        return header;
    }
}
