using System.Globalization;
using System.Text.Json;

namespace Gpux.Registries.Http;

/// <summary>Reads members of JSON answers in which what is empty or unset may be left out, and whole numbers may be texts.</summary>
internal static class WireJson
{
    /// <returns>Null where the member is absent, empty or neither text nor number.</returns>
    public static string? Text(JsonElement of, string name)
    {
        if (of.ValueKind != JsonValueKind.Object || !of.TryGetProperty(name, out var value))
            return null;
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
        return string.IsNullOrEmpty(text) ? null : text;
    }

    /// <exception cref="FormatException">The member is absent or empty.</exception>
    public static string Required(JsonElement of, string name) =>
        Text(of, name) ?? throw new FormatException($"the answer lacks '{name}'.");

    public static IEnumerable<JsonElement> List(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray() : Enumerable.Empty<JsonElement>();

    public static List<KeyValuePair<string, string>> Pairs(JsonElement of, string name, string key, string value)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var pair in List(of, name))
            pairs.Add(new(Required(pair, key), Text(pair, value) ?? ""));
        return pairs;
    }

    public static long? Size(JsonElement of, string name) =>
        long.TryParse(Text(of, name), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null;

    /// <summary>A time in milliseconds since 1970.</summary>
    public static DateTimeOffset? Time(JsonElement of, string name) => Time(Text(of, name));

    public static DateTimeOffset? Time(string? milliseconds) =>
        long.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time <= 253402300799999
            ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}
