using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Xml;
using Gpux.Registries.Http;

namespace Gpux.Registries.S3;

/// <summary>An object of a bucket.</summary>
/// <param name="EntityTag">Without quotes.</param>
internal sealed record S3Object(string Key, long SizeBytes, string? EntityTag);

/// <summary>Lists and reads a storage that speaks Amazon's S3 protocol.</summary>
/// <remarks>Source: Amazon S3 API 2006-03-01; Google Cloud Storage XML API.</remarks>
internal sealed class S3Client(RegistryEnvironment environment, S3Settings settings)
{
    private const int ListLimitBytes = 64 << 20;
    private const int PageLimit = 1000;
    private const int ObjectLimit = 100_000;

    private readonly Lazy<S3Keys?> _keys = new(settings.Keys);
    private readonly Lazy<AuthenticationHeaderValue?> _bearer = new(settings.Bearer);
    private S3Settings _settings = settings;

    public S3Settings Settings => _settings;

    /// <summary>Whether requests carry a credential.</summary>
    private bool SendsCredential => _keys.Value is not null || _bearer.Value is not null;

    /// <summary>All objects whose key begins with <paramref name="prefix"/>; markers of folders are left out.</summary>
    public async Task<List<S3Object>> ListAsync(ModelReference model, string bucket, string prefix, CancellationToken cancellationToken)
    {
        var objects = new List<S3Object>();
        string? token = null;
        for (var page = 0; page < PageLimit; page++)
        {
            var query = (token is null ? "" : $"continuation-token={Uri.EscapeDataString(token)}&")
                + $"encoding-type=url&list-type=2&max-keys=1000&prefix={Uri.EscapeDataString(prefix)}";
            var (body, address) = await InItsRegionAsync(async (client, region) =>
            {
                var reply = await client.BytesAsync(
                    Request(region.Address(bucket, "", query)), model, ListLimitBytes, cancellationToken);
                return reply is { } found ? (found.Body, found.Reply.Address) : throw NotFound(model, bucket);
            }, bucket);
            try
            {
                token = ReadPage(body, objects);
            }
            catch (Exception exception) when (exception is XmlException or FormatException)
            {
                throw new UnexpectedReplyException(_settings.Title, address, "the answer lists no objects.", exception);
            }
            if (token is null)
                return objects;
            if (objects.Count > ObjectLimit)
                break;
        }
        throw new UnexpectedReplyException(_settings.Title, bucket, $"below '{prefix}' are more than {ObjectLimit:N0} objects.");
    }

    /// <summary>Opens an object.</summary>
    /// <param name="entityTag">What it had when it was listed; null to take any.</param>
    public Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, string bucket, string key, string? entityTag, FileRange range,
        CancellationToken cancellationToken) =>
        InItsRegionAsync((client, region) => client.OpenAsync(Request(region.Address(bucket, key, "")), manifest, file, range, reply =>
        {
            if (entityTag is not null && Tag(reply) is { } tag && tag != entityTag)
                throw new UnexpectedReplyException(
                    _settings.Title, reply.Address, "the file is another than when the model was resolved. Pull it again.");
            return DigestOf(reply);
        }, cancellationToken), bucket);

    /// <summary>What the headers of an object say that it hashes to.</summary>
    internal static Digest? DigestOf(HttpReply reply)
    {
        // A checksum of parts ends in "-number"; so does the tag of an object that came in parts.
        if (reply.Header("x-amz-checksum-sha256") is { } checksum && FromBase64(checksum, 32) is { } sha256)
            return new Digest(DigestAlgorithm.Sha256, sha256);
        // crc32c=AAAA==,md5=AAAA== in one header or in two.
        var hashes = reply.Response.Headers.TryGetValues("x-goog-hash", out var values) ? string.Join(',', values) : "";
        foreach (var part in hashes.Split(','))
        {
            if (part.Trim() is var hash && hash.StartsWith("md5=", StringComparison.Ordinal) && FromBase64(hash[4..], 16) is { } md5)
                return new Digest(DigestAlgorithm.Md5, md5);
        }
        var isEncrypted = reply.Header("x-amz-server-side-encryption") is { } method && method != "AES256"
            || reply.Header("x-amz-server-side-encryption-customer-algorithm") is not null;
        return !isEncrypted && reply.Header("x-amz-request-id") is not null && Tag(reply) is { Length: 32 } tag && tag.All(char.IsAsciiHexDigitLower)
            ? new Digest(DigestAlgorithm.Md5, tag) : null;
    }

    // A bucket lies in one region, and only that one's host answers: it is learned from the refusal of another.
    private async Task<T> InItsRegionAsync<T>(Func<RegistryClient, S3Settings, Task<T>> ask, string bucket)
    {
        try
        {
            return await ask(Client(), _settings);
        }
        catch (WrongRegionException wrong) when (wrong.Region != _settings.Region && IsRegion(wrong.Region))
        {
            _settings = _settings with { Region = wrong.Region };
        }
        try
        {
            return await ask(Client(), _settings);
        }
        catch (WrongRegionException)
        {
            throw new UnexpectedReplyException(
                _settings.Title, bucket, $"it says of region {_settings.Region} that the bucket is in another.");
        }
    }

    private RegistryClient Client()
    {
        // Every request brings its own signature.
        var http = new RegistryHttp(environment, _settings.Title, _settings.Endpoint ?? _settings.Address("bucket", "", ""), credential: null);
        return new RegistryClient(environment, http, SendsCredential
            ? "The credential may not read this bucket; correct it, or ask its owner." : _settings.CredentialRemedy) { Refusal = Refusal };
    }

    private RegistryRequest Request(Uri address)
    {
        if (_keys.Value is not { } keys)
            return new RegistryRequest(address)
            {
                FollowsRedirects = false,
                Credential = _bearer.Value,
                Headers = [new("x-amz-checksum-mode", "ENABLED")],
            };
        var (credential, headers) = S3Signature.Sign(keys, _settings.Region, HttpMethod.Get, address, environment.Clock.GetUtcNow(),
            new KeyValuePair<string, string>("x-amz-checksum-mode", "ENABLED"));
        return new RegistryRequest(address) { FollowsRedirects = false, Credential = credential, Headers = headers };
    }

    private Exception? Refusal(HttpReply reply, ReadOnlyMemory<byte> body, ModelReference model)
    {
        var (code, message, region) = Error(body);
        if (code is "PermanentRedirect" or "TemporaryRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException"
            || (int)reply.Response.StatusCode is 301 or 307)
        {
            if ((reply.Header("x-amz-bucket-region") ?? region) is { } right)
                return new WrongRegionException(right);
        }
        return code switch
        {
            "NoSuchBucket" => NotFound(model, model.Name),
            "RequestTimeTooSkewed" => new AccessDeniedException(
                $"{_settings.Title} refuses the request: this machine's clock differs from its own.", "Set the clock."),
            "ExpiredToken" or "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" => new AccessDeniedException(
                $"{_settings.Title} refuses the credential ({code}): {Printable.Text(message ?? code)}", _settings.CredentialRemedy),
            _ => null,
        };
    }

    private ModelNotFoundException NotFound(ModelReference model, string bucket) => new(model.ToString(),
        $"{_settings.Title} has no bucket '{Printable.Text(bucket.Split('/')[0])}'.", "Check the bucket's name, the region and the endpoint.");

    private static string? Tag(HttpReply reply) =>
        reply.Header("ETag") is { } tag ? (tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag).Trim('"') : null;

    private static string? FromBase64(string text, int bytes)
    {
        Span<byte> hash = stackalloc byte[64];
        return Convert.TryFromBase64String(text, hash, out var written) && written == bytes
            ? Convert.ToHexStringLower(hash[..written]) : null;
    }

    private static bool IsRegion(string text) => text.Length is > 0 and < 40 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    /// <returns>The token of the next page; null where this is the last.</returns>
    internal static string? ReadPage(byte[] body, List<S3Object> objects)
    {
        using var xml = Reader(body);
        var isEncoded = false;
        var (isTruncated, next) = (false, (string?)null);
        string? key = null, tag = null;
        long size = 0;
        var isListing = false;
        var found = new List<S3Object>();
        while (xml.Read())
        {
            if (xml.NodeType == XmlNodeType.EndElement && xml.LocalName == "Contents" && key is not null)
            {
                found.Add(new S3Object(key, size, tag));
                (key, tag, size) = (null, null, 0);
            }
            if (xml.NodeType != XmlNodeType.Element)
                continue;
            switch (xml.LocalName)
            {
                case "ListBucketResult":
                    isListing = true;
                    break;
                case "EncodingType":
                    isEncoded = Content(xml) == "url";
                    break;
                case "IsTruncated":
                    isTruncated = Content(xml) == "true";
                    break;
                case "NextContinuationToken":
                    next = Content(xml);
                    break;
                case "Key":
                    key = Content(xml);
                    break;
                case "ETag":
                    tag = Content(xml).Trim('"');
                    break;
                case "Size":
                    size = long.Parse(Content(xml), NumberStyles.None, CultureInfo.InvariantCulture);
                    break;
            }
        }
        if (!isListing || (isTruncated && next is null))
            throw new FormatException("no listing");
        foreach (var each in found)
        {
            var decoded = isEncoded ? Uri.UnescapeDataString(each.Key.Replace('+', ' ')) : each.Key;
            if (!decoded.EndsWith('/') || each.SizeBytes > 0)
                objects.Add(each with { Key = decoded });
        }
        return isTruncated ? next : null;
    }

    private static (string? Code, string? Message, string? Region) Error(ReadOnlyMemory<byte> body)
    {
        (string? code, string? message, string? region) = (null, null, null);
        try
        {
            using var xml = Reader(body.ToArray());
            while (xml.Read())
            {
                if (xml.NodeType != XmlNodeType.Element)
                    continue;
                switch (xml.LocalName)
                {
                    case "Code":
                        code = Content(xml);
                        break;
                    case "Message":
                        message = Content(xml);
                        break;
                    case "Region":
                        region = Content(xml);
                        break;
                }
            }
        }
        catch (XmlException)
        {
            // The status says enough.
        }
        return (code, message, region);
    }

    // Unlike ReadElementContentAsString this stays on the element's last node, so that the loop's next step is right.
    private static string Content(XmlReader xml)
    {
        if (xml.IsEmptyElement)
            return "";
        var text = new StringBuilder();
        while (xml.Read() && xml.NodeType != XmlNodeType.EndElement)
        {
            if (xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace)
                text.Append(xml.Value);
            else if (xml.NodeType == XmlNodeType.Element)
                throw new FormatException("an element inside of a text");
        }
        return text.ToString();
    }

    private static XmlReader Reader(byte[] body) => XmlReader.Create(new MemoryStream(body), new XmlReaderSettings
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = ListLimitBytes,
    });

    private sealed class WrongRegionException(string region) : Exception($"The bucket is in region {region}.")
    {
        public string Region { get; } = region;
    }
}
