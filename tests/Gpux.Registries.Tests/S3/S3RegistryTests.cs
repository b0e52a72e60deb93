using System.Text;
using Gpux.Registries.Http;
using Gpux.Registries.S3;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.S3;

public sealed class S3RegistryTests : IAsyncLifetime
{
    private TestMachine _machine = null!; // Set before each test
    private S3StandIn _server = null!; // Set before each test

    public async Task InitializeAsync()
    {
        _server = await S3StandIn.StartAsync();
        _machine = TestMachine.With(_server);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _machine.DisposeAsync();
    }

    private Task<ModelManifest> ResolveAsync(string text) => S3Registry.Amazon(_machine.Environment())
        .ResolveAsync(TestMachine.Parse(text), CancellationToken.None);

    [Fact]
    public async Task List_goes_on_page_by_page()
    {
        var all = await ResolveAsync(_server.Reference);
        _server.PageSize = 1;
        Assert.Equal(all.Commit, (await ResolveAsync(_server.Reference)).Commit);
        Assert.Equal(4, all.Files.Count); // without the folder's own marker
    }

    [Fact]
    public async Task File_brings_the_weights_that_lie_beside_it()
    {
        var manifest = await ResolveAsync("s3://models/one/model.onnx");
        Assert.Equal(["model.onnx", "model.onnx.data"], manifest.Files.Select(file => file.Path));
        var files = await _machine.Store().FetchAsync(await _machine.Store().ResolveAsync("s3://models/one/model.onnx"));
        Assert.Equal("data", await File.ReadAllTextAsync(files.Require("model.onnx.data")));
    }

    [Fact]
    public async Task Region_is_learned_from_the_refusal()
    {
        _machine.Variables["AWS_REGION"] = "us-west-2";
        Assert.Equal(4, (await ResolveAsync(_server.Reference)).Files.Count);
    }

    [Fact]
    public async Task Public_bucket_needs_no_keys()
    {
        _server.IsPublic = true;
        _machine.Variables.Remove("AWS_ACCESS_KEY_ID");
        Assert.Equal(4, (await ResolveAsync(_server.Reference)).Files.Count);
        Assert.All(_server.Servers[0].Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Fact]
    public async Task Keys_and_region_may_lie_in_profiles()
    {
        foreach (var name in (string[])["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"])
            _machine.Variables.Remove(name);
        Directory.CreateDirectory(Path.Combine(_machine.Folder, ".aws"));
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, ".aws", "credentials"),
            $"[default]\naws_access_key_id=no\naws_secret_access_key=no\n\n[team]\naws_access_key_id = AKIDSTANDIN\naws_secret_access_key = {_server.Secret}\n");
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, ".aws", "config"), "[profile team]\nregion = eu-test-1\n");
        await Assert.ThrowsAsync<AccessDeniedException>(() => ResolveAsync(_server.Reference));
        _machine.Variables["AWS_PROFILE"] = "team";
        Assert.Equal(4, (await ResolveAsync(_server.Reference)).Files.Count);
    }

    [Fact]
    public async Task Tags_of_objects_that_came_in_parts_are_no_hashes()
    {
        _server.TagsAreHashes = false;
        var store = _machine.Store();
        Assert.Equal(4, (await store.FetchAsync(await store.ResolveAsync(_server.Reference))).Names.Count());
    }

    [Fact]
    public async Task Object_that_changed_since_it_was_listed_is_refused()
    {
        var store = _machine.Store();
        var model = await store.ResolveAsync(_server.Reference);
        _server.Objects[$"{S3StandIn.Folder}/config.json"] = "[]"u8.ToArray();
        var error = await Assert.ThrowsAsync<UnexpectedReplyException>(() => store.FetchAsync(model, "config.json"));
        Assert.Contains("is another than when", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://nosuch/x")]
    [InlineData("s3://models/nosuch")]
    public async Task What_is_not_there_is_not_found(string text) => await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync(text));

    [Theory]
    [InlineData("s3://")]
    [InlineData("s3://a/b")]
    [InlineData("s3://models/../x")]
    [InlineData("s3://169.254.169.254:80/x")]
    public void Broken_references_are_refused(string text) =>
        Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse(text));

    [Fact]
    public async Task Google_gets_a_bearer_token()
    {
        _server.IsPublic = true;
        _machine.Variables["STORAGE_EMULATOR_HOST"] = new Uri(_server.Servers[0].Address).Authority;
        var registry = S3Registry.Google(_machine.Environment());
        var model = TestMachine.Parse("gs://models/one");
        Assert.Equal(["model.onnx", "model.onnx.data", "model.onnx2"], (await registry.ResolveAsync(model, CancellationToken.None)).Files.Select(file => file.Path));
        _machine.Variables["GOOGLE_OAUTH_ACCESS_TOKEN"] = "ya29.x";
        _server.Servers[0].Intercept = async (context, request, answer) =>
        {
            Assert.Equal("Bearer ya29.x", request.Header("Authorization"));
            context.Request.Headers.Authorization = "";
            context.Response.StatusCode = 403;
            await Task.CompletedTask;
        };
        await Assert.ThrowsAsync<AccessDeniedException>(() => S3Registry.Google(_machine.Environment()).ResolveAsync(model, CancellationToken.None));
    }

    [Fact]
    public void Digests_are_read_of_headers_that_say_what_they_hash()
    {
        const string md5 = "1B2M2Y8AsgTpgAmY7PhCfg==", hex = "d41d8cd98f00b204e9800998ecf8427e";
        Assert.Equal($"md5:{hex}", Of(("x-goog-hash", "crc32c=AAAAAA=="), ("x-goog-hash", $"md5={md5}")));
        Assert.Equal($"md5:{hex}", Of(("x-goog-hash", $"crc32c=AAAAAA==,md5={md5}")));
        Assert.Equal($"md5:{hex}", Of(("x-amz-request-id", "1"), ("ETag", $"\"{hex}\"")));
        Assert.Equal($"md5:{hex}", Of(("x-amz-request-id", "1"), ("ETag", $"\"{hex}\""), ("x-amz-server-side-encryption", "AES256")));
        Assert.Null(Of(("x-amz-request-id", "1"), ("ETag", $"\"{hex}-2\"")));
        Assert.Null(Of(("x-amz-request-id", "1"), ("ETag", $"\"{hex}\""), ("x-amz-server-side-encryption", "aws:kms")));
        Assert.Null(Of(("ETag", $"\"{hex}\""))); // of another kind of server
        Assert.StartsWith("sha256:e3b0c442", Of(("x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), ("ETag", $"\"{hex}\"")), StringComparison.Ordinal);
        Assert.Null(Of(("x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=-2")));

        static string? Of(params (string Name, string Value)[] headers)
        {
            using var response = new HttpResponseMessage { Content = new ByteArrayContent([]) };
            foreach (var (name, value) in headers)
                response.Headers.TryAddWithoutValidation(name, value);
            return S3Client.DigestOf(new HttpReply([response]))?.ToString();
        }
    }

    [Theory]
    [InlineData("<a/>")]
    [InlineData("<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult>&a;</ListBucketResult>")]
    [InlineData("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")]
    [InlineData("<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>")]
    [InlineData("<ListBucketResult><Contents><Key><b/></Key></Contents></ListBucketResult>")]
    public void Broken_listings_are_refused(string xml) =>
        Assert.True(Record.Exception(() => S3Client.ReadPage(Encoding.UTF8.GetBytes(xml), [])) is FormatException or System.Xml.XmlException);
}
