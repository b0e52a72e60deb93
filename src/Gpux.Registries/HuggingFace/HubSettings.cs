namespace Gpux.Registries.HuggingFace;

/// <summary>What the environment says of the Hub, as its own Python client reads it.</summary>
/// <remarks>Source: environment variables of huggingface_hub 1.x and 2.x.</remarks>
/// <param name="Endpoint">Without a trailing '/'; it may have a path, as mirrors do.</param>
/// <param name="OfflineVariable">The variable that forbids requests; null if none does.</param>
/// <param name="CacheFolder">The folder that holds models--org--name.</param>
/// <param name="MaySymlink">False if snapshots must hold the files themselves.</param>
internal sealed record HubSettings(string Endpoint, string? OfflineVariable, string CacheFolder, bool MaySymlink)
{
    public const string HubTitle = "Hugging Face Hub";
    public const string TokenVariable = "HF_TOKEN";
    public const string FormerTokenVariable = "HUGGING_FACE_HUB_TOKEN";
    public const string CacheVariable = "HF_HUB_CACHE";

    private static readonly string[] OfflineVariables = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"];

    /// <summary>How long the Hub may send nothing of a file; null for as long as everybody.</summary>
    public TimeSpan? DownloadTimeout { get; init; }

    /// <summary>How long the Hub may send nothing of what it knows of a model; null for as long as everybody.</summary>
    public TimeSpan? EtagTimeout { get; init; }

    /// <summary>The registry's name for people.</summary>
    public string Title { get; init; } = HubTitle;

    /// <summary>Where users put the access token.</summary>
    public string CredentialVariable { get; init; } = TokenVariable;

    /// <summary>A server of one's own that speaks the Hub's interface: it never sees the Hub's token.</summary>
    public static HubSettings For(RegistryEnvironment environment, string title, Uri endpoint, string variable) =>
        new(endpoint.AbsoluteUri.TrimEnd('/'), Array.Find(OfflineVariables, environment.Flag), CacheFolder: "", MaySymlink: true)
        {
            Title = title,
            CredentialVariable = variable,
        };

    public static HubSettings Read(RegistryEnvironment environment) => new(
        environment.Variable("HF_ENDPOINT")?.TrimEnd('/')
            ?? (environment.Flag("HUGGINGFACE_CO_STAGING") ? "https://hub-ci.huggingface.co" : "https://huggingface.co"),
        Array.Find(OfflineVariables, environment.Flag),
        environment.Folder(CacheVariable) ?? environment.Folder("HUGGINGFACE_HUB_CACHE")
            ?? Path.Combine(HubHome(environment), "hub"),
        !environment.Flag("HF_HUB_DISABLE_SYMLINKS"))
    {
        DownloadTimeout = Timeout(environment, "HF_HUB_DOWNLOAD_TIMEOUT"),
        EtagTimeout = Timeout(environment, "HF_HUB_ETAG_TIMEOUT"),
    };

    /// <summary>The access token to send; null to ask anonymously. Never part of a record, so that printing settings cannot show
    /// it.</summary>
    public static string? ReadToken(RegistryEnvironment environment) => environment.Flag("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? null : FindToken(environment)?.Token;

    /// <summary>The access token of this user, and the variable or file that it comes from; null if there is none.</summary>
    public static (string Token, string Origin)? FindToken(RegistryEnvironment environment)
    {
        var (token, origin) = (Cleaned(environment.Variable(TokenVariable)), TokenVariable);
        if (token is null)
            (token, origin) = (Cleaned(environment.Variable(FormerTokenVariable)), FormerTokenVariable);
        if (token is null)
        {
            origin = TokenFile(environment);
            token = Cleaned(ReadFile(origin));
        }
        if (token?.AsSpan().ContainsAnyExceptInRange('!', '~') == true)
            throw new AccessDeniedException(
                $"The Hub token in {origin} contains characters that no token has.", $"Set {TokenVariable} to the token alone.");
        return token is null ? null : (token, origin);
    }

    /// <summary>The file of the token that is used where no variable holds one.</summary>
    public static string TokenFile(RegistryEnvironment environment) =>
        environment.Folder("HF_TOKEN_PATH") ?? Path.Combine(HubHome(environment), "token");
    // Whole seconds, as its Python client reads them; anything else is left to the default, as a mistake in another tool's
    // setting must not keep anybody from a model.
    private static TimeSpan? Timeout(RegistryEnvironment environment, string variable) =>
        int.TryParse(environment.Variable(variable), System.Globalization.NumberStyles.None,
            System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 86_400
            ? TimeSpan.FromSeconds(seconds) : null;

    private static string HubHome(RegistryEnvironment environment) => environment.Folder("HF_HOME")
        ?? Path.Combine(environment.Folder("XDG_CACHE_HOME") ?? Path.Combine(environment.Home, ".cache"), "huggingface");

    private static string? Cleaned(string? token) =>
        token?.Replace("\r", "").Replace("\n", "").Trim() is { Length: > 0 } cleaned ? cleaned : null;

    private static string? ReadFile(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: < 1 << 16 } ? File.ReadAllText(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // As anybody: a model that needs the token says so itself.
        }
    }
}
