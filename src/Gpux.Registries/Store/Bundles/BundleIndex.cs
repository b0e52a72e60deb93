using System.Text.Json;

namespace Gpux.Registries.Store.Bundles;

/// <param name="Sha256">Lower-case hexadecimal.</param>
/// <param name="Archive">The published archive that held it; null if it is published as it is.</param>
public sealed record BundledFile(string Path, long SizeBytes, string Sha256, string? Archive = null);

/// <summary>A model in a bundle.</summary>
/// <param name="Files">Those that the bundle holds: the manifest may list more. In place of an archive come its members.</param>
public sealed record BundledModel(ModelManifest Manifest, IReadOnlyList<BundledFile> Files)
{
    internal bool ListsEveryFile { get; init; }
    internal IReadOnlyDictionary<string, DateTimeOffset> Revisions { get; init; } = new Dictionary<string, DateTimeOffset>();
}

/// <summary>The first entry of a bundle: what it holds. The format is described in docs/formats/bundle.md.</summary>
internal static class BundleIndex
{
    public const string Name = "index.json";
    public const int LimitBytes = 256 << 20;
    private const int Format = 1;

    public static byte[] Write(IReadOnlyList<BundledModel> models, string version)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteString("gpux", version);
            json.WriteStartArray("models");
            foreach (var model in models)
            {
                json.WriteStartObject();
                json.WritePropertyName("manifest");
                new ManifestFile(model.Manifest, model.ListsEveryFile, model.Revisions).Write(json);
                json.WriteStartArray("files");
                foreach (var file in model.Files)
                {
                    json.WriteStartObject();
                    json.WriteString("path", file.Path);
                    json.WriteNumber("size", file.SizeBytes);
                    json.WriteString("sha256", file.Sha256);
                    if (file.Archive is { } archive)
                        json.WriteString("archive", archive);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    /// <exception cref="FormatException">It breaks the format; what is wrong is the message.</exception>
    public static IReadOnlyList<BundledModel> Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            if (json.RootElement.GetProperty("format").GetInt32() != Format)
                throw new FormatException("it was written by a later gpux");
            var (models, known) = (new List<BundledModel>(), new HashSet<string>());
            foreach (var entry in json.RootElement.GetProperty("models").EnumerateArray())
            {
                var model = ReadModel(entry);
                if (!known.Add($"{model.Manifest.Model} {model.Manifest.Commit}"))
                    throw new FormatException($"it lists {model.Manifest.Model} twice");
                models.Add(model);
            }
            return models;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or UnsafePathException)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    private static BundledModel ReadModel(JsonElement entry)
    {
        var manifest = ManifestFile.Read(entry.GetProperty("manifest"))
            ?? throw new FormatException("a manifest is of a later format, or names no commit");
        var model = manifest.Manifest.Model;
        if (model.Registry == ModelReference.Local)
            throw new FormatException("it holds a local folder, which has no place in a store");
        if (model.Registry == ModelReference.HuggingFace && ModelReference.HubIdProblem(model.Name) is { } rule)
            throw new FormatException($"it names the model '{Printable.Text(model.Name)}': {rule}");
        foreach (var revision in manifest.Revisions.Keys)
        {
            if (revision.Length > 0 && ModelReference.RevisionProblem(revision) is { } problem)
                throw new FormatException($"it names the revision '{Printable.Text(revision)}': {problem}");
        }
        var published = new Dictionary<string, ModelFile>();
        foreach (var file in manifest.Manifest.Files)
        {
            if (!published.TryAdd(file.Path, file))
                throw new FormatException($"{model} lists the file '{file.Path}' twice");
        }
        var (files, members) = (new List<BundledFile>(), new BundledMembers(manifest.Manifest));
        foreach (var item in entry.GetProperty("files").EnumerateArray())
        {
            var file = new BundledFile(item.GetProperty("path").GetString() ?? "", item.GetProperty("size").GetInt64(), item.GetProperty("sha256").GetString() ?? "",
                item.TryGetProperty("archive", out var archive) ? archive.GetString() ?? "" : null);
            if (file.Sha256.Length != 64 || !file.Sha256.All(char.IsAsciiHexDigitLower))
                throw new FormatException($"the digest of '{Printable.Text(file.Path)}' is not 64 lower-case hexadecimal digits");
            if (file.Archive is not null)
            {
                members.Add(file, file.Archive);
            }
            else
            {
                if (!published.Remove(file.Path, out var known))
                    throw new FormatException($"it holds '{Printable.Text(file.Path)}' twice, or {model} has no such file");
                if (file.SizeBytes < 0 || (known.SizeBytes is { } size && size != file.SizeBytes)
                    || (known.Digest is { Algorithm: DigestAlgorithm.Sha256 } digest && digest.Hex != file.Sha256))
                    throw new FormatException($"'{file.Path}' of {model} has another size or digest than was published");
            }
            files.Add(file);
        }
        return new BundledModel(manifest.Manifest, files) { ListsEveryFile = manifest.ListsEveryFile, Revisions = manifest.Revisions };
    }
}

/// <summary>Checks what a bundle holds of archives as if they were unpacked here: nothing replaces anything else.</summary>
internal sealed class BundledMembers(ModelManifest manifest)
{
    private readonly HashSet<string> _published = manifest.Files
        .Select(file => file.IsArchive ? file.Path + MemberIndex.Suffix : file.Path).ToHashSet(StringComparer.OrdinalIgnoreCase);
    // The Hub's cache keeps archives as they are.
    private readonly HashSet<string> _archives = manifest.Model.Registry == ModelReference.HuggingFace ? []
        : manifest.Files.Where(file => file.IsArchive).Select(file => file.Path).ToHashSet();
    private readonly Dictionary<string, BundledFile> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<(string Archive, string Path)> _seen = [];

    /// <exception cref="FormatException">The member is of no archive, or another file has its name.</exception>
    /// <exception cref="UnsafePathException">Its name leads out of the model.</exception>
    public void Add(BundledFile member, string archive)
    {
        RepositoryPath.Check(manifest.Model.Name, member.Path);
        if (!_archives.Contains(archive))
            throw new FormatException($"'{member.Path}' should come from '{Printable.Text(archive)}', which is no archive of {manifest.Model}");
        if (member.SizeBytes < 0)
            throw new FormatException($"'{member.Path}' has no size");
        // Two archives may hold the same file.
        if (_published.Contains(member.Path) || !_seen.Add((archive, member.Path))
            || (!_known.TryAdd(member.Path, member) && _known[member.Path] is var other && (other.Path, other.Sha256) != (member.Path, member.Sha256)))
            throw new FormatException($"'{member.Path}' of '{archive}' has the name of another file of {manifest.Model}");
    }
}
