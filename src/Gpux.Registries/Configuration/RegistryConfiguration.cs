using System.Net.Http.Headers;
using Gpux.Registries.Http;

namespace Gpux.Registries.Configuration;

/// <summary>A registry of the user's own, as registries.yml has it. Secrets are never part of it: it names the variables that hold
/// them.</summary>
/// <param name="Name">What stands before the colon of its references.</param>
/// <param name="Kind">One of <see cref="RegistryKinds"/>.</param>
public sealed record RegistryConfiguration(string Name, string Kind)
{
    /// <summary>Where it is: a web address, or a folder for the kind "local".</summary>
    public string? Url { get; init; }

    /// <summary>For people, in a few words.</summary>
    public string? Description { get; init; }

    /// <summary>The variable that holds a bearer token.</summary>
    public string? TokenVariable { get; init; }

    /// <summary>The variables of a user's name and password.</summary>
    public string? UsernameVariable { get; init; }
    public string? PasswordVariable { get; init; }

    /// <summary>The variables of a storage's keys.</summary>
    public string? AccessKeyVariable { get; init; }
    public string? SecretKeyVariable { get; init; }

    /// <summary>The region that is part of a storage's signatures; us-east-1 where null.</summary>
    public string? Region { get; init; }

    /// <summary>A PEM file with the authorities to trust instead of the system's.</summary>
    public string? Ca { get; init; }

    /// <summary>A PEM file with a certificate and its key, to show to the server.</summary>
    public string? ClientCertificate { get; init; }

    internal TlsRules Tls => new(Ca, ClientCertificate);

    /// <summary>What to do where the server wants a credential, as a sentence.</summary>
    internal string CredentialRemedy => (TokenVariable, UsernameVariable, AccessKeyVariable) switch
    {
        ({ } token, _, _) => $"Set {token} to a token of {Name}.",
        (_, { } user, _) => $"Set {user} and {PasswordVariable} to a login of {Name}.",
        (_, _, { } key) => $"Set {key} and {SecretKeyVariable} to keys of {Name}.",
        _ => $"Name a variable with a token: gpux registries remove {Name}, then add it again with --token-variable.",
    };

    internal AuthenticationHeaderValue? Credential(RegistryEnvironment environment)
    {
        if (Token(environment) is { } token)
            return HttpCredential.Bearer(token, TokenVariable ?? Name);
        return UsernameVariable is { } user && PasswordVariable is { } password
            && environment.Variable(user) is { } login && environment.Variable(password) is { } secret ? HttpCredential.Basic(login, secret) : null;
    }

    internal string? Token(RegistryEnvironment environment) =>
        (TokenVariable is { } variable ? environment.Variable(variable) : null) ?? environment.StoredCredential(Name);
}

/// <summary>registries.yml cannot be used as it is.</summary>
public sealed class RegistryConfigurationException(string path, string problem, string? remedy = null) : GpuxException(
    ErrorCode.RegistryConfiguration,
    $"'{path}' cannot be used: {problem.TrimEnd('.')}.",
    remedy ?? "Correct the file; docs/registries/custom.md describes it. Registries that are not in it work without it.")
{
    public string Path { get; } = path;
}
