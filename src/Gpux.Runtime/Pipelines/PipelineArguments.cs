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

    /// <param name="json">An object with the arguments' names and values; null or undefined for none. Its document may be disposed of
    /// afterwards.</param>
    /// <exception cref="PipelineArgumentException">Something else.</exception>
    public static PipelineArguments Parse(JsonElement json)
    {
        var arguments = new PipelineArguments();
        if (json.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return arguments;
        if (json.ValueKind != JsonValueKind.Object)
            throw new PipelineArgumentException("arguments", $"The arguments are {json.GetRawText()}, where an object was expected.",
                "Give them as an object of names and values, such as {\"top_k\": 3}.");
        foreach (var property in json.EnumerateObject())
            arguments._values[property.Name] = property.Value.Clone();
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

    /// <summary>These, and one more.</summary>
    internal PipelineArguments With(string name, Action<Utf8JsonWriter> write)
    {
        var arguments = new PipelineArguments { Strict = Strict };
        foreach (var (known, value) in _values)
            arguments._values[known] = value;
        arguments.Set(name, write);
        return arguments;
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

    /// <summary>A finite number.</summary>
    internal float? Number(string name) => Find(name, JsonValueKind.Number) is not { } value ? null
        : value.TryGetSingle(out var number) && float.IsFinite(number) ? number : throw Unfit(name, "a number was expected");

    internal bool Bool(string name, bool otherwise) => !_values.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Unfit(name, "true or false was expected");

    /// <summary>Numbers in a list, or one number; null if not given.</summary>
    internal double[]? Numbers(string name)
    {
        if (!_values.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind == JsonValueKind.Number)
            return [value.GetDouble()];
        if (value.ValueKind != JsonValueKind.Array)
            throw Unfit(name, "a number, or a list of numbers, was expected");
        var numbers = new List<double>();
        foreach (var item in value.EnumerateArray())
            numbers.Add(item.ValueKind == JsonValueKind.Number ? item.GetDouble() : throw Unfit(name, "a number, or a list of numbers, was expected"));
        return [.. numbers];
    }

    internal string? Text(string name) => Find(name, JsonValueKind.String)?.GetString();

    /// <summary>A list of texts, or one text.</summary>
    /// <param name="separator">What stands between the texts of one that holds several; null if none does.</param>
    /// <param name="split">What is done to the texts of one.</param>
    internal IReadOnlyList<string>? Texts(string name, char? separator = null, StringSplitOptions split = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
    {
        if (!_values.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind == JsonValueKind.String)
        {
            var text = value.GetString()!; // a string
            return separator is { } mark ? text.Split(mark, split) : [text];
        }
        if (value.ValueKind != JsonValueKind.Array)
            throw Unfit(name, "a list of texts was expected");
        var texts = new List<string>();
        foreach (var item in value.EnumerateArray())
            texts.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Unfit(name, "a list of texts was expected")); // a string
        return texts;
    }

    /// <summary>Arguments that stand together in an object; null if the object is not given.</summary>
    internal PipelineArguments? Group(string name) => Find(name, JsonValueKind.Object) is { } group ? Parse(group) : null;

    /// <summary>All of them as a text that is equal for equal arguments.</summary>
    internal string Describe() => string.Join(",", _values.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"\"{entry.Key}\":{entry.Value.GetRawText()}"));

    /// <summary>Any value; null if it is not given.</summary>
    internal JsonElement? Value(string name) => _values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

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
        : value.ValueKind == kind ? value : throw Unfit(name, $"{Words(kind)} was expected");

    private static string Words(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Number => "a number",
        JsonValueKind.Object => "an object",
        _ => "a text",
    };

    internal PipelineArgumentException Unfit(string name, string expected) => new(name,
        $"The argument '{name}' is {(_values.TryGetValue(name, out var value) ? value.GetRawText() : "missing")}, where {expected}.", "Correct the value.");
}
