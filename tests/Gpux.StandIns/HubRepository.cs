using System.Security.Cryptography;
using System.Text;

namespace Gpux.StandIns;

/// <summary>A file of a stand-in repository.</summary>
/// <param name="IsLarge">Whether it is kept in LFS: its ETag is a SHA-256, and a redirect leads to the storage.</param>
public sealed record HubFile(byte[] Content, bool IsLarge)
{
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Content));
#pragma warning disable CA5350 // Git's ids are SHA-1.
    public string GitId { get; } = Convert.ToHexStringLower(
        SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {Content.Length}\0"), .. Content]));
#pragma warning restore CA5350
    public string Etag => IsLarge ? Sha256 : GitId;
}

/// <summary>Who may read the files of a repository.</summary>
public enum HubAccess
{
    Everyone,

    /// <summary>Invisible without a token.</summary>
    Private,

    /// <summary>Listed for all, files for the token <see cref="HubStandIn.GrantedToken"/>.</summary>
    Gated,

    Disabled,
}

/// <summary>A repository of the stand-in Hub.</summary>
public sealed class HubRepository(string id)
{
    private static readonly string[] LargeEndings = [".safetensors", ".onnx", ".bin"];

    public string Id { get; } = id;
    public HubAccess Access { get; set; }

    /// <summary>What branches, tags and refs mean.</summary>
    public Dictionary<string, string> Revisions { get; } = new() { ["main"] = new string('a', 39) + "1" };

    /// <summary>The same at every revision unless <see cref="FilesAt"/> says otherwise.</summary>
    public SortedDictionary<string, HubFile> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>By commit.</summary>
    public Dictionary<string, SortedDictionary<string, HubFile>> FilesAt { get; } = [];

    /// <summary>What the listing names beyond the files.</summary>
    public List<string> ListedOnly { get; } = [];

    /// <summary>More members of the model's info, as JSON: <c>"library_name":"transformers"</c>.</summary>
    public string Info { get; set; } = "\"downloads\":10,\"likes\":1,\"tags\":[\"license:mit\"]";

    /// <summary>Whether ?blobs=true has no effect, as at some mirrors.</summary>
    public bool HidesSizes { get; set; }

    /// <summary>Files a page of the tree listing.</summary>
    public int PageSize { get; set; } = 1000;

    public HubRepository With(string path, byte[] content)
    {
        Files[path] = new HubFile(content, LargeEndings.Any(path.EndsWith));
        return this;
    }

    public HubRepository With(string path, string content) => With(path, Encoding.UTF8.GetBytes(content));

    /// <summary>Adds all files below a folder.</summary>
    public HubRepository WithFolder(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            With(Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'), File.ReadAllBytes(file));
        return this;
    }

    internal string? CommitOf(string revision) =>
        Revisions.TryGetValue(revision, out var commit) ? commit : Revisions.ContainsValue(revision) ? revision : null;

    internal SortedDictionary<string, HubFile> At(string commit) => FilesAt.GetValueOrDefault(commit) ?? Files;
}
