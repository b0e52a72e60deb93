using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Gpux;

/// <summary>JSON from outside, whose texts can be read: the platform's parser lets texts that are no UTF-8, and half a character such as "\ud800",
/// pass, and fails only when they are read.</summary>
public static class StrictJson
{
    /// <param name="json">Kept by the document.</param>
    /// <exception cref="JsonException">Not JSON, nested deeper than the options allow (64 levels by default), or with a text or name that is none.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, JsonDocumentOptions options = default)
    {
        if (!Utf8.IsValid(json.Span))
            throw new JsonException("it is no UTF-8");
        var document = JsonDocument.Parse(json, options);
        if (!HasHalfCharacter(json.Span))
            return document;
        document.Dispose();
        throw new JsonException("a text holds half a character");
    }

    // Of valid JSON, which has backslashes within texts alone.
    private static bool HasHalfCharacter(ReadOnlySpan<byte> json)
    {
        for (int at; (at = json.IndexOf((byte)'\\')) >= 0;)
        {
            json = json[at..];
            if (json[1] != 'u' || Unit(json) is not (>= 0xD800 and <= 0xDFFF and var unit))
                json = json[2..];
            else if (unit < 0xDC00 && json[6..].StartsWith("\\u"u8) && Unit(json[6..]) is >= 0xDC00 and <= 0xDFFF)
                json = json[12..];
            else
                return true;
        }
        return false;
    }

    // Of \uXXXX.
    private static int Unit(ReadOnlySpan<byte> escape) => int.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
