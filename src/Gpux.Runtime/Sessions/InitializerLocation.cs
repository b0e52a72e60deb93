using System.IO.MemoryMappedFiles;
using System.Text;

namespace Gpux.Runtime.Sessions;

/// <summary>Finds where a model says that a weight lies, which ONNX Runtime leaves out of its messages.</summary>
/// <remarks>Field numbers: onnx.proto, ModelProto.graph 7, GraphProto.initializer 5, TensorProto.name 8 and external_data 13,
/// StringStringEntryProto.key 1 and value 2.</remarks>
internal static unsafe class InitializerLocation
{
    /// <param name="model">The path of the model, if <paramref name="bytes"/> are empty.</param>
    /// <returns>The location of the external data of this name; null if there is none, or the model cannot be read.</returns>
    public static string? Find(string model, ReadOnlySpan<byte> bytes, string initializer)
    {
        if (!bytes.IsEmpty)
            return Find(bytes, Encoding.UTF8.GetBytes(initializer));
        try
        {
            using var file = MemoryMappedFile.CreateFromFile(model, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            using var view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            try
            {
                // A protobuf message is at most 2 GiB long.
                var length = (int)Math.Min(new FileInfo(model).Length, int.MaxValue);
                return Find(new ReadOnlySpan<byte>(start, length), Encoding.UTF8.GetBytes(initializer));
            }
            finally
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Find(ReadOnlySpan<byte> model, ReadOnlySpan<byte> initializer)
    {
        while (Field(ref model, out var field, out var graph))
            while (field == 7 && Field(ref graph, out var graphField, out var tensor))
                if (graphField == 5 && Location(tensor, initializer) is { } location)
                    return location;
        return null;
    }

    private static string? Location(ReadOnlySpan<byte> tensor, ReadOnlySpan<byte> initializer)
    {
        string? location = null;
        var isWanted = false;
        while (Field(ref tensor, out var field, out var value))
            if (field == 8)
                isWanted = value.SequenceEqual(initializer);
            else if (field == 13 && Value(value, "location"u8) is { } text)
                location = text;
        return isWanted ? location : null;
    }

    private static string? Value(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> key)
    {
        string? text = null;
        var isWanted = false;
        while (Field(ref entry, out var field, out var value))
            if (field == 1)
                isWanted = value.SequenceEqual(key);
            else if (field == 2)
                text = Encoding.UTF8.GetString(value);
        return isWanted ? text : null;
    }

    /// <summary>Reads the next field.</summary>
    /// <param name="value">The bytes of a field with a length; empty for numbers.</param>
    /// <returns>False at the end, and where the message is malformed.</returns>
    private static bool Field(ref ReadOnlySpan<byte> message, out ulong field, out ReadOnlySpan<byte> value)
    {
        value = default;
        field = 0;
        if (!VarInt(ref message, out var tag))
            return false;
        field = tag >> 3;
        ulong length = 0;
        switch (tag & 7)
        {
            case 0:
                return VarInt(ref message, out _);
            case 1:
                length = 8;
                break;
            case 2:
                if (!VarInt(ref message, out length))
                    return false;
                break;
            case 5:
                length = 4;
                break;
            default:
                return false;
        }
        if (length > (ulong)message.Length)
            return false;
        value = message[..(int)length];
        message = message[(int)length..];
        return true;
    }

    private static bool VarInt(ref ReadOnlySpan<byte> message, out ulong number)
    {
        number = 0;
        for (var i = 0; i < message.Length && i < 10; i++)
        {
            number |= (ulong)(message[i] & 0x7F) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return true;
            }
        }
        return false;
    }
}
