using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Answers recorded requests as a real server did.</summary>
/// <remarks>A request matches by method, path, parameters and body, and by its range; parameters and JSON count by what they mean, since
/// clients spell them differently ("%20" or "+"). A range that was not recorded is cut out of the whole answer, as the recorded
/// server does. The format is described in the corpus's protocols/README.md.</remarks>
public sealed class ReplayServer : IAsyncDisposable
{
    private readonly Dictionary<string, Recorded> _replies = [];
    private LoopbackServer _server = null!; // Set by StartAsync, the only way to make one

    private ReplayServer()
    {
    }

    public LoopbackServer Server => _server;
    public string Address => _server.Address;

    /// <summary>Requests that were never recorded.</summary>
    public ConcurrentQueue<string> Unknown { get; } = new();

    /// <param name="folder">Holds exchanges.jsonl and bodies/.</param>
    public static async Task<ReplayServer> StartAsync(string folder)
    {
        var replay = new ReplayServer();
        foreach (var line in File.ReadLines(Path.Combine(folder, "exchanges.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            var (request, reply) = (json.RootElement.GetProperty("request"), json.RootElement.GetProperty("response"));
            var range = request.GetProperty("headers").TryGetProperty("Range", out var asked) ? asked.GetString() : null;
            var headers = reply.GetProperty("headers").EnumerateObject()
                .Select(header => KeyValuePair.Create(header.Name, header.Value.ToString())).ToArray();
            // The first answer stands: the recording ends with everything as it began.
            replay._replies.TryAdd(
                Key(Text(request, "method"), Text(request, "target"), Body(folder, request), range),
                new Recorded(reply.GetProperty("status").GetInt32(), headers, Body(folder, reply)));
        }
        replay._server = await LoopbackServer.StartAsync(0, replay.AnswerAsync);
        return replay;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var range = request.Header("Range");
        if (!_replies.TryGetValue(Key(request.Method, request.Target, body.ToArray(), range), out var recorded)
            && !_replies.TryGetValue(Key(request.Method, request.Target, body.ToArray(), null), out recorded))
        {
            Unknown.Enqueue($"{request.Method} {request.Target} {Encoding.UTF8.GetString(body.ToArray())}");
            context.Response.StatusCode = 599;
            return;
        }
        context.Response.StatusCode = recorded.Status;
        foreach (var (name, value) in recorded.Headers)
            context.Response.Headers[name] = value;
        var content = recorded.Body.AsMemory();
        if (range is not null && recorded.Status == 200
            && context.Request.GetTypedHeaders().Range?.Ranges.Single() is { From: { } first } part && first < content.Length)
        {
            var last = Math.Min(part.To ?? long.MaxValue, content.Length - 1);
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {first}-{last}/{content.Length}";
            content = content[(int)first..(int)(last + 1)];
        }
        context.Response.ContentLength = content.Length;
        await context.Response.Body.WriteAsync(content);
    }

    private static string Key(string method, string target, byte[] body, string? range)
    {
        var query = target.IndexOf('?');
        var path = Uri.UnescapeDataString(query < 0 ? target : target[..query]);
        IEnumerable<string> parameters = query < 0 ? [] : target[(query + 1)..].Split('&')
            .Select(part => Uri.UnescapeDataString(part.Replace('+', ' '))).Order(StringComparer.Ordinal);
        return $"{method} {path}?{string.Join('&', parameters)}\n{range}\n{Canonical(body)}";
    }

    private static string Canonical(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return JsonSerializer.Serialize(json.RootElement);
        }
        catch (JsonException)
        {
            return Convert.ToHexString(body);
        }
    }

    private static byte[] Body(string folder, JsonElement of) =>
        of.TryGetProperty("body_file", out var file) ? File.ReadAllBytes(Path.Combine(folder, "bodies", file.ToString()))
        : of.TryGetProperty("body_base64", out var base64) ? base64.GetBytesFromBase64()
        : of.TryGetProperty("body", out var text) ? Encoding.UTF8.GetBytes(text.ToString()) : [];

    private static string Text(JsonElement of, string name) => of.GetProperty(name).ToString();

    private sealed record Recorded(int Status, KeyValuePair<string, string>[] Headers, byte[] Body);
}
