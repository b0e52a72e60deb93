namespace Gpux.Registries.Oci;

/// <summary>A repository of an OCI registry.</summary>
/// <remarks>Source: OCI distribution specification 1.1, "Pulling manifests"; Docker's reference grammar for names without a
/// host.</remarks>
/// <param name="Host">Such as "ghcr.io" or "localhost:5000"; "docker.io" for Docker Hub.</param>
/// <param name="Path">Such as "ai/smollm2".</param>
internal sealed record OciName(string Host, string Path)
{
    public const string Registry = "oci";
    public const string DockerHub = "docker.io";
    public const string DefaultTag = "latest";

    private const string Digest = "sha256:";
    private const string Components = "a repository is lower-case letters and digits with '.', '_' or '-' between, and '/' between its parts";

    public override string ToString() => $"{Host}/{Path}";

    /// <summary>Reads "[host[:port]/]path[:tag][@sha256:...]", and the form that <see cref="ModelReference.ToString"/> writes, in
    /// which the tag or the 64 digits of the digest come after '@'.</summary>
    /// <exception cref="InvalidReferenceException">Another form.</exception>
    public static ModelReference ReadReference(string text)
    {
        var at = text.IndexOf('@');
        var (named, revision) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        var colon = named.LastIndexOf(':');
        if (colon > named.LastIndexOf('/'))
        {
            var tag = named[(colon + 1)..];
            Refuse(text, TagProblem(tag));
            (named, revision) = (named[..colon], revision ?? tag);
        }
        var name = Read(text, named);
        if (revision?.StartsWith(Digest, StringComparison.Ordinal) == true)
        {
            revision = revision[Digest.Length..];
            Refuse(text, revision.Length == 64 && revision.All(char.IsAsciiHexDigitLower) ? null
                : "a digest is sha256: and 64 lower-case hexadecimal digits");
        }
        else if (revision is not null)
        {
            Refuse(text, revision.Contains(':') ? "of digests only sha256 is known" : TagProblem(revision));
        }
        return new ModelReference(Registry, name.ToString(), revision);
    }

    /// <exception cref="InvalidReferenceException">It names no repository.</exception>
    public static OciName Read(string text, string named)
    {
        var slash = named.IndexOf('/');
        var first = slash < 0 ? "" : named[..slash];
        var (host, path) = first.AsSpan().ContainsAny('.', ':') || first == "localhost" ? (first, named[(slash + 1)..]) : (DockerHub, named);
        if (host is "index.docker.io" or "registry-1.docker.io")
            host = DockerHub;
        if (host == DockerHub && path.Length > 0 && !path.Contains('/'))
            path = $"library/{path}";
        if (!Uri.TryCreate($"https://{host}/", UriKind.Absolute, out var address) || address.UserInfo.Length > 0 || address.Authority.Length == 0)
            throw new InvalidReferenceException($"{Registry}:{text}", $"'{Printable.Text(host)}' is no host");
        Refuse(text, PathProblem(path));
        return new OciName(host, path);
    }

    // Components of lower-case letters and digits, with '.', '_', '__' or any number of '-' between.
    private static string? PathProblem(string path)
    {
        if (path.Length is 0 or > 255)
            return "a repository has 1 to 255 characters";
        if (!path.All(c => IsAlphanumeric(c) || c is '.' or '_' or '-' or '/'))
            return Components;
        foreach (var range in path.AsSpan().Split('/'))
        {
            var part = path.AsSpan()[range];
            if (part.IsEmpty || !IsAlphanumeric(part[0]) || !IsAlphanumeric(part[^1]) || part.Contains("..", StringComparison.Ordinal))
                return Components;
        }
        return null;
    }

    private static string? TagProblem(string tag) =>
        tag.Length is > 0 and <= 128 && tag[0] is not ('.' or '-') && tag.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            ? null : "a tag is 1 to 128 letters, digits, '_', '.' or '-', the first neither '.' nor '-'";

    private static bool IsAlphanumeric(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);

    private static void Refuse(string text, string? problem)
    {
        if (problem is not null)
            throw new InvalidReferenceException($"{Registry}:{text}", problem);
    }
}
