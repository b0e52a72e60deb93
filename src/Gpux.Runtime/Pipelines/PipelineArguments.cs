using System.Buffers;
using System.Text.Json;

namespace Gpux.Runtime.Pipelines;

/// <summary>What a caller sets of a task, by the names of transformers' pipelines.</summary>
public sealed class PipelineArguments
{
    private readonly Dictionary<string, JsonElement> _values = [];

    /// <summary>Whether a text that is too long is an error, instead of being cut.</summary>
    public bool Strict { get; init; }

    public IEnumerable<string> Names => _values.Keys;

    /// <param name="json">An object with the arguments' names and values.</param>
    public static PipelineArguments Parse(JsonElement json)
    {
        var arguments = new PipelineArguments();
        if (json.ValueKind == JsonValueKind.Object)
            foreach (var property in json.EnumerateObject())
                arguments._values[property.Name] = property.Value;
        return arguments;
    }

    /// <summary>Sets an argument from the command line: the value is JSON, or else a text.</summary>
    public void Set(string name, string value)
    {
        try
        {
            _values[name] = JsonDocument.Parse(value).RootElement;
        }
        catch (JsonException)
        {
            Set(name, json => json.WriteStringValue(value));
        }
    }

    /// <summary>Sets an argument to whatever is written.</summary>
    public void Set(string name, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        _values[name] = JsonDocument.Parse(buffer.WrittenMemory).RootElement;
    }

    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>Whether it is given as null, which for some arguments means no limit.</summary>
    public bool IsNull(string name) => _values.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Null;

    /// <exception cref="PipelineArgumentException">One is not among the known.</exception>
    internal void RequireKnown(string task, params ReadOnlySpan<string> known)
    {
        foreach (var name in _values.Keys)
            if (!known.Contains(name))
                throw new PipelineArgumentException(name, $"The task {task} has no argument '{name}'.",
                    known.IsEmpty ? "It has none." : $"It has: {string.Join(", ", known.ToArray())}.");
    }

    internal int? Int(string name, int least) => Find(name, JsonValueKind.Number) is not { } value ? null
        : value.TryGetInt32(out var number) && number >= least ? number : throw Unfit(name, $"a whole number of at least {least} was expected");

    internal bool Bool(string name, bool otherwise) => !_values.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Unfit(name, "true or false was expected");

    internal string? Text(string name) => Find(name, JsonValueKind.String)?.GetString();

    /// <summary>A list of texts, or one text with commas between them.</summary>
    internal IReadOnlyList<string>? Texts(string name)
    {
        if (!_values.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString()!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries); // a string
        if (value.ValueKind != JsonValueKind.Array)
            throw Unfit(name, "a list of texts was expected");
        var texts = new List<string>();
        foreach (var item in value.EnumerateArray())
            texts.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Unfit(name, "a list of texts was expected")); // a string
        return texts;
    }

    /// <summary>All but the given names, as an object.</summary>
    internal JsonElement Except(params ReadOnlySpan<string> names)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in _values)
            {
                if (names.Contains(name))
                    continue;
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
            json.WriteEndObject();
        }
        return JsonDocument.Parse(buffer.WrittenMemory).RootElement;
    }

    private JsonElement? Find(string name, JsonValueKind kind) => !_values.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == kind ? value : throw Unfit(name, $"a {(kind == JsonValueKind.Number ? "number" : "text")} was expected");

    internal PipelineArgumentException Unfit(string name, string expected) => new(name,
        $"The argument '{name}' is {(_values.TryGetValue(name, out var value) ? value.GetRawText() : "missing")}, where {expected}.", "Correct the value.");
}
