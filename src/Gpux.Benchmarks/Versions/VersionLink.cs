namespace Gpux.Benchmarks.Versions;

/// <summary>Where a version comes from: something that does not change, in a registry.</summary>
/// <param name="Reference">As it is written to pull it, such as "hf:org/name@0123..." or "mlflow:fraud@3".</param>
/// <param name="Revision">A commit of 40 or 64 hexadecimal digits, a digest, or the number of a registered version.</param>
/// <param name="Url">A page about it, for people; null where the registry has none that is known.</param>
public sealed record VersionLink(string Reference, string Registry, string Revision, string? Url)
{
    private const string MlflowRegistry = "mlflow";
    private const string GitHubRegistry = "github";
    private const string DigestPrefix = "sha256:";

    /// <summary>Reads a reference, or the address of a commit's page.</summary>
    /// <param name="text">Such as "hf:org/name@commit", "https://github.com/org/name/commit/0123...", "models:/fraud/3".</param>
    /// <param name="forms">How references of registries besides the Hub's are written.</param>
    /// <param name="mlflowServer">Whose pages show MLflow's versions; null where it is not known.</param>
    /// <exception cref="InvalidVersionLinkException">It names nothing, or something that may change its meaning.</exception>
    public static VersionLink Parse(string text, IReferenceForms? forms, Uri? mlflowServer)
    {
        ModelReference model;
        try
        {
            model = ModelReference.Parse(CommitPage(text), forms);
        }
        catch (GpuxException exception) when (exception is InvalidReferenceException or ModelNotFoundException)
        {
            throw new InvalidVersionLinkException(text, exception.Message);
        }
        if (model.Registry is ModelReference.Local or "web")
            throw new InvalidVersionLinkException(text, "a folder, a file or an address has no versions");
        if (model.Revision is not { } revision)
            throw new InvalidVersionLinkException(text, "it names no revision");
        if (!IsFixed(model.Registry, revision))
            throw new InvalidVersionLinkException(text, $"'{VersionText.Shown(revision)}' may be a branch, a tag or an alias, which move");
        return new VersionLink((model with { Path = null }).ToString(), model.Registry, revision, Page(model, revision, mlflowServer));
    }

    /// <summary>Of a model that is on this machine.</summary>
    internal static VersionLink Of(ModelManifest manifest, Uri? mlflowServer)
    {
        var model = manifest.Model with { Revision = manifest.Commit, Path = null };
        return new VersionLink(model.ToString(), model.Registry, manifest.Commit, Page(model, manifest.Commit, mlflowServer)
            ?? (Uri.TryCreate(manifest.Source, UriKind.Absolute, out var source) && source.Scheme is "http" or "https" ? source.AbsoluteUri : null));
    }

    // GitHub's pages of commits are no references to files, which is what the registry reads.
    private static string CommitPage(string text) => Uri.TryCreate(text, UriKind.Absolute, out var page) && page.Host is "github.com" or "www.github.com" or "huggingface.co"
        && page.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries) is [var owner, var name, "commit", var commit]
        ? $"{page.GetLeftPart(UriPartial.Authority)}/{owner}/{name}/tree/{commit}" : text;

    // Where revisions are Git's, digits alone are a branch, a tag or a part of a commit.
    private static bool IsFixed(string registry, string revision) =>
        (revision.Length is 40 or 64 && revision.All(char.IsAsciiHexDigit))
        || (registry is not (ModelReference.HuggingFace or GitHubRegistry) && revision.Length is > 0 and <= 18 && revision.All(char.IsAsciiDigit))
        || (revision.StartsWith(DigestPrefix, StringComparison.Ordinal) && revision.Length == DigestPrefix.Length + 64 && revision.AsSpan(DigestPrefix.Length).IndexOfAnyExcept(Hex) < 0);

    private static string? Page(ModelReference model, string revision, Uri? mlflowServer)
    {
        switch (model.Registry)
        {
            case ModelReference.HuggingFace:
                return $"https://huggingface.co/{model.Name}/tree/{revision}";
            case GitHubRegistry when model.Name.Split("//")[0].Split('/') is [var owner, var name]:
                return $"https://github.com/{owner}/{name}/tree/{revision}";
            case MlflowRegistry when mlflowServer is { Scheme: "http" or "https" }:
                // Without a name and a password that the address may hold.
                var server = new UriBuilder(mlflowServer) { UserName = "", Password = "", Query = "", Fragment = "" }.Uri.AbsoluteUri.TrimEnd('/');
                return $"{server}/#/models/{Uri.EscapeDataString(model.Name)}/versions/{revision}";
            default:
                return null;
        }
    }

    private static readonly System.Buffers.SearchValues<char> Hex = System.Buffers.SearchValues.Create("0123456789abcdef");
}

/// <summary>A link of a version names nothing, or something that may change its meaning.</summary>
public sealed class InvalidVersionLinkException(string link, string problem) : GpuxException(
    ErrorCode.InvalidVersionLink,
    $"'{VersionText.Shown(link)}' cannot be a version's link: {problem.TrimEnd('.')}.",
    "Write the full commit or the number of the version: hf:org/name@<40 hexadecimal digits>, github:owner/name@<commit>, models:/name/3.");
