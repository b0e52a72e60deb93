using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A row of a source, by the names of its columns. What is missing or empty is null.</summary>
internal abstract class SourceRow(long number)
{
    /// <summary>Counted from 1, the heading left out.</summary>
    public long Number { get; } = number;

    public abstract IReadOnlyList<string> Columns { get; }

    /// <summary>As the source has it, null where the row has nothing in that column.</summary>
    protected abstract string? Value(string column);

    public virtual string? Text(string column) => Value(column) is { Length: > 0 } text ? text : null;

    /// <summary>A text that may be empty without being missing.</summary>
    public virtual string? TextOrEmpty(string column) => Value(column);

    public virtual double? Double(string column)
    {
        if (Text(column) is not { } text)
            return null;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            throw new RowRefusedException(column, $"{Shown(text)} is no number");
        if (!double.IsFinite(number))
            throw new RowRefusedException(column, $"{Shown(text)} is no finite number");
        return number;
    }

    public virtual long? Int64(string column)
    {
        if (Text(column) is not { } text)
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return number;
        // "8.0" is what a table of floating-point columns makes of 8.
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var whole) && double.IsInteger(whole) && Math.Abs(whole) < 1L << 53)
            return (long)whole;
        throw new RowRefusedException(column, $"{Shown(text)} is no whole number");
    }

    public int? Int32(string column, int atLeast = 0) => Int64(column) switch
    {
        null => null,
        { } number when number >= atLeast && number <= int.MaxValue => (int)number,
        var number => throw new RowRefusedException(column, $"{number} is not between {atLeast} and {int.MaxValue}"),
    };

    /// <summary>An instant; UTC where it says no zone.</summary>
    public virtual DateTimeOffset? Time(string column) => Text(column) is { } text ? SourceTime.Parse(column, text) : null;

    public bool Has(string column) => Columns.Contains(column, StringComparer.Ordinal);

    public string RequiredText(string column) => Text(column) ?? throw new RowRefusedException(column, "it is missing");

    /// <summary>A value in a message: not too long, and on one line.</summary>
    public static string Shown(string text)
    {
        var line = new string([.. text.Take(60).Select(character => char.IsControl(character) ? ' ' : character)]);
        return $"'{line}{(text.Length > 60 ? "…" : "")}'";
    }
}

/// <summary>Why a row is not imported.</summary>
internal sealed class RowRefusedException(string? column, string problem) : Exception(problem)
{
    public string? Column { get; } = column;
}

/// <summary>A row of which the whole is known.</summary>
internal sealed class NamedRow(long number, IReadOnlyDictionary<string, string> values) : SourceRow(number)
{
    public override IReadOnlyList<string> Columns { get; } = [.. values.Keys];

    protected override string? Value(string column) => values.GetValueOrDefault(column);
}

/// <summary>A JSON object. "a.b" is the property of that name, else b of the object a.</summary>
internal sealed class JsonRow : SourceRow
{
    // Some two hundred columns are looked for in each row.
    private readonly Dictionary<string, JsonElement> _properties;

    /// <param name="element">An object, which lives as long as the row.</param>
    /// <param name="names">Of rows of one file.</param>
    public JsonRow(long number, JsonElement element, JsonNames? names = null) : base(number)
    {
        Element = element;
        _properties = new(names?.Count ?? 0, StringComparer.Ordinal);
        var place = 0;
        foreach (var property in element.EnumerateObject())
            _properties[names?.Of(property, place++) ?? property.Name] = property.Value;
    }

    public override IReadOnlyList<string> Columns => [.. _properties.Keys];

    public JsonElement Element { get; }

    /// <summary>Reads an object. The caller disposes of it when it is done with the rows made of it.</summary>
    /// <exception cref="RowRefusedException">As <see cref="ParseValue"/>, or it is no object.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        var document = ParseValue(json);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;
        document.Dispose();
        throw new RowRefusedException(null, $"{Shown(Encoding.UTF8.GetString(json.Span[..Math.Min(json.Length, 256)]))} is no JSON object");
    }

    /// <summary>Reads any value; its texts can be read as well.</summary>
    /// <param name="column">For the message.</param>
    /// <exception cref="RowRefusedException">It is no JSON, is too deep, has a property twice, or is no Unicode.</exception>
    public static JsonDocument ParseValue(ReadOnlyMemory<byte> json, string? column = null)
    {
        if (!Utf8.IsValid(json.Span))
            throw new RowRefusedException(column, "it is no UTF-8");
        if (HasHalfPair(json.Span))
            throw new RowRefusedException(column, "a text in it has half a surrogate pair");
        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (JsonException exception)
        {
            throw new RowRefusedException(column, $"it is no JSON: {exception.Message}");
        }
    }

    private static JsonDocumentOptions Options { get; } = new() { MaxDepth = SourceFile.MaxDepth, AllowDuplicateProperties = false };

    public override double? Double(string column) =>
        Find(column) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) && double.IsFinite(value) ? value : base.Double(column);

    public override long? Int64(string column) =>
        Find(column) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : base.Int64(column);

    protected override string? Value(string column) => Find(column) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        { } other => other.GetRawText(),
        null => null,
    };

    // An escape may name half of a pair, which JSON has and texts do not: to read such a text fails later.
    private static bool HasHalfPair(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0)
            return false;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = SourceFile.MaxDepth });
        try
        {
            while (reader.Read())
                if (reader.ValueIsEscaped)
                    reader.GetString();
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
        catch (JsonException)
        {
            return false; // what else is wrong with it is told by who reads it
        }
    }

    private JsonElement? Find(string path)
    {
        if (_properties.TryGetValue(path, out var found))
            return found;
        var byName = _properties.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var dot = path.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = path.IndexOf('.', dot + 1))
            if (byName.TryGetValue(path.AsSpan(0, dot), out var inner) && Find(inner, path.AsSpan(dot + 1)) is { } value)
                return value;
        return null;
    }

    private static JsonElement? Find(JsonElement element, ReadOnlySpan<char> path)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        if (element.TryGetProperty(path, out var found))
            return found;
        for (var end = 0; path[end..].IndexOf('.') is >= 0 and var length; end++)
        {
            end += length;
            if (element.TryGetProperty(path[..end], out var inner) && Find(inner, path[(end + 1)..]) is { } value)
                return value;
        }
        return null;
    }
}

/// <summary>The names of properties in a file's objects, made once: the objects of a file mostly have the same, in the same order.</summary>
internal sealed class JsonNames
{
    // Objects whose names are never the same must not pile up.
    private const int MaxNames = 1000;

    private readonly List<string> _names = [];

    public int Count => _names.Count;

    public string Of(JsonProperty property, int place)
    {
        if (place < _names.Count && property.NameEquals(_names[place]))
            return _names[place];
        var name = property.Name;
        if (place == _names.Count && place < MaxNames)
            _names.Add(name);
        return name;
    }
}
