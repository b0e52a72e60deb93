using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.GitHub;

/// <summary>Reads models that are kept as files of a repository on GitHub, or as assets of its releases.</summary>
/// <remarks>Source: GitHub REST API, version 2022-11-28. The commit is git's own; of a release, whose assets may be replaced, it is a
/// digest of their list.</remarks>
public sealed class GitHubRegistry(RegistryEnvironment environment) : IModelRegistry, IModelSearch
{
    private const string FolderProperty = "folder";
    private const string PrivateProperty = "private";
    private const string TagProperty = "tag";
    private const int FileLimit = 20_000;
    private const int FolderLimit = 1000;
    private const int AttributesLimit = 16;
    private const int AttributesLimitBytes = 1 << 18;
    private const int PointerLimit = 2000;
    private const int PointersAtOnce = 8;

    private readonly Lazy<GitHubApi> _github = new(() => new GitHubApi(environment));

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var name = GitHubName.Read(model.Name);
        model = model with { Path = null };
        var github = _github.Value;
        var properties = new Dictionary<string, string>();
        var (fullName, branch, licence) = await github.Client.JsonAsync(
            github.Request($"repos/{name.FullName}"), model, (json, _) => Describe(json, properties), cancellationToken);
        // A repository that was renamed answers under its new name.
        name = GitHubName.Read((name with { Owner = fullName[0], Repository = fullName[1] }).ToString());
        model = model with { Name = name.ToString() };
        var page = new Uri(github.Server, name.FullName).AbsoluteUri;
        if (name.IsRelease)
        {
            var assets = await ListReleaseAsync(name, model, properties, cancellationToken);
            return new ModelManifest(model, CommitId.Of(assets, properties[TagProperty]), assets, licence,
                $"{page}/releases/tag/{GitHubApi.Escaped(properties[TagProperty])}") { Properties = properties };
        }
        var commit = model is { IsPinned: true, Revision: { Length: 40 } pinned } ? pinned.ToLowerInvariant()
            : await FindCommitAsync(name, model, model.Revision ?? branch, cancellationToken);
        var tree = await ListTreeAsync(name, model, commit, cancellationToken);
        var (folder, files) = Below(tree, name, model, commit);
        if (folder.Length > 0)
            properties[FolderProperty] = folder;
        var manifest = new ModelManifest(model, commit, files, licence,
            $"{page}/tree/{commit}{(name.Path.Length > 0 ? $"/{GitHubApi.Escaped(name.Path)}" : "")}") { Properties = properties };
        manifest = manifest with { Files = await ReplacePointersAsync(manifest, tree, cancellationToken) };
        RepositoryPath.CheckAll(model.ToString(), manifest.Files);
        return manifest;
    }

    public async Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var name = GitHubName.Read(manifest.Model.Name);
        var request = name.IsRelease ? AssetRequest(name, manifest, file)
            : file.Digest is { Algorithm: DigestAlgorithm.Sha256 } digest
                ? await LfsBatch.FindAsync(_github.Value, name.FullName, manifest, file, digest, cancellationToken)
            : GitRequest(manifest, file);
        return await _github.Value.Client.OpenAsync(request, manifest, file, range, digest: null, cancellationToken);
    }

    public Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        var query = search.Words + (search.Licence is { } licence ? $" license:{licence}" : "");
        var size = Math.Clamp(search.Limit, 1, 100).ToString(CultureInfo.InvariantCulture);
        return _github.Value.Client.JsonAsync<IReadOnlyList<FoundModel>>(
            _github.Value.Request($"search/repositories?q={Uri.EscapeDataString(query)}&per_page={size}"),
            new ModelReference(GitHubName.Registry, search.Words), (json, _) =>
                [.. json.Items("items").Where(item => FullName(item) is not null).Take(search.Limit).Select(ReadFound)], cancellationToken);
    }

    private static FoundModel ReadFound(JsonElement item) => new(
        new ModelReference(GitHubName.Registry, string.Join('/', FullName(item)!))) // Those without a name are left out
    {
        Description = item.Text("description") is { } text ? Printable.Text(text) : null,
        Licence = Licence(item),
        Likes = item.Long("stargazers_count"),
        UpdatedAt = item.Time("pushed_at") ?? item.Time("updated_at"),
    };

    private static string[]? FullName(JsonElement repository) => repository.Text("full_name")?.Split('/') is [var owner, var name]
        && GitHubName.IsOwner(owner) && GitHubName.IsRepository(name) ? [owner, name] : null;

    // "NOASSERTION" is what GitHub says of a licence that it cannot tell.
    private static string? Licence(JsonElement repository) =>
        repository.Member("license")?.Text("spdx_id") is { } id and not "NOASSERTION" ? id.ToLowerInvariant() : null;

    private static (string[] FullName, string Branch, string? Licence) Describe(JsonElement repository, Dictionary<string, string> properties)
    {
        Add("description", repository.Text("description"));
        Add("likes", repository.Text("stargazers_count"));
        Add("tags", repository.Joined("topics"));
        Add("lastModified", repository.Text("pushed_at"));
        if (repository.Member(PrivateProperty) is { ValueKind: JsonValueKind.True })
            Add(PrivateProperty, "true");
        return (FullName(repository) ?? throw new FormatException("it names no repository."),
            repository.Text("default_branch") ?? throw new FormatException("it names no default branch."), Licence(repository));

        void Add(string property, string? value)
        {
            if (value is not null)
                properties[property] = value;
        }
    }

    private async Task<string> FindCommitAsync(GitHubName name, ModelReference model, string revision, CancellationToken cancellationToken)
    {
        try
        {
            return await _github.Value.Client.JsonAsync(
                _github.Value.Request($"repos/{name.FullName}/commits/{GitHubApi.Escaped(revision)}"), model,
                (json, _) => json.Text("sha") is { Length: 40 } sha && sha.All(char.IsAsciiHexDigitLower) ? sha
                    : throw new FormatException("it names no commit."), cancellationToken);
        }
        catch (ModelNotFoundException)
        {
            throw new RevisionNotFoundException(model with { Revision = revision });
        }
    }

    /// <summary>All files of a commit. The digest is git's own.</summary>
    private async Task<List<ModelFile>> ListTreeAsync(GitHubName name, ModelReference model, string commit, CancellationToken cancellationToken)
    {
        var files = new List<ModelFile>();
        try
        {
            if (await ReadTreeAsync(commit, "", isWhole: true, folders: null) == false)
                return files;
        }
        catch (ModelNotFoundException)
        {
            throw new RevisionNotFoundException(model with { Revision = commit });
        }
        // Too large for one answer: folder by folder.
        files.Clear();
        var folders = new Queue<(string Sha, string Path)>([(commit, "")]);
        for (var read = 0; folders.TryDequeue(out var folder); read++)
        {
            if (read == FolderLimit)
                throw TooMany($"{FolderLimit:N0} folders");
            await ReadTreeAsync(folder.Sha, folder.Path, isWhole: false, folders);
        }
        return files;

        Task<bool> ReadTreeAsync(string sha, string prefix, bool isWhole, Queue<(string, string)>? folders) => _github.Value.Client.JsonAsync(
            _github.Value.Request($"repos/{name.FullName}/git/trees/{sha}{(isWhole ? "?recursive=1" : "")}"), model, (json, _) =>
            {
                foreach (var entry in json.Items("tree"))
                {
                    var path = prefix + (entry.Text("path") ?? throw new FormatException("it lists a file without a path."));
                    var id = entry.Text("sha") ?? throw new FormatException("it lists a file without an id.");
                    if (entry.Text("type") == "tree")
                        folders?.Enqueue((id, path + "/"));
                    // Neither links nor the commits of other repositories are files.
                    if (entry.Text("type") != "blob" || entry.Text("mode") == "120000")
                        continue;
                    if (files.Count == FileLimit * 5)
                        throw TooMany($"{FileLimit * 5:N0} files");
                    files.Add(new ModelFile(path, entry.Long("size"), Digest.Parse($"git:{id}")));
                }
                return json.Member("truncated") is { ValueKind: JsonValueKind.True };
            }, cancellationToken);

        UnexpectedReplyException TooMany(string what) => new(GitHubApi.Title, model.ToString(), $"the repository has more than {what}.");
    }

    /// <summary>The files of the folder that the name leads to, under the names that they have in it.</summary>
    private static (string Folder, List<ModelFile> Files) Below(List<ModelFile> tree, GitHubName name, ModelReference model, string commit)
    {
        var folder = name.Path;
        if (tree.Exists(file => file.Path == name.Path))
        {
            // One file: with it come those that hold its weights, by the exporters' naming.
            folder = name.Path.LastIndexOf('/') is >= 0 and var slash ? name.Path[..slash] : "";
            tree = tree.FindAll(file => file.Path.StartsWith(name.Path, StringComparison.Ordinal) && file.Path[name.Path.Length..] is var rest
                && (rest.Length == 0 || rest.StartsWith(".data", StringComparison.Ordinal) || rest.StartsWith("_data", StringComparison.Ordinal)));
        }
        var prefix = folder.Length == 0 ? "" : $"{folder}/";
        var files = tree.Where(file => file.Path.StartsWith(prefix, StringComparison.Ordinal))
            .Select(file => file with { Path = file.Path[prefix.Length..] }).ToList();
        if (files.Count == 0)
            throw new FileNotInModelException(new ModelManifest(model, commit, []), name.Path);
        return files.Count <= FileLimit ? (folder, files)
            : throw new UnexpectedReplyException(GitHubApi.Title, model.ToString(), $"it has more than {FileLimit:N0} files: name a folder of it.");
    }

    /// <summary>Puts in place of pointers the large files that they stand for.</summary>
    private async Task<IReadOnlyList<ModelFile>> ReplacePointersAsync(ModelManifest manifest, List<ModelFile> tree, CancellationToken cancellationToken)
    {
        if (!await UsesLfsAsync(manifest, tree, cancellationToken))
            return manifest.Files;
        var candidates = manifest.Files.Where(file => file.SizeBytes is >= LfsPointer.MinimalBytes and <= LfsPointer.MaximalBytes).ToList();
        if (candidates.Count > PointerLimit)
            throw new UnexpectedReplyException(
                GitHubApi.Title, manifest.Model.ToString(), $"it has more than {PointerLimit:N0} files that may be pointers: name a folder of it.");
        var large = new ConcurrentDictionary<string, LfsPointer>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = PointersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(candidates, options, async (file, token) =>
        {
            if (LfsPointer.Parse(await ReadAsync(manifest, file, LfsPointer.MaximalBytes, token)) is { } pointer)
                large[file.Path] = pointer;
        });
        return [.. manifest.Files.Select(file => large.TryGetValue(file.Path, out var pointer)
            ? file with { SizeBytes = pointer.SizeBytes, Digest = pointer.Digest, ObjectId = file.Digest?.Hex } : file)];
    }

    // Without the filter in .gitattributes git itself would leave pointers as they are.
    private async Task<bool> UsesLfsAsync(ModelManifest manifest, List<ModelFile> tree, CancellationToken cancellationToken)
    {
        var attributes = tree.Where(file => file.SizeBytes < AttributesLimitBytes
            && (file.Path == ".gitattributes" || file.Path.EndsWith("/.gitattributes", StringComparison.Ordinal))).Take(AttributesLimit);
        // The tree's paths are those of the repository, not of the folder that is the model.
        var whole = manifest with { Properties = manifest.Properties.Where(property => property.Key != FolderProperty).ToDictionary() };
        foreach (var file in attributes)
        {
            var text = Encoding.UTF8.GetString(await ReadAsync(whole, file, AttributesLimitBytes, cancellationToken));
            if (text.Contains("filter=lfs", StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    private async Task<byte[]> ReadAsync(ModelManifest manifest, ModelFile file, int limitBytes, CancellationToken cancellationToken) =>
        await _github.Value.Client.BytesAsync(GitRequest(manifest, file), manifest.Model, limitBytes, cancellationToken) is var (body, _)
            ? body : throw new FileNotInModelException(manifest, file.Path);

    private RegistryRequest GitRequest(ModelManifest manifest, ModelFile file)
    {
        var repository = GitHubName.Read(manifest.Model.Name).FullName;
        if (manifest.Properties.ContainsKey(PrivateProperty) && file.Digest is { Algorithm: DigestAlgorithm.GitBlobSha1, Hex: var id })
            return _github.Value.Request($"repos/{repository}/git/blobs/{id}") with { Accept = "application/vnd.github.raw+json" };
        var folder = manifest.Properties.GetValueOrDefault(FolderProperty);
        return new RegistryRequest(_github.Value.Raw(repository, manifest.Commit, folder is null ? file.Path : $"{folder}/{file.Path}"));
    }

    private RegistryRequest AssetRequest(GitHubName name, ModelManifest manifest, ModelFile file)
    {
        var github = _github.Value;
        if (manifest.Properties.ContainsKey(PrivateProperty))
            return github.Request($"repos/{name.FullName}/releases/assets/{file.ObjectId}") with { Accept = "application/octet-stream" };
        var tag = manifest.Properties.GetValueOrDefault(TagProperty) ?? throw new FileNotInModelException(manifest, file.Path);
        return new RegistryRequest(new Uri(
            github.Server, $"{name.FullName}/releases/download/{GitHubApi.Escaped(tag)}/{GitHubApi.Escaped(file.Path)}"));
    }

    private async Task<List<ModelFile>> ListReleaseAsync(
        GitHubName name, ModelReference model, Dictionary<string, string> properties, CancellationToken cancellationToken)
    {
        // A digest of ours names no release of theirs: whether the latest still has it is seen from the list.
        var isCommit = model is { IsPinned: true, Revision.Length: 64 };
        var which = model.Revision is { } tag && !isCommit ? $"tags/{GitHubApi.Escaped(tag)}" : "latest";
        List<ModelFile> files;
        try
        {
            files = await _github.Value.Client.JsonAsync(
                _github.Value.Request($"repos/{name.FullName}/releases/{which}"), model, (json, _) =>
                {
                    properties[TagProperty] = json.Text("tag_name") ?? throw new FormatException("it names no tag of the release.");
                    if (json.Text("published_at") is { } published)
                        properties["lastModified"] = published;
                    return json.Items("assets").Select(ReadAsset).ToList();
                }, cancellationToken);
        }
        catch (ModelNotFoundException)
        {
            var known = await _github.Value.Client.JsonAsync<List<string>>(
                _github.Value.Request($"repos/{name.FullName}/releases?per_page=20"), model, (json, _) =>
                    json.ValueKind != JsonValueKind.Array ? []
                        : [.. json.EnumerateArray().Select(each => each.Text("tag_name") ?? "").Where(each => each.Length > 0)],
                cancellationToken);
            throw new RevisionNotFoundException(model with { Revision = model.Revision ?? "latest" }, known);
        }
        if (name.Path.Length > 0)
            files = files.FindAll(file => file.Path == name.Path);
        RepositoryPath.CheckAll(model.ToString(), files);
        if (isCommit && CommitId.Of(files, properties[TagProperty]) != model.Revision)
            throw new RevisionNotFoundException(model);
        return files.Count > 0 ? files
            : throw new FileNotInModelException(new ModelManifest(model, properties[TagProperty], []), name.Path.Length > 0 ? name.Path : "any");
    }

    private static ModelFile ReadAsset(JsonElement asset) => new(
        asset.Text("name") ?? throw new FormatException("it lists an asset without a name."), asset.Long("size"),
        asset.Text("digest") is { } digest && digest.StartsWith("sha256:", StringComparison.Ordinal) ? Digest.Parse(digest) : null)
    {
        ObjectId = asset.Text("id"),
    };
}
