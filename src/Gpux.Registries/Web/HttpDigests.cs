using Gpux.Registries.Http;

namespace Gpux.Registries.Web;

/// <summary>Digests of a whole file in the headers of a reply.</summary>
/// <remarks>Source: RFC 9530 (Repr-Digest), RFC 3230 (Digest), RFC 1864 (Content-MD5).</remarks>
internal static class HttpDigests
{
    public static Digest? Read(HttpReply reply)
    {
        // That of a part, or of bytes as they were sent, says nothing of the file.
        var isWhole = reply.Response.StatusCode == System.Net.HttpStatusCode.OK && reply.Response.Content.Headers.ContentEncoding.Count == 0;
        foreach (var part in (reply.Header("Repr-Digest") ?? "").Split(','))
        {
            if (part.Trim() is var item && item.StartsWith("sha-256=:", StringComparison.OrdinalIgnoreCase) && item[^1] == ':'
                && Hex(item[9..^1], 32) is { } repr)
                return new Digest(DigestAlgorithm.Sha256, repr);
        }
        foreach (var part in (reply.Header("Digest") ?? "").Split(','))
        {
            if (part.Trim() is var item && item.StartsWith("sha-256=", StringComparison.OrdinalIgnoreCase) && Hex(item[8..], 32) is { } digest)
                return new Digest(DigestAlgorithm.Sha256, digest);
        }
        return isWhole && reply.Header("Content-MD5") is { } md5 && Hex(md5, 16) is { } hex ? new Digest(DigestAlgorithm.Md5, hex) : null;
    }

    private static string? Hex(string base64, int bytes)
    {
        Span<byte> hash = stackalloc byte[64];
        return Convert.TryFromBase64String(base64, hash, out var written) && written == bytes ? Convert.ToHexStringLower(hash[..written]) : null;
    }
}
