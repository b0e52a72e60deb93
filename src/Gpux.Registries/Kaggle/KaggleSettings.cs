using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.Kaggle;

/// <summary>What the environment says of Kaggle, as its own clients read it.</summary>
/// <remarks>Source: kagglehub 0.3, config.py and auth.py; kagglesdk 0.1.</remarks>
internal static class KaggleSettings
{
    public const string TokenVariable = "KAGGLE_API_TOKEN";
    private const int FileLimitBytes = 1 << 16;

    /// <summary>The REST API, with a '/' at its end.</summary>
    /// <exception cref="RegistryUnreachableException">A variable holds no web address, or an environment that is not public.</exception>
    public static Uri ReadEndpoint(RegistryEnvironment environment)
    {
        var server = environment.Variable("KAGGLE_API_ENVIRONMENT") switch
        {
            null or "PROD" => "https://www.kaggle.com",
            "LOCALHOST" => "http://localhost",
            "TEST" => "http://localhost:7777",
            var other => throw new RegistryUnreachableException(KaggleRegistry.Title,
                $"KAGGLE_API_ENVIRONMENT is '{Printable.Text(other)}', which is none of PROD, LOCALHOST and TEST."),
        };
        var home = ServerAddress.Read(environment, KaggleRegistry.Title, "KAGGLE_API_ENDPOINT", server);
        return new Uri(home, "api/v1/");
    }

    /// <summary>The credential to send; null to ask as anybody.</summary>
    public static AuthenticationHeaderValue? ReadCredential(RegistryEnvironment environment)
    {
        var folder = Path.Combine(environment.Home, ".kaggle");
        var token = TokenOf(environment.Variable(TokenVariable)) ?? ReadFile(Path.Combine(folder, "access_token"))
            ?? ReadFile(Path.Combine(folder, "access_token.txt"));
        if (token is not null)
            return new AuthenticationHeaderValue("Bearer", token);
        if (environment.Variable("KAGGLE_USERNAME") is { } user && environment.Variable("KAGGLE_KEY") is { } key)
            return Basic(user, key);
        return ReadJson(Path.Combine(environment.Folder("KAGGLE_CONFIG_DIR") ?? folder, "kaggle.json"))
            ?? (environment.StoredCredential(KaggleRegistry.Name) is { } stored ? new AuthenticationHeaderValue("Bearer", stored) : null);
    }

    /// <summary>The folder of kagglehub's cache that holds models/.</summary>
    public static string CacheFolder(RegistryEnvironment environment) =>
        environment.Folder("KAGGLEHUB_CACHE") ?? Path.Combine(environment.Home, ".cache", "kagglehub");

    // The variable holds a token, or the path of a file that does.
    private static string? TokenOf(string? value) => value is null ? null
        : ReadFile(value) ?? (value.Trim() is { Length: > 0 } token && !token.AsSpan().ContainsAnyExceptInRange('!', '~') ? token : null);

    private static AuthenticationHeaderValue? ReadJson(string path)
    {
        if (ReadFile(path) is not { } text)
            return null;
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.GetProperty("username").GetString() is { Length: > 0 } user
                && json.RootElement.GetProperty("key").GetString() is { Length: > 0 } key ? Basic(user, key) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null; // As anybody: a model that needs the credential says so itself.
        }
    }

    private static AuthenticationHeaderValue Basic(string user, string key) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{key}")));

    private static string? ReadFile(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: < FileLimitBytes } && File.ReadAllText(path).Trim() is { Length: > 0 } text
                ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // As above
        }
    }
}
