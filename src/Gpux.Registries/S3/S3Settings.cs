using System.Net.Http.Headers;
using Gpux.Registries.Configuration;

namespace Gpux.Registries.S3;

/// <summary>Where an object storage is, and how requests to it are signed.</summary>
/// <param name="Title">Its name for people.</param>
/// <param name="Endpoint">Null for Amazon's own, which has a host for each bucket and region.</param>
/// <param name="Region">Part of signatures, and of Amazon's hosts.</param>
internal sealed record S3Settings(string Title, Uri? Endpoint, string Region)
{
    public const string DefaultRegion = "us-east-1";

    /// <summary>The keys to sign with; null to ask as anybody. Called with the first request.</summary>
    public Func<S3Keys?> Keys { get; init; } = () => null;

    /// <summary>A credential that is sent as it is, instead of a signature.</summary>
    public Func<AuthenticationHeaderValue?> Bearer { get; init; } = () => null;

    /// <summary>What to do where the storage wants a credential, as a sentence.</summary>
    public required string CredentialRemedy { get; init; }

    /// <summary>Amazon S3, or the storage that AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL names.</summary>
    /// <param name="endpoint">The endpoint to use instead of the variables'.</param>
    public static S3Settings Amazon(RegistryEnvironment environment, string? endpoint = null)
    {
        var profile = environment.Variable("AWS_PROFILE") ?? "default";
        var chosen = endpoint ?? environment.Variable("AWS_ENDPOINT_URL_S3") ?? environment.Variable("AWS_ENDPOINT_URL");
        var address = chosen is null ? null
            : Uri.TryCreate(chosen.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri
            : throw new RegistryNotConfiguredException(
                $"The storage's address '{Printable.Text(chosen)}' is no web address.", "Correct AWS_ENDPOINT_URL_S3, such as https://minio.example:9000.");
        return new S3Settings("S3", address, environment.Variable("AWS_REGION") ?? environment.Variable("AWS_DEFAULT_REGION")
            ?? ConfiguredRegion(environment, profile) ?? DefaultRegion)
        {
            Keys = () => ReadKeys(environment, profile),
            CredentialRemedy = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile of ~/.aws/credentials.",
        };
    }

    /// <summary>Google Cloud Storage by its XML interface, or what STORAGE_EMULATOR_HOST names.</summary>
    public static S3Settings Google(RegistryEnvironment environment)
    {
        var host = environment.Variable("STORAGE_EMULATOR_HOST") ?? "https://storage.googleapis.com";
        if (!host.Contains("://", StringComparison.Ordinal))
            host = $"http://{host}";
        return new S3Settings("Google Cloud Storage", new Uri(host.TrimEnd('/') + "/"), "auto")
        {
            Bearer = () => (environment.Variable("GOOGLE_OAUTH_ACCESS_TOKEN") ?? environment.Variable("CLOUDSDK_AUTH_ACCESS_TOKEN"))
                is { } token ? new AuthenticationHeaderValue("Bearer", token) : null,
            CredentialRemedy = "Set GOOGLE_OAUTH_ACCESS_TOKEN, such as to the output of: gcloud auth print-access-token.",
        };
    }

    /// <summary>The address of an object, or of a bucket where <paramref name="key"/> is empty.</summary>
    public Uri Address(string bucket, string key, string query)
    {
        var path = string.Join('/', key.Split('/').Select(Uri.EscapeDataString));
        var text = Endpoint is null && !bucket.Contains('.')
            ? $"https://{bucket}.s3.{Region}.amazonaws.com/{path}"
            : $"{Endpoint?.AbsoluteUri ?? $"https://s3.{Region}.amazonaws.com/"}{bucket}{(path.Length > 0 ? "/" : "")}{path}";
        return new Uri(query.Length > 0 ? $"{text}?{query}" : text);
    }

    private static S3Keys? ReadKeys(RegistryEnvironment environment, string profile)
    {
        if (environment.Variable("AWS_ACCESS_KEY_ID") is { } id && environment.Variable("AWS_SECRET_ACCESS_KEY") is { } secret)
            return new S3Keys(id, secret, environment.Variable("AWS_SESSION_TOKEN"));
        var file = environment.Folder("AWS_SHARED_CREDENTIALS_FILE") ?? Path.Combine(environment.Home, ".aws", "credentials");
        return IniFile.Section(file, profile) is { } keys && keys.TryGetValue("aws_access_key_id", out var stored)
            && keys.TryGetValue("aws_secret_access_key", out var storedSecret)
            ? new S3Keys(stored, storedSecret, keys.GetValueOrDefault("aws_session_token")) : null;
    }

    private static string? ConfiguredRegion(RegistryEnvironment environment, string profile)
    {
        var file = environment.Folder("AWS_CONFIG_FILE") ?? Path.Combine(environment.Home, ".aws", "config");
        return IniFile.Section(file, profile == "default" ? profile : $"profile {profile}")?.GetValueOrDefault("region");
    }
}

/// <param name="SessionToken">Null for keys that do not expire.</param>
internal sealed record S3Keys(string Id, string Secret, string? SessionToken)
{
    // A record's own text would show the secret.
    public override string ToString() => Id;
}
