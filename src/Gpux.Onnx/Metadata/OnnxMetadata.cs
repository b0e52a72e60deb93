using System.Text;
using Gpux.Onnx.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Gpux.Onnx.Metadata;

/// <summary>The free key-value pairs that an ONNX file says of itself, read without its graph.</summary>
public static class OnnxMetadata
{
    /// <summary>No more is read of a file's pairs and texts together, in bytes.</summary>
    public const int LimitBytes = 64 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the pairs of a file, in its order. Of a key that occurs twice the last value counts, as in ONNX Runtime.</summary>
    /// <exception cref="InvalidOnnxException">Not an ONNX model, or a damaged one.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(string path)
    {
        RequireContent(path);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Read(file, TopLevelField.ReadAll(file, path), path);
    }

    /// <summary>Pipes and devices have no length, and opening them might wait for ever.</summary>
    /// <exception cref="InvalidOnnxException">The file is there and has no content.</exception>
    internal static void RequireContent(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: 0 })
            throw new InvalidOnnxException(path, "", 0, "it is empty");
    }

    internal static IReadOnlyList<KeyValuePair<string, string>> Read(SafeFileHandle file, List<TopLevelField> fields, string path)
    {
        var left = LimitBytes;
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var field in fields)
        {
            if (field.Number == TopLevelField.Metadata)
                pairs.Add(Pair(Value(file, field, ref left, path), field, path));
        }
        return Effective(pairs);
    }

    /// <summary>The last value of each key, where the key first stands.</summary>
    internal static IReadOnlyList<KeyValuePair<string, string>> Effective(List<KeyValuePair<string, string>> pairs)
    {
        var places = new Dictionary<string, int>(pairs.Count);
        var effective = new List<KeyValuePair<string, string>>(pairs.Count);
        foreach (var pair in pairs)
        {
            if (places.TryAdd(pair.Key, effective.Count))
                effective.Add(pair);
            else
                effective[places[pair.Key]] = pair;
        }
        return effective;
    }

    /// <summary>Reads the value of a text or message.</summary>
    /// <param name="left">How many bytes may still be read of this file.</param>
    internal static byte[] Value(SafeFileHandle file, TopLevelField field, ref int left, string path)
    {
        if (field.WireType != WireType.Length)
            throw Invalid($"field {field.Number} is encoded as {field.WireType}, not as {WireType.Length}");
        var length = field.End - field.ValueStart;
        if (length > left)
            throw Invalid($"its metadata have more than {LimitBytes >> 20} MiB");
        left -= (int)length;
        var bytes = new byte[length];
        for (int done = 0, read; done < bytes.Length; done += read)
        {
            read = RandomAccess.Read(file, bytes.AsSpan(done), field.ValueStart + done);
            if (read == 0)
                throw Invalid("the file became shorter while it was read");
        }
        return bytes;

        InvalidOnnxException Invalid(string problem) => new(path, "", field.Start, problem);
    }

    private static KeyValuePair<string, string> Pair(byte[] message, TopLevelField field, string path)
    {
        string key = "", value = "";
        var wire = new ProtobufReader(message);
        try
        {
            while (wire.Next())
            {
                if (wire.Field == 1)
                    key = Utf8.GetString(wire.Bytes());
                else if (wire.Field == 2)
                    value = Utf8.GetString(wire.Bytes());
                else
                    wire.Skip();
            }
        }
        catch (ProtobufException exception)
        {
            throw new InvalidOnnxException(path, "metadata_props", field.ValueStart + exception.Offset, exception.Message);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidOnnxException(path, "metadata_props", field.ValueStart, "a key or value is not valid UTF-8");
        }
        return new(key, value);
    }
}
