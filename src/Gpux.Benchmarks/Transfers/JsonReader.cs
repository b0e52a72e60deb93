using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Reads the JSON objects of a file one after the other, where they lie: it remembers where the value of each property is. Objects of a
/// file mostly have the same properties in the same order, and mostly no objects or arrays in them; only those that have are parsed as a whole.</summary>
internal sealed class JsonReader : IDisposable
{
    // Names of objects that are never the same must not pile up.
    private const int MaxNames = 1000;

    // More are no columns, and the names of a million would take some hundred megabytes.
    private const int MaxProperties = 10_000;

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly List<(byte[] Utf8, string Text)> _names = [];
    private readonly List<RepeatedText?> _texts = []; // null until it is asked for
    private Property[] _properties = new Property[64];
    private ReadOnlyMemory<byte> _json;
    private JsonDocument? _document;
    private int _object;

    /// <summary>Where a property's value lies, if the object at hand is the one that had it last.</summary>
    private readonly record struct Property(int Object, JsonTokenType Kind, int Start, int Length, bool IsEscaped);

    private static JsonDocumentOptions WholeOptions { get; } = new() { MaxDepth = SourceFile.MaxDepth, AllowDuplicateProperties = false };

    private static JsonReaderOptions Options { get; } = new() { MaxDepth = SourceFile.MaxDepth };

    /// <summary>Whether no property is an object or an array.</summary>
    public bool IsFlat { get; private set; }

    /// <summary>The object at hand, until the next.</summary>
    public JsonElement Element => (_document ??= ParseValue(_json)).RootElement;

    public IReadOnlyList<string> Names => [.. _names.Where((_, place) => Has(place)).Select(name => name.Text)];

    /// <summary>Moves to an object.</summary>
    /// <param name="json">Its bytes, which stay as they are until the next.</param>
    /// <exception cref="RowRefusedException">It is no JSON, is too deep, has a property twice, is no Unicode, or is no object.</exception>
    public void Read(ReadOnlyMemory<byte> json)
    {
        Forget();
        RequireUnicode(json.Span, column: null);
        _json = json;
        var reader = new Utf8JsonReader(json.Span, Options);
        bool isObject;
        try
        {
            reader.Read();
            isObject = reader.TokenType == JsonTokenType.StartObject;
            if (isObject)
                ReadProperties(ref reader);
            else
                reader.Skip();
            reader.Read(); // which throws for what stands behind it
        }
        catch (JsonException exception)
        {
            throw NoJson(exception, column: null);
        }
        if (!isObject)
            throw new RowRefusedException(null, $"{SourceRow.Shown(Encoding.UTF8.GetString(json.Span[..Math.Min(json.Length, 256)]))} is no JSON object");
        if (!IsFlat)
            _document = ParseValue(json); // which looks for names that come twice in the inner objects
    }

    /// <returns>The place of a property; null where the object at hand has none of that name.</returns>
    public int? Find(string name) => _places.TryGetValue(name, out var place) && Has(place) ? place : null;

    public JsonTokenType Kind(int place) => _properties[place].Kind;

    /// <returns>Null for what is no number, or no finite one.</returns>
    public double? Double(int place) => _properties[place].Kind == JsonTokenType.Number
        && double.TryParse(Bytes(place), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    /// <returns>Null for what is no number, or not written as a whole one.</returns>
    public long? Int64(int place) => _properties[place].Kind == JsonTokenType.Number
        && long.TryParse(Bytes(place), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>A text as what it says, any other value as it is written.</summary>
    public string Text(int place) => _properties[place].IsEscaped ? Unescaped(place) : (_texts[place] ??= new RepeatedText()).Of(Bytes(place));

    /// <summary>Reads any value; its texts can be read as well. The caller disposes of it.</summary>
    /// <param name="column">For the message.</param>
    /// <exception cref="RowRefusedException">It is no JSON, is too deep, has a property twice, or is no Unicode.</exception>
    public static JsonDocument ParseValue(ReadOnlyMemory<byte> json, string? column = null)
    {
        RequireUnicode(json.Span, column);
        try
        {
            return JsonDocument.Parse(json, WholeOptions);
        }
        catch (JsonException exception)
        {
            throw NoJson(exception, column);
        }
    }

    public void Dispose() => _document?.Dispose();

    private void Forget()
    {
        _document?.Dispose();
        _document = null;
        _object++;
        if (_names.Count <= MaxNames)
            return;
        _places.Clear();
        _names.Clear();
        _texts.Clear();
    }

    private void ReadProperties(ref Utf8JsonReader reader)
    {
        IsFlat = true;
        var place = -1;
        for (var count = 1; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; count++)
        {
            if (count > MaxProperties)
                throw new RowRefusedException(null, $"it has more than {MaxProperties:N0} properties");
            place = PlaceOf(ref reader, place + 1);
            if (Has(place))
                throw new RowRefusedException(null, $"it has {SourceRow.Shown(_names[place].Text)} twice");
            reader.Read();
            var (kind, start, isEscaped) = (reader.TokenType, (int)reader.TokenStartIndex, reader.ValueIsEscaped);
            if (kind is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                IsFlat = false;
                reader.Skip();
            }
            var end = (int)reader.BytesConsumed;
            _properties[place] = kind == JsonTokenType.String ? new Property(_object, kind, start + 1, end - start - 2, isEscaped)
                : new Property(_object, kind, start, end - start, false);
        }
    }

    private int PlaceOf(ref Utf8JsonReader reader, int expected)
    {
        if (expected < _names.Count && reader.ValueTextEquals(_names[expected].Utf8))
            return expected;
        var name = reader.GetString() ?? ""; // a name is no null
        if (_places.TryGetValue(name, out var place))
            return place;
        place = _names.Count;
        if (place == _properties.Length)
            Array.Resize(ref _properties, 2 * place);
        _properties[place] = default;
        _places.Add(name, place);
        _names.Add((Encoding.UTF8.GetBytes(name), name));
        _texts.Add(null);
        return place;
    }

    private bool Has(int place) => _properties[place].Object == _object;

    private ReadOnlySpan<byte> Bytes(int place) => _json.Span.Slice(_properties[place].Start, _properties[place].Length);

    private string Unescaped(int place)
    {
        var reader = new Utf8JsonReader(_json.Span.Slice(_properties[place].Start - 1, _properties[place].Length + 2));
        reader.Read();
        return reader.GetString() ?? ""; // a text is no null
    }

    private static void RequireUnicode(ReadOnlySpan<byte> json, string? column)
    {
        if (!Utf8.IsValid(json))
            throw new RowRefusedException(column, "it is no UTF-8");
        if (HasHalfPair(json))
            throw new RowRefusedException(column, "a text in it has half a surrogate pair");
    }

    private static RowRefusedException NoJson(JsonException exception, string? column) => new(column, $"it is no JSON: {exception.Message}");

    // An escape may name half of a pair, which JSON has and texts do not: to read such a text fails later.
    private static bool HasHalfPair(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0)
            return false;
        var reader = new Utf8JsonReader(json, Options);
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
}
