using System.Globalization;
using System.Text.Json;

namespace Gpux.Registries.Store;

/// <summary>manifest.json: a model as it was resolved. The format is described in docs/formats/manifest.md.</summary>
/// <param name="ListsEveryFile">False if only those files are listed that were here, since another client left no list of the
/// rest.</param>
/// <param name="Revisions">The names that meant this commit, and when the registry last said so; "" is the default
/// revision.</param>
internal sealed record ManifestFile(
    ModelManifest Manifest, bool ListsEveryFile, IReadOnlyDictionary<string, DateTimeOffset> Revisions)
{
    private const int Format = 1;
    private const int LimitBytes = 64 << 20;

    private static readonly JsonWriterOptions Style = new() { Indented = true, NewLine = "\n" };

    public static string PathIn(string modelFolder) => Path.Combine(modelFolder, "manifest.json");

    /// <returns>Null where there is none, or one that is damaged or of a later format: the registry is asked again
    /// then.</returns>
    public static ManifestFile? Read(string modelFolder)
    {
        var path = PathIn(modelFolder);
        try
        {
            if (new FileInfo(path) is not { Exists: true, Length: < LimitBytes })
                return null;
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return Read(json.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or UnsafePathException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Style))
            Write(json);
        return bytes.ToArray();
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteString("registry", Manifest.Model.Registry);
        json.WriteString("name", Manifest.Model.Name);
        json.WriteString("commit", Manifest.Commit);
        WriteText(json, "licence", Manifest.Licence);
        WriteText(json, "source", Manifest.Source);
        json.WriteBoolean("lists_every_file", ListsEveryFile);
        json.WriteStartObject("revisions");
        foreach (var (name, resolved) in Revisions.OrderBy(revision => revision.Key, StringComparer.Ordinal))
            json.WriteString(name, resolved.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteStartObject("properties");
        foreach (var (name, value) in Manifest.Properties.OrderBy(property => property.Key, StringComparer.Ordinal))
            json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteStartArray("files");
        foreach (var file in Manifest.Files)
            WriteFile(json, file);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <returns>Null if it is of a later format, or names no commit.</returns>
    /// <exception cref="UnsafePathException">A file's name leads out of the model.</exception>
    /// <exception cref="FormatException">A value is damaged; so say InvalidOperationException and KeyNotFoundException.</exception>
    public static ManifestFile? Read(JsonElement json)
    {
        if (json.GetProperty("format").GetInt32() != Format)
            return null;
        var (registry, name, commit) = (Text(json, "registry"), Text(json, "name"), Text(json, "commit"));
        if (registry is not { Length: > 0 } || name is not { Length: > 0 } || commit is not { Length: 40 or 64 }
            || !commit.All(char.IsAsciiHexDigitLower))
            return null;
        var files = new List<ModelFile>();
        foreach (var entry in json.GetProperty("files").EnumerateArray())
        {
            var path = Text(entry, "path") ?? throw new FormatException("A file has no path.");
            RepositoryPath.Check(name, path);
            files.Add(new ModelFile(path, entry.TryGetProperty("size", out var size) ? size.GetInt64() : null,
                Text(entry, "digest") is { } digest ? Digest.Parse(digest) : null)
            {
                ObjectId = Text(entry, "id"),
                IsArchive = entry.TryGetProperty("archive", out var archive) && archive.GetBoolean(),
            });
        }
        var revisions = new Dictionary<string, DateTimeOffset>();
        foreach (var revision in json.GetProperty("revisions").EnumerateObject())
            revisions[revision.Name] = revision.Value.GetDateTimeOffset();
        var properties = new Dictionary<string, string>();
        foreach (var property in json.GetProperty("properties").EnumerateObject())
            properties[property.Name] = property.Value.GetString() ?? "";
        var model = new ModelReference(registry, name);
        var manifest = new ModelManifest(model, commit, files, Text(json, "licence"), Text(json, "source")) { Properties = properties };
        return new ManifestFile(manifest, json.GetProperty("lists_every_file").GetBoolean(), revisions);
    }

    private static void WriteFile(Utf8JsonWriter json, ModelFile file)
    {
        json.WriteStartObject();
        json.WriteString("path", file.Path);
        if (file.SizeBytes is { } size)
            json.WriteNumber("size", size);
        WriteText(json, "digest", file.Digest?.ToString());
        WriteText(json, "id", file.ObjectId);
        if (file.IsArchive)
            json.WriteBoolean("archive", true);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetString() : null;
}
