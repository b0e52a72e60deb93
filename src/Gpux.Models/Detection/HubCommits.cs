using System.Net.Http.Headers;
using System.Text.Json;
using Gpux.Registries;
using Gpux.Registries.Store;

namespace Gpux.Models.Detection;

/// <summary>Finds the whole commit that some exporters record the first digits of.</summary>
/// <remarks>Source: Hub API, GET /api/models/{id}/commits/{revision}, which lists commits page by page.</remarks>
internal sealed class HubCommits(RegistryEnvironment environment, ModelStore store)
{
    private const int PageLimit = 20;
    private const int PageBytes = 8 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <param name="prefix">7 to 39 hexadecimal digits.</param>
    /// <returns>40 digits: those of a snapshot on this machine, else of a commit of the default branch.</returns>
    /// <exception cref="CommitPrefixException">None begins so, or more than one does.</exception>
    /// <exception cref="GpuxException">The Hub cannot be asked, or will not say.</exception>
    public async Task<string> FindAsync(string id, string prefix, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        if (Only(Snapshots(id), id, prefix) is { } here)
            return here;
        try
        {
            // Many mirrors, and often the Hub, understand the beginning of a commit as git does.
            var asked = new ModelReference(ModelReference.HuggingFace, id, prefix);
            var commit = (await store.ResolveAsync(asked, Lookup.Registry, progress, cancellationToken)).Manifest.Commit;
            if (commit.StartsWith(prefix, StringComparison.Ordinal))
                return commit;
        }
        catch (RevisionNotFoundException)
        {
            // Then it must be looked for.
        }
        return Only(await ListAsync(id, cancellationToken), id, prefix) ?? throw new CommitPrefixException(id, prefix, "no commit of the default branch begins so");
    }

    private static string? Only(IEnumerable<string> commits, string id, string prefix)
    {
        var matches = commits.Where(commit => commit.StartsWith(prefix, StringComparison.Ordinal)).Distinct().Take(2).ToArray();
        return matches.Length < 2 ? matches.FirstOrDefault()
            : throw new CommitPrefixException(id, prefix, $"more than one commit begins so: {string.Join(", ", matches)}");
    }

    private IEnumerable<string> Snapshots(string id)
    {
        // As the Hub's own clients read it.
        var cache = environment.Folder("HF_HUB_CACHE") ?? environment.Folder("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(HubHome, "hub");
        var folder = Path.Combine(cache, $"models--{id.Replace("/", "--")}", "snapshots");
        return Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)).Where(IsCommit) : [];
    }

    private string HubHome => environment.Folder("HF_HOME")
        ?? Path.Combine(environment.Folder("XDG_CACHE_HOME") ?? Path.Combine(environment.Home, ".cache"), "huggingface");

    private async Task<IReadOnlyList<string>> ListAsync(string id, CancellationToken cancellationToken)
    {
        var endpoint = environment.Variable("HF_ENDPOINT")?.TrimEnd('/') ?? "https://huggingface.co";
        // Redirects are not followed: the token would go with them.
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Limit, MaxResponseContentBufferSize = PageBytes };
        if (Token() is { } token)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var commits = new List<string>();
        var next = new Uri($"{endpoint}/api/models/{id}/commits/main");
        for (var page = 0; page < PageLimit; page++)
        {
            var following = await ReadPageAsync(http, next, commits, cancellationToken);
            if (following is null)
                break;
            next = following;
        }
        return commits;
    }

    /// <returns>The address of the next page; null after the last.</returns>
    private static async Task<Uri?> ReadPageAsync(HttpClient http, Uri address, List<string> commits, CancellationToken cancellationToken)
    {
        const string Hub = "Hugging Face Hub";
        try
        {
            using var reply = await http.GetAsync(address, cancellationToken);
            if (!reply.IsSuccessStatusCode)
                throw new UnexpectedReplyException(Hub, address.AbsoluteUri, $"it answers {(int)reply.StatusCode}.");
            using var json = JsonDocument.Parse(await reply.Content.ReadAsByteArrayAsync(cancellationToken));
            foreach (var commit in json.RootElement.EnumerateArray())
            {
                if (commit.GetProperty("id").GetString() is { } id && IsCommit(id))
                    commits.Add(id);
            }
            return NextPage(reply, address);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new UnexpectedReplyException(Hub, address.AbsoluteUri, "the answer lists no commits.", exception);
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new RegistryUnreachableException(Hub, exception.Message, exception);
        }
    }

    private static Uri? NextPage(HttpResponseMessage reply, Uri address)
    {
        var link = reply.Headers.TryGetValues("Link", out var links) ? string.Join(',', links) : "";
        var (start, end) = (link.IndexOf('<'), link.IndexOf('>'));
        return link.Contains("rel=\"next\"", StringComparison.Ordinal) && start >= 0 && end > start
            && Uri.TryCreate(address, link[(start + 1)..end], out var next) && next.GetLeftPart(UriPartial.Authority) == address.GetLeftPart(UriPartial.Authority)
            ? next : null;
    }

    private string? Token()
    {
        if (environment.Flag("HF_HUB_DISABLE_IMPLICIT_TOKEN"))
            return null;
        var token = environment.Variable("HF_TOKEN") ?? environment.Variable("HUGGING_FACE_HUB_TOKEN");
        var file = new FileInfo(environment.Folder("HF_TOKEN_PATH") ?? Path.Combine(HubHome, "token"));
        token ??= file is { Exists: true, Length: < 1 << 16 } ? File.ReadAllText(file.FullName) : null;
        return token?.Trim() is { Length: > 0 } trimmed && !trimmed.AsSpan().ContainsAnyExceptInRange('!', '~') ? trimmed : null;
    }

    private static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigit);
}
