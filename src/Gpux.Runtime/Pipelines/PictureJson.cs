using System.Text.Json;
using Gpux.Runtime.Images;

namespace Gpux.Runtime.Pipelines;

internal static class PictureJson
{
    /// <summary>Writes a grey picture as the property "image": mode, size as [width, height], and runs of equal levels, row by row.</summary>
    /// <param name="level">The level of a pixel, by its place.</param>
    public static void Write(Utf8JsonWriter json, ImageSize size, Func<int, byte> level)
    {
        json.WriteStartObject("image");
        json.WriteString("mode", "L");
        json.WriteStartArray("size");
        json.WriteNumberValue(size.Width);
        json.WriteNumberValue(size.Height);
        json.WriteEndArray();
        json.WriteStartArray("runs");
        var count = size.Width * size.Height;
        for (int start = 0, end; start < count; start = end)
        {
            var value = level(start);
            for (end = start + 1; end < count && level(end) == value; end++)
            {
            }
            json.WriteStartArray();
            json.WriteNumberValue(value);
            json.WriteNumberValue(end - start);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
