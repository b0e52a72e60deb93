using System.Net;
using System.Net.Security;
using Gpux.Registries.Credentials;
using Gpux.Registries.Download;
using Gpux.Registries.Http;

namespace Gpux.Registries;

/// <summary>What registries and the store take from the machine: variables, the clock, chance and the network.</summary>
public sealed class RegistryEnvironment : IDisposable
{
    private readonly Func<string, string?> _variable;
    private readonly HttpMessageHandler? _network;
    private readonly TimeSpan? _connectTimeout;
    private readonly Lazy<HttpMessageInvoker> _http;
    private readonly List<RegistryEnvironment> _ownConnections = [];

    /// <param name="variable">Gives environment variables; the process's own where null.</param>
    /// <param name="connectTimeout">How long a connection may take to come about; 10 s where null.</param>
    /// <param name="silenceLimit">How long a server may send nothing before the request counts as broken; 30 s where
    /// null.</param>
    public RegistryEnvironment(
        Func<string, string?>? variable = null, TimeProvider? clock = null,
        TimeSpan? connectTimeout = null, TimeSpan? silenceLimit = null)
        : this(variable, clock, connectTimeout, silenceLimit, network: null)
    {
    }

    /// <param name="network">What sends requests, instead of sockets.</param>
    internal RegistryEnvironment(
        Func<string, string?>? variable, TimeProvider? clock,
        TimeSpan? connectTimeout, TimeSpan? silenceLimit, HttpMessageHandler? network)
        : this(variable, clock, connectTimeout, silenceLimit, network, tls: null, connections: null)
    {
    }

    private RegistryEnvironment(
        Func<string, string?>? variable, TimeProvider? clock, TimeSpan? connectTimeout, TimeSpan? silenceLimit,
        HttpMessageHandler? network, Func<SslClientAuthenticationOptions>? tls, Lazy<HttpMessageInvoker>? connections)
    {
        (_network, _connectTimeout) = (network, connectTimeout);
        _variable = variable ?? Environment.GetEnvironmentVariable;
        Clock = clock ?? TimeProvider.System;
        SilenceLimit = silenceLimit ?? TimeSpan.FromSeconds(30);
        // Made on first use: opening a model that is already here must not pay for it.
        _http = connections ?? new Lazy<HttpMessageInvoker>(
            () => new HttpMessageInvoker(network ?? Sockets(connectTimeout ?? TimeSpan.FromSeconds(10), tls?.Invoke())));
    }

    public TimeProvider Clock { get; }
    public TimeSpan SilenceLimit { get; }

    /// <summary>What all downloads together may take, instead of what GPUX_LIMIT_RATE says. Counts from the first download
    /// on.</summary>
    public TransferRate? RateLimit { get; set; }
    internal HttpMessageInvoker Http => _http.Value;

    /// <summary>A variable's value; null where it is unset or empty.</summary>
    public string? Variable(string name) => _variable(name) is { Length: > 0 } value ? value : null;

    /// <summary>Whether a variable is set to 1, ON, YES or TRUE, in any case.</summary>
    public bool Flag(string name) => Variable(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    /// <summary>A variable that holds a folder, with a leading "~" and "$NAME" or "${NAME}" expanded.</summary>
    public string? Folder(string name) => Variable(name) is { } value ? Path.GetFullPath(Expand(value)) : null;

    /// <summary>The token that gpux login keeps for a registry, the last source after its own variables and files; null where there
    /// is none.</summary>
    /// <exception cref="CredentialsException">The file is damaged.</exception>
    public string? StoredCredential(string registry) => new CredentialFile(this).Find(registry);

    /// <summary>The user's home folder.</summary>
    public string Home => Variable("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>The same machine as one registry sees it: with other variables, or other rules of TLS.</summary>
    internal RegistryEnvironment With(Func<string, string?>? variable = null, Func<SslClientAuthenticationOptions>? tls = null)
    {
        var other = new RegistryEnvironment(
            variable ?? _variable, Clock, _connectTimeout, SilenceLimit, _network, tls, tls is null ? _http : null);
        if (tls is not null)
        {
            lock (_ownConnections)
                _ownConnections.Add(other);
        }
        return other;
    }

    public void Dispose()
    {
        foreach (var other in _ownConnections)
            other.Dispose();
        if (_http.IsValueCreated)
            _http.Value.Dispose();
    }

    /// <param name="tls">Whom to trust; null for what the system and the user's variables say.</param>
    private SocketsHttpHandler Sockets(TimeSpan connectTimeout, SslClientAuthenticationOptions? tls)
    {
        var sockets = new SocketsHttpHandler
        {
            // Redirects are followed by RegistryHttp, which decides where a token may go.
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            EnableMultipleHttp2Connections = true,
            MaxConnectionsPerServer = DownloadSettings.Connections(this),
        };
        if (tls is not null)
            sockets.SslOptions = tls;
        else if (TrustedCertificates.Named(this) is { } trusted)
            sockets.SslOptions.RemoteCertificateValidationCallback = trusted.Accept;
        return sockets;
    }

    private string Expand(string path)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
            path = Home + path[1..];
        for (var at = path.IndexOf('$'); at >= 0 && at + 1 < path.Length; at = path.IndexOf('$', at + 1))
        {
            var braced = path[at + 1] == '{';
            var start = braced ? at + 2 : at + 1;
            var end = start;
            while (end < path.Length && (char.IsAsciiLetterOrDigit(path[end]) || path[end] == '_'))
                end++;
            if (end == start || (braced && (end == path.Length || path[end] != '}'))
                || Variable(path[start..end]) is not { } value)
                continue;
            path = path[..at] + value + path[(braced ? end + 1 : end)..];
            at += value.Length - 1;
        }
        return path;
    }
}
