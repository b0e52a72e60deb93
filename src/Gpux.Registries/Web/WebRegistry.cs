using System.Globalization;
using System.Net;
using Gpux.Registries.Http;

namespace Gpux.Registries.Web;

/// <summary>Reads models of plain web servers: one file, or a folder that lists itself.</summary>
/// <remarks>
/// A folder is discovered by its index.json ([{"path", "size", "sha256"}]), nginx's JSON listing or an HTML listing. Checksums are taken
/// from the index, from file.sha256, SHA256SUMS or checksums.txt beside the files, or from the headers Repr-Digest, Digest and
/// Content-MD5.
/// </remarks>
public sealed class WebRegistry : IModelRegistry
{
    // Properties: the folder's address, and the one file's own where it is no folder.
    private const string FolderAddress = "web_folder";
    private const string FileAddress = "web_file";

    private const int FileLimit = 10_000;
    private const int FolderLimit = 500;
    private const int DepthLimit = 8;
    private const int ListingLimitBytes = 16 << 20;
    private const int ChecksumLimitBytes = 4 << 20;
    private const int QuestionsAtOnce = 8;

    private static readonly string[] SumFiles = ["SHA256SUMS", "sha256sums.txt", "checksums.txt"];

    private readonly RegistryEnvironment _environment;
    private readonly WebSettings _settings;

    public WebRegistry(RegistryEnvironment environment) : this(environment, WebSettings.Read(environment))
    {
    }

    internal WebRegistry(RegistryEnvironment environment, WebSettings settings) => (_environment, _settings) = (environment, settings);

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var address = Address(model.Name);
        var client = Client(address);
        var properties = new Dictionary<string, string>();
        var files = new List<ModelFile>();
        if (!address.AbsolutePath.EndsWith('/'))
        {
            var facts = await AskAsync(client, model, address, cancellationToken) ?? throw NotFound(model, address);
            // A server that knows it for a folder says so.
            if (facts.Address.AbsolutePath == address.AbsolutePath + "/" && RegistryHttp.IsSameOrigin(facts.Address, address))
                address = facts.Address;
            else
                await AddFileAsync(client, model, address, facts, files, properties, cancellationToken);
        }
        if (files.Count == 0)
        {
            properties[FolderAddress] = address.AbsoluteUri;
            files.AddRange(await ListFolderAsync(client, model, address, cancellationToken));
        }
        RepositoryPath.CheckAll(model.ToString(), files);
        files.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        var commit = CommitId.Of(files, $"{address}\n{string.Join('\n', files.Select(file => file.ObjectId))}");
        if (model.Revision is { } revision && !revision.Equals(commit, StringComparison.OrdinalIgnoreCase))
            throw new RevisionNotFoundException(model);
        return new ModelManifest(model with { Path = null }, commit, files, Source: address.AbsoluteUri) { Properties = properties };
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var named = manifest.Properties.GetValueOrDefault(FileAddress);
        var address = named is not null && NameOf(new Uri(named)) == file.Path ? new Uri(named)
            : manifest.Properties.TryGetValue(FolderAddress, out var folder) ? Below(new Uri(folder), file.Path)
            : throw new FileNotInModelException(manifest, file.Path);
        var client = Client(address);
        return client.OpenAsync(new RegistryRequest(address), manifest, file, range, reply =>
        {
            if (file.ObjectId is ['"', ..] tag && reply.Response.Headers.ETag is { IsWeak: false } now && now.Tag != tag)
                throw new UnexpectedReplyException(_settings.Title, reply.Address,
                    "the file is another than when the model was resolved. Pull it again.");
            return HttpDigests.Read(reply);
        }, cancellationToken);
    }

    private async Task AddFileAsync(
        RegistryClient client, ModelReference model, Uri address, Facts facts, List<ModelFile> files, Dictionary<string, string> properties,
        CancellationToken cancellationToken)
    {
        var name = NameOf(address);
        if (facts.IsPage)
            throw new UnexpectedReplyException(_settings.Title, address.GetLeftPart(UriPartial.Path),
                "it sends a web page, not a model's file. Is there a link to the file itself, or a '/' missing at the end of a folder's address?");
        (properties[FileAddress], properties[FolderAddress]) = (address.AbsoluteUri, new Uri(address, ".").AbsoluteUri);
        files.Add(facts.ToFile(name));
        // The weights of an ONNX file may lie beside it, by the exporters' naming.
        if (name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            foreach (var ending in (string[])[".data", "_data"])
            {
                if (await AskBesideAsync(client, model, Below(new Uri(address, "."), name + ending), cancellationToken) is { IsPage: false } data)
                    files.Add(data.ToFile(name + ending));
            }
        }
        if (files.TrueForAll(file => file.Digest is not null))
            return;
        var folder = new Uri(address, ".");
        var sums = new Dictionary<string, Digest>();
        foreach (var file in files)
            await ReadSumsAsync(client, model, Below(folder, $"{file.Path}.sha256"), file.Path, sums, cancellationToken);
        foreach (var list in SumFiles)
        {
            if (!sums.ContainsKey(name))
                await ReadSumsAsync(client, model, Below(folder, list), only: null, sums, cancellationToken);
        }
        WithSums(files, sums);
    }

    private async Task<List<ModelFile>> ListFolderAsync(
        RegistryClient client, ModelReference model, Uri address, CancellationToken cancellationToken)
    {
        if (await client.BytesAsync(new RegistryRequest(Below(address, "index.json")), model, ListingLimitBytes, cancellationToken) is { } index
            && DirectoryListing.ReadIndex(index.Body) is { } listed)
            return listed.Count <= FileLimit ? listed : throw TooLarge(address);
        var files = new List<ModelFile>();
        var folders = new Stack<(string Path, int Depth)>([("", 0)]);
        for (var asked = 0; folders.TryPop(out var folder); asked++)
        {
            if (asked == FolderLimit || folder.Depth > DepthLimit)
                throw TooLarge(address);
            var reply = await client.BytesAsync(new RegistryRequest(Below(address, folder.Path)), model, ListingLimitBytes, cancellationToken)
                ?? throw NotFound(model, address);
            if (!DirectoryListing.TryRead(reply.Body, out var entries))
                throw new UnexpectedReplyException(_settings.Title, reply.Reply.Address,
                    "the answer lists no files. A folder needs an index.json or a server that lists folders.");
            foreach (var entry in entries)
            {
                var path = folder.Path + entry.Name;
                RepositoryPath.Check(model.ToString(), path);
                if (entry.IsFolder)
                    folders.Push(($"{path}/", folder.Depth + 1));
                else if (files.Count < FileLimit)
                    files.Add(new ModelFile(path, entry.SizeBytes, null) { ObjectId = entry.ModifiedAt });
                else
                    throw TooLarge(address);
            }
        }
        if (files.Count == 0)
            throw new ModelNotFoundException(model.ToString(), $"The folder {address} holds no file.", "Check the address.");
        await CompleteAsync(client, model, address, files, cancellationToken);
        return files;
    }

    // Sizes and tags where the listing has none, and checksums that are listed beside the files.
    private static async Task CompleteAsync(
        RegistryClient client, ModelReference model, Uri address, List<ModelFile> files, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce, CancellationToken = cancellationToken };
        var unknown = Enumerable.Range(0, files.Count).Where(i => files[i].ObjectId is null || files[i].SizeBytes is null).ToArray();
        var facts = new ModelFile[files.Count];
        await Parallel.ForEachAsync(unknown, options, async (i, token) =>
            facts[i] = (await AskAsync(client, model, Below(address, files[i].Path), token))?.ToFile(files[i].Path) ?? files[i]);
        foreach (var i in unknown)
            files[i] = facts[i];
        var sums = new Dictionary<string, Digest>();
        foreach (var file in files.ToArray())
        {
            var (folder, name) = file.Path.LastIndexOf('/') is >= 0 and var slash ? (file.Path[..(slash + 1)], file.Path[(slash + 1)..]) : ("", file.Path);
            if (Array.Exists(SumFiles, list => list.Equals(name, StringComparison.OrdinalIgnoreCase)))
                await ReadSumsAsync(client, model, Below(address, file.Path), only: null, sums, cancellationToken, folder);
            else if (name.EndsWith(".sha256", StringComparison.Ordinal))
                await ReadSumsAsync(client, model, Below(address, file.Path), name[..^".sha256".Length], sums, cancellationToken, folder);
        }
        WithSums(files, sums);
    }

    private static async Task ReadSumsAsync(
        RegistryClient client, ModelReference model, Uri address, string? only, Dictionary<string, Digest> sums,
        CancellationToken cancellationToken, string folder = "")
    {
        try
        {
            if (await client.BytesAsync(new RegistryRequest(address), model, ChecksumLimitBytes, cancellationToken) is not { } reply)
                return;
            foreach (var (name, digest) in Checksums.Read(reply.Body, only))
                sums.TryAdd(folder + name, digest);
        }
        catch (GpuxException)
        {
            // There are no checksums for us: a server may refuse what it does not have.
        }
    }

    private static void WithSums(List<ModelFile> files, Dictionary<string, Digest> sums)
    {
        for (var i = 0; i < files.Count; i++)
        {
            if (files[i].Digest is not { Algorithm: DigestAlgorithm.Sha256 } && sums.TryGetValue(files[i].Path, out var digest))
                files[i] = files[i] with { Digest = digest };
        }
    }

    // As below; some servers refuse what they do not have.
    private static async Task<Facts?> AskBesideAsync(RegistryClient client, ModelReference model, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(client, model, address, cancellationToken);
        }
        catch (AccessDeniedException)
        {
            return null;
        }
    }

    // What a server says of a file without sending it; null where there is none.
    private static async Task<Facts?> AskAsync(RegistryClient client, ModelReference model, Uri address, CancellationToken cancellationToken)
    {
        var request = new RegistryRequest(address) { Method = HttpMethod.Head };
        using var head = await client.Http.SendAsync(request, cancellationToken);
        if (head.Response.IsSuccessStatusCode)
            return Facts.Of(head);
        if (head.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            return null;
        if (head.Response.StatusCode is not (HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented or HttpStatusCode.Forbidden
            or HttpStatusCode.BadRequest))
            throw await client.ErrorAsync(head, model, file: null, cancellationToken);
        // Servers and signed addresses that allow GET alone: one byte says as much.
        using var first = await client.Http.SendAsync(request with { Method = HttpMethod.Get, Range = new FileRange(0, 1) }, cancellationToken);
        if (first.Response.IsSuccessStatusCode)
            return Facts.Of(first);
        if (first.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            return null;
        throw await client.ErrorAsync(first, model, file: null, cancellationToken);
    }

    private RegistryClient Client(Uri address) => new(
        _environment, new RegistryHttp(_environment, _settings.Title, address, _settings.Credential(address)), _settings.CredentialRemedy);

    private Uri Address(string name) => _settings.Base is { } home ? Below(home, name) : new Uri(name);

    private static Uri Below(Uri folder, string path) =>
        new(folder.GetLeftPart(UriPartial.Path) + string.Join('/', path.Split('/').Select(Uri.EscapeDataString)));

    private static string NameOf(Uri address) => Uri.UnescapeDataString(address.AbsolutePath[(address.AbsolutePath.LastIndexOf('/') + 1)..]);

    private static ModelNotFoundException NotFound(ModelReference model, Uri address) => new(
        model.ToString(), $"There is nothing at {address.GetLeftPart(UriPartial.Path)}.", "Check the address.");

    private UnexpectedReplyException TooLarge(Uri address) => new(_settings.Title, address.GetLeftPart(UriPartial.Path),
        $"it lists more than {FileLimit:N0} files, {FolderLimit} folders or {DepthLimit} levels.");

    /// <param name="Address">The last on the way.</param>
    /// <param name="IsPage">Whether it is a page for people.</param>
    private sealed record Facts(Uri Address, long? SizeBytes, string? Version, Digest? Digest, bool IsPage)
    {
        public static Facts Of(HttpReply reply)
        {
            var (headers, content) = (reply.Response.Headers, reply.Response.Content.Headers);
            var size = reply.Response.StatusCode == HttpStatusCode.PartialContent ? content.ContentRange?.Length
                : content.ContentEncoding.Count > 0 ? null : content.ContentLength;
            var version = headers.ETag is { IsWeak: false } tag ? tag.Tag
                : headers.ETag?.Tag is { } weak ? $"W/{weak}"
                : content.LastModified?.ToString("O", CultureInfo.InvariantCulture);
            return new Facts(reply.Response.RequestMessage!.RequestUri!, size, version, HttpDigests.Read(reply), // RegistryHttp always sets both
                content.ContentType?.MediaType is "text/html" or "application/xhtml+xml");
        }

        public ModelFile ToFile(string path) => new(path, SizeBytes, Digest) { ObjectId = Version };
    }
}
