using System.Net;
using System.Net.Http.Headers;

namespace Gpux.Registries.Http;

/// <summary>Sends the requests of one registry: follows redirects, keeps the credential at home, bounds the wait for a
/// reply.</summary>
/// <param name="registry">The registry's name for people.</param>
/// <param name="home">The only scheme, host and port that sees the credential.</param>
/// <param name="credential">Null to ask as anybody.</param>
internal sealed class RegistryHttp(
    RegistryEnvironment environment, string registry, Uri home, AuthenticationHeaderValue? credential)
{
    private const int RedirectLimit = 10;
    private static readonly ProductInfoHeaderValue Agent = new(
        "gpux", typeof(RegistryHttp).Assembly.GetName().Version?.ToString(3));

    public static bool IsSameOrigin(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port
            && string.Equals(left.IdnHost, right.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>The registry's name for people.</summary>
    public string Registry => registry;

    /// <summary>Whether requests to the registry itself carry a credential.</summary>
    public bool SendsCredential => credential is not null;

    /// <returns>The first reply that is no redirect, its body unread.</returns>
    /// <exception cref="TransferInterruptedException">No reply came.</exception>
    public Task<HttpReply> GetAsync(Uri address, FileRange range, CancellationToken cancellationToken) =>
        SendAsync(new RegistryRequest(address) { Range = range }, cancellationToken);

    /// <returns>The first reply that is no redirect, its body unread.</returns>
    /// <exception cref="TransferInterruptedException">No reply came.</exception>
    public async Task<HttpReply> SendAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        var hops = new List<HttpResponseMessage>(2);
        var first = request.Address;
        try
        {
            while (true)
            {
                hops.Add(await SendOnceAsync(request, first, cancellationToken));
                if (!request.FollowsRedirects || hops[^1].StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                    or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                    return new HttpReply(hops) { SilenceLimit = request.SilenceLimit };
                var next = request with { Address = Next(request.Address, hops) };
                // As browsers do: only these two repeat the method and the body elsewhere.
                var repeats = request.Method == HttpMethod.Head
                    || hops[^1].StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
                request = repeats ? next : next with { Method = HttpMethod.Get, Body = null };
                // Its headers stay readable, and its connection is free for the next.
                hops[^1].Dispose();
            }
        }
        catch
        {
            foreach (var hop in hops)
                hop.Dispose();
            throw;
        }
    }

    /// <summary>Reads a reply's body as a whole, decoded.</summary>
    /// <exception cref="UnexpectedReplyException">It is larger than <paramref name="limitBytes"/>.</exception>
    public async Task<byte[]> ReadAsync(HttpReply reply, int limitBytes, CancellationToken cancellationToken)
    {
        using var silence = new SilenceTimer(reply.SilenceLimit ?? environment.SilenceLimit, environment.Clock, cancellationToken);
        try
        {
            await using var body = HttpContents.Decoded(
                await reply.Response.Content.ReadAsStreamAsync(silence.Token), reply.Response.Content.Headers, out _);
            using var bytes = new MemoryStream();
            var buffer = new byte[1 << 16];
            for (int read; (read = await body.ReadAsync(buffer, silence.Restarted())) > 0;)
            {
                if (bytes.Length + read > limitBytes)
                    throw new UnexpectedReplyException(registry, reply.Address, $"its answer exceeds {limitBytes >> 20} MiB.");
                bytes.Write(buffer, 0, read);
            }
            return bytes.ToArray();
        }
        catch (Exception broken) when (IsBrokenConnection(broken, cancellationToken))
        {
            throw Unreachable(broken);
        }
        catch (InvalidDataException undecodable)
        {
            throw new UnexpectedReplyException(registry, reply.Address, "its answer cannot be decompressed.", undecodable);
        }
    }

    /// <summary>Whether an exception of the network stack means a connection that failed or fell silent, and not the caller's
    /// cancelling.</summary>
    public static bool IsBrokenConnection(Exception exception, CancellationToken callers) => exception switch
    {
        TransferInterruptedException or InvalidDataException => false,
        OperationCanceledException => !callers.IsCancellationRequested,
        _ => exception is HttpRequestException or IOException,
    };

    private async Task<HttpResponseMessage> SendOnceAsync(
        RegistryRequest asked, Uri first, CancellationToken cancellationToken)
    {
        var (address, range) = (asked.Address, asked.Range);
        using var request = new HttpRequestMessage(asked.Method, address)
        {
            // Parts of files come each over a connection of their own, which only HTTP/1.1 does: HTTP/2 would send all of them
            // over one, and servers limit connections.
            Version = range.Length is null ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.UserAgent.Add(Agent);
        // Anything else makes Content-Length the compressed size, and ranges meaningless.
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        if (asked.Credential is { } own)
            request.Headers.Authorization = IsSameOrigin(address, first) ? own : null;
        else if (credential is not null && IsSameOrigin(address, home))
            request.Headers.Authorization = credential;
        if (asked.Accept is { } accept)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        foreach (var (name, value) in asked.Headers)
        {
            // They may hold secrets too.
            if (IsSameOrigin(address, first))
                request.Headers.TryAddWithoutValidation(name, value);
        }
        if (asked.Body is { } body)
        {
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", asked.BodyType);
        }
        if (range.Offset > 0 || range.Length is not null)
        {
            request.Headers.Range = new RangeHeaderValue(
                range.Offset, range.Length is { } length ? range.Offset + length - 1 : null);
            if (range.EntityTag is not null)
                request.Headers.IfRange = new RangeConditionHeaderValue(range.EntityTag);
        }
        using var silence = new SilenceTimer(asked.SilenceLimit ?? environment.SilenceLimit, environment.Clock, cancellationToken);
        try
        {
            return await environment.Http.SendAsync(request, silence.Token);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            // A certificate that is refused now is refused in a second too.
            throw exception.InnerException as GpuxException ?? new CertificateRefusedException(
                registry, address.Authority, exception.InnerException?.Message ?? exception.Message, exception);
        }
        catch (Exception broken) when (IsBrokenConnection(broken, cancellationToken))
        {
            throw Unreachable(broken);
        }
    }

    private TransferInterruptedException Unreachable(Exception broken)
    {
        var reason = broken is OperationCanceledException ? $"{home.Authority} did not answer in time." : WithoutCredentials(broken.Message);
        // The runtime names a proxy with its password: such an exception is not kept, since stack traces show its message.
        return new TransferInterruptedException(new RegistryUnreachableException(
            registry, reason, broken.ToString() == WithoutCredentials(broken.ToString()) ? broken : null))
        {
            IsUnreachable = broken is HttpRequestException
            {
                HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError,
                InnerException: not OperationCanceledException,
            },
        };
    }

    /// <summary>A text without the names and passwords of addresses in it.</summary>
    internal static string WithoutCredentials(string text)
    {
        for (var at = text.IndexOf("://", StringComparison.Ordinal); at >= 0; at = text.IndexOf("://", at + 3, StringComparison.Ordinal))
        {
            var start = at + 3;
            var end = start;
            for (var i = start; i < text.Length && text[i] is not ('/' or '\'' or '"' or <= ' '); i++)
            {
                if (text[i] == '@')
                    end = i + 1;
            }
            text = text.Remove(start, end - start);
        }
        return text;
    }

    private Uri Next(Uri address, List<HttpResponseMessage> hops)
    {
        var from = address.GetLeftPart(UriPartial.Path);
        if (hops.Count > RedirectLimit)
            throw new UnexpectedReplyException(registry, from, $"it redirects more than {RedirectLimit} times.");
        if (hops[^1].Headers.Location is not { } location)
            throw new UnexpectedReplyException(registry, from, "it redirects without saying where to.");
        return Given(location.IsAbsoluteUri ? location : new Uri(address, location), address);
    }

    /// <summary>Checks an address that a server gave, in a redirect or in its answer.</summary>
    /// <param name="by">The address that gave it.</param>
    /// <exception cref="UnexpectedReplyException">It leads to where no registry keeps files.</exception>
    public Uri Given(Uri address, Uri by)
    {
        var from = by.GetLeftPart(UriPartial.Path);
        if (address.Scheme != Uri.UriSchemeHttps && (address.Scheme != Uri.UriSchemeHttp || by.Scheme == Uri.UriSchemeHttps))
            throw new UnexpectedReplyException(registry, from, $"it redirects from {by.Scheme} to {address.Scheme}.");
        if (IsLinkLocal(address) || (LeadsInside(address) && !LeadsInside(by)))
            throw new UnexpectedReplyException(
                registry, from, $"it redirects to {address.Host}, an address within this machine or its cloud.");
        return address;
    }

    // Loopback and link-local addresses: services that trust whoever reaches them, such as a cloud's store of credentials.
    private static bool LeadsInside(Uri address) => address.IsLoopback || IsLinkLocal(address);

    private static bool IsLinkLocal(Uri address) => IPAddress.TryParse(address.DnsSafeHost, out var ip) && (ip.IsIPv6LinkLocal
        || ((ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).GetAddressBytes() is [169, 254, _, _] or [0, _, _, _]));
}

/// <summary>A request of a registry's protocol.</summary>
internal sealed record RegistryRequest(Uri Address)
{
    public HttpMethod Method { get; init; } = HttpMethod.Get;
    public FileRange Range { get; init; }
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>The body's media type.</summary>
    public string BodyType { get; init; } = "application/json";

    /// <summary>Media types, as the header has them; null to leave it out.</summary>
    public string? Accept { get; init; }

    /// <summary>Sent to the address's own host alone.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>False to have a redirect as the reply.</summary>
    public bool FollowsRedirects { get; init; } = true;
    /// <summary>How long a server may send nothing; <see cref="RegistryEnvironment.SilenceLimit"/> where null.</summary>
    public TimeSpan? SilenceLimit { get; init; }

    /// <summary>Instead of the registry's credential; sent to the address's own host alone.</summary>
    public AuthenticationHeaderValue? Credential { get; init; }
}
