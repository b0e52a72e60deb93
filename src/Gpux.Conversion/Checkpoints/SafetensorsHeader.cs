using System.Buffers.Binary;
using System.Text.Json;

namespace Gpux.Conversion.Checkpoints;

/// <summary>Reads the header of a .safetensors file, which says everything but the elements.</summary>
/// <remarks>Source: safetensors 0.7, README.md and src/tensor.rs: eight bytes of length, JSON, then the elements of all tensors
/// without holes. Stricter than the original in one thing: the JSON begins at once, without blanks.</remarks>
public static class SafetensorsHeader
{
    /// <summary>The bytes before the JSON.</summary>
    public const int PrefixBytes = 8;

    /// <summary>The format's own limit.</summary>
    public const int MaximumBytes = 100_000_000;

    /// <summary>The length of the JSON that a file's first eight bytes announce.</summary>
    /// <exception cref="InvalidCheckpointException">Impossible for a file of this size.</exception>
    public static int ReadLength(ReadOnlySpan<byte> prefix, string file, long fileBytes)
    {
        if (prefix.Length < PrefixBytes || fileBytes < PrefixBytes)
            throw new InvalidCheckpointException(file, $"it has only {Math.Min(prefix.Length, fileBytes)} bytes");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaximumBytes)
            throw new InvalidCheckpointException(file, $"it announces a header of {length} bytes, more than the format allows");
        if (length > (ulong)(fileBytes - PrefixBytes))
            throw new InvalidCheckpointException(file, $"its header of {length} bytes does not fit into the file's {fileBytes}");
        return (int)length;
    }

    /// <summary>Reads the JSON, and checks that its tensors cover the file exactly.</summary>
    /// <param name="json">Without the eight bytes before it.</param>
    /// <param name="file">The file's name in the repository.</param>
    /// <exception cref="InvalidCheckpointException">Not such a header, or one that contradicts itself or the file's size.</exception>
    public static Checkpoint Parse(ReadOnlySpan<byte> json, string file, long fileBytes)
    {
        var dataStart = PrefixBytes + (long)json.Length;
        var tensors = new Dictionary<string, CheckpointTensor>();
        var metadata = new Dictionary<string, string>();
        if (json.IsEmpty || json[0] != (byte)'{')
            throw new InvalidCheckpointException(file, "its header does not begin with '{'");
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!; // a property has a name
                reader.Read();
                if (name == "__metadata__")
                    ReadMetadata(ref reader, file, metadata);
                else if (!tensors.TryAdd(name, ReadTensor(ref reader, name, file, dataStart, fileBytes)))
                    throw new InvalidCheckpointException(file, $"it lists tensor '{name}' twice");
            }
            if (reader.Read())
                throw new InvalidCheckpointException(file, "text follows its header's last brace");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidCheckpointException(file, $"its header is no valid JSON: {exception.Message}", exception);
        }
        CheckCoverage(tensors.Values, file, dataStart, fileBytes);
        return new Checkpoint(tensors) { Metadata = metadata };
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, string file, Dictionary<string, string> metadata)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidCheckpointException(file, "its __metadata__ is no object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!; // a property has a name
            reader.Read();
            metadata[key] = reader.TokenType == JsonTokenType.String ? reader.GetString()! // a string: checked
                : throw new InvalidCheckpointException(file, $"its metadata '{key}' is no text");
        }
    }

    private static CheckpointTensor ReadTensor(ref Utf8JsonReader reader, string name, string file, long dataStart, long fileBytes)
    {
        InvalidCheckpointException Invalid(string problem) => new(file, $"tensor '{Shorten(name)}' {problem}");
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Invalid("is described by no object");
        ElementType? type = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString();
            reader.Read();
            switch (field)
            {
                case "dtype": type = ParseType(reader.GetString()) ?? throw Invalid($"has the unknown dtype '{Shorten(reader.GetString() ?? "")}'"); break;
                case "shape": shape = ReadNumbers(ref reader) ?? throw Invalid("has a shape that is no list of sizes"); break;
                case "data_offsets": offsets = ReadNumbers(ref reader) ?? throw Invalid("has data_offsets that are no positions"); break;
                default: reader.Skip(); break;
            }
        }
        if (type is null || shape is null || offsets is not [var begin, var end])
            throw Invalid("lacks dtype, shape or a pair of data_offsets");
        if (begin > end || end > fileBytes - dataStart)
            throw Invalid($"claims bytes {begin} to {end} of {fileBytes - dataStart}");
        try
        {
            var extents = new Shape(shape);
            var bits = checked(extents.ElementCount * type.Value.BitSize());
            if (bits % 8 != 0 || bits / 8 != end - begin)
                throw Invalid($"of type {type} and shape {extents} needs {bits / 8.0:0.#} bytes, but has {end - begin}");
            return new CheckpointTensor(name, type.Value, extents, file, dataStart + begin);
        }
        catch (OverflowException)
        {
            throw Invalid("has a shape of more than 2^63 bits");
        }
    }

    private static void CheckCoverage(IEnumerable<CheckpointTensor> tensors, string file, long dataStart, long fileBytes)
    {
        var ordered = tensors.ToArray();
        // Tensors without elements share their offset with the next one, whichever comes first.
        Array.Sort(ordered, (a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.ByteCount.CompareTo(b.ByteCount));
        var position = dataStart;
        foreach (var tensor in ordered)
        {
            if (tensor.Offset != position)
                throw new InvalidCheckpointException(file, tensor.Offset < position
                    ? $"tensor '{Shorten(tensor.Name)}' overlaps the one before it"
                    : $"{tensor.Offset - position} bytes before tensor '{Shorten(tensor.Name)}' belong to no tensor");
            position += tensor.ByteCount;
        }
        if (position != fileBytes)
            throw new InvalidCheckpointException(file, $"its tensors end at byte {position} of {fileBytes}");
    }

    // Null unless the value is a list of whole numbers from 0 to 2^63 - 1.
    private static long[]? ReadNumbers(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return null;
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            // 1.0 and 1e3 are numbers, but no sizes: the original refuses them too.
            if (!reader.TryGetInt64(out var number) || number < 0 || reader.ValueSpan.ContainsAny(".eE"u8))
                return null;
            numbers.Add(number);
        }
        return reader.TokenType == JsonTokenType.EndArray ? [.. numbers] : null;
    }

    private static ElementType? ParseType(string? name) => name switch
    {
        "BOOL" => ElementType.Bool,
        "U8" => ElementType.UInt8,
        "I8" => ElementType.Int8,
        "U16" => ElementType.UInt16,
        "I16" => ElementType.Int16,
        "U32" => ElementType.UInt32,
        "I32" => ElementType.Int32,
        "U64" => ElementType.UInt64,
        "I64" => ElementType.Int64,
        "F16" => ElementType.Float16,
        "BF16" => ElementType.BFloat16,
        "F32" => ElementType.Float32,
        "F64" => ElementType.Float64,
        "C64" => ElementType.Complex64,
        "F8_E4M3" => ElementType.Float8E4M3FN,
        "F8_E4M3FNUZ" => ElementType.Float8E4M3FNUZ,
        "F8_E5M2" => ElementType.Float8E5M2,
        "F8_E5M2FNUZ" => ElementType.Float8E5M2FNUZ,
        "F8_E8M0" => ElementType.Float8E8M0,
        "F6_E2M3" => ElementType.Float6E2M3,
        "F6_E3M2" => ElementType.Float6E3M2,
        "F4" => ElementType.Float4E2M1,
        _ => null,
    };

    /// <summary>The format's name of an element type.</summary>
    public static string TypeName(ElementType type) => type switch
    {
        ElementType.Bool => "BOOL",
        ElementType.UInt8 => "U8",
        ElementType.Int8 => "I8",
        ElementType.UInt16 => "U16",
        ElementType.Int16 => "I16",
        ElementType.UInt32 => "U32",
        ElementType.Int32 => "I32",
        ElementType.UInt64 => "U64",
        ElementType.Int64 => "I64",
        ElementType.Float16 => "F16",
        ElementType.BFloat16 => "BF16",
        ElementType.Float32 => "F32",
        ElementType.Float64 => "F64",
        ElementType.Complex64 => "C64",
        ElementType.Float8E4M3FN => "F8_E4M3",
        ElementType.Float8E4M3FNUZ => "F8_E4M3FNUZ",
        ElementType.Float8E5M2 => "F8_E5M2",
        ElementType.Float8E5M2FNUZ => "F8_E5M2FNUZ",
        ElementType.Float8E8M0 => "F8_E8M0",
        ElementType.Float6E2M3 => "F6_E2M3",
        ElementType.Float6E3M2 => "F6_E3M2",
        ElementType.Float4E2M1 => "F4",
        _ => throw new ArgumentException($"safetensors has no elements of type {type}.", nameof(type)),
    };

    private static string Shorten(string name) => name.Length <= 120 ? name : name[..117] + "...";
}

/// <summary>A weight file is damaged, incomplete, or says of itself what cannot be.</summary>
public sealed class InvalidCheckpointException(string file, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidCheckpoint, $"The weights in '{file}' cannot be used: {problem}.",
    "Pull the model again; if the error stays, the published file itself is damaged.", inner)
{
    public string File { get; } = file;
}
