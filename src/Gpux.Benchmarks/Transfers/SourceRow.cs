using System.Globalization;
using System.Text.Json;

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

    public long? Int64(string column)
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
    public virtual DateTimeOffset? Time(string column)
    {
        if (Text(column) is not { } text)
            return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : throw new RowRefusedException(column, $"{Shown(text)} is no date and time");
    }

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
    private readonly Dictionary<string, JsonElement> _properties = new(StringComparer.Ordinal);

    /// <param name="element">An object.</param>
    public JsonRow(long number, JsonElement element) : base(number)
    {
        Element = element;
        foreach (var property in element.EnumerateObject())
            _properties[property.Name] = property.Value;
    }

    public override IReadOnlyList<string> Columns => [.. _properties.Keys];

    public JsonElement Element { get; }

    /// <exception cref="RowRefusedException">The text is no JSON object, is too deep, or has a property twice.</exception>
    public static JsonRow Parse(long number, string? text)
    {
        try
        {
            using var document = JsonDocument.Parse(text ?? "", Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new RowRefusedException(null, $"{Shown(text ?? "")} is no JSON object");
            return new JsonRow(number, document.RootElement.Clone());
        }
        catch (JsonException exception)
        {
            throw new RowRefusedException(null, $"it is no JSON: {exception.Message}");
        }
    }

    public static JsonDocumentOptions Options { get; } = new() { MaxDepth = SourceFile.MaxDepth, AllowDuplicateProperties = false };

    protected override string? Value(string column) => Find(column) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        { } other => other.GetRawText(),
        null => null,
    };

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
