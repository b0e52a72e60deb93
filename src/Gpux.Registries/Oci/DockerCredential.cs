using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.Oci;

/// <summary>What docker login has stored for a registry. No record, so that printing it cannot show the password.</summary>
/// <remarks>Source: docker's config.json, and its protocol of credential helpers ("get": the server on standard input, JSON on
/// standard output).</remarks>
/// <param name="identityToken">Exchanged for an access token by a refresh request; null where a password is used.</param>
internal sealed class DockerCredential(string user, string password, string? identityToken)
{
    private const int LimitBytes = 1 << 20;
    private const string HubServer = "https://index.docker.io/v1/";
    private const string IdentityUser = "<token>";
    private static readonly TimeSpan HelperLimit = TimeSpan.FromSeconds(10);

    public string? IdentityToken => identityToken;

    /// <summary>The value of a header Authorization: Basic.</summary>
    public string Basic => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    /// <summary>Looks in $DOCKER_CONFIG/config.json or ~/.docker/config.json: the host's helper, the helper for all, the
    /// file itself.</summary>
    /// <param name="onFailure">Told why a helper gave nothing: public models need no credential, so that is no error yet.</param>
    public static async Task<DockerCredential?> FindAsync(
        RegistryEnvironment environment, string host, Action<string> onFailure, CancellationToken cancellationToken)
    {
        var folder = environment.Folder("DOCKER_CONFIG") ?? Path.Combine(environment.Home, ".docker");
        using var config = ReadConfig(Path.Combine(folder, "config.json"));
        if (config?.RootElement is not { ValueKind: JsonValueKind.Object } root)
            return null;
        var server = host == OciName.DockerHub ? HubServer : host;
        if ((root.Member("credHelpers")?.Text(host) ?? root.Text("credsStore")) is { } helper
            && await AskHelperAsync(environment, helper, server, onFailure, cancellationToken) is { } given)
            return given;
        return root.Member("auths") is { } auths ? InFile(auths, host, server) : null;
    }

    private static JsonDocument? ReadConfig(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: < LimitBytes } ? StrictJson.Parse(File.ReadAllBytes(path)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // As anybody: a model that needs the credential says so itself.
        }
    }

    private static DockerCredential? InFile(JsonElement auths, string host, string server)
    {
        foreach (var key in (ReadOnlySpan<string>)[server, $"https://{host}", $"https://{host}/", $"https://{host}/v1/", $"https://{host}/v2/"])
        {
            if (auths.Member(key) is not { } entry)
                continue;
            if (entry.Text("identitytoken") is { } token)
                return new DockerCredential(IdentityUser, token, token);
            if (entry.Text("auth") is { } auth && Decoded(auth) is { } pair && pair.IndexOf(':') is > 0 and var colon)
                return new DockerCredential(pair[..colon], pair[(colon + 1)..].TrimEnd('\0'), identityToken: null);
            if (entry.Text("username") is { } user && entry.Text("password") is { } password)
                return new DockerCredential(user, password, identityToken: null);
        }
        return null;
    }

    private static string? Decoded(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static async Task<DockerCredential?> AskHelperAsync(
        RegistryEnvironment environment, string helper, string server, Action<string> onFailure, CancellationToken cancellationToken)
    {
        if (!helper.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') || FindProgram(environment, helper) is not { } program)
        {
            onFailure($"the program docker-credential-{Printable.Text(helper)}, which docker's config.json names, is not in PATH");
            return null;
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(HelperLimit);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["get"])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            })!; // A new process each time
            try
            {
                var errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null, limit.Token);
                await process.StandardInput.WriteAsync(server.AsMemory(), limit.Token);
                process.StandardInput.Close();
                var answer = await ReadAsync(process.StandardOutput.BaseStream, limit.Token);
                await process.WaitForExitAsync(limit.Token);
                await errors;
                if (process.ExitCode == 0)
                    return Parse(answer);
                var said = Encoding.UTF8.GetString(answer).Trim();
                if (!said.StartsWith("credentials not found", StringComparison.OrdinalIgnoreCase))
                    onFailure($"docker-credential-{helper} ended with {process.ExitCode}: {Printable.Text(said)}");
                return null;
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            onFailure($"docker-credential-{helper} did not answer within {HelperLimit.TotalSeconds:0} s");
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or JsonException)
        {
            onFailure($"docker-credential-{helper} cannot be used: {(exception is JsonException ? "its answer is no JSON" : exception.Message)}");
        }
        return null;
    }

    // Only absolute folders: a relative one would mean whatever folder the user happens to be in.
    private static string? FindProgram(RegistryEnvironment environment, string helper)
    {
        var name = $"docker-credential-{helper}{(OperatingSystem.IsWindows() ? ".exe" : "")}";
        foreach (var folder in (environment.Variable("PATH") ?? "").Split(Path.PathSeparator))
        {
            if (Path.IsPathFullyQualified(folder) && Path.Combine(folder, name) is var path && File.Exists(path))
                return path;
        }
        return null;
    }

    private static async Task<byte[]> ReadAsync(Stream output, CancellationToken cancellationToken)
    {
        var bytes = new byte[1 << 16];
        return bytes[..await output.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken)];
    }

    private static DockerCredential? Parse(byte[] answer)
    {
        using var json = JsonDocument.Parse(answer);
        if (json.RootElement.Text("Username") is not { } user || json.RootElement.Text("Secret") is not { } secret)
            return null;
        return new DockerCredential(user, secret, user == IdentityUser ? secret : null);
    }
}
