using System.Text.Json;

namespace Gpux.Registries.HuggingFace;

/// <summary>What the Hub's API says of a model at one revision.</summary>
/// <param name="Files">Null where the answer lacks sizes or ids, as those of some mirrors do.</param>
internal sealed record HubModelInfo(
    string Id, string Commit, string? Licence, IReadOnlyDictionary<string, string> Properties, IReadOnlyList<ModelFile>? Files)
{
    private static readonly string[] KeptMembers =
        ["pipeline_tag", "library_name", "private", "gated", "disabled", "downloads", "likes", "lastModified"];

    /// <exception cref="FormatException">Not an answer about a model.</exception>
    public static HubModelInfo Read(JsonElement info)
    {
        if (info.ValueKind != JsonValueKind.Object || Text(info, "id") is not { } id
            || ModelReference.HubIdProblem(id) is not null)
            throw new FormatException("the answer names no model.");
        if (Text(info, "sha") is not { } commit || !IsHex(commit, 40))
            throw new FormatException("the answer names no commit.");
        var card = info.TryGetProperty("cardData", out var data) && data.ValueKind == JsonValueKind.Object ? data : default;
        var tags = List(info, "tags");
        var properties = new Dictionary<string, string>();
        foreach (var name in KeptMembers)
            Add(name, Text(info, name));
        Add("license_name", Text(card, "license_name"));
        Add("license_link", Text(card, "license_link"));
        Add("base_model", Joined(List(card, "base_model")));
        Add("tags", Joined(tags));
        Add("parameters", info.TryGetProperty("safetensors", out var weights) ? Text(weights, "total") : null);
        Add("security", info.TryGetProperty("securityRepoStatus", out var security) ? SecurityOf(security) : null);
        var licence = Joined(List(card, "license"))
            ?? tags.FirstOrDefault(tag => tag.StartsWith("license:", StringComparison.Ordinal))?["license:".Length..];
        return new HubModelInfo(id, commit.ToLowerInvariant(), licence, properties, ReadSiblings(info));

        void Add(string name, string? value)
        {
            if (value is not null)
                properties[name] = value;
        }
    }

    // {"scansDone":true,"filesWithIssues":[{"path":"pytorch_model.bin","level":"unsafe"}]}
    private static string? SecurityOf(JsonElement status)
    {
        if (status.ValueKind != JsonValueKind.Object)
            return null;
        if (status.TryGetProperty("filesWithIssues", out var issues) && issues.ValueKind == JsonValueKind.Array && issues.GetArrayLength() > 0)
            return "scan found issues: " + string.Join(", ", issues.EnumerateArray().Take(10)
                .Select(issue => $"{Printable.Text(Text(issue, "path") ?? "?")} ({Printable.Text(Text(issue, "level") ?? "?")})"));
        return Text(status, "scansDone") == "true" ? "scans found nothing" : "not scanned yet";
    }

    /// <summary>Reads a page of a tree listing; folders are left out.</summary>
    /// <exception cref="FormatException">Not such a page.</exception>
    public static IEnumerable<ModelFile> ReadTree(JsonElement page)
    {
        if (page.ValueKind != JsonValueKind.Array)
            throw new FormatException("the answer lists no files.");
        foreach (var entry in page.EnumerateArray())
        {
            if (Text(entry, "type") == "file")
                yield return ReadFile(entry, "path", "oid")
                    ?? throw new FormatException("the answer lists a file without a name.");
        }
    }

    public static bool IsHex(string text, int digits) => text.Length == digits && text.All(char.IsAsciiHexDigit);

    private static List<ModelFile>? ReadSiblings(JsonElement info)
    {
        if (!info.TryGetProperty("siblings", out var siblings) || siblings.ValueKind != JsonValueKind.Array)
            return null;
        var files = new List<ModelFile>(siblings.GetArrayLength());
        foreach (var sibling in siblings.EnumerateArray())
        {
            if (ReadFile(sibling, "rfilename", "blobId") is not { SizeBytes: not null, Digest: not null } file)
                return null;
            files.Add(file);
        }
        return files;
    }

    // "lfs" names its digest sha256 among siblings, and oid in a tree.
    private static ModelFile? ReadFile(JsonElement entry, string pathName, string idName)
    {
        if (Text(entry, pathName) is not { } path)
            return null;
        var lfs = entry.TryGetProperty("lfs", out var large) && large.ValueKind == JsonValueKind.Object ? large : default;
        var id = Text(entry, idName) is { } text && IsHex(text, 40) ? text.ToLowerInvariant() : null;
        if ((Text(lfs, "sha256") ?? Text(lfs, "oid")) is { } sha256 && IsHex(sha256, 64))
        {
            var digest = new Digest(DigestAlgorithm.Sha256, sha256.ToLowerInvariant());
            return new ModelFile(path, Size(lfs) ?? Size(entry), digest) { ObjectId = id };
        }
        return new ModelFile(path, Size(entry), id is null ? null : new Digest(DigestAlgorithm.GitBlobSha1, id));
    }

    private static long? Size(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("size", out var size)
        && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : null;

    /// <summary>A member as text; null where it is absent or no scalar.</summary>
    public static string? Text(JsonElement of, string name)
    {
        if (of.ValueKind != JsonValueKind.Object || !of.TryGetProperty(name, out var value))
            return null;
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        };
    }

    /// <summary>A member's texts: the Hub writes one value bare and several as an array.</summary>
    public static List<string> List(JsonElement of, string name)
    {
        if (Text(of, name) is { } one)
            return [one];
        var texts = new List<string>();
        if (of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var values)
            && values.ValueKind == JsonValueKind.Array)
        {
            foreach (var value in values.EnumerateArray())
            {
                if (value.ValueKind == JsonValueKind.String)
                    texts.Add(value.GetString()!); // A JSON string is never null
            }
        }
        return texts;
    }

    private static string? Joined(List<string> texts) => texts.Count == 0 ? null : string.Join(',', texts);
}
