using System.Net;
using System.Text;
using System.Text.Json;

namespace Gpux.Registries.Web;

/// <summary>What a folder of a web server says of its files.</summary>
internal static class DirectoryListing
{
    /// <param name="Name">One part of a path, decoded.</param>
    /// <param name="ModifiedAt">As the listing has it; null where it does not say.</param>
    internal sealed record Entry(string Name, bool IsFolder, long? SizeBytes, string? ModifiedAt);

    /// <summary>Reads an index.json: [{"path": "a/b.onnx", "size": 1, "sha256": "..."}].</summary>
    /// <returns>Null where it is something else.</returns>
    public static List<ModelFile>? ReadIndex(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Array)
                return null;
            var files = new List<ModelFile>();
            foreach (var entry in json.RootElement.EnumerateArray())
            {
                if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("path", out var path) || path.ValueKind != JsonValueKind.String)
                    return null;
                files.Add(new ModelFile(path.GetString()!, // A JSON string is never null
                    entry.TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : null,
                    entry.TryGetProperty("sha256", out var hash) && hash.ValueKind == JsonValueKind.String
                        ? Digest.Parse($"sha256:{hash.GetString()!.ToLowerInvariant()}") : null)); // As above
            }
            return files.Count > 0 ? files : null;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Reads nginx's JSON listing, or the links of an HTML page.</summary>
    public static bool TryRead(byte[] body, out List<Entry> entries)
    {
        entries = [];
        var first = body.AsSpan().TrimStart(" \t\r\n\uFEFF"u8);
        if (first.StartsWith("["u8))
            return TryReadJson(body, entries);
        if (!first.StartsWith("<"u8))
            return false;
        ReadLinks(Encoding.UTF8.GetString(body), entries);
        return true;
    }

    // [{"name":"model.onnx","type":"file","mtime":"Wed, 05 Jun 2024 10:00:00 GMT","size":26143}]
    private static bool TryReadJson(byte[] body, List<Entry> entries)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            foreach (var entry in json.RootElement.EnumerateArray())
            {
                var name = entry.GetProperty("name").GetString() ?? "";
                var isFolder = entry.GetProperty("type").GetString() == "directory";
                entries.Add(new Entry(name.TrimEnd('/'), isFolder,
                    entry.TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) ? bytes : null,
                    entry.TryGetProperty("mtime", out var time) ? time.GetString() : null));
            }
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return false;
        }
    }

    // Links to what lies in the folder itself: "../", "?C=N;O=D", "/icons/" and addresses are not.
    private static void ReadLinks(string page, List<Entry> entries)
    {
        var seen = new HashSet<string>();
        for (var at = 0; (at = page.IndexOf("href", at, StringComparison.OrdinalIgnoreCase)) >= 0;)
        {
            at += "href".Length;
            var start = at;
            while (start < page.Length && char.IsWhiteSpace(page[start]))
                start++;
            if (start == page.Length || page[start] != '=')
                continue;
            start++;
            while (start < page.Length && char.IsWhiteSpace(page[start]))
                start++;
            if (start == page.Length)
                return;
            var quote = page[start];
            var end = quote is '"' or '\'' ? page.IndexOf(quote, ++start) : page.AsSpan(start).IndexOfAny(" \t\r\n>") is >= 0 and var length ? start + length : -1;
            if (end < 0)
                return;
            var link = WebUtility.HtmlDecode(page[start..end]);
            at = end;
            if (link.StartsWith("./", StringComparison.Ordinal))
                link = link[2..];
            if (link.AsSpan().ContainsAny("?#:") || link.StartsWith('/'))
                continue;
            var isFolder = link.EndsWith('/');
            var name = Uri.UnescapeDataString(link.TrimEnd('/'));
            // One part: deeper links are found in their own folder's listing.
            if (name is "" or "." or ".." || link.TrimEnd('/').Contains('/') || !seen.Add(name))
                continue;
            entries.Add(new Entry(name, isFolder, null, null));
        }
    }
}
