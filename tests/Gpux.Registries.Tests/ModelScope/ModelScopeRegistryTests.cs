using Gpux.Registries.ModelScope;
using Gpux.Registries.Store;
using Gpux.Registries.Tests.StandIns;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.ModelScope;

public sealed class ModelScopeRegistryTests
{
    private static async Task<StandInMachine<ModelScopeStandIn>> StartAsync() => new(await ModelScopeStandIn.StartAsync());

    [Theory]
    [InlineData("modelscope:org/name", "org/name", null)]
    [InlineData("modelscope:org/name@v1.0", "org/name", "v1.0")]
    [InlineData("modelscope://org/name", "org/name", null)]
    [InlineData("https://modelscope.cn/models/Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B", null)]
    [InlineData("https://www.modelscope.cn/models/Qwen/Qwen3-0.6B/files", "Qwen/Qwen3-0.6B", null)]
    public void References_and_links_are_read(string text, string name, string? revision)
    {
        var model = TestMachine.Parse(text);
        Assert.Equal(new ModelReference("modelscope", name, revision), model);
        Assert.Equal(model, TestMachine.Parse(model.ToString()));
    }

    [Theory]
    [InlineData("modelscope:name")]
    [InlineData("modelscope:a/b/c")]
    [InlineData("modelscope:../b")]
    [InlineData("modelscope:a/b@..")]
    [InlineData("modelscope:a/b?x")]
    [InlineData("https://modelscope.cn/datasets/a/b")]
    [InlineData("https://modelscope.ai/models/a/b")]
    public void Anything_else_is_refused(string text) =>
        Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse(text));

    [Fact]
    public async Task Model_is_described_and_its_files_have_digests()
    {
        await using var machine = await StartAsync();
        var manifest = (await machine.ResolveAsync()).Manifest;
        Assert.Equal("Apache License 2.0", manifest.Licence);
        Assert.Equal(("master", "text-classification", "12", "3"),
            (manifest.Properties["revision"], manifest.Properties["pipeline_tag"], manifest.Properties["downloads"], manifest.Properties["likes"]));
        Assert.All(manifest.Files, file => Assert.Equal(OciStandIn.DigestOf(machine.StandIn.Files[file.Path]), file.Digest.ToString()));
        Assert.Contains(machine.Requests, request => request.Target.EndsWith("/repo/files?Revision=master&Recursive=True&Root=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_of_a_tag_are_fetched_at_that_tag()
    {
        await using var machine = await StartAsync();
        Assert.Equal(machine.StandIn.Files.Count, (await machine.FetchAsync("modelscope:org/tiny@v1.0")).Count);
        Assert.All(machine.Requests.Where(request => request.Target.Contains("FilePath", StringComparison.Ordinal)),
            request => Assert.Contains("Revision=v1.0", request.Target, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unknown_revision_is_told_with_those_that_there_are()
    {
        await using var machine = await StartAsync();
        Assert.Contains("master, v1.0", (await Assert.ThrowsAsync<RevisionNotFoundException>(() => machine.ResolveAsync("modelscope:org/tiny@v9"))).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Code":10010205001,"Message":"x","Success":false}""", ErrorCode.ModelNotFound)]
    [InlineData("""{"Code":500,"Message":"model not exist","Success":false}""", ErrorCode.ModelNotFound)]
    [InlineData("""{"Code":403,"Message":"no permission","Success":false}""", ErrorCode.AccessDenied)]
    [InlineData("""{"Code":500,"Message":"something else","Success":false}""", ErrorCode.UnexpectedReply)]
    [InlineData("""{"Success":false}""", ErrorCode.UnexpectedReply)]
    public async Task Failure_in_a_good_status_is_a_failure(string body, ErrorCode code)
    {
        await using var machine = await StartAsync();
        machine.StandIn.Faults.Add("/api/v1/models", new Fault { Status = 200, Body = body });
        Assert.Equal(code, (await Assert.ThrowsAnyAsync<GpuxException>(() => machine.ResolveAsync())).Code);
    }

    [Fact]
    public async Task Private_model_needs_the_token()
    {
        await using var machine = await StartAsync();
        machine.StandIn.IsPrivate = true;
        Assert.NotEmpty((await machine.ResolveAsync()).Manifest.Files);
        machine.Variables.Remove("MODELSCOPE_API_TOKEN");
        Assert.Contains("MODELSCOPE_API_TOKEN", (await Assert.ThrowsAsync<ModelNotFoundException>(() => machine.ResolveAsync(lookup: Lookup.Registry))).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("README.MD")]
    public async Task Hostile_name_in_a_listing_is_refused(string name)
    {
        await using var machine = await StartAsync();
        machine.StandIn.ListedOnly.Add(name);
        await Assert.ThrowsAsync<UnsafePathException>(() => machine.ResolveAsync());
    }

    [Fact]
    public async Task Search_finds_models_that_have_a_legal_name()
    {
        await using var machine = await StartAsync();
        var found = Assert.Single(await new ModelScopeRegistry(machine.Environment()).SearchAsync(
            new ModelSearch("tiny bert", 5) { Task = "text-classification" }, CancellationToken.None));
        Assert.Equal(new FoundModel(new ModelReference("modelscope", "org/tiny"))
        {
            Description = "Tiny", Task = "text-classification", Licence = "apache-2.0", Downloads = 12, Likes = 3,
            UpdatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        }, found);
        Assert.Equal("/openapi/v1/models?search=tiny%20bert&page_number=1&page_size=5&task=text-classification", machine.Requests[^1].Target);
    }
}
