using System.Text;
using System.Text.Json;

namespace Gpux.Benchmarks.Versions;

/// <summary>Metadata of a version: a JSON object of a user's making, such as {"author": "ada", "description": "First release"}.</summary>
internal static class VersionMetadata
{
    private const int LargestBytes = 64 << 10;
    private const int Depth = 32;

    /// <returns>The object as one line.</returns>
    /// <exception cref="InvalidVersionException">It is no JSON object, is too large or too deep, or names a member twice.</exception>
    public static string Read(string json)
    {
        if (json.Length > LargestBytes || Encoding.UTF8.GetByteCount(json) > LargestBytes)
            throw new InvalidVersionException($"The metadata have more than {LargestBytes >> 10} KiB.", "Keep what is large in a file of the model, and name it here.");
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = Depth, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidVersionException($"The metadata are JSON, but no object: '{VersionText.Shown(json)}'.", """Write an object, such as '{"author": "ada"}'.""");
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
                document.RootElement.WriteTo(writer);
            return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
        }
        // Half a surrogate pair is found when its text is written.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidVersionException($"The metadata are no JSON object: {exception.Message}",
                $$"""Write an object of at most {{Depth}} levels, in single quotes for the shell: --metadata '{"author": "ada"}'.""");
        }
    }

    /// <returns>Whether both say the same, whatever the order of their members.</returns>
    public static bool Same(string left, string right)
    {
        using var first = JsonDocument.Parse(left);
        using var second = JsonDocument.Parse(right);
        return JsonElement.DeepEquals(first.RootElement, second.RootElement);
    }
}
