using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace Gpux.Registries.Http;

/// <summary>Turns successful replies to a request for a file into <see cref="FileContent"/>.</summary>
internal static class HttpContents
{
    /// <summary>What the reply holds of the file, or null if it is of no use and the whole file must be asked for, without a
    /// range.</summary>
    /// <param name="digest">What the reply's headers say that the file hashes to.</param>
    public static async Task<FileContent?> ReadAsync(
        HttpReply reply, FileRange asked, Digest? digest, CancellationToken cancellationToken)
    {
        var (status, headers) = (reply.Response.StatusCode, reply.Response.Content.Headers);
        var (offset, total) = (0L, headers.ContentLength);
        switch (status)
        {
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                // All bytes are here already if the file ends where the request began.
                return ContentRange(headers) is (null, { } size) && size == asked.Offset
                    ? new FileContent(Stream.Null, size, size, reply) : null;
            case HttpStatusCode.PartialContent:
                if (ContentRange(headers) is not ({ } first, var whole) || first != asked.Offset)
                    return null;
                (offset, total) = (first, whole);
                break;
        }
        var stream = Decoded(await reply.Response.Content.ReadAsStreamAsync(cancellationToken), headers, out var encoded);
        if (encoded && status == HttpStatusCode.PartialContent)
            return null; // A part of the compressed bytes.
        return new FileContent(stream, offset, encoded ? null : total, reply)
        {
            Digest = digest,
            IsPart = status == HttpStatusCode.PartialContent,
            MediaType = headers.ContentType?.MediaType,
            SilenceLimit = reply.SilenceLimit,
            EntityTag = reply.Response.Headers.ETag is { IsWeak: false } tag ? tag.ToString() : null,
        };
    }

    /// <summary>Undoes a Content-Encoding that the server applied although only the identity was asked for.</summary>
    public static Stream Decoded(Stream body, HttpContentHeaders headers, out bool encoded)
    {
        encoded = false;
        foreach (var encoding in headers.ContentEncoding.Reverse())
        {
            if (encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
                continue;
            encoded = true;
            body = encoding.ToLowerInvariant() switch
            {
                "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
                "deflate" => new ZLibStream(body, CompressionMode.Decompress),
                "br" => new BrotliStream(body, CompressionMode.Decompress),
                _ => throw new InvalidDataException($"The server sends the unknown encoding '{Printable.Text(encoding)}'."),
            };
        }
        return body;
    }

    // Read by hand: real servers send ends beyond the size, which the typed header refuses.
    private static (long? First, long? Total)? ContentRange(HttpContentHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues("Content-Range", out var values) || values.ToString() is not { } text
            || !text.StartsWith("bytes ", StringComparison.OrdinalIgnoreCase))
            return null;
        var slash = text.IndexOf('/');
        if (slash < 0)
            return null;
        var range = text.AsSpan(6, slash - 6).Trim();
        var dash = range.IndexOf('-');
        return (Number(dash < 0 ? range : range[..dash]), Number(text.AsSpan(slash + 1)));

        static long? Number(ReadOnlySpan<char> digits) =>
            long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
