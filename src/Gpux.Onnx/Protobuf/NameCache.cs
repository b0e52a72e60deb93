using System.Buffers.Binary;
using System.Text;

namespace Gpux.Onnx.Protobuf;

/// <summary>Gives one string for equal bytes, most of the time: a graph says each value's name, "Add" and "axis" many times.</summary>
internal sealed class NameCache
{
    private const int Slots = 1024;
    private const int MaxLength = 256;
    private readonly string?[] _names = new string?[Slots];

    /// <param name="utf8">Valid UTF-8.</param>
    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > MaxLength)
            return Encoding.UTF8.GetString(utf8);
        ref var slot = ref _names[Slot(utf8)];
        if (slot is null || !Ascii.Equals(utf8, slot))
            slot = Encoding.UTF8.GetString(utf8);
        return slot;
    }

    private static int Slot(ReadOnlySpan<byte> utf8)
    {
        const ulong Mix = 0x9E37_79B9_7F4A_7C15;
        var hash = (ulong)utf8.Length;
        for (; utf8.Length >= sizeof(ulong); utf8 = utf8[sizeof(ulong)..])
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(utf8)) * Mix ^ hash >> 29;
        foreach (var b in utf8)
            hash = (hash ^ b) * Mix;
        return (int)(hash >> 48) % Slots;
    }
}
