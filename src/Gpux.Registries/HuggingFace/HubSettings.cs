namespace Gpux.Registries.HuggingFace;

/// <summary>What the environment says of the Hub, as its own Python client reads it.</summary>
/// <remarks>Source: environment variables of huggingface_hub 1.x and 2.x.</remarks>
/// <param name="Endpoint">Without a trailing '/'; it may have a path, as mirrors do.</param>
/// <param name="OfflineVariable">The variable that forbids requests; null if none does.</param>
/// <param name="CacheFolder">The folder that holds models--org--name.</param>
/// <param name="MaySymlink">False if snapshots must hold the files themselves.</param>
internal sealed record HubSettings(string Endpoint, string? OfflineVariable, string CacheFolder, bool MaySymlink)
{
    /// <summary>How long the Hub may send nothing of a file; null for as long as everybody.</summary>
    public TimeSpan? DownloadTimeout { get; init; }

    /// <summary>How long the Hub may send nothing of what it knows of a model; null for as long as everybody.</summary>
    public TimeSpan? EtagTimeout { get; init; }

    public const string TokenVariable = "HF_TOKEN";
    public const string CacheVariable = "HF_HUB_CACHE";

    private static readonly string[] OfflineVariables = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"];

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
    public static string? ReadToken(RegistryEnvironment environment)
    {
        if (environment.Flag("HF_HUB_DISABLE_IMPLICIT_TOKEN"))
            return null;
        var (token, origin) = (Cleaned(environment.Variable(TokenVariable)), TokenVariable);
        if (token is null)
            (token, origin) = (Cleaned(environment.Variable("HUGGING_FACE_HUB_TOKEN")), "HUGGING_FACE_HUB_TOKEN");
        if (token is null)
        {
            origin = environment.Folder("HF_TOKEN_PATH") ?? Path.Combine(HubHome(environment), "token");
            token = Cleaned(ReadFile(origin));
        }
        if (token?.AsSpan().ContainsAnyExceptInRange('!', '~') == true)
            throw new AccessDeniedException(
                $"The Hub token in {origin} contains characters that no token has.", $"Set {TokenVariable} to the token alone.");
        return token;
    }

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
