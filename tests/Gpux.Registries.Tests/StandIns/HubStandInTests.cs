using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.StandIns;

/// <summary>The stand-in is only worth what its likeness is: it must answer what was recorded as it was recorded.</summary>
public sealed class HubStandInTests
{
    private static readonly string[] ComparedHeaders =
        ["X-Repo-Commit", "X-Error-Code", "X-Error-Message", "X-Linked-Etag", "X-Linked-Size", "ETag", "Accept-Ranges"];

    [Fact]
    public async Task Stand_in_answers_as_recorded()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        foreach (var (id, access) in new[] { ("org/private", HubAccess.Private), ("org/gated", HubAccess.Gated) })
            machine.Hub.Add(id).WithFolder(Path.Combine(Golden.Hub, "repos", id)).Access = access;
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false });
        var compared = 0;
        foreach (var line in File.ReadLines(Path.Combine(Golden.Hub, "exchanges.jsonl")))
        {
            var exchange = JsonNode.Parse(line)!;
            var (request, expected) = (exchange["request"]!, exchange["response"]!);
            var target = (string)request["target"]!;
            // The storage is on another port here, and the search comes with the registry's search.
            if (target.StartsWith("/cdn/", StringComparison.Ordinal)
                || target.StartsWith("/api/models?", StringComparison.Ordinal))
                continue;
            using var message = new HttpRequestMessage(new HttpMethod((string)request["method"]!), machine.Hub.Endpoint + target);
            if ((string?)request["headers"]!["authorization"] is { } credential)
                message.Headers.Authorization = AuthenticationHeaderValue.Parse(credential);
            using var actual = await http.SendAsync(message, CancellationToken.None);
            var what = $"{message.Method} {target}";
            Assert.True((int)expected["status"]! == (int)actual.StatusCode, what);
            foreach (var name in ComparedHeaders)
                Assert.True((string?)expected["headers"]![name] == Header(actual, name),
                    $"{what}: {name} is {Header(actual, name)}");
            Assert.Equal(expected["headers"]!["Location"] is not null, actual.Headers.Location is not null);
            if ((string?)expected["body"] is { } body)
            {
                var text = await actual.Content.ReadAsStringAsync();
                // The recorded stand-in knew no ?blobs=true; the Hub does, and so does this one.
                if (target.StartsWith("/api", StringComparison.Ordinal)
                    && !target.Contains("blobs=true", StringComparison.Ordinal))
                    Assert.True(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(text)), $"{what}: {text}");
                else if (!target.StartsWith("/api", StringComparison.Ordinal))
                    Assert.Equal(body, text);
            }
            compared++;
        }
        Assert.Equal(33, compared);

        static string? Header(HttpResponseMessage reply, string name) =>
            reply.Headers.NonValidated.TryGetValues(name, out var values)
                || reply.Content.Headers.NonValidated.TryGetValues(name, out values)
                ? values.ToString() : null;
    }

    [Fact]
    public async Task Storage_refuses_a_token()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"{machine.Hub.StorageAddress}/cdn/x/org/tiny/model.safetensors");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "hf_x");
        Assert.Equal(HttpStatusCode.BadRequest, (await http.SendAsync(request)).StatusCode);
        Assert.True(machine.Hub.StorageSawToken);
    }
}
