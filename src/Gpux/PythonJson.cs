using System.Text.Json;

namespace Gpux;

/// <summary>JSON as Python's json module writes it: with NaN, Infinity and -Infinity, which JSON does not have.</summary>
public static class PythonJson
{
    /// <summary>Parses a document; numbers that are not finite become null.</summary>
    /// <exception cref="JsonException">Not JSON, nested deeper than 64 levels, or with a text that is none.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> json)
    {
        var finite = json.Span.IndexOf("NaN"u8) < 0 && json.Span.IndexOf("Infinity"u8) < 0 ? json : WithoutNonFiniteNumbers(json.Span);
        return StrictJson.Parse(finite).RootElement;
    }

    private static ReadOnlyMemory<byte> WithoutNonFiniteNumbers(ReadOnlySpan<byte> json)
    {
        // "NaN" is the only word that grows, by a third.
        var finite = new byte[json.Length + json.Length / 3 + 1];
        var length = 0;
        var quoted = false;
        for (var i = 0; i < json.Length;)
        {
            var word = quoted ? 0 : NonFiniteWord(json[i..]);
            if (word > 0)
            {
                "null"u8.CopyTo(finite.AsSpan(length));
                length += 4;
                i += word;
                continue;
            }
            if (json[i] == '"')
                quoted = !quoted;
            else if (quoted && json[i] == '\\' && i + 1 < json.Length)
                finite[length++] = json[i++];
            finite[length++] = json[i++];
        }
        return finite.AsMemory(0, length);
    }

    private static int NonFiniteWord(ReadOnlySpan<byte> json) =>
        json.StartsWith("NaN"u8) ? 3 : json.StartsWith("Infinity"u8) ? 8 : json.StartsWith("-Infinity"u8) ? 9 : 0;
}
