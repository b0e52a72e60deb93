using System.Net;
using System.Text;
using Gpux.Registries.HuggingFace;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.HuggingFace;

public sealed class HuggingFaceRegistryTests
{
    private static Task<ModelManifest> ResolveAsync(TestMachine machine, string model) =>
        new HuggingFaceRegistry(machine.Environment()).ResolveAsync(ModelReference.Parse(model), CancellationToken.None);

    [Fact]
    public async Task Model_is_pinned_and_listed_with_one_request()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var manifest = await ResolveAsync(machine, "org/tiny@refs/pr/1");
        Assert.Equal(new string('c', 39) + "3", manifest.Commit);
        Assert.Equal(new ModelReference("hf", "org/tiny", "refs/pr/1"), manifest.Model);
        Assert.Equal($"{machine.Hub.Endpoint}/org/tiny", manifest.Source);
        Assert.Equal("/api/models/org/tiny/revision/refs%2Fpr%2F1?blobs=true&securityStatus=true", Assert.Single(machine.Hub.Requests).Target);
        Assert.Equal(
            [
                new ModelFile("README.md", 28, Digest.Parse("git:b77911877342e051f77f87a38e5d9a946b1e7b8b")),
                new ModelFile("config.json", 42, Digest.Parse("git:ab3c8e28c73b8b6b3a77fe57668b2336d1ca1dd0")),
                new ModelFile("empty.txt", 0, Digest.Parse("git:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")),
                new ModelFile("model.safetensors", 16456,
                    Digest.Parse("sha256:40ff0aefb87d2094db62852a29d38f23c1348c6c917d5a4a7efe2d4323ebf10e"))
                    { ObjectId = "138566239ab1689102f821a57b163830d3162958" },
                new ModelFile("onnx/model.onnx", 10240,
                    Digest.Parse("sha256:e96760a87768717bcebcfd25ddc7d46b4dbc95a4b0014def080c08539f7d90d0"))
                    { ObjectId = "c24b5240932db6bddd91a9aecd36e95ffb2e8f0e" },
                new ModelFile("sub folder ü.txt", 1, Digest.Parse("git:c1b0730e0133447badcfd47fd144e254807b06e1")),
            ], manifest.Files);
    }

    [Fact]
    public async Task Properties_hold_what_the_Hub_says_of_a_model()
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Hub.Add("org/m").With("a", "a").Info = """
            "downloads":123456789012,"likes":7,"library_name":"transformers","pipeline_tag":"text-generation","new_field":{"x":[]},
            "tags":["onnx","license:mit"],"cardData":{"license":["apache-2.0","mit"],"base_model":["a/b","c/d"],"license_name":"x"}
            """;
        var manifest = await ResolveAsync(machine, "org/m");
        Assert.Equal("apache-2.0,mit", manifest.Licence);
        Assert.Equal(
            [
                ("base_model", "a/b,c/d"), ("disabled", "false"), ("downloads", "123456789012"), ("gated", "false"),
                ("lastModified", "2026-01-01T00:00:00.000Z"), ("library_name", "transformers"), ("license_name", "x"),
                    ("likes", "7"),
                ("pipeline_tag", "text-generation"), ("private", "false"), ("tags", "onnx,license:mit"),
            ], manifest.Properties.OrderBy(property => property.Key, StringComparer.Ordinal).Select(property =>
                (property.Key, property.Value)));
    }

    [Fact]
    public async Task Licence_is_a_tag_where_there_is_no_card()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        Assert.Equal("mit", (await ResolveAsync(machine, "org/tiny")).Licence);
    }

    [Fact]
    public async Task Listing_without_sizes_is_completed_by_the_tree_page_by_page()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var full = await ResolveAsync(machine, "org/tiny");
        var repository = machine.Hub.Add("org/mirror").WithFolder(Path.Combine(Golden.Hub, "repos", "org", "tiny"));
        (repository.HidesSizes, repository.PageSize) = (true, 2);
        machine.Hub.ForgetRequests();
        Assert.Equal(full.Files, (await ResolveAsync(machine, "org/mirror")).Files);
        Assert.Equal(4, machine.Hub.Requests.Count);
    }

    [Fact]
    public async Task Next_page_elsewhere_is_refused()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Add("org/mirror").With("a", "a").HidesSizes = true;
        machine.Variables["HF_TOKEN"] = "hf_secret";
        machine.Hub.Fail("/tree/",
            new Fault { Status = 200, Body = "[]",
                Headers = Header("Link", $"<{machine.Hub.StorageAddress}/next>; rel=\"next\"") });
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => ResolveAsync(machine, "org/mirror"));
        Assert.False(machine.Hub.StorageSawToken);
    }

    [Fact]
    public async Task Renamed_model_has_its_name_of_today()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Rename("tiny", "org/tiny");
        machine.Hub.Rename("old/tiny", "org/tiny");
        machine.Variables["HF_TOKEN"] = "hf_any";
        Assert.Equal("org/tiny", (await ResolveAsync(machine, "tiny")).Model.Name);
        Assert.Equal("org/tiny", (await ResolveAsync(machine, "old/tiny")).Model.Name);
        // Within its own host the token goes along.
        Assert.All(machine.Hub.Requests, request => Assert.Equal("Bearer hf_any", request.Header("Authorization")));
    }

    [Fact]
    public async Task Every_request_asks_for_bytes_as_they_are()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        Assert.All(machine.Hub.Requests, request => Assert.Equal("identity", request.Header("Accept-Encoding")));
        Assert.All(machine.Hub.Requests, request =>
            Assert.StartsWith("gpux/", request.Header("User-Agent"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_is_sent_to_the_Hub_and_never_to_the_storage()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Variables["HF_TOKEN"] = "hf_secret";
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        Assert.False(machine.Hub.StorageSawToken);
        Assert.Equal(2, machine.Hub.StorageRequests.Count);
        Assert.All(machine.Hub.Requests.Except(machine.Hub.StorageRequests), request =>
            Assert.Equal("Bearer hf_secret", request.Header("Authorization")));
        Assert.DoesNotContain(Directory.EnumerateFiles(machine.Folder, "*", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains("hf_secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Private_or_missing_model_is_not_found()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Add("org/private").With("a", "a").Access = HubAccess.Private;
        var anonymous = await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync(machine, "org/private"));
        Assert.Contains("private", anonymous.Message, StringComparison.Ordinal);
        Assert.Contains("folder", anonymous.Message, StringComparison.Ordinal);
        Assert.Contains("HF_TOKEN", anonymous.Remedy, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync(machine, "org/absent"));

        machine.Variables["HF_TOKEN"] = "hf_any";
        Assert.Equal("true", (await ResolveAsync(machine, "org/private")).Properties["private"]);
        Assert.Contains("token",
            (await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync(machine, "org/absent"))).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_revision_is_told_from_a_missing_model()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var exception = await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync(machine, "org/tiny@nobranch"));
        Assert.Contains("nobranch", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gated_model_names_the_page_to_visit()
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Hub.Add("org/gated").With("config.json", "{}").Access = HubAccess.Gated;
        var listed = await machine.Store().ResolveAsync("org/gated");
        Assert.Equal("auto", listed.Manifest.Properties["gated"]);
        var anonymous = await Assert.ThrowsAsync<GatedModelException>(() => machine.Store().FetchAsync(listed));
        Assert.Equal($"{machine.Hub.Endpoint}/org/gated", anonymous.Page.ToString());
        Assert.Contains("HF_TOKEN", anonymous.Remedy, StringComparison.Ordinal);
        machine.Variables["HF_TOKEN"] = "hf_secret_no";
        var refused = await Assert.ThrowsAsync<GatedModelException>(() => machine.Store().FetchAsync(listed));
        Assert.DoesNotContain("hf_secret_no", refused.ToString(), StringComparison.Ordinal);
        machine.Variables["HF_TOKEN"] = HubStandIn.GrantedToken;
        Assert.Equal("{}", File.ReadAllText((await machine.Store().FetchAsync(listed)).Require("config.json")));
    }

    [Fact]
    public async Task Unknown_token_is_not_a_missing_model()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Variables["HF_TOKEN"] = HubStandIn.UnknownToken;
        var exception = await Assert.ThrowsAsync<AccessDeniedException>(() => ResolveAsync(machine, "org/tiny"));
        Assert.Contains("HF_TOKEN", exception.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(HubStandIn.UnknownToken, exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disabled_model_and_lacking_scope_are_told_apart()
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Hub.Add("org/m").With("a", "a").Access = HubAccess.Disabled;
        await Assert.ThrowsAsync<ModelDisabledException>(() => ResolveAsync(machine, "org/m"));
        machine.Hub.Fail("/org/m", new Fault { Status = 403, Body = """{"errors":[{"message":"scope\u001b[31m"}]}""" });
        Assert.Contains("scope?[31m",
            (await Assert.ThrowsAsync<AccessDeniedException>(() => ResolveAsync(machine, "org/m"))).Message,
                StringComparison.Ordinal);
        machine.Hub.Fail("/org/m", new Fault { Status = 451 });
        await Assert.ThrowsAsync<ModelDisabledException>(() => ResolveAsync(machine, "org/m"));
    }

    [Theory]
    [InlineData("<html>Please sign in</html>")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"id":"org/m"}""")]
    [InlineData("""{"id":"org/m","sha":"main"}""")]
    [InlineData("""{"id":"../../m","sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1","siblings":[]}""")]
    [InlineData("""{"id":7,"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"}""")]
    [InlineData("""{"id":"org/m","sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1","library_name":"\ud800"}""")]
    public async Task Answer_of_something_else_is_refused(string body)
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Hub.Fail("/api/", new Fault { Status = 200, Body = body }, times: 3);
        Assert.Equal(ErrorCode.UnexpectedReply,
            (await Assert.ThrowsAsync<UnexpectedReplyException>(() => ResolveAsync(machine, "org/m"))).Code);
    }

    [Fact]
    public async Task File_without_a_commit_is_not_the_Hubs()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        machine.Hub.Fail("/resolve/", new Fault { HidesCommit = true });
        Assert.Contains("X-Repo-Commit", (await Assert.ThrowsAsync<UnexpectedReplyException>(() =>
            store.FetchAsync(model, "config.json"))).Message, StringComparison.Ordinal);
        machine.Hub.Fail("/resolve/", new Fault { Status = 200, Body = "<html>Sign in</html>" });
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => store.FetchAsync(model, "config.json"));
        Assert.Empty(store.FindFiles(model.Manifest).Names);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("C:/x")]
    [InlineData("a\\..\\b")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a\u0001b")]
    [InlineData("a/")]
    [InlineData("sub/CON.txt")]
    [InlineData("lpt1")]
    public async Task Hostile_name_in_a_listing_is_refused(string path)
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Hub.Add("org/m").With("good", "x").ListedOnly.Add(path);
        var exception = await Assert.ThrowsAsync<UnsafePathException>(() => ResolveAsync(machine, "org/m"));
        Assert.DoesNotContain('\u0001', exception.Message);
    }

    [Fact]
    public async Task Busy_server_is_asked_again_after_1_2_4_8_8_seconds()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Fail("/api/", new Fault { Status = 503 }, times: 5);
        Assert.NotEmpty((await machine.Store().ResolveAsync("org/tiny")).Manifest.Files);
        Assert.Equal([1, 2, 4, 8, 8], machine.Clock.Waits.Select(wait => Math.Floor(wait.TotalSeconds)));
        Assert.All(machine.Clock.Waits.Zip([1.0, 2, 4, 8, 8]), wait =>
            Assert.InRange(wait.First.TotalSeconds, wait.Second, wait.Second * 1.1));
    }

    [Fact]
    public async Task Sixth_failure_is_told()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Fail("/api/", new Fault { Status = 503, Body = """{"error":"over capacity"}""" }, times: 6);
        var exception = await Assert.ThrowsAsync<RegistryUnreachableException>(() => machine.Store().ResolveAsync("org/tiny"));
        Assert.Contains("503: over capacity", exception.Message, StringComparison.Ordinal);
        Assert.Equal(6, machine.Hub.Requests.Count);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(451)]
    [InlineData(501)]
    public async Task Refusals_are_not_tried_again(int status)
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Fail("/api/", new Fault { Status = status }, times: 2);
        await Assert.ThrowsAnyAsync<GpuxException>(() => machine.Store().ResolveAsync("org/tiny"));
        Assert.Single(machine.Hub.Requests);
    }

    [Theory]
    [InlineData("Retry-After", "7", 8)]
    [InlineData("RateLimit", "\"api\";r=0;t=120", 121)]
    [InlineData("RateLimit", "\"api\";r=5;t=120", 1)]
    public async Task Rate_limit_says_how_long_to_wait(string header, string value, double seconds)
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Fail("/api/", new Fault { Status = 429, Headers = Header(header, value) });
        await machine.Store().ResolveAsync("org/tiny");
        Assert.InRange(Assert.Single(machine.Clock.Waits).TotalSeconds, seconds, seconds * 1.1);
    }

    [Fact]
    public async Task Date_to_retry_after_is_understood()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Fail("/api/",
            new Fault { Status = 503, Headers = Header("Retry-After", DateTimeOffset.UtcNow.AddSeconds(60).ToString("R")) });
        await machine.Store().ResolveAsync("org/tiny");
        Assert.InRange(Assert.Single(machine.Clock.Waits).TotalSeconds, 55, 68);
    }

    [Fact]
    public async Task Wait_that_nobody_sits_through_is_told_at_once()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Fail("/api/", new Fault { Status = 429, Headers = Header("Retry-After", "3600") });
        var exception = await Assert.ThrowsAsync<RateLimitedException>(() => machine.Store().ResolveAsync("org/tiny"));
        Assert.Equal(TimeSpan.FromHours(1), exception.Wait);
        Assert.Contains("HF_TOKEN", exception.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HF_HUB_OFFLINE")]
    [InlineData("TRANSFORMERS_OFFLINE")]
    public async Task Offline_makes_no_request_at_all(string variable)
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Variables[variable] = "1";
        var exception = await Assert.ThrowsAsync<OfflineException>(() => machine.Store().ResolveAsync("org/tiny"));
        Assert.Contains(variable, exception.Message, StringComparison.Ordinal);
        Assert.Empty(machine.Hub.Requests);
    }

    [Fact]
    public async Task Unreachable_Hub_is_told_with_the_reason()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var exception = await Assert.ThrowsAsync<RegistryUnreachableException>(() => machine.Store().ResolveAsync("org/tiny"));
        Assert.Contains("127.0.0.1:9", exception.Message, StringComparison.Ordinal);
        // Nothing listens there: a second try, and no more.
        Assert.Single(machine.Clock.Waits);
    }

    [Fact]
    public async Task Parts_of_a_file_are_read_before_any_download()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var manifest = (await store.ResolveAsync("org/tiny")).Manifest;
        var weights = manifest.Find("model.safetensors")!;
        var expected = File.ReadAllBytes(Path.Combine(Golden.Hub, "repos", "org", "tiny", "model.safetensors"));
        Assert.Equal(expected[..8], await store.ReadAsync(manifest, weights, 0, 8, CancellationToken.None));
        Assert.Equal("bytes=0-7", machine.Hub.StorageRequests[^1].Header("Range"));
        Assert.Equal(expected[8..108], await store.ReadAsync(manifest, weights, 8, 100, CancellationToken.None));
        Assert.Equal(expected, await store.ReadAsync(manifest, weights, 0, 100_000, CancellationToken.None));
        Assert.Empty(await store.ReadAsync(manifest, weights, expected.Length, 10, CancellationToken.None));
        machine.Hub.Fail("/cdn/", new Fault { IgnoresRange = true });
        Assert.Equal(expected[1000..1010], await store.ReadAsync(manifest, weights, 1000, 10, CancellationToken.None));
        Assert.Equal("{\"model_type\"",
            Encoding.ASCII.GetString(
                await store.ReadAsync(manifest, manifest.Find("config.json")!, 0, 13, CancellationToken.None)));
        Assert.False(Directory.Exists(machine.Cache));
    }

    [Fact]
    public async Task Redirects_are_followed_ten_times()
    {
        using var environment = new RegistryEnvironment(_ => null, clock: null, connectTimeout: null, silenceLimit: null,
            new Answering(request => Redirect($"https://huggingface.co{request.RequestUri!.AbsolutePath}x")));
        var exception = await Assert.ThrowsAsync<UnexpectedReplyException>(
            () => new HuggingFaceRegistry(environment).ResolveAsync(new ModelReference("hf", "org/m"), CancellationToken.None));
        Assert.Contains("10 times", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://huggingface.co/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://huggingface.co/x")]
    public async Task Redirect_to_an_unsafe_scheme_is_refused(string location)
    {
        using var environment = new RegistryEnvironment(_ =>
            null, clock: null, connectTimeout: null, silenceLimit: null, new Answering(_ => Redirect(location)));
        await Assert.ThrowsAsync<UnexpectedReplyException>(
            () => new HuggingFaceRegistry(environment).ResolveAsync(new ModelReference("hf", "org/m"), CancellationToken.None));
    }

    [Theory]
    [InlineData("https://huggingface.co", "https://huggingface.co/other", true)]
    [InlineData("https://huggingface.co", "https://HUGGINGFACE.co:443/other", true)]
    [InlineData("https://huggingface.co", "/other", true)]
    [InlineData("https://huggingface.co", "https://cdn.huggingface.co/other", false)]
    [InlineData("https://huggingface.co", "https://huggingface.co:8443/other", false)]
    [InlineData("http://mirror", "https://mirror/other", false)]
    public async Task Token_stays_with_scheme_host_and_port(string endpoint, string location, bool sent)
    {
        var authorizations = new List<string?>();
        using var environment = new RegistryEnvironment(
            name => name switch { "HF_ENDPOINT" => endpoint, "HF_TOKEN" => "hf_secret", _ => null }, clock: null,
                connectTimeout: null, silenceLimit: null,
            new Answering(request =>
            {
                authorizations.Add(request.Headers.Authorization?.Parameter);
                return authorizations.Count == 1 ? Redirect(location) : new HttpResponseMessage(HttpStatusCode.NotFound);
            }));
        await Assert.ThrowsAnyAsync<Exception>(
            () => new HuggingFaceRegistry(environment).ResolveAsync(new ModelReference("hf", "org/m"), CancellationToken.None));
        Assert.Equal(["hf_secret", sent ? "hf_secret" : null], authorizations);
    }

    private static HttpResponseMessage Redirect(string location)
    {
        var reply = new HttpResponseMessage(HttpStatusCode.Found);
        reply.Headers.TryAddWithoutValidation("Location", location);
        return reply;
    }

    private static Dictionary<string, string> Header(string name, string value) => new() { [name] = value };

    private sealed class Answering(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var reply = answer(request);
            // A handler keeps the message that it answers; the caller may dispose it.
            reply.RequestMessage = new HttpRequestMessage(request.Method, request.RequestUri);
            return Task.FromResult(reply);
        }
    }
}
