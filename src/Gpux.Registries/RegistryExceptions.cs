namespace Gpux.Registries;

/// <summary>Something failed that may pass by itself: a broken connection, a busy server. The downloader waits and tries
/// again.</summary>
/// <param name="ifItLasts">What to tell the user once no attempt is left.</param>
/// <param name="retryAfter">How long the server asks to wait; null to choose.</param>
public sealed class TransferInterruptedException(GpuxException ifItLasts, TimeSpan? retryAfter = null)
    : IOException(ifItLasts.Message, ifItLasts)
{
    public GpuxException IfItLasts { get; } = ifItLasts;
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Whether not even a connection came about: nothing listens there, or nobody knows the host.</summary>
    public bool IsUnreachable { get; init; }
}

/// <summary>A variable forbids requests, and what was asked for is not here yet.</summary>
public sealed class OfflineException(string what, string variable) : GpuxException(
    ErrorCode.Offline,
    $"{what} is not on this machine, and {variable} forbids to ask the network for it.",
    $"Unset {variable}, or pull the model once on a machine with network access and the same cache.");

/// <summary>No answer: no network, an unknown host, a refused or broken connection, or errors of the server's own.</summary>
public sealed class RegistryUnreachableException(string registry, string reason, Exception? inner = null) : GpuxException(
    ErrorCode.RegistryUnreachable,
    $"{registry} cannot be reached: {reason}",
    "Check the network and proxy settings, or try again later. Models that are already here open without a network.",
    inner);

/// <summary>The model exists, but not this branch, tag or commit of it.</summary>
/// <param name="known">Some that exist, where the registry lists them.</param>
public sealed class RevisionNotFoundException(ModelReference model, IReadOnlyCollection<string>? known = null) : GpuxException(
    ErrorCode.RevisionNotFound,
    $"{model.Registry}:{model.Name} has no revision '{model.Revision}'.",
    known is { Count: > 0 } ? $"There are: {Printable.Text(string.Join(", ", known))}."
        : "Check the branch, tag or full commit after '@'; without it the default branch is meant.");

/// <summary>The model exists, but holds no such file at this commit.</summary>
public sealed class FileNotInModelException(ModelManifest manifest, string path) : GpuxException(
    ErrorCode.FileNotInModel,
    $"{manifest.Model} has no file '{path}' at commit {manifest.Commit}.",
    "Check the file's name, or another revision of the model.")
{
    public string Path { get; } = path;

    /// <summary>Whether the registry vouched for the commit as well, so that it need never be asked again.</summary>
    public bool IsLasting { get; init; }
}

/// <summary>The publisher lets only those read the files who asked for it on the model's page.</summary>
/// <param name="page">Where to ask.</param>
public sealed class GatedModelException(string model, Uri page, string tokenVariable, bool tokenWasSent) : GpuxException(
    ErrorCode.GatedModel,
    tokenWasSent
        ? $"{model} is gated, and the account of this token has not been granted access."
        : $"{model} is gated: its files are given only to accounts that were granted access.",
    tokenWasSent
        ? $"Visit {page} to ask for access, then pull again."
        : $"Visit {page} to ask for access, then set {tokenVariable} to an access token of that account.")
{
    public Uri Page { get; } = page;
}

/// <summary>The registry knows the model, or will not say, and refuses this token.</summary>
public sealed class AccessDeniedException(string problem, string remedy) : GpuxException(ErrorCode.AccessDenied, problem, remedy);

/// <summary>The registry's operator has withdrawn the model.</summary>
public sealed class ModelDisabledException(string model, string? reason) : GpuxException(
    ErrorCode.ModelDisabled,
    $"Access to {model} has been disabled by the registry{(reason is null ? "." : $": {reason}")}",
    "Choose another model; the publisher's page may say more.");

/// <summary>More requests than the registry allows.</summary>
/// <param name="wait">How long the registry asks to wait; null where it does not say.</param>
public sealed class RateLimitedException(string registry, TimeSpan? wait, string remedy) : GpuxException(
    ErrorCode.RateLimited,
    $"{registry} refuses more requests from here for now"
        + (wait is { } time ? $"; it asks to wait {Math.Ceiling(time.TotalSeconds)} s." : "."),
    remedy)
{
    public TimeSpan? Wait { get; } = wait;
}

/// <summary>Something answered, but not as the registry does: a captive portal, a proxy's page, a wrong address.</summary>
public sealed class UnexpectedReplyException(
    string registry, string address, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.UnexpectedReply,
    $"{address} did not answer as {registry} does: {problem}",
    "If this network asks to sign in on a web page, do so first; else check the proxy and the registry's address.",
    inner);

/// <summary>A listing, an index or a link names a place outside of the model's folder.</summary>
public sealed class UnsafePathException(string owner, string path, string rule) : GpuxException(
    ErrorCode.UnsafePath,
    $"{owner} names the file '{Printable.Text(path)}', which is refused: {rule}.",
    "Do not use this model unless its publisher explains the name. In a local folder, replace a link by the file itself.");
