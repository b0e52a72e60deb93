using System.Text.Json;

namespace Gpux.Registries.Store;

/// <summary>One file that an archive held.</summary>
internal sealed record ArchiveMember(string Path, long SizeBytes, Digest Sha256)
{
    /// <summary>The member as a file of the model.</summary>
    public ModelFile AsFile => new(Path, SizeBytes, Sha256);
}

/// <summary>{archive}.members.json: what an archive held that was unpacked. The format is described in
/// docs/formats/manifest.md.</summary>
internal static class MemberIndex
{
    public const string Suffix = ".members.json";
    private const int Format = 1;
    private const int LimitBytes = 64 << 20;

    private static readonly JsonWriterOptions Style = new() { Indented = true, NewLine = "\n" };

    /// <returns>Null where there is none, or one that is damaged or of a later format: the archive is fetched again
    /// then.</returns>
    public static IReadOnlyList<ArchiveMember>? Read(string path)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true, Length: < LimitBytes })
                return null;
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (json.RootElement.GetProperty("format").GetInt32() != Format)
                return null;
            var members = new List<ArchiveMember>();
            foreach (var member in json.RootElement.GetProperty("members").EnumerateArray())
            {
                var name = member.GetProperty("path").GetString() ?? "";
                RepositoryPath.Check(path, name);
                members.Add(new ArchiveMember(
                    name, member.GetProperty("size").GetInt64(), Digest.Parse($"sha256:{member.GetProperty("sha256").GetString()}")));
            }
            return members;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or UnsafePathException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static byte[] Write(IEnumerable<ArchiveMember> members)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Style))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteStartArray("members");
            foreach (var member in members)
            {
                json.WriteStartObject();
                json.WriteString("path", member.Path);
                json.WriteNumber("size", member.SizeBytes);
                json.WriteString("sha256", member.Sha256.Hex);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }
}
