namespace Gpux.Registries.Http;

/// <summary>The hashes that Google Cloud Storage states of an object: x-goog-hash: crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ==</summary>
/// <remarks>Source: Cloud Storage XML API, headers. Objects composed of others have no MD5.</remarks>
internal static class GoogleHash
{
    private const string Header = "x-goog-hash";

    /// <summary>What the reply's object hashes to: by MD5 where that is stated, else by CRC-32C; null where nothing is, or the body is
    /// encoded.</summary>
    public static Digest? Of(HttpReply reply)
    {
        if (reply.Response.Content.Headers.ContentEncoding.Count > 0 || !reply.Response.Headers.TryGetValues(Header, out var values))
            return null;
        (Digest? md5, Digest? crc32c) = (null, null);
        foreach (var hash in values.SelectMany(value => value.Split(',')))
        {
            var equals = hash.IndexOf('=');
            if (equals < 0)
                continue;
            var value = hash[(equals + 1)..].Trim();
            switch (hash[..equals].Trim())
            {
                case "md5":
                    md5 = Read(DigestAlgorithm.Md5, value, 16);
                    break;
                case "crc32c":
                    crc32c = Read(DigestAlgorithm.Crc32c, value, 4);
                    break;
            }
        }
        return md5 ?? crc32c;
    }

    /// <summary>As <see cref="Of"/>, of a reply with a file.</summary>
    /// <exception cref="UnexpectedReplyException">It is a page for people.</exception>
    public static Digest? OfFile(HttpReply reply, string registry)
    {
        reply.ThrowIfPage(registry);
        return Of(reply);
    }

    private static Digest? Read(DigestAlgorithm algorithm, string base64, int length)
    {
        var bytes = new byte[length];
        return Convert.TryFromBase64String(base64, bytes, out var written) && written == length
            ? new Digest(algorithm, Convert.ToHexStringLower(bytes)) : null;
    }
}
