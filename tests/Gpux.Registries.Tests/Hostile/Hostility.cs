using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Gpux.StandIns;
using Microsoft.AspNetCore.Http;

namespace Gpux.Registries.Tests.Hostile;

/// <summary>What a server does to a client, instead of its good answer or with it.</summary>
/// <param name="Stalls">Whether it falls silent, so that the client must lose patience.</param>
internal sealed record Hostility(string Name, Func<HttpContext, Func<Task<byte[]>>, Task> Answer, bool Stalls = false)
{
    private const int EndlessLimitBytes = 80 << 20;

    /// <param name="foreign">Another server, which no client's credential may reach.</param>
    /// <param name="names">Names of files that good answers list.</param>
    public static IReadOnlyList<Hostility> All(LoopbackServer foreign, IReadOnlyCollection<string> names) =>
    [
        new("an empty body", (context, _) => SendAsync(context, 200, "application/json", "")),
        new("a sign-in page", (context, _) => SendAsync(context, 200, "text/html", Page)),
        new("a sign-in page with 401", (context, _) => SendAsync(context, 401, "text/html", Page)),
        new("a refusal in a body of status 200", (context, _) => SendAsync(context, 200, "application/json", """{"error":"denied","code":403,"Success":false}""")),
        new("204 without a body", (context, _) => StatusAsync(context, 204)),
        new("304 without a request for it", (context, _) => StatusAsync(context, 304)),
        new("403", (context, _) => SendAsync(context, 403, "text/plain", "no")),
        new("418", (context, _) => SendAsync(context, 418, "text/plain", "tea")),
        new("451", (context, _) => SendAsync(context, 451, "text/plain", "law")),
        new("500 with a page", (context, _) => SendAsync(context, 500, "text/html", Page)),
        new("503 for ever", (context, _) => SendAsync(context, 503, "text/plain", "busy")),
        new("429 without a time", (context, _) => SendAsync(context, 429, "text/plain", "slow down")),
        new("429 for a century", (context, _) => SendAsync(context, 429, "text/plain", "slow down", ("Retry-After", "3153600000"))),
        new("416", (context, _) => SendAsync(context, 416, "text/plain", "", ("Content-Range", "bytes */1"))),
        new("206 without a request for it", (context, _) => SendAsync(context, 206, "application/octet-stream", "xyz", ("Content-Range", "bytes 5-7/8"))),
        new("206 with a range that lies", (context, _) => SendAsync(context, 206, "application/octet-stream", "xyz", ("Content-Range", "bytes 0-99999999/3"))),
        new("a redirect to itself", (context, _) => RedirectAsync(context, context.Request.Path + context.Request.QueryString)),
        new("a redirect to a file", (context, _) => RedirectAsync(context, "file:///etc/passwd")),
        new("a redirect to the cloud's own address", (context, _) => RedirectAsync(context, "http://169.254.169.254/latest/meta-data/")),
        new("a redirect to another host", (context, _) => RedirectAsync(context, $"{foreign.Address}/taken")),
        new("a redirect to nowhere", (context, _) => StatusAsync(context, 302)),
        new("a redirect to an unknown scheme", (context, _) => RedirectAsync(context, "gopher://example/1")),
        new("a body that ends too early", async (context, good) => await CutAsync(context, await good())),
        new("a connection that closes at once", (context, _) => { context.Abort(); return Task.CompletedTask; }),
        new("an endless body", (context, _) => EndlessAsync(context)),
        new("silence before the headers", (context, _) => SilenceAsync(context), Stalls: true),
        new("silence in the body", async (context, good) => await StallAsync(context, await good()), Stalls: true),
        new("a body with one wrong bit", async (context, good) => await BodyAsync(context, Flipped(await good()))),
        new("a body with more behind it", async (context, good) => await BodyAsync(context, [.. await good(), .. "more"u8])),
        new("a truncated gzip", async (context, good) => await EncodedAsync(context, "gzip", Gzip(await good())[..^12])),
        new("a gzip that is none", async (context, good) => await EncodedAsync(context, "gzip", await good())),
        new("a gzip bomb", (context, _) => EncodedAsync(context, "gzip", Bomb.Value)),
        new("an unknown encoding", async (context, good) => await EncodedAsync(context, "rot13", await good())),
        new("headers without end", (context, _) => SendAsync(context, 200, "application/json", "{}", ("X-Long", new string('x', 200_000)))),
        new("JSON that is deeply nested", (context, _) => SendAsync(context, 200, "application/json", new string('[', 100_000))),
        new("JSON null", (context, _) => SendAsync(context, 200, "application/json", "null")),
        new("JSON of another kind", (context, _) => SendAsync(context, 200, "application/json", "[[1],\"x\",{}]")),
        new("JSON with other types", async (context, good) => await BodyAsync(context, Retyped(await good()))),
        new("JSON with sizes that lie", async (context, good) => await BodyAsync(context, Resized(await good()))),
        new("JSON that is no UTF-8", (context, _) => BodyAsync(context, [(byte)'{', (byte)'"', 0xFF, 0xFE, (byte)'"', (byte)':', (byte)'1', (byte)'}'])),
        new("XML with a bomb of entities", (context, _) => SendAsync(context, 200, "application/xml", Laughs)),
        new("a pointer of git LFS", (context, _) => SendAsync(context, 200, "text/plain", $"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('a', 64)}\nsize 12345\n")),
        new("names that lead upwards", async (context, good) => await BodyAsync(context, Renamed(await good(), names, name => $"../../{name}"))),
        new("names that are absolute", async (context, good) => await BodyAsync(context, Renamed(await good(), names, _ => "/tmp/gpux-hostile"))),
        new("names with a drive letter", async (context, good) => await BodyAsync(context, Renamed(await good(), names, name => $"C:/{name}"))),
        new("names with backslashes", async (context, good) => await BodyAsync(context, Renamed(await good(), names, name => $@"..\\{name}"))),
        new("names with NUL", async (context, good) => await BodyAsync(context, Renamed(await good(), names, name => $@"{name}\u0000.txt"))),
        new("names of devices", async (context, good) => await BodyAsync(context, Renamed(await good(), names, _ => "con.txt"))),
        new("names that are equal", async (context, good) => await BodyAsync(context, Renamed(await good(), names, _ => "same.bin"))),
    ];

    private const string Page = "<!DOCTYPE html><html><body><form action=/login><input name=password></form></body></html>";

    private static readonly string Laughs = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\">"
        + string.Concat(Enumerable.Range(1, 20).Select(i => $"<!ENTITY {(char)('a' + i)} \"{string.Concat(Enumerable.Repeat($"&{(char)('a' + i - 1)};", 10))}\">"))
        + "]><ListBucketResult><Name>&u;</Name></ListBucketResult>";

    private static readonly Lazy<byte[]> Bomb = new(() => Gzip(new byte[80 << 20]));

    private static Task StatusAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private static Task SendAsync(HttpContext context, int status, string type, string body, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        foreach (var (name, value) in headers)
            context.Response.Headers[name] = value;
        return context.Response.WriteAsync(body);
    }

    private static Task RedirectAsync(HttpContext context, string location)
    {
        context.Response.StatusCode = 307;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

    private static async Task BodyAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentLength = body.Length;
        if (context.Response.StatusCode is not (204 or 304) && !HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body);
    }

    private static Task EncodedAsync(HttpContext context, string encoding, byte[] body)
    {
        context.Response.Headers.ContentEncoding = encoding;
        return BodyAsync(context, body);
    }

    private static async Task CutAsync(HttpContext context, byte[] body)
    {
        if (HttpMethods.IsHead(context.Request.Method) || body.Length == 0)
        {
            context.Abort();
            return;
        }
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body.AsMemory(0, body.Length / 2));
        await context.Response.Body.FlushAsync();
        context.Abort();
    }

    private static async Task EndlessAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        var blanks = new byte[1 << 20];
        blanks.AsSpan().Fill((byte)' ');
        try
        {
            for (var sent = 0; sent < EndlessLimitBytes; sent += blanks.Length)
                await context.Response.Body.WriteAsync(blanks, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            return; // The client has had enough, as it should.
        }
        context.Abort();
    }

    private static Task SilenceAsync(HttpContext context) =>
        Task.Delay(TimeSpan.FromSeconds(20), context.RequestAborted).ContinueWith(_ => context.Abort(), TaskScheduler.Default);

    private static async Task StallAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentLength = body.Length + 1;
        await context.Response.Body.WriteAsync(body.AsMemory(0, Math.Min(1, body.Length)));
        await context.Response.Body.FlushAsync();
        await SilenceAsync(context);
    }

    private static byte[] Flipped(byte[] body)
    {
        if (body.Length == 0)
            return body;
        var flipped = body.ToArray();
        flipped[flipped.Length / 2] ^= 1;
        return flipped;
    }

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(body);
        return packed.ToArray();
    }

    private static byte[] Retyped(byte[] body) => Changed(body, value => value.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.String => JsonValue.Create(17),
        System.Text.Json.JsonValueKind.Number => JsonValue.Create("x"),
        _ => JsonValue.Create("false"),
    });

    private static byte[] Resized(byte[] body) =>
        Changed(body, value => value.GetValueKind() == System.Text.Json.JsonValueKind.Number ? JsonNode.Parse("-1e30") : value.DeepClone());

    private static byte[] Changed(byte[] body, Func<JsonNode, JsonNode?> change)
    {
        try
        {
            return JsonNode.Parse(body) is { } json ? Encoding.UTF8.GetBytes(Walk(json)!.ToJsonString()) : body; // a node stays one
        }
        catch (System.Text.Json.JsonException)
        {
            return Flipped(body); // A file: damaged in another way.
        }

        JsonNode? Walk(JsonNode? node) => node switch
        {
            JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Walk(member.Value)))),
            JsonArray items => new JsonArray([.. items.Select(Walk)]),
            null => null,
            _ => change(node),
        };
    }

    private static byte[] Renamed(byte[] body, IReadOnlyCollection<string> names, Func<string, string> rename)
    {
        var text = Encoding.Latin1.GetString(body);
        var renamed = names.SelectMany(name => new[] { name, name[(name.LastIndexOf('/') + 1)..] }).Distinct()
            .OrderByDescending(name => name.Length).Aggregate(text, (all, name) => all.Replace(name, rename(name), StringComparison.Ordinal));
        return renamed == text ? Flipped(body) : Encoding.Latin1.GetBytes(renamed);
    }
}
