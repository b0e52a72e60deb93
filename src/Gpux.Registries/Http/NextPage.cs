namespace Gpux.Registries.Http;

/// <summary>The address of the next page of a list, in the header Link.</summary>
/// <remarks>Source: RFC 8288.</remarks>
internal static class NextPage
{
    /// <returns>Null after the last page.</returns>
    /// <exception cref="FormatException">It is not the registry's own: only that may see the credential.</exception>
    public static Uri? Of(HttpReply reply)
    {
        if (reply.Header("Link") is not { } link)
            return null;
        var here = reply.Response.RequestMessage!.RequestUri!; // SendAsync always sets both
        foreach (var range in link.AsSpan().Split(','))
        {
            var part = link.AsSpan()[range].Trim();
            var end = part.IndexOf('>');
            if (end < 1 || part[0] != '<' || !IsNext(part[(end + 1)..]))
                continue;
            return Uri.TryCreate(here, part[1..end].ToString(), out var next) && RegistryHttp.IsSameOrigin(next, here) ? next
                : throw new FormatException("it names a next page that is not its own.");
        }
        return null;
    }

    private static bool IsNext(ReadOnlySpan<char> parameters) =>
        parameters.Contains("rel=\"next\"", StringComparison.OrdinalIgnoreCase) || parameters.Contains("rel=next", StringComparison.OrdinalIgnoreCase);
}
