using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Gpux.Runtime.Tests.Images;

/// <summary>The tensors of a safetensors file, as doubles whatever they are stored as.</summary>
internal sealed class RecordedTensors(byte[] file, JsonElement header, int dataOffset)
{
    public static RecordedTensors Read(string path)
    {
        var file = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using var header = JsonDocument.Parse(file.AsMemory(8, length));
        return new RecordedTensors(file, header.RootElement.Clone(), 8 + length);
    }

    public bool Has(string name) => header.TryGetProperty(name, out _);

    public IReadOnlyList<long> Shape(string name) =>
        [.. header.GetProperty(name).GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];

    public double[] Values(string name)
    {
        var tensor = header.GetProperty(name);
        var (start, end) = (tensor.GetProperty("data_offsets")[0].GetInt32(), tensor.GetProperty("data_offsets")[1].GetInt32());
        var bytes = file.AsSpan(dataOffset + start, end - start);
        return tensor.GetProperty("dtype").GetString() switch
        {
            "U8" or "BOOL" => [.. bytes],
            "I64" => Array.ConvertAll(MemoryMarshal.Cast<byte, long>(bytes).ToArray(), value => (double)value),
            "I32" => Array.ConvertAll(MemoryMarshal.Cast<byte, int>(bytes).ToArray(), value => (double)value),
            "F32" => Array.ConvertAll(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), value => (double)value),
            "F64" => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
            var other => throw new NotSupportedException(other),
        };
    }
}
