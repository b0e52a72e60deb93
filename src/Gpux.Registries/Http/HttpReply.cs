namespace Gpux.Registries.Http;

/// <summary>A reply with the redirects that led to it. Registries say much in the headers of the redirect itself.</summary>
internal sealed class HttpReply(IReadOnlyList<HttpResponseMessage> hops) : IDisposable
{
    /// <summary>The last reply, which carries the body.</summary>
    public HttpResponseMessage Response => hops[^1];

    /// <summary>How long the body may bring nothing; null for the usual time.</summary>
    public TimeSpan? SilenceLimit { get; init; }

    /// <summary>The address of the last reply, without its query: signed storage addresses are secrets.</summary>
    public string Address => Response.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Path); // SendAsync always sets both

    /// <exception cref="UnexpectedReplyException">It is a page for people, which no file of a model is.</exception>
    public void ThrowIfPage(string registry)
    {
        if (Response.IsSuccessStatusCode && Response.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml")
            throw new UnexpectedReplyException(registry, Address, "it sends a page instead of a file.");
    }

    /// <summary>The first value of a header, from the first reply on the way that has it.</summary>
    public string? Header(string name)
    {
        foreach (var hop in hops)
        {
            if (Value(hop, name) is { } value)
                return value;
        }
        return null;
    }

    /// <summary>The first value of a header of the last reply on the way from <paramref name="origin"/>.</summary>
    public string? HeaderFrom(Uri origin, string name)
    {
        for (var i = hops.Count - 1; i >= 0; i--)
        {
            if (RegistryHttp.IsSameOrigin(hops[i].RequestMessage!.RequestUri!, origin)) // SendAsync always sets both
                return Value(hops[i], name);
        }
        return null;
    }

    public void Dispose()
    {
        foreach (var hop in hops)
            hop.Dispose();
    }

    private static string? Value(HttpResponseMessage reply, string name)
    {
        if (reply.Headers.NonValidated.TryGetValues(name, out var values)
            || reply.Content.Headers.NonValidated.TryGetValues(name, out values))
        {
            foreach (var value in values)
                return value;
        }
        return null;
    }
}
