using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for a storage that speaks Amazon's S3 protocol, path style. Checks every signature by its own
/// computation.</summary>
/// <remarks>Source: Amazon S3 API; AWS Signature Version 4.</remarks>
public sealed class S3StandIn : IStandIn
{
    private const string AccessKey = "AKIDSTANDIN";
    private const string SecretKey = "s3-secret-4711/abc+def";
    public const string Bucket = "models";
    public const string Folder = "team a/tiny+1";

    private LoopbackServer _server = null!; // Set by StartAsync, the only way to make one

    private S3StandIn()
    {
    }

    public IReadOnlyList<LoopbackServer> Servers => [_server];

    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["AWS_ENDPOINT_URL_S3"] = _server.Address,
        ["AWS_ACCESS_KEY_ID"] = AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = SecretKey,
        ["AWS_REGION"] = "eu-test-1",
    };

    public string Reference => $"s3://{Bucket}/{Folder}";
    public string Secret => SecretKey;
    public IReadOnlyDictionary<string, byte[]> Files => Objects.Where(each => each.Key.StartsWith($"{Folder}/", StringComparison.Ordinal) && each.Value.Length + each.Key.Length > 0 && !each.Key.EndsWith('/'))
        .ToDictionary(each => each.Key[(Folder.Length + 1)..], each => each.Value);

    /// <summary>By key.</summary>
    public SortedDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal)
    {
        [$"{Folder}/"] = [],
        [$"{Folder}/config.json"] = "{}"u8.ToArray(),
        [$"{Folder}/model.safetensors"] = Bytes(1_100_000),
        [$"{Folder}/sub dir/é+%.txt"] = "x"u8.ToArray(),
        [$"{Folder}/empty"] = [],
        ["one/model.onnx"] = "onnx"u8.ToArray(),
        ["one/model.onnx.data"] = "data"u8.ToArray(),
        ["one/model.onnx2"] = "other"u8.ToArray(),
    };

    /// <summary>Where the bucket is; requests signed for another region are told so.</summary>
    public string Region { get; set; } = "eu-test-1";

    /// <summary>Whether anybody may read.</summary>
    public bool IsPublic { get; set; }

    /// <summary>Whether ETags are MD5s, as of objects that came in one part and are not encrypted.</summary>
    public bool TagsAreHashes { get; set; } = true;
    public int PageSize { get; set; } = 1000;
    public FaultList Faults { get; } = new();

    /// <param name="port">0 for any free one.</param>
    public static async Task<S3StandIn> StartAsync(int port = 0)
    {
        var standIn = new S3StandIn();
        standIn._server = await LoopbackServer.StartAsync(port, standIn.AnswerAsync);
        return standIn;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        context.Response.Headers["x-amz-request-id"] = "1";
        if (Refused(request) is var (status, code))
        {
            if (code == "AuthorizationHeaderMalformed")
                context.Response.Headers["x-amz-bucket-region"] = Region;
            await XmlAsync(context, $"<Error><Code>{code}</Code><Message>{code}</Message><Region>{Region}</Region></Error>", status);
            return;
        }
        var parts = Uri.UnescapeDataString(request.Target.Split('?')[0]).TrimStart('/').Split('/', 2);
        if (parts[0] != Bucket)
            await XmlAsync(context, "<Error><Code>NoSuchBucket</Code></Error>", 404);
        else if (parts.Length == 1)
            await ListAsync(context);
        else if (Objects.TryGetValue(parts[1], out var content))
            await FileReply.SendAsync(context, content, Tag(content), Faults.Take(request.Target));
        else
            await XmlAsync(context, "<Error><Code>NoSuchKey</Code></Error>", 404);
    }

    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var after = query["continuation-token"].ToString();
        var matching = Objects.Where(each => each.Key.StartsWith(query["prefix"].ToString(), StringComparison.Ordinal)
            && string.CompareOrdinal(each.Key, after) > 0).ToArray();
        var page = matching.Take(PageSize).ToArray();
        var isTruncated = page.Length < matching.Length;
        var xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">")
            .Append(CultureInfo.InvariantCulture, $"<Name>{Bucket}</Name><EncodingType>url</EncodingType><IsTruncated>{(isTruncated ? "true" : "false")}</IsTruncated>");
        foreach (var (key, content) in page)
            xml.Append(CultureInfo.InvariantCulture, $"<Contents><Key>{Uri.EscapeDataString(key).Replace("%20", "+").Replace("%2F", "/")}</Key>")
                .Append(CultureInfo.InvariantCulture, $"<LastModified>2024-06-05T10:00:00.000Z</LastModified><ETag>&quot;{Tag(content).Trim('"')}&quot;</ETag><Size>{content.Length}</Size></Contents>");
        if (isTruncated)
            xml.Append(CultureInfo.InvariantCulture, $"<NextContinuationToken>{page[^1].Key}</NextContinuationToken>");
        return XmlAsync(context, xml.Append("</ListBucketResult>").ToString(), 200);
    }

    private string Tag(byte[] content)
    {
#pragma warning disable CA5351 // ETags are MD5.
        var md5 = Convert.ToHexStringLower(MD5.HashData(content));
#pragma warning restore CA5351
        return TagsAreHashes ? $"\"{md5}\"" : $"\"{md5}-2\"";
    }

    private (int Status, string Code)? Refused(ReceivedRequest request)
    {
        if (request.Header("Authorization") is not { } authorization)
            return IsPublic ? null : (403, "AccessDenied");
        var fields = authorization["AWS4-HMAC-SHA256 ".Length..].Split(',').Select(field => field.Split('=', 2)).ToDictionary(field => field[0].Trim(), field => field[1]);
        var scope = fields["Credential"].Split('/');
        if (scope[0] != AccessKey)
            return (403, "InvalidAccessKeyId");
        if (scope[2] != Region)
            return (400, "AuthorizationHeaderMalformed");
        var target = request.Target.Split('?');
        var canonical = new StringBuilder($"{request.Method}\n{target[0]}\n")
            .Append(string.Join('&', (target.Length > 1 ? target[1] : "").Split('&', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal))).Append('\n');
        foreach (var name in fields["SignedHeaders"].Split(';'))
            canonical.Append(CultureInfo.InvariantCulture, $"{name}:{request.Header(name)}\n");
        canonical.Append(CultureInfo.InvariantCulture, $"\n{fields["SignedHeaders"]}\n{request.Header("x-amz-content-sha256")}");
        var text = $"AWS4-HMAC-SHA256\n{request.Header("x-amz-date")}\n{string.Join('/', scope[1..])}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Encoding.UTF8.GetBytes($"AWS4{SecretKey}");
        foreach (var part in scope[1..].Append(text))
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return Convert.ToHexStringLower(key) == fields["Signature"] ? null : (403, "SignatureDoesNotMatch");
    }

    private static Task XmlAsync(HttpContext context, string xml, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        return context.Response.WriteAsync(xml);
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(2).NextBytes(bytes);
        return bytes;
    }
}
