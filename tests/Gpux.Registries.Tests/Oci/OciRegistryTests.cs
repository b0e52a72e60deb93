using System.Text;
using Gpux.Registries.Download;
using Gpux.Registries.Oci;
using Gpux.Registries.Store;
using Gpux.Registries.Tests.StandIns;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Oci;

public sealed class OciRegistryTests
{
    private const string ModelPack = "application/vnd.cncf.model.";
    private const string Docker = "application/vnd.docker.ai.";

    private static async Task<StandInMachine<OciStandIn>> StartAsync(OciAccess access = OciAccess.Everyone)
    {
        var machine = new StandInMachine<OciStandIn>(await OciStandIn.StartAsync());
        machine.StandIn.Access = access;
        return machine;
    }

    private static async Task<ModelManifest> ResolveAsync(StandInMachine<OciStandIn> machine, string name) =>
        (await machine.ResolveAsync($"oci:{machine.StandIn.Host}/{name}", Lookup.Registry)).Manifest;

    [Fact]
    public async Task Artifact_is_pinned_by_the_digest_of_its_manifest()
    {
        await using var machine = await StartAsync();
        var manifest = await ResolveAsync(machine, "models/tiny:v1");
        Assert.Equal(64, manifest.Commit.Length);
        Assert.Equal($"https://{machine.StandIn.Host}/models/tiny", manifest.Source);
        Assert.Equal("application/vnd.example.model", manifest.Properties["artifact_type"]);
        Assert.All(manifest.Files, file => Assert.Equal(OciStandIn.DigestOf(machine.StandIn.Files[file.Path]), file.Digest.ToString()));
        Assert.Equal(manifest.Commit, (await ResolveAsync(machine, $"models/tiny@sha256:{manifest.Commit}")).Commit);
    }

    [Fact]
    public async Task Token_is_fetched_once_with_the_users_password()
    {
        await using var machine = await StartAsync(OciAccess.TokenOfUser);
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync(TestMachine.Parse(machine.StandIn.Reference), Lookup.Default, null, CancellationToken.None));
        var token = Assert.Single(machine.Requests, request => request.Target.StartsWith("/token", StringComparison.Ordinal));
        Assert.Equal("/token?service=stand-in&scope=repository%3Amodels%2Ftiny%2Fmanifests%2Fv1%3Apull", token.Target);
        Assert.StartsWith("Basic ", token.Header("Authorization"), StringComparison.Ordinal);
        Assert.All(machine.StandIn.Storage.Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Theory]
    [InlineData("https://index.docker.io/v1/", false)]
    [InlineData("HOST", true)]
    public async Task Mirror_of_Docker_Hub_does_not_see_the_Hubs_password(string server, bool opens)
    {
        await using var machine = await StartAsync(OciAccess.Basic);
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{OciStandIn.User}:{OciStandIn.Password}"));
        WriteConfig(machine, $"{{\"auths\":{{\"{server.Replace("HOST", machine.StandIn.Host)}\":{{\"auth\":\"{auth}\"}}}}}}");
        if (opens)
            Assert.NotEmpty((await machine.ResolveAsync("oci:models/tiny:v1")).Manifest.Files);
        else
            await Assert.ThrowsAsync<AccessDeniedException>(() => machine.ResolveAsync("oci:models/tiny:v1"));
        Assert.Equal(opens, machine.Requests.Any(request => request.Header("Authorization") is not null));
    }

    [Fact]
    public async Task Identity_token_is_exchanged()
    {
        await using var machine = await StartAsync(OciAccess.TokenOfUser);
        WriteConfig(machine, $$$$"""{"auths":{"{{{{machine.StandIn.Host}}}}":{"identitytoken":"{{{{OciStandIn.IdentityToken}}}}"}}}""");
        Assert.NotEmpty((await ResolveAsync(machine, "models/tiny:v1")).Files);
        Assert.Contains(machine.Requests, request => request is { Method: "POST", Target: "/token" });
    }

    [Fact]
    public async Task Basic_credential_is_sent_where_it_is_asked_for()
    {
        await using var machine = await StartAsync(OciAccess.Basic);
        Assert.Equal(machine.StandIn.Files.Count, (await machine.FetchAsync()).Count);
        Assert.All(machine.StandIn.Storage.Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Theory]
    [InlineData(OciAccess.Basic, "{}")]
    [InlineData(OciAccess.TokenOfUser, "{}")]
    [InlineData(OciAccess.TokenOfUser, "no json")]
    [InlineData(OciAccess.TokenOfUser, """{"auths":{"HOST":{"auth":"dXNlcjp3cm9uZw=="}}}""")]
    public async Task Without_the_right_credential_the_remedy_is_docker_login(OciAccess access, string config)
    {
        await using var machine = await StartAsync(access);
        WriteConfig(machine, config.Replace("HOST", machine.StandIn.Host));
        var exception = await Assert.ThrowsAsync<AccessDeniedException>(() => machine.ResolveAsync());
        Assert.Contains("docker login", exception.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credential_helper_is_asked()
    {
        await using var machine = await StartAsync(OciAccess.TokenOfUser);
        WriteHelper(machine, "stand-in", $$"""
            read server; [ "$server" = "{{machine.StandIn.Host}}" ] || exit 3
            echo '{"ServerURL":"x","Username":"{{OciStandIn.User}}","Secret":"{{OciStandIn.Password}}"}'
            """);
        WriteConfig(machine, $$$"""{"credHelpers":{"{{{machine.StandIn.Host}}}":"stand-in"}}""");
        Assert.NotEmpty((await ResolveAsync(machine, "models/tiny:v1")).Files);
    }

    [Theory]
    [InlineData("absent")]
    [InlineData("../../bin/sh")]
    [InlineData("broken")]
    public async Task Helper_that_fails_matters_only_where_a_credential_is_needed(string helper)
    {
        await using var machine = await StartAsync(OciAccess.Token);
        WriteHelper(machine, "broken", "echo 'no session'; exit 1");
        WriteConfig(machine, $$"""{"credsStore":"{{helper}}"}""");
        Assert.NotEmpty((await ResolveAsync(machine, "models/tiny:v1")).Files);
        machine.StandIn.Access = OciAccess.TokenOfUser;
        var exception = await Assert.ThrowsAsync<CredentialHelperException>(() => machine.ResolveAsync());
        Assert.Contains("docker-credential-", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://169.254.169.254/token")]
    [InlineData("http://tokens.example/token")]
    [InlineData("file:///etc/passwd")]
    [InlineData("")]
    public async Task Realm_that_no_registry_has_is_not_asked(string realm)
    {
        await using var machine = await StartAsync(OciAccess.TokenOfUser);
        machine.StandIn.Realm = realm;
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => machine.ResolveAsync());
    }

    [Fact]
    public async Task Unknown_tag_is_told_with_those_that_there_are()
    {
        await using var machine = await StartAsync();
        machine.StandIn.PageSize = 1;
        machine.StandIn.AddArtifact("models/tiny", "v2", machine.StandIn.Files);
        var exception = await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync(machine, "models/tiny:v3"));
        Assert.Contains("v1, v2", exception.Remedy, StringComparison.Ordinal);
        Assert.Contains("'latest'", (await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync(machine, "models/tiny"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifest_with_other_bytes_than_its_digest_is_refused()
    {
        await using var machine = await StartAsync();
        var commit = (await ResolveAsync(machine, "models/tiny:v1")).Commit;
        machine.StandIn.Faults.Add("/manifests/", new Fault { Status = 200, Body = """{"schemaVersion":2,"layers":[]}""" });
        await Assert.ThrowsAsync<ContentMismatchException>(() => ResolveAsync(machine, $"models/tiny@sha256:{commit}"));
    }

    [Theory]
    [InlineData("""{"schemaVersion":1,"fsLayers":[]}""")]
    [InlineData("""{"schemaVersion":2}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"schemaVersion":2,"layers":[{"mediaType":"x"}]}""")]
    [InlineData("""{"schemaVersion":2,"layers":[{"mediaType":"x","digest":"md5:d41d8cd98f00b204e9800998ecf8427e","size":0}]}""")]
    [InlineData("""{"schemaVersion":2,"layers":[{"mediaType":"x","digest":"sha256:zz","size":0}]}""")]
    [InlineData("""{"schemaVersion":2,"layers":[{"digest":"sha256:a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447","size":-1}]}""")]
    public async Task Manifest_that_is_none_is_refused(string body)
    {
        await using var machine = await StartAsync();
        machine.StandIn.AddManifest("models/odd", "latest", body);
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => ResolveAsync(machine, "models/odd"));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a\\b")]
    [InlineData("")]
    public async Task Hostile_title_is_refused(string title)
    {
        await using var machine = await StartAsync();
        machine.StandIn.AddArtifact("models/odd", "latest", new Dictionary<string, byte[]> { ["good"] = [1], [title] = [2] });
        await Assert.ThrowsAsync<UnsafePathException>(() => ResolveAsync(machine, "models/odd"));
    }

    [Fact]
    public async Task Names_that_differ_by_case_alone_are_refused()
    {
        await using var machine = await StartAsync();
        machine.StandIn.AddArtifact("models/odd", "latest", new Dictionary<string, byte[]> { ["A.bin"] = [1], ["a.bin"] = [2] });
        await Assert.ThrowsAsync<UnsafePathException>(() => ResolveAsync(machine, "models/odd"));
    }

    [Fact]
    public async Task Docker_model_has_usual_file_names()
    {
        await using var machine = await StartAsync();
        var standIn = machine.StandIn;
        var config = """{"descriptor":{"created":"2026-01-02T03:04:05Z"},"config":{"format":"gguf","quantization":"Q4_K_M","parameters":"361.82 M","architecture":"llama","context_size":8192,"size":"256 MiB"}}""";
        standIn.AddManifest("ai/tiny", "latest", OciStandIn.Manifest(
            [
                standIn.Layer(Docker + "gguf.v3", [1]), standIn.Layer(Docker + "gguf.v3.lora", [2]), standIn.Layer(Docker + "mmproj", [3]),
                standIn.Layer(Docker + "license", [4]), standIn.Layer(Docker + "chat.template.jinja", [5]),
                standIn.Layer(Docker + "vllm.config.tar", [6]),
                standIn.Layer(Docker + "model.file", [7], "\"org.cncf.model.filepath\":\"sub/vocab.txt\""),
                standIn.Layer(Docker + "dir.tar", [8], "\"org.cncf.model.filepath\":\"tokenizer\""),
            ], $"\"mediaType\":\"{Docker}model.config.v0.1+json\",{standIn.Described(Encoding.UTF8.GetBytes(config))}"));
        machine.ForgetRequests();
        var manifest = (await machine.ResolveAsync("oci:ai/tiny", Lookup.Registry)).Manifest;
        Assert.Equal("docker.io/ai/tiny", manifest.Model.Name);
        Assert.Equal("https://hub.docker.com/r/ai/tiny", manifest.Source);
        Assert.Equal(["LICENSE", "adapter.gguf", "chat_template.jinja", "config.tar", "mmproj.gguf", "model.gguf", "sub/vocab.txt", "tokenizer.tar"],
            manifest.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal(["config.tar", "tokenizer.tar"], manifest.Files.Where(file => file.IsArchive).Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal(("Q4_K_M", "llama", "8192"), (manifest.Properties["quantization"], manifest.Properties["architecture"], manifest.Properties["context_size"]));
    }

    [Fact]
    public async Task Several_weights_without_names_are_shards()
    {
        await using var machine = await StartAsync();
        var standIn = machine.StandIn;
        standIn.AddManifest("ai/two", "latest", OciStandIn.Manifest(
            [standIn.Layer(Docker + "safetensors", [1]), standIn.Layer(Docker + "safetensors", [2])], $"\"mediaType\":\"x\",{standIn.Described([9])}"));
        Assert.Equal(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
            (await ResolveAsync(machine, "ai/two")).Files.Select(file => file.Path));
    }

    [Fact]
    public async Task ModelPack_is_read_with_its_licences_and_archives()
    {
        await using var machine = await StartAsync();
        var standIn = machine.StandIn;
        var config = """{"descriptor":{"name":"tiny","family":"bert","licenses":["Apache-2.0","MIT"]},"config":{"architecture":"transformer","format":"safetensors","paramSize":"33m","precision":"fp32"}}""";
        standIn.AddManifest("pack/tiny", "latest", OciStandIn.Manifest(
            [
                standIn.Layer(ModelPack + "weight.v1.raw", [1], "\"org.cncf.model.filepath\":\"model.safetensors\""),
                standIn.Layer(ModelPack + "weight.config.v1.tar", [2], "\"org.cncf.model.filepath\":\"config.json\""),
                standIn.Layer(ModelPack + "doc.v1.tar+gzip", [3], "\"org.cncf.model.filepath\":\"docs/\""),
                standIn.Layer("application/vnd.oci.image.layer.v1.tar+gzip", [4], "\"org.opencontainers.image.title\":\"extra\",\"io.deis.oras.content.unpack\":\"true\""),
            ], $"\"mediaType\":\"{ModelPack}config.v1+json\",{standIn.Described(Encoding.UTF8.GetBytes(config))}",
            $"\"artifactType\":\"{ModelPack}manifest.v1+json\","));
        var manifest = await ResolveAsync(machine, "pack/tiny");
        Assert.Equal("Apache-2.0,MIT", manifest.Licence);
        Assert.Equal([("model.safetensors", false), ("config.json.tar", true), ("docs.tar.gz", true), ("extra.tar.gz", true)],
            manifest.Files.Select(file => (file.Path, file.IsArchive)));
        Assert.Equal(("33m", "bert"), (manifest.Properties["parameters"], manifest.Properties["family"]));
    }

    [Fact]
    public async Task Layer_in_zstd_is_refused_by_name()
    {
        await using var machine = await StartAsync();
        var standIn = machine.StandIn;
        standIn.AddManifest("pack/z", "latest", OciStandIn.Manifest(
            [standIn.Layer(ModelPack + "weight.v1.tar+zstd", [1], "\"org.cncf.model.filepath\":\"model.bin\"")], $"\"mediaType\":\"x\",{standIn.Described([9])}"));
        var exception = await Assert.ThrowsAsync<UnsupportedLayerException>(() => ResolveAsync(machine, "pack/z"));
        Assert.Contains("'model.bin'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("zstd", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_of_a_container_is_no_model()
    {
        await using var machine = await StartAsync();
        var standIn = machine.StandIn;
        standIn.AddManifest("library/alpine", "latest", OciStandIn.Manifest(
            [standIn.Layer("application/vnd.oci.image.layer.v1.tar+gzip", [1])],
            $"\"mediaType\":\"application/vnd.oci.image.config.v1+json\",{standIn.Described("{}"u8.ToArray())}"));
        Assert.Contains("container", (await Assert.ThrowsAsync<NotAModelArtifactException>(() => ResolveAsync(machine, "library/alpine"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""ARTIFACT,"artifactType":"application/vnd.docker.ai.model"},OTHER,"platform":{"os":"linux","architecture":"amd64"}}""")]
    [InlineData("""OTHER,"platform":{"os":"linux","architecture":"s390x"}},ARTIFACT}""")]
    [InlineData("""OTHER,"platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}},ARTIFACT,"platform":{"os":"linux","architecture":"s390x"}}""")]
    public async Task Index_leads_to_the_model(string entries)
    {
        await using var machine = await StartAsync();
        var standIn = machine.StandIn;
        var artifact = (await ResolveAsync(machine, "models/tiny:v1")).Commit;
        var other = standIn.AddArtifact("models/tiny", "other", new Dictionary<string, byte[]> { ["wrong"] = [1] });
        var type = "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"size\":1";
        var index = standIn.AddManifest("models/tiny", "index", "{\"schemaVersion\":2,\"manifests\":["
            + entries.Replace("ARTIFACT", $"{{{type},\"digest\":\"sha256:{artifact}\"").Replace("OTHER", $"{{{type},\"digest\":\"{other}\"") + "]}",
            "application/vnd.oci.image.index.v1+json");
        var manifest = await ResolveAsync(machine, "models/tiny:index");
        Assert.Equal(standIn.Files.Count, manifest.Files.Count);
        Assert.Equal(index, $"sha256:{manifest.Commit}");
        Assert.Equal($"sha256:{artifact}", manifest.Properties["manifest"]);
    }

    [Fact]
    public async Task Index_of_itself_ends()
    {
        await using var machine = await StartAsync();
        var digest = "";
        for (var i = 0; i < 8; i++)
            digest = machine.StandIn.AddManifest("models/deep", "latest", i == 0 ? """{"schemaVersion":2,"manifests":[]}""" : "{\"schemaVersion\":2,\"manifests\":[{"
                + $"\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"size\":1,\"digest\":\"{digest}\"}}]}}", "application/vnd.oci.image.index.v1+json");
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => ResolveAsync(machine, "models/deep"));
    }

    [Fact]
    public async Task Search_lists_a_registrys_catalog_page_by_page()
    {
        await using var machine = await StartAsync();
        machine.StandIn.PageSize = 2;
        foreach (var name in (string[])["a/bert", "b/bert", "c/gpt", "d/bert"])
            machine.StandIn.AddRepository(name);
        var found = await new OciRegistry(machine.Environment()).SearchAsync(new ModelSearch($"{machine.StandIn.Host}/bert", 2), CancellationToken.None);
        Assert.Equal([$"oci:{machine.StandIn.Host}/a/bert", $"oci:{machine.StandIn.Host}/b/bert"], found.Select(each => each.Model.ToString()));
    }

    [Theory]
    [InlineData("user@host.io/bert")]
    [InlineData("host.io:port/bert")]
    public async Task Search_at_no_host_is_refused(string words)
    {
        await using var machine = await StartAsync();
        await Assert.ThrowsAsync<InvalidReferenceException>(() =>
            new OciRegistry(machine.Environment()).SearchAsync(new ModelSearch(words, 5), CancellationToken.None));
    }

    [Fact]
    public async Task Page_of_another_server_is_not_asked()
    {
        await using var machine = await StartAsync();
        machine.StandIn.Faults.Add("/v2/_catalog", new Fault
        {
            Status = 200, Body = """{"repositories":["a"]}""",
            Headers = new Dictionary<string, string> { ["Link"] = "<http://127.0.0.1:9/v2/_catalog>; rel=\"next\"" },
        });
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => new OciRegistry(machine.Environment())
            .SearchAsync(new ModelSearch($"{machine.StandIn.Host}/", 5), CancellationToken.None));
    }

    [Fact]
    public async Task Search_of_Docker_Hub_finds_models()
    {
        await using var machine = await StartAsync();
        machine.StandIn.SearchResults.AddRange(
            ["""{"repo_name":"ai/smollm2","short_description":"Tiny LLM","star_count":5,"pull_count":1234}""", """{"repo_name":"someone/ai-image"}""", "{}"]);
        var found = Assert.Single(await new OciRegistry(machine.Environment()).SearchAsync(new ModelSearch("smollm2", 10), CancellationToken.None));
        Assert.Equal(new FoundModel(new ModelReference("oci", "docker.io/ai/smollm2")) { Description = "Tiny LLM", Likes = 5, Downloads = 1234 }, found);
        Assert.Equal("/v2/search/repositories/?query=ai%2Fsmollm2&page_size=25", machine.Requests[^1].Target);
    }

    private static void WriteConfig(StandInMachine<OciStandIn> machine, string json)
    {
        machine.Variables["DOCKER_CONFIG"] = machine.Folder;
        File.WriteAllText(Path.Combine(machine.Folder, "config.json"), json);
    }

    private static void WriteHelper(StandInMachine<OciStandIn> machine, string name, string script)
    {
        var path = Path.Combine(machine.Folder, $"docker-credential-{name}");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        machine.Variables["PATH"] = $"relative:{machine.Folder}";
    }
}
