using System.Text.RegularExpressions;

namespace Gpux;

/// <summary>What a user calls a model: a registry, a name in it, and which revision of it.</summary>
/// <param name="Registry">The registry's short name, such as "hf"; <see cref="Local"/> for a folder or file.</param>
/// <param name="Name">The name within the registry; for <see cref="Local"/> a path as the user wrote it, "~" expanded.</param>
/// <param name="Revision">A branch, tag or commit; null for the registry's default.</param>
/// <param name="Path">One file within the model, where the reference names one.</param>
public sealed partial record ModelReference(string Registry, string Name, string? Revision = null, string? Path = null)
{
    public const string Local = "local";
    public const string HuggingFace = "hf";
    public const string Samples = "samples";

    private static readonly string[] ModelFileExtensions =
    [
        ".onnx", ".pt", ".pth", ".bin", ".safetensors", ".gguf", ".h5", ".keras", ".pb", ".tflite", ".mar", ".ckpt", ".npz", ".zip",
        ".tgz", ".tar.gz", ".json",
    ];

    private static readonly string[] ForbiddenInRevisions = ["..", "@{", "//", "/."];

    /// <summary>Whether the revision is a full commit, which never changes its meaning.</summary>
    public bool IsPinned => Revision is { Length: 40 or 64 } revision && revision.All(char.IsAsciiHexDigit);

    /// <summary>Tells a path, a Hugging Face id and another registry's name apart, without asking a server.</summary>
    /// <param name="text">Such as "org/name@revision", "hf:gpt2", "./folder" or "samples/language-id".</param>
    /// <param name="forms">How references of registries besides hf, samples and local are written; null for none.</param>
    /// <param name="endpoint">The Hub's web address, whose links are accepted besides huggingface.co's.</param>
    /// <exception cref="InvalidReferenceException">No reading is legal; says which rule failed.</exception>
    /// <exception cref="ModelNotFoundException">Clearly a path, but nothing is there.</exception>
    public static ModelReference Parse(string text, IReferenceForms? forms = null, Uri? endpoint = null)
    {
        if (text.Length == 0)
            throw new InvalidReferenceException(text, "it is empty");
        if (text.AsSpan().ContainsAny('\0', '\n', '\r'))
            throw new InvalidReferenceException(text, "it contains a line break or NUL");
        if (ParseScheme(text, forms, endpoint) is { } named)
            return named;
        if (HasPathSyntax(text))
            return ExpandHome(text) is var path && Exists(path) ? new ModelReference(Local, path) : throw MissingPath(text);
        // Reserved for the models that come with the program; ./samples/x is a folder, hf:samples/x is on the Hub.
        if (SampleName().Match(text) is { Success: true } sample)
            return new ModelReference(Samples, sample.Groups[1].Value);
        if (Exists(text))
            return new ModelReference(Local, text);
        var (name, revision) = SplitRevision(text);
        if (revision is null && ModelFileExtensions.FirstOrDefault(end => text.EndsWith(end, StringComparison.OrdinalIgnoreCase)) is { } extension)
            throw new ModelNotFoundException(text, $"There is no file '{text}'.",
                $"Check the path. If a model on the Hub is really named so (ending in {extension}), write hf:{text}.");
        return Hub(text, name, revision, path: null);
    }

    /// <summary>Reads "name" or "name@revision", as most registries have it.</summary>
    /// <param name="text">What follows the registry's name and colon.</param>
    /// <exception cref="InvalidReferenceException">The name or the revision is empty.</exception>
    public static ModelReference ReadPlain(string registry, string text)
    {
        var (name, revision) = SplitRevision(text);
        if (name.Length == 0)
            throw new InvalidReferenceException($"{registry}:{text}", $"no model is named after '{registry}:'");
        if (revision is "")
            throw new InvalidReferenceException($"{registry}:{text}", "the revision after '@' is empty");
        return new ModelReference(registry, name, revision);
    }

    /// <summary>The rule of repository ids that <paramref name="id"/> breaks, or null if it is legal.</summary>
    /// <remarks>As the validator of the Hub's Python client 1.0 has them, but ASCII only, as the Hub itself.</remarks>
    public static string? HubIdProblem(string id)
    {
        if (id.Count(c => c == '/') > 1)
            return "a model id has at most one '/'";
        if (id.Contains("--", StringComparison.Ordinal) || id.Contains("..", StringComparison.Ordinal))
            return "a model id contains neither '--' nor '..'";
        if (id.EndsWith(".git", StringComparison.Ordinal))
            return "a model id does not end in '.git'";
        if (id[(id.IndexOf('/') + 1)..].Length > 96)
            return "a model's name has at most 96 characters";
        return HubId().IsMatch(id) ? null
            : "a model id is name or namespace/name, of letters, digits, '_', '-' and '.', each part beginning and ending with a letter, digit or '_'";
    }

    /// <summary>The rule of revisions that <paramref name="revision"/> breaks, or null if it is legal.</summary>
    public static string? RevisionProblem(string revision)
    {
        if (revision.Length == 0)
            return "the revision after '@' is empty";
        if (revision.Any(c => c <= ' ' || c == 127 || "~^:?*[\\".Contains(c)))
            return "a revision has no blanks, control characters or any of ~ ^ : ? * [ \\";
        if (revision[0] is '/' or '.' or '-' || revision[^1] is '/' or '.')
            return "a revision does not begin with '/', '.' or '-', nor end with '/' or '.'";
        if (ForbiddenInRevisions.Any(part => revision.Contains(part, StringComparison.Ordinal)))
            return "a revision contains none of '..', '@{', '//', '/.'";
        return revision.Split('/').Any(part => part.EndsWith(".lock", StringComparison.Ordinal))
            ? "no part of a revision ends in '.lock'" : null;
    }

    /// <summary>The form that <see cref="Parse"/> reads back.</summary>
    public override string ToString() => this switch
    {
        { Registry: Local } => Name,
        { Path: null } => $"{Registry}:{Name}" + (Revision is null ? "" : "@" + Revision),
        _ => $"{Registry}://{Name}" + (Revision is null ? "" : "@" + Uri.EscapeDataString(Revision)) + "/" + Path,
    };

    private static ModelReference? ParseScheme(string text, IReferenceForms? forms, Uri? endpoint)
    {
        if (WebAddress().Match(text) is { Success: true } address && HubAddress(text, address, endpoint) is { } fromWeb)
            return fromWeb;
        if (Scheme().Match(text) is not { Success: true } match)
            return null;
        var (scheme, slashes, rest) = (match.Groups[1].Value, match.Groups[2].Length > 0, match.Groups[3].Value);
        switch (scheme)
        {
            case "file" or Local:
                var path = slashes ? Uri.UnescapeDataString(rest) : ExpandHome(rest);
                return Exists(path) ? new ModelReference(Local, path) : throw MissingPath(path);
            case HuggingFace when slashes:
                return HubUri(text, rest);
            case HuggingFace:
                var (id, revision) = SplitRevision(rest);
                return Hub(text, id, revision, path: null);
            default:
                if (scheme == Samples)
                    return ReadPlain(scheme, rest);
                if (scheme is "http" or "https" && Uri.TryCreate(text, UriKind.Absolute, out var web) && forms?.ReadAddress(web) is { } found)
                    return found;
                return forms?.ReadScheme(scheme, rest)
                    ?? (slashes ? throw new InvalidReferenceException(text, $"no registry is named '{scheme}'") : null);
        }
    }

    // hf://[models/]namespace/name[@revision][/path]
    private static ModelReference HubUri(string text, string rest)
    {
        var kind = rest.Split('/')[0];
        if (kind is "datasets" or "spaces" or "kernels" or "buckets")
            throw new InvalidReferenceException(text, $"it names one of the Hub's {kind}, not a model");
        if (kind is "model" or "dataset" or "space" or "kernel" or "bucket")
            throw new InvalidReferenceException(text, $"the kind is written in the plural, as {kind}s/");
        if (kind == "models")
            rest = rest["models/".Length..];
        var parts = HubUriParts().Match(rest);
        if (!parts.Success)
            throw new InvalidReferenceException(text, "after hf:// come namespace/name, then @revision and /path where wanted");
        var revision = parts.Groups[2].Success ? Uri.UnescapeDataString(parts.Groups[2].Value) : null;
        var path = parts.Groups[3].Success ? parts.Groups[3].Value : null;
        return Hub(text, parts.Groups[1].Value, revision, path?.Split('/'));
    }

    private static ModelReference? HubAddress(string text, Match address, Uri? endpoint)
    {
        var host = address.Groups[1].Value;
        if (host is not ("huggingface.co" or "hf.co" or "www.huggingface.co") && host != endpoint?.Authority)
            return null;
        var segments = address.Groups[2].Value.Split('?', '#')[0].Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Select(Uri.UnescapeDataString).ToArray();
        if (segments is ["datasets" or "spaces", ..])
            throw new InvalidReferenceException(text, $"it is a link to one of the Hub's {segments[0]}, not a model");
        return segments switch
        {
            [var organisation, var name] => Hub(text, $"{organisation}/{name}", revision: null, path: null),
            [var organisation, var name, "blob" or "resolve" or "raw" or "tree" or "blame", var revision, .. var path] =>
                Hub(text, $"{organisation}/{name}", revision, path.Length == 0 ? null : path),
            _ => throw new InvalidReferenceException(text, "it is not a link to a model: expected /namespace/name or /namespace/name/tree/revision"),
        };
    }

    private static ModelReference Hub(string text, string id, string? revision, string[]? path)
    {
        // A part may hold a '/' that was percent-encoded.
        if (path?.Any(part => part is "" or "." or ".." || part.AsSpan().ContainsAny('/', '\\')) == true)
            throw new InvalidReferenceException(text, "its path has an empty or relative part");
        if (revision is not null && RevisionProblem(revision) is { } revisionProblem)
            throw new InvalidReferenceException(text, revisionProblem);
        if (HubIdProblem(id) is { } problem)
            throw new InvalidReferenceException(text, id.Contains(':')
                ? problem + "; a tag after a colon belongs to another registry, whose name comes first (registry:name)" : problem);
        return new ModelReference(HuggingFace, id, revision, path is null ? null : string.Join('/', path));
    }

    private static (string Name, string? Revision) SplitRevision(string text)
    {
        var at = text.IndexOf('@');
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }

    private static bool HasPathSyntax(string text) => text[0] is '/' or '\\' or '~'
        || text is "." or ".." || text.StartsWith("./", StringComparison.Ordinal) || text.StartsWith("../", StringComparison.Ordinal)
        || DriveLetter().IsMatch(text) || text.Contains('\\') || text[^1] == '/';

    private static string ExpandHome(string path) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..] : path;

    private static bool Exists(string path)
    {
        try
        {
            // File.Exists is true of a link to nothing, and false where a folder on the way may not be searched.
            return !File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint) || Directory.Exists(path)
                || File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: true };
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new ModelNotFoundException(path, $"'{path}' cannot be looked up: {exception.Message}",
                $"Change the permissions. If the model of that name on the Hub is meant, write hf:{path}.", exception);
        }
    }

    private static ModelNotFoundException MissingPath(string path) => new(path, $"There is no folder or file '{path}'.",
        "Check the path" + (path.Contains("models--", StringComparison.Ordinal) ? ", or name the model as org/name to have it fetched." : "."));

    [GeneratedRegex(@"^samples/([a-z0-9][a-z0-9._-]*)\z")]
    private static partial Regex SampleName();

    [GeneratedRegex(@"^([a-z][a-z0-9-]+):(//)?(.*)\z")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^(?:https?://)?([A-Za-z0-9.:-]+)/(.*)\z")]
    private static partial Regex WebAddress();

    [GeneratedRegex(@"^[A-Za-z]:")]
    private static partial Regex DriveLetter();

    [GeneratedRegex(@"^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?/)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?\z")]
    private static partial Regex HubId();

    [GeneratedRegex(@"^([^/@]+/[^/@]+)(?:@(refs/pr/[0-9]+|refs/convert/[^/]+|[^/]+))?(?:/(.+))?\z")]
    private static partial Regex HubUriParts();
}

/// <summary>How references of registries are written: each has a scheme or more, and some have web addresses.</summary>
public interface IReferenceForms
{
    /// <param name="scheme">What stands before the colon, such as "ollama" or "models".</param>
    /// <param name="rest">What follows it, without a leading "//".</param>
    /// <returns>Null where no registry has this scheme.</returns>
    /// <exception cref="InvalidReferenceException">The registry's own grammar is broken.</exception>
    ModelReference? ReadScheme(string scheme, string rest);

    /// <returns>Null where the address is no registry's.</returns>
    /// <exception cref="InvalidReferenceException">It is a registry's, but names no model.</exception>
    ModelReference? ReadAddress(Uri address);
}

/// <summary>The text names no model in any known way.</summary>
public sealed class InvalidReferenceException(string text, string rule) : GpuxException(
    ErrorCode.InvalidReference,
    $"'{text}' names no model: {rule}.",
    "Write org/name or org/name@revision for the Hugging Face Hub, ./folder for a folder, or registry:name (see: gpux registries).");

/// <summary>The reference is legal, but nothing is there or this user may not see it.</summary>
public sealed class ModelNotFoundException(string model, string problem, string remedy, Exception? inner = null)
    : GpuxException(ErrorCode.ModelNotFound, problem, remedy, inner)
{
    public string Model { get; } = model;
}
