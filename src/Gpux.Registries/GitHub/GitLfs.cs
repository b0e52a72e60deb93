using System.Globalization;
using System.Text;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.GitHub;

/// <summary>What stands in git in place of a large file.</summary>
/// <remarks>Source: git-lfs docs/spec.md, version 1.</remarks>
internal sealed record LfsPointer(Digest Digest, long SizeBytes)
{
    /// <summary>Sizes that a pointer without extensions can have: three lines, of which only the number's length varies.</summary>
    public const int MinimalBytes = 126, MaximalBytes = 144;

    private const string FirstLine = "version https://git-lfs.github.com/spec/v1";

    /// <returns>Null where the text is no pointer.</returns>
    public static LfsPointer? Parse(ReadOnlySpan<byte> content)
    {
        if (content.Length > MaximalBytes)
            return null;
        var lines = Encoding.UTF8.GetString(content).Split('\n');
        return lines is [FirstLine, var oid, var size, ""]
            && oid.StartsWith("oid sha256:", StringComparison.Ordinal)
            && oid["oid sha256:".Length..] is { Length: 64 } hex && hex.All(char.IsAsciiHexDigitLower)
            && size.StartsWith("size ", StringComparison.Ordinal)
            && long.TryParse(size["size ".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            ? new LfsPointer(new Digest(DigestAlgorithm.Sha256, hex), bytes) : null;
    }
}

/// <summary>Asks where the bytes of a large file are.</summary>
/// <remarks>Source: git-lfs docs/api/batch.md.</remarks>
internal static class LfsBatch
{
    private const string MediaType = "application/vnd.git-lfs+json";

    /// <returns>The request that brings the bytes.</returns>
    /// <exception cref="LargeFileUnavailableException">The server refuses this file.</exception>
    public static Task<RegistryRequest> FindAsync(
        GitHubApi github, string repository, ModelManifest manifest, ModelFile file, Digest digest, CancellationToken cancellationToken)
    {
        var batch = new Uri(github.Server, $"{repository}.git/info/lfs/objects/batch");
        var request = new RegistryRequest(batch)
        {
            Method = HttpMethod.Post, Accept = MediaType, BodyType = MediaType, Credential = github.ServerCredential,
            Body = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{{\"operation\":\"download\",\"transfers\":[\"basic\"],\"objects\":[{{\"oid\":\"{digest.Hex}\",\"size\":{file.SizeBytes ?? 0}}}]}}")),
        };
        return github.Client.JsonAsync(request, manifest.Model, (json, _) =>
        {
            var found = json.Items("objects").FirstOrDefault(each => each.Text("oid") == digest.Hex);
            if (found.Member("error") is { } error)
                throw new LargeFileUnavailableException(manifest.Model.ToString(), file.Path,
                    error.Text("message") ?? error.Text("code") ?? "no reason given");
            var download = found.Member("actions")?.Member("download")
                ?? throw new FormatException("it says of a large file neither where it is nor why not.");
            if (!Uri.TryCreate(download.Text("href"), UriKind.Absolute, out var href))
                throw new FormatException("it names no address of a large file.");
            var headers = new List<KeyValuePair<string, string>>();
            if (download.Member("header") is { ValueKind: JsonValueKind.Object } named)
            {
                foreach (var header in named.EnumerateObject())
                    headers.Add(new(header.Name, header.Value.GetString() ?? ""));
            }
            return new RegistryRequest(github.Client.Http.Given(href, batch)) { Headers = headers };
        }, cancellationToken);
    }
}

/// <summary>A file is kept outside of git, and the server that keeps it does not give it.</summary>
public sealed class LargeFileUnavailableException(string model, string path, string reason) : GpuxException(
    ErrorCode.LargeFileUnavailable,
    $"The server does not give {path} of {model}, which is kept in Git LFS: {Printable.Text(reason)}.",
    "Ask the publisher: the file may have been deleted, or its account may have used up what it may send. A copy elsewhere is another way.")
{
    public string Path { get; } = path;
}
