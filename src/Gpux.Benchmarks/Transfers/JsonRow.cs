using System.Text.Json;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A JSON object. "a.b" is the property of that name, else b of the object a.</summary>
/// <param name="json">At the row; its next one is another row's.</param>
internal sealed class JsonRow(long number, JsonReader json) : SourceRow(number)
{
    public override IReadOnlyList<string> Columns => json.Names;

    /// <summary>The whole of it, which lives as long as the row.</summary>
    public JsonElement Element => json.Element;

    public override double? Double(string column)
    {
        if (json.Find(column) is { } place)
            return json.Kind(place) == JsonTokenType.Null ? null : json.Double(place) ?? base.Double(column);
        return Inner(column) is not { } inner ? null
            : inner.ValueKind == JsonValueKind.Number && inner.TryGetDouble(out var number) && double.IsFinite(number) ? number : base.Double(column);
    }

    public override long? Int64(string column)
    {
        if (json.Find(column) is { } place)
            return json.Kind(place) == JsonTokenType.Null ? null : json.Int64(place) ?? base.Int64(column);
        return Inner(column) is not { } inner ? null
            : inner.ValueKind == JsonValueKind.Number && inner.TryGetInt64(out var number) ? number : base.Int64(column);
    }

    protected override string? Value(string column)
    {
        if (json.Find(column) is { } place)
            return json.Kind(place) == JsonTokenType.Null ? null : json.Text(place);
        return Inner(column) switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } or null => null,
            { } other => other.GetRawText(),
        };
    }

    /// <summary>What a path leads to that begins in an object of the row.</summary>
    private JsonElement? Inner(string path) => json.IsFlat ? null : Inner(json.Element, path);

    private static JsonElement? Inner(JsonElement element, ReadOnlySpan<char> path)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        if (element.TryGetProperty(path, out var found))
            return found;
        for (var end = 0; path[end..].IndexOf('.') is >= 0 and var length; end++)
        {
            end += length;
            if (element.TryGetProperty(path[..end], out var inner) && Inner(inner, path[(end + 1)..]) is { } value)
                return value;
        }
        return null;
    }
}
