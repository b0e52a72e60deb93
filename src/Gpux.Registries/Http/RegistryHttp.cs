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

    /// <returns>The first reply that is no redirect, its body unread.</returns>
    /// <exception cref="TransferInterruptedException">No reply came.</exception>
    public async Task<HttpReply> GetAsync(Uri address, FileRange range, CancellationToken cancellationToken)
    {
        var hops = new List<HttpResponseMessage>(2);
        try
        {
            while (true)
            {
                hops.Add(await SendAsync(address, range, cancellationToken));
                if (hops[^1].StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                    or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                    return new HttpReply(hops);
                address = Next(address, hops);
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
        using var silence = new SilenceTimer(environment, cancellationToken);
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

    private async Task<HttpResponseMessage> SendAsync(Uri address, FileRange range, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.UserAgent.Add(Agent);
        // Anything else makes Content-Length the compressed size, and ranges meaningless.
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        if (credential is not null && IsSameOrigin(address, home))
            request.Headers.Authorization = credential;
        if (range.Offset > 0 || range.Length is not null)
        {
            request.Headers.Range = new RangeHeaderValue(
                range.Offset, range.Length is { } length ? range.Offset + length - 1 : null);
            if (range.EntityTag is not null)
                request.Headers.IfRange = new RangeConditionHeaderValue(range.EntityTag);
        }
        using var silence = new SilenceTimer(environment, cancellationToken);
        try
        {
            return await environment.Http.SendAsync(request, silence.Token);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            // A certificate that is refused now is refused in a second too.
            throw new RegistryUnreachableException(
                registry, $"{address.Authority}: {exception.InnerException?.Message ?? exception.Message}", exception);
        }
        catch (Exception broken) when (IsBrokenConnection(broken, cancellationToken))
        {
            throw Unreachable(broken);
        }
    }

    private TransferInterruptedException Unreachable(Exception broken) => new(new RegistryUnreachableException(registry,
        broken is OperationCanceledException ? $"{home.Authority} did not answer in time." : broken.Message, broken));

    private Uri Next(Uri address, List<HttpResponseMessage> hops)
    {
        var from = address.GetLeftPart(UriPartial.Path);
        if (hops.Count > RedirectLimit)
            throw new UnexpectedReplyException(registry, from, $"it redirects more than {RedirectLimit} times.");
        if (hops[^1].Headers.Location is not { } location)
            throw new UnexpectedReplyException(registry, from, "it redirects without saying where to.");
        var next = location.IsAbsoluteUri ? location : new Uri(address, location);
        if (next.Scheme != Uri.UriSchemeHttps && (next.Scheme != Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps))
            throw new UnexpectedReplyException(registry, from, $"it redirects from {address.Scheme} to {next.Scheme}.");
        return next;
    }
}
