using System.Net;
using Gpux.Registries.Download;
using Gpux.Registries.Http;

namespace Gpux.Registries;

/// <summary>What registries and the store take from the machine: variables, the clock, chance and the network.</summary>
public sealed class RegistryEnvironment : IDisposable
{
    private readonly Func<string, string?> _variable;
    private readonly Lazy<HttpMessageInvoker> _http;

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
    {
        _variable = variable ?? Environment.GetEnvironmentVariable;
        Clock = clock ?? TimeProvider.System;
        SilenceLimit = silenceLimit ?? TimeSpan.FromSeconds(30);
        // Made on first use: opening a model that is already here must not pay for it.
        _http = new Lazy<HttpMessageInvoker>(
            () => new HttpMessageInvoker(network ?? Sockets(connectTimeout ?? TimeSpan.FromSeconds(10))));
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

    /// <summary>The user's home folder.</summary>
    public string Home => Variable("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    public void Dispose()
    {
        if (_http.IsValueCreated)
            _http.Value.Dispose();
    }

    private SocketsHttpHandler Sockets(TimeSpan connectTimeout)
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
        if (TrustedCertificates.Named(this) is { } trusted)
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
