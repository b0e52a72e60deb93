using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Gpux.Registries.S3;

/// <summary>Signs requests without a body, by Signature Version 4.</summary>
/// <remarks>Source: AWS, "Authenticating Requests (AWS Signature Version 4)",
/// <see href="https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"/>; its examples are tests.</remarks>
internal static class S3Signature
{
    private const string Scheme = "AWS4-HMAC-SHA256";

    /// <summary>The SHA-256 of no bytes.</summary>
    private const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <param name="more">Further headers to sign, names in lower case.</param>
    /// <returns>The Authorization header, and the headers that must be sent with it.</returns>
    public static (AuthenticationHeaderValue Credential, List<KeyValuePair<string, string>> Headers) Sign(
        S3Keys keys, string region, HttpMethod method, Uri address, DateTimeOffset now,
        params ReadOnlySpan<KeyValuePair<string, string>> more)
    {
        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var headers = new List<KeyValuePair<string, string>> { new("x-amz-content-sha256", EmptyHash), new("x-amz-date", time) };
        if (keys.SessionToken is { } session)
            headers.Add(new("x-amz-security-token", session));
        foreach (var header in more)
            headers.Add(header);
        var signed = headers.Append(new("host", address.Authority)).OrderBy(header => header.Key, StringComparer.Ordinal).ToArray();
        var names = string.Join(';', signed.Select(header => header.Key));
        var request = $"{method}\n{address.AbsolutePath}\n{CanonicalQuery(address)}\n"
            + $"{string.Concat(signed.Select(header => $"{header.Key}:{header.Value.Trim()}\n"))}\n{names}\n{EmptyHash}";
        var scope = $"{time[..8]}/{region}/s3/aws4_request";
        var text = $"{Scheme}\n{time}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)))}";
        var key = Encoding.UTF8.GetBytes($"AWS4{keys.Secret}");
        foreach (var part in (ReadOnlySpan<string>)[time[..8], region, "s3", "aws4_request", text])
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return (new AuthenticationHeaderValue(
            Scheme, $"Credential={keys.Id}/{scope},SignedHeaders={names},Signature={Convert.ToHexStringLower(key)}"), headers);
    }

    // Sorted, and a name without a value keeps its '='.
    private static string CanonicalQuery(Uri address) => string.Join('&', address.Query.TrimStart('?')
        .Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Contains('=') ? part : $"{part}=").Order(StringComparer.Ordinal));
}
