using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Gpux.Registries.GitHub;
using Gpux.Registries.Http;

namespace Gpux.Registries.PyTorch;

/// <summary>Reads what repositories with a hubconf.py offer: its entry points, and the weight files that its source names. None
/// of it is executed.</summary>
/// <remarks>Source: torch/hub.py of PyTorch 2.x: how a ref is chosen, that it must be of this repository and not of a fork, and how
/// files are named.</remarks>
public sealed class TorchHubRegistry(RegistryEnvironment environment) : IModelRegistry
{
    /// <summary>What stands before the colon of a reference.</summary>
    public const string Name = "torchhub";

    private const string HubConfName = "hubconf.py";
    private const string TorchvisionRepository = "pytorch/vision";
    private const int PageSize = 100;
    private const int PageLimit = 50;
    private const long ArchiveLimitBytes = 128L << 20;

    private readonly Lazy<GitHubApi> _github = new(() => new GitHubApi(environment));

    /// <summary>Reads "owner/repo[/entry][:ref]", and the form that <see cref="ModelReference.ToString"/> writes, in which the ref
    /// comes after '@'.</summary>
    /// <exception cref="InvalidReferenceException">Another form.</exception>
    public static ModelReference ReadReference(string text)
    {
        var end = text.AsSpan().IndexOfAny(':', '@');
        var (named, revision) = end < 0 ? (text, null) : (text[..end], text[(end + 1)..]);
        if (revision is not null && ModelReference.RevisionProblem(revision) is { } problem)
            throw new InvalidReferenceException($"{Name}:{text}", problem);
        Read(named);
        return new ModelReference(Name, named, revision);
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var (repository, entryName) = Read(model.Name);
        model = model with { Path = null };
        var github = _github.Value;
        var properties = new Dictionary<string, string> { ["library_name"] = "pytorch" };
        var licence = await github.Client.JsonAsync(github.Request($"repos/{repository}"), model, (json, _) =>
        {
            if (json.Text("description") is { } description)
                properties["description"] = description;
            if (json.Text("stargazers_count") is { } likes)
                properties["likes"] = likes;
            return json.Member("license")?.Text("spdx_id")?.ToLowerInvariant();
        }, cancellationToken);
        var revision = model.Revision ?? await DefaultBranchAsync(repository, model, cancellationToken);
        var commit = await FindCommitAsync(repository, revision, model, cancellationToken);
        var archive = await DownloadAsync(repository, commit, revision, model, cancellationToken);
        if (archive.HubConf is not { } hubConf)
            throw new FileNotInModelException(new ModelManifest(model, commit, []), HubConfName);
        var conf = HubConf.Parse(Encoding.UTF8.GetString(hubConf));
        var addresses = archive.WeightAddresses;
        if (entryName is not null)
            addresses = AddressesOf(entryName, conf, repository, addresses, model);
        Describe(conf, entryName, properties);

        using var content = new MemoryStream(hubConf);
        var files = new List<ModelFile>
        {
            new(HubConfName, hubConf.Length, await Digest.ComputeAsync(DigestAlgorithm.GitBlobSha1, content, hubConf.Length, cancellationToken)),
        };
        foreach (var address in addresses)
        {
            if (Allowed(address) is { } allowed)
                files.Add(WeightFile(allowed, files));
        }
        RepositoryPath.CheckAll(model.ToString(), files);
        var page = new Uri(github.Server, $"{repository}/tree/{commit}").AbsoluteUri;
        return new ModelManifest(model, commit, files, licence, page) { Properties = properties };
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var github = _github.Value;
        if (file.ObjectId is null)
        {
            var raw = github.Raw(Read(manifest.Model.Name).Repository, manifest.Commit, file.Path);
            return github.Client.OpenAsync(new RegistryRequest(raw), manifest, file, range, digest: null, cancellationToken);
        }
        var address = github.Client.Http.Given(new Uri(file.ObjectId), by: github.Server);
        return TorchFile.OpenAsync(environment, address, manifest, file, range, cancellationToken);
    }

    private static (string Repository, string? Entry) Read(string named) => named.Split('/') switch
    {
        [var owner, var name] when GitHubName.IsOwner(owner) && GitHubName.IsRepository(name) => ($"{owner}/{name}", null),
        [var owner, var name, { Length: > 0 and < 200 } entry] when GitHubName.IsOwner(owner) && GitHubName.IsRepository(name)
            && entry.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') => ($"{owner}/{name}", entry),
        _ => throw new InvalidReferenceException($"{Name}:{named}", "a repository is owner/repo, and owner/repo/entry one model of it"),
    };

    private async Task<string> DefaultBranchAsync(string repository, ModelReference model, CancellationToken cancellationToken)
    {
        var page = new RegistryRequest(new Uri(_github.Value.Server, $"{repository}/tree/main/"));
        using var reply = await _github.Value.Client.Http.SendAsync(page, cancellationToken);
        return reply.Response.StatusCode == HttpStatusCode.NotFound ? "master" : reply.Response.IsSuccessStatusCode ? "main"
            : throw await _github.Value.Client.ErrorAsync(reply, model, file: null, cancellationToken);
    }

    // A commit of a fork can be had under the name of the repository that it was forked from: that is how one would be fooled.
    private async Task<string> FindCommitAsync(string repository, string revision, ModelReference model, CancellationToken cancellationToken)
    {
        var isCommit = revision.Length is >= 7 and <= 40 && revision.All(char.IsAsciiHexDigitLower);
        foreach (var kind in (string[])["branches", "tags"])
        {
            var count = PageSize;
            for (var page = 1; count == PageSize && page <= PageLimit; page++)
            {
                var path = string.Create(CultureInfo.InvariantCulture, $"repos/{repository}/{kind}?per_page={PageSize}&page={page}");
                var (found, read) = await _github.Value.Client.JsonAsync(_github.Value.Request(path), model, (json, _) =>
                    (json.EnumerateArray().Select(Named).FirstOrDefault(IsMeant), json.GetArrayLength()), cancellationToken);
                if (found.Sha is not null)
                    return found.Sha;
                count = read;
            }
        }
        throw isCommit ? new ForeignCommitException(repository, revision) : new RevisionNotFoundException(model with { Revision = revision });

        bool IsMeant((string Name, string Sha) each) =>
            each.Name == revision || (isCommit && each.Sha.StartsWith(revision, StringComparison.Ordinal));

        static (string Name, string Sha) Named(JsonElement each) => (each.Text("name") ?? "",
            each.Member("commit")?.Text("sha") is { Length: 40 } sha && sha.All(char.IsAsciiHexDigitLower) ? sha
                : throw new FormatException("it names no commit."));
    }

    private async Task<HubArchive> DownloadAsync(
        string repository, string commit, string revision, ModelReference model, CancellationToken cancellationToken)
    {
        var github = _github.Value;
        var path = Path.Combine(Path.GetTempPath(), $"gpux-{Path.GetRandomFileName()}.zip");
        // Gone with its handle, whatever happens.
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16,
            FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        // 300: the name is that of a branch and of a tag.
        foreach (var part in (string[])[commit, $"refs/heads/{GitHubApi.Escaped(revision)}"])
        {
            var request = new RegistryRequest(new Uri(github.Server, $"{repository}/zipball/{part}")) { Credential = github.ServerCredential };
            using var reply = await github.Client.Http.SendAsync(request, cancellationToken);
            if (reply.Response.StatusCode == HttpStatusCode.MultipleChoices)
                continue;
            if (!reply.Response.IsSuccessStatusCode)
                throw await github.Client.ErrorAsync(reply, model, file: null, cancellationToken);
            try
            {
                await CopyAsync(reply, file, cancellationToken);
                file.Position = 0;
                return await HubArchive.ReadAsync(file, cancellationToken);
            }
            catch (InvalidDataException damaged)
            {
                throw new UnexpectedReplyException(GitHubApi.Title, reply.Address,
                    $"the archive of the source cannot be read: {damaged.Message}", damaged);
            }
        }
        throw new UnexpectedReplyException(GitHubApi.Title, repository, $"it cannot tell which '{revision}' is meant.");
    }

    private async Task CopyAsync(HttpReply reply, Stream target, CancellationToken cancellationToken)
    {
        using var silence = new SilenceTimer(environment.SilenceLimit, environment.Clock, cancellationToken);
        try
        {
            await using var body = await reply.Response.Content.ReadAsStreamAsync(silence.Token);
            var buffer = new byte[1 << 16];
            long total = 0;
            for (int read; (read = await body.ReadAsync(buffer, silence.Restarted())) > 0;)
            {
                if ((total += read) > ArchiveLimitBytes)
                    throw new InvalidDataException($"it exceeds {ArchiveLimitBytes >> 20} MiB.");
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        catch (Exception broken) when (RegistryHttp.IsBrokenConnection(broken, cancellationToken))
        {
            throw new TransferInterruptedException(new RegistryUnreachableException(GitHubApi.Title, broken.Message, broken));
        }
    }

    /// <summary>The weights of one entry point: what its own source names, else what torchvision's table has, else files of
    /// its name, else all: which it is only running the program would tell.</summary>
    private static IReadOnlyList<string> AddressesOf(
        string entryName, HubConf conf, string repository, IReadOnlyList<string> all, ModelReference model)
    {
        var entry = conf.Entries.FirstOrDefault(each => each.Name == entryName);
        if (entry is null && !conf.IsDynamic)
            throw new ModelNotFoundException(model.ToString(), $"hubconf.py of {repository} has no entry point '{entryName}'.",
                $"Those that it has: {Printable.Text(string.Join(", ", conf.Entries.Select(each => each.Name)))}.");
        var own = new List<string>();
        if (entry is not null)
            HubArchive.AddAddresses(entry.Source, own);
        if (own.Count > 0)
            return own;
        if (repository == TorchvisionRepository && TorchvisionWeights.Find(entryName, weights: null) is { } known)
            return [$"https://download.pytorch.org/models/{known.File}"];
        own.AddRange(all.Where(address => address[(address.LastIndexOf('/') + 1)..] is var file
            && file.StartsWith(entryName, StringComparison.OrdinalIgnoreCase)
            && file.Length > entryName.Length && file[entryName.Length] is '-' or '.' or '_'));
        return own.Count > 0 ? own : all;
    }

    private static void Describe(HubConf conf, string? entryName, Dictionary<string, string> properties)
    {
        if (conf.Dependencies.Count > 0)
            properties["dependencies"] = string.Join(',', conf.Dependencies);
        if (conf.Entries.Count > 0)
            properties["entry_points"] = string.Join(',', conf.Entries.Select(each => each.Name));
        if (conf.IsDynamic)
            properties["entry_points_complete"] = "false";
        foreach (var entry in conf.Entries)
        {
            if (entry.Help is not { } help || (entryName is not null && entry.Name != entryName))
                continue;
            properties[entryName is null ? $"help.{entry.Name}" : "description"] = help;
        }
    }

    private Uri? Allowed(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0)
            return null;
        try
        {
            return _github.Value.Client.Http.Given(uri, by: _github.Value.Server);
        }
        catch (UnexpectedReplyException)
        {
            return null; // Not over https, or within this machine: not for a program from elsewhere to name.
        }
    }

    // As torch.hub keeps it: under the last part of its address. Where two have the same, the host tells them apart.
    private static ModelFile WeightFile(Uri address, List<ModelFile> others)
    {
        var name = Uri.UnescapeDataString(address.Segments[^1]);
        var file = new ModelFile(name, SizeBytes: null, TorchFile.DigestInName(name)) { ObjectId = address.AbsoluteUri };
        return others.Exists(other => other.Path.Equals(name, StringComparison.OrdinalIgnoreCase))
            ? file with { Path = $"{address.Host}{Uri.UnescapeDataString(address.AbsolutePath)}" } : file;
    }
}

/// <summary>A commit is at no branch or tag of the repository: it may be that of anybody's fork.</summary>
public sealed class ForeignCommitException(string repository, string commit) : GpuxException(
    ErrorCode.ForeignCommit,
    $"The commit {commit} is at no branch or tag of {repository}: GitHub shows commits of forks under that name too.",
    "Name a branch or a tag, or the fork itself if that is what you mean.");
