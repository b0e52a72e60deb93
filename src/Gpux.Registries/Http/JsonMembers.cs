using System.Globalization;
using System.Text.Json;

namespace Gpux.Registries.Http;

/// <summary>Reads members of answers whose shape cannot be relied upon: what is absent, or of another kind, is null or
/// empty.</summary>
internal static class JsonMembers
{
    public static JsonElement? Member(this JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text, or the text of a number; null where it is empty.</summary>
    public static string? Text(this JsonElement of, string name) => of.Member(name) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString() is { Length: > 0 } some ? some : null,
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => null,
    };

    /// <exception cref="FormatException">The member is absent or empty.</exception>
    public static string Required(this JsonElement of, string name) =>
        of.Text(name) ?? throw new FormatException($"the answer lacks '{name}'.");

    public static long? Long(this JsonElement of, string name) =>
        of.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : null;

    /// <summary>A whole number from 0 up, which may be written as a text.</summary>
    public static long? Size(this JsonElement of, string name) =>
        long.TryParse(of.Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null;

    public static DateTimeOffset? Time(this JsonElement of, string name) =>
        of.Member(name) is { ValueKind: JsonValueKind.String } text && text.TryGetDateTimeOffset(out var time) ? time : null;

    /// <summary>A time in milliseconds since 1970.</summary>
    public static DateTimeOffset? Milliseconds(this JsonElement of, string name) => Milliseconds(of.Text(name));

    public static DateTimeOffset? Milliseconds(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time <= 253402300799999
            ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;

    /// <summary>The elements of an array; none where it is no array.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement of, string name) =>
        of.Member(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : Enumerable.Empty<JsonElement>();

    /// <summary>An array of objects that each hold a key and a value; a value that is left out is empty.</summary>
    /// <exception cref="FormatException">One lacks its key.</exception>
    public static List<KeyValuePair<string, string>> Pairs(this JsonElement of, string name, string key, string value)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var pair in of.Items(name))
            pairs.Add(new(pair.Required(key), pair.Text(value) ?? ""));
        return pairs;
    }

    /// <summary>The texts of an array, or the one text that stands for an array of one, joined by commas; null for none.</summary>
    public static string? Joined(this JsonElement of, string name)
    {
        if (of.Text(name) is { } one)
            return one;
        var texts = of.Items(name).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString());
        return string.Join(',', texts) is { Length: > 0 } joined ? joined : null;
    }
}
