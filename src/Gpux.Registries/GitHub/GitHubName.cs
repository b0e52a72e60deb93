namespace Gpux.Registries.GitHub;

/// <summary>A repository of GitHub, or its releases, and a part of it.</summary>
/// <param name="IsRelease">Whether the assets of a release are meant, and not the repository's files.</param>
/// <param name="Path">The folder or file that is the model; "" for all.</param>
internal sealed record GitHubName(string Owner, string Repository, bool IsRelease, string Path)
{
    public const string Registry = "github";

    private const string Releases = "releases";

    public string FullName => $"{Owner}/{Repository}";

    /// <summary>owner/repository[/releases][//path]</summary>
    public override string ToString() => FullName + (IsRelease ? $"/{Releases}" : "") + (Path.Length > 0 ? $"//{Path}" : "");

    /// <summary>Reads "owner/repository[/releases][@ref][//path]", and the form that <see cref="ModelReference.ToString"/> writes, in
    /// which the ref comes last.</summary>
    /// <exception cref="InvalidReferenceException">Another form.</exception>
    public static ModelReference ReadReference(string text)
    {
        var at = text.IndexOf('@');
        var (named, revision) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        if (revision?.IndexOf("//", StringComparison.Ordinal) is >= 0 and var path)
            (named, revision) = (named + revision[path..], revision[..path]);
        return Reference(Read(named), revision, text);
    }

    /// <exception cref="InvalidReferenceException">It names no repository.</exception>
    public static GitHubName Read(string named)
    {
        var slashes = named.IndexOf("//", StringComparison.Ordinal);
        var (repository, path) = slashes < 0 ? (named, "") : (named[..slashes], named[(slashes + 2)..].Trim('/'));
        if (path.Length > 0 && RepositoryPath.Problem(path) is { } problem)
            throw new InvalidReferenceException($"{Registry}:{named}", problem);
        return repository.Split('/') switch
        {
            [var owner, var name] when IsOwner(owner) && IsRepository(name) => new(owner, name, IsRelease: false, path),
            [var owner, var name, Releases] when IsOwner(owner) && IsRepository(name) => new(owner, name, IsRelease: true, path),
            _ => throw new InvalidReferenceException($"{Registry}:{named}", "a repository is owner/name, and owner/name/releases are its releases"),
        };
    }

    /// <summary>Reads a link to a repository, a folder or file of it, or its releases.</summary>
    /// <remarks>Of a branch whose name has a '/' only the first part can be told from the path after it: write the reference
    /// with '@' then.</remarks>
    /// <exception cref="InvalidReferenceException">It is on GitHub, but none of these.</exception>
    public static ModelReference? ReadAddress(Uri address)
    {
        var parts = address.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        var text = address.AbsoluteUri;
        switch (address.Host)
        {
            case "raw.githubusercontent.com" when parts is [var owner, var name, "refs", "heads" or "tags", var branch, .. var path]:
                return Part(owner, name, branch, path);
            case "raw.githubusercontent.com" when parts is [var owner, var name, var revision, .. var path]:
                return Part(owner, name, revision, path);
            case "github.com" or "www.github.com":
                return parts switch
                {
                    [var owner, var name] => Part(owner, name.EndsWith(".git", StringComparison.Ordinal) ? name[..^4] : name, null, []),
                    [var owner, var name, "tree" or "blob" or "raw", var revision, .. var path] => Part(owner, name, revision, path),
                    [var owner, var name, Releases] => Release(owner, name, null, ""),
                    [var owner, var name, Releases, "latest"] => Release(owner, name, null, ""),
                    [var owner, var name, Releases, "tag", var tag] => Release(owner, name, tag, ""),
                    [var owner, var name, Releases, "download", var tag, var file] => Release(owner, name, tag, file),
                    _ => throw new InvalidReferenceException(text, "it is no link to a repository, a folder or file of it, or a release"),
                };
            default:
                return null;
        }

        ModelReference Part(string owner, string name, string? revision, string[] path) =>
            Reference(Read(new GitHubName(owner, name, IsRelease: false, string.Join('/', path)).ToString()), revision, text);
        ModelReference Release(string owner, string name, string? tag, string file) =>
            Reference(Read(new GitHubName(owner, name, IsRelease: true, file).ToString()), tag, text);
    }

    private static ModelReference Reference(GitHubName name, string? revision, string text) =>
        revision is not null && ModelReference.RevisionProblem(revision) is { } problem ? throw new InvalidReferenceException(text, problem)
            : new ModelReference(Registry, name.ToString(), revision);

    internal static bool IsOwner(string owner) => owner.Length is > 0 and <= 39 && owner.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    internal static bool IsRepository(string name) => name.Length is > 0 and <= 100 && name is not ("." or "..")
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
