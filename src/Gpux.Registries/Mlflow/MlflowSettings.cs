using System.Net.Http.Headers;
using Gpux.Registries.Configuration;
using Gpux.Registries.Http;

namespace Gpux.Registries.Mlflow;

/// <summary>Where MLflow is, and who asks it.</summary>
/// <remarks>Source: environment variables of MLflow 3.17.</remarks>
/// <param name="TrackingUri">For runs, logged models and artifacts.</param>
/// <param name="RegistryUri">For registered models.</param>
internal sealed record MlflowSettings(string TrackingUri, string RegistryUri)
{
    public const string TokenVariable = "MLFLOW_TRACKING_TOKEN";

    /// <summary>The credential to send; null to ask as anybody. Called with the first request.</summary>
    public Func<AuthenticationHeaderValue?> Credential { get; init; } = () => null;

    public TlsRules Tls { get; init; } = new();

    /// <summary>What stands before the colon of its references.</summary>
    public string Name { get; init; } = "mlflow";

    /// <summary>The server's name for people.</summary>
    public string Title { get; init; } = "MLflow";

    /// <summary>Both addresses, or the one that they are.</summary>
    public string Server => Absolute(TrackingUri) is var tracking && Absolute(RegistryUri) is var registry && tracking == registry
        ? tracking : $"{tracking} {registry}";

    /// <summary>What to do where the server wants a credential, as a sentence.</summary>
    public string CredentialRemedy { get; init; } =
        "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, or write them to ~/.mlflow/credentials.";

    /// <exception cref="RegistryNotConfiguredException">No variable says where MLflow is, and there is no folder mlruns here.</exception>
    public static MlflowSettings Read(RegistryEnvironment environment)
    {
        var tracking = environment.Variable("MLFLOW_TRACKING_URI")
            ?? (Directory.Exists("mlruns") ? Path.GetFullPath("mlruns") : environment.Variable("MLFLOW_REGISTRY_URI"))
            ?? throw new RegistryNotConfiguredException("No variable says where MLflow is, and there is no folder 'mlruns' here.",
                "Set MLFLOW_TRACKING_URI to the address of the MLflow server, such as https://mlflow.example, or to a folder mlruns.");
        // Never part of an address that errors show.
        var (address, userInfo) = WithoutUserInfo(tracking);
        return new MlflowSettings(address, WithoutUserInfo(environment.Variable("MLFLOW_REGISTRY_URI") ?? tracking).Address)
        {
            Credential = () => ReadCredential(environment) ?? userInfo,
            Tls = new TlsRules(environment.Folder("MLFLOW_TRACKING_SERVER_CERT_PATH"),
                environment.Folder("MLFLOW_TRACKING_CLIENT_CERT_PATH"), environment.Flag("MLFLOW_TRACKING_INSECURE_TLS")),
        };
    }

    private static AuthenticationHeaderValue? ReadCredential(RegistryEnvironment environment)
    {
        var file = new Lazy<IReadOnlyDictionary<string, string>?>(
            () => IniFile.Section(Path.Combine(environment.Home, ".mlflow", "credentials"), "mlflow"));
        var user = environment.Variable("MLFLOW_TRACKING_USERNAME") ?? file.Value?.GetValueOrDefault("mlflow_tracking_username");
        var password = environment.Variable("MLFLOW_TRACKING_PASSWORD") ?? file.Value?.GetValueOrDefault("mlflow_tracking_password");
        if (user is not null && password is not null)
            return HttpCredential.Basic(user, password);
        return Token(environment) is { } token ? HttpCredential.Bearer(token, TokenVariable) : null;
    }

    private static string Absolute(string uri) => uri.Contains(':', StringComparison.Ordinal) ? uri : Path.GetFullPath(uri);

    private static string? Token(RegistryEnvironment environment) =>
        environment.Variable(TokenVariable) ?? environment.StoredCredential("mlflow");

    private static (string Address, AuthenticationHeaderValue? Credential) WithoutUserInfo(string text)
    {
        if (!text.Contains('@') || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.UserInfo.Length == 0)
            return (text, null);
        var parts = Uri.UnescapeDataString(uri.UserInfo).Split(':', 2);
        return (uri.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped),
            parts.Length == 2 ? HttpCredential.Basic(parts[0], parts[1]) : null);
    }
}
