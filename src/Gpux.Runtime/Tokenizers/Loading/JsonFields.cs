using System.Text.Json;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The fields of a JSON object that a component is described by; complains by the component's name.</summary>
internal readonly struct JsonFields
{
    private readonly JsonElement _object;
    private readonly string _file;

    public JsonFields(JsonElement element, string file)
    {
        _file = file;
        if (element.ValueKind != JsonValueKind.Object)
            throw new InvalidTokenizerException(file, $"an object was expected, not {element.ValueKind}");
        _object = element;
    }

    public string Type => String("type");

    public string File => _file;

    public bool Has(string name) => Find(name) is not null;

    /// <returns>Null if the field is absent or null.</returns>
    public JsonElement? Find(string name) =>
        _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Whether the field is there, be it null.</summary>
    public bool Mentions(string name) => _object.TryGetProperty(name, out _);

    public JsonElement.ObjectEnumerator Properties() => _object.EnumerateObject();

    public JsonElement Get(string name) => Find(name) ?? throw Wrong(name, "is missing");

    public string String(string name) => StringOrNull(name) ?? throw Wrong(name, "is missing");

    public string? StringOrNull(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.String ? Text(value) : throw Wrong(name, "is no string");
    }

    public byte[] Bytes(string name) => System.Text.Encoding.UTF8.GetBytes(String(name));

    public bool Bool(string name, bool otherwise) => BoolOrNull(name) ?? otherwise;

    public bool? BoolOrNull(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "is neither true nor false"),
    };

    public int Int(string name, int otherwise) => Find(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number >= 0 => number,
        _ => throw Wrong(name, "is no number from 0 on"),
    };

    public JsonElement.ArrayEnumerator Array(string name)
    {
        var value = Get(name);
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Wrong(name, "is no array");
    }

    /// <summary>What each element of an array stands for.</summary>
    public T[] Array<T>(string name, Func<JsonElement, T> read) where T : class
    {
        var results = new T[Get(name) is { ValueKind: JsonValueKind.Array } array ? array.GetArrayLength() : 0];
        var count = 0;
        foreach (var element in Array(name))
            results[count++] = read(element);
        return results;
    }

    public JsonFields Object(string name) => new(Get(name), _file);

    public InvalidTokenizerException Wrong(string name, string problem) => new(_file, $"'{name}' {problem}");

    private static string Text(JsonElement value) => value.GetString()!; // its kind was checked
}
