using System.Globalization;
using System.Text;
using Gpux.Registries.GitHub;
using Gpux.Registries.Store;
using Gpux.Registries.Tests.StandIns;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.GitHub;

public sealed class GitHubRegistryTests
{
    private static async Task<StandInMachine<GitHubStandIn>> StartAsync() => new(await GitHubStandIn.StartAsync());

    [Theory]
    [InlineData("github:o/r", "o/r", null)]
    [InlineData("github:o/r@v1.0", "o/r", "v1.0")]
    [InlineData("github:o/r@feature/new", "o/r", "feature/new")]
    [InlineData("github:o/r@feature/new//models/a", "o/r//models/a", "feature/new")]
    [InlineData("github:o/r//models/a.onnx", "o/r//models/a.onnx", null)]
    [InlineData("github:o/r//models/a@v1", "o/r//models/a", "v1")]
    [InlineData("github:o/r/releases", "o/r/releases", null)]
    [InlineData("github:o/r/releases@v1.0", "o/r/releases", "v1.0")]
    [InlineData("github:o/r/releases@v1.0//model.onnx", "o/r/releases//model.onnx", "v1.0")]
    [InlineData("https://github.com/o/r", "o/r", null)]
    [InlineData("https://github.com/o/r.git", "o/r", null)]
    [InlineData("https://github.com/o/r/", "o/r", null)]
    [InlineData("https://github.com/o/r/tree/v1/sub/dir", "o/r//sub/dir", "v1")]
    [InlineData("https://github.com/o/r/blob/main/a%20b.onnx", "o/r//a b.onnx", "main")]
    [InlineData("https://github.com/o/r/raw/main/a.onnx?raw=true", "o/r//a.onnx", "main")]
    [InlineData("https://raw.githubusercontent.com/o/r/main/a.onnx", "o/r//a.onnx", "main")]
    [InlineData("https://raw.githubusercontent.com/o/r/refs/heads/main/a.onnx", "o/r//a.onnx", "main")]
    [InlineData("https://github.com/o/r/releases", "o/r/releases", null)]
    [InlineData("https://github.com/o/r/releases/latest", "o/r/releases", null)]
    [InlineData("https://github.com/o/r/releases/tag/v1.0", "o/r/releases", "v1.0")]
    [InlineData("https://github.com/o/r/releases/download/v1.0/m.onnx", "o/r/releases//m.onnx", "v1.0")]
    public void References_and_links_are_read(string text, string name, string? revision)
    {
        var model = TestMachine.Parse(text);
        Assert.Equal(new ModelReference("github", name, revision), model);
        Assert.Equal(model, TestMachine.Parse(model.ToString()));
    }

    [Theory]
    [InlineData("github:o")]
    [InlineData("github:o/r/x")]
    [InlineData("github:o/..")]
    [InlineData("github:o/r@")]
    [InlineData("github:o/r@a b")]
    [InlineData("github:o/r//../x")]
    [InlineData("github:o r/x")]
    [InlineData("https://github.com/o")]
    [InlineData("https://github.com/o/r/issues/1")]
    public void Anything_else_is_refused(string text) => Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse(text));

    [Fact]
    public async Task Large_files_are_listed_in_place_of_their_pointers()
    {
        await using var machine = await StartAsync();
        var manifest = (await machine.ResolveAsync()).Manifest;
        Assert.Equal(GitHubStandIn.Commit, manifest.Commit);
        Assert.Equal("mit", manifest.Licence);
        Assert.Equal(("42", "onnx,vision", "Tiny models"), (manifest.Properties["likes"], manifest.Properties["tags"], manifest.Properties["description"]));
        var large = manifest.Find("squeeze/model.onnx")!; // Listed
        Assert.Equal(machine.StandIn.Tree["squeeze/model.onnx"].Length, large.SizeBytes);
        Assert.Equal(OciStandIn.DigestOf(machine.StandIn.Tree["squeeze/model.onnx"]), large.Digest.ToString());
        Assert.Equal(DigestAlgorithm.GitBlobSha1, manifest.Find("labels.txt")!.Digest!.Value.Algorithm); // Listed, with a digest
        Assert.DoesNotContain(manifest.Files, file => file.Path is "link" or "module");
    }

    [Fact]
    public async Task Folder_of_a_repository_is_a_model_of_its_own()
    {
        await using var machine = await StartAsync();
        var fetched = await machine.FetchAsync("github:org/tiny@v1.0//squeeze");
        Assert.Equal(["config.json", "model.onnx", "model.onnx.data"], fetched.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(machine.StandIn.Tree["squeeze/config.json"], fetched["config.json"]);
    }

    [Fact]
    public async Task File_of_a_repository_comes_with_its_weights()
    {
        await using var machine = await StartAsync();
        var fetched = await machine.FetchAsync("github:org/tiny//squeeze/model.onnx");
        Assert.Equal(["model.onnx", "model.onnx.data"], fetched.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["README.md"], (await machine.FetchAsync("github:org/tiny//README.md")).Keys);
        await Assert.ThrowsAsync<FileNotInModelException>(() => machine.ResolveAsync("github:org/tiny//absent"));
    }

    [Fact]
    public async Task Tree_that_is_cut_short_is_read_folder_by_folder()
    {
        await using var machine = await StartAsync();
        var whole = (await machine.ResolveAsync()).Manifest.Files;
        machine.StandIn.IsTruncated = true;
        var walked = (await machine.ResolveAsync(lookup: Lookup.Registry)).Manifest.Files;
        Assert.Equal(whole.OrderBy(file => file.Path, StringComparer.Ordinal), walked.OrderBy(file => file.Path, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("readme.md")]
    public async Task Hostile_name_in_a_tree_is_refused(string name)
    {
        await using var machine = await StartAsync();
        machine.StandIn.ListedOnly.Add(name);
        await Assert.ThrowsAsync<UnsafePathException>(() => machine.ResolveAsync());
    }

    [Fact]
    public async Task Renamed_repository_has_its_new_name()
    {
        await using var machine = await StartAsync();
        Assert.Equal("org/tiny//squeeze", (await machine.ResolveAsync("github:org/old//squeeze")).Manifest.Model.Name);
    }

    [Theory]
    [InlineData("github:org/tiny@absent")]
    [InlineData("github:org/tiny@deadbeef")]
    [InlineData("github:org/tiny@0123456789012345678901234567890123456789")]
    public async Task Unknown_revision_is_told(string reference)
    {
        await using var machine = await StartAsync();
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => machine.ResolveAsync(reference));
    }

    [Fact]
    public async Task Assets_of_a_release_are_fetched()
    {
        await using var machine = await StartAsync();
        var manifest = (await machine.ResolveAsync("github:org/tiny/releases")).Manifest;
        Assert.Equal(64, manifest.Commit.Length);
        Assert.EndsWith("/org/tiny/releases/tag/v1.0", manifest.Source, StringComparison.Ordinal);
        var fetched = await machine.FetchAsync("github:org/tiny/releases@v1.0");
        Assert.Equal(machine.StandIn.Assets["model.onnx"], fetched["model.onnx"]);
        Assert.Equal(machine.StandIn.Assets["labels.txt"], fetched["labels.txt"]);
        Assert.Equal(["labels.txt"], (await machine.FetchAsync("github:org/tiny/releases//labels.txt")).Keys);
        Assert.Equal(manifest.Commit, (await machine.ResolveAsync(manifest.Model with { Revision = manifest.Commit } is var pinned ? pinned.ToString() : "", Lookup.Registry)).Manifest.Commit);
    }

    [Fact]
    public async Task Unknown_release_is_told_with_those_that_there_are()
    {
        await using var machine = await StartAsync();
        Assert.Contains("v1.0", (await Assert.ThrowsAsync<RevisionNotFoundException>(() => machine.ResolveAsync("github:org/tiny/releases@v9"))).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Private_repository_is_read_through_the_API_alone()
    {
        await using var machine = await StartAsync();
        machine.StandIn.IsPrivate = true;
        var fetched = await machine.FetchAsync();
        Assert.All(machine.StandIn.Tree, file => Assert.Equal(file.Value, fetched[file.Key]));
        Assert.Equal(machine.StandIn.Assets["model.onnx"], (await machine.FetchAsync("github:org/tiny/releases"))["model.onnx"]);
        Assert.DoesNotContain(machine.Requests, request => request.Target.Contains("/raw/", StringComparison.Ordinal));
        machine.Variables.Remove("GITHUB_TOKEN");
        Assert.Contains("GITHUB_TOKEN", (await Assert.ThrowsAsync<ModelNotFoundException>(() => machine.ResolveAsync(lookup: Lookup.Registry))).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, "Object does not exist")]
    [InlineData(403, "over its data quota")]
    public async Task Large_file_that_is_refused_is_named(int code, string message)
    {
        await using var machine = await StartAsync();
        machine.StandIn.LargeFileError = (code, message);
        var exception = await Assert.ThrowsAsync<LargeFileUnavailableException>(() => machine.FetchAsync(null, "squeeze/model.onnx"));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.Equal("squeeze/model.onnx", exception.Path);
    }

    [Fact]
    public async Task Exhausted_limit_is_waited_for_until_its_reset()
    {
        await using var machine = await StartAsync();
        machine.StandIn.Faults.Add("/repos/", Limited(DateTimeOffset.UtcNow.AddSeconds(90)));
        await machine.ResolveAsync();
        Assert.InRange(Assert.Single(machine.Clock.Waits).TotalSeconds, 80, 110);
    }

    [Fact]
    public async Task Limit_of_an_hour_is_told_at_once()
    {
        await using var machine = await StartAsync();
        machine.Variables.Remove("GITHUB_TOKEN");
        machine.StandIn.Faults.Add("/repos/", Limited(DateTimeOffset.UtcNow.AddMinutes(50)));
        Assert.Contains("GITHUB_TOKEN", (await Assert.ThrowsAsync<RateLimitedException>(() => machine.ResolveAsync())).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_finds_repositories()
    {
        await using var machine = await StartAsync();
        machine.StandIn.SearchResults.AddRange(
            ["""{"full_name":"onnx/models","description":"Zoo","stargazers_count":9,"license":{"spdx_id":"Apache-2.0"},"pushed_at":"2026-01-02T03:04:05Z"}""", """{"full_name":"../x"}"""]);
        var found = Assert.Single(await new GitHubRegistry(machine.Environment()).SearchAsync(new ModelSearch("onnx zoo", 5) { Licence = "mit" }, CancellationToken.None));
        Assert.Equal(("github:onnx/models", "Zoo", "apache-2.0", 9L), (found.Model.ToString(), found.Description, found.Licence, found.Likes));
        Assert.Equal("/api/v3/search/repositories?q=onnx%20zoo%20license%3Amit&per_page=5", machine.Requests[^1].Target);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:{0}\nsize 12345\n", 12345L)]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:{0}\nsize 12345", null)]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:{0}0\nsize 1\n", null)]
    [InlineData("version https://git-lfs.github.com/spec/v2\noid sha256:{0}\nsize 1\n", null)]
    [InlineData("version https://git-lfs.github.com/spec/v1\nsize 1\noid sha256:{0}\n", null)]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:{0}\nsize -1\n", null)]
    [InlineData("", null)]
    public void Pointer_is_told_from_other_texts(string text, long? size)
    {
        var pointer = LfsPointer.Parse(Encoding.ASCII.GetBytes(string.Format(CultureInfo.InvariantCulture, text, new string('a', 64))));
        Assert.Equal(size, pointer?.SizeBytes);
    }

    private static Fault Limited(DateTimeOffset until) => new()
    {
        Status = 403,
        Body = """{"message":"API rate limit exceeded"}""",
        Headers = new Dictionary<string, string>
        {
            ["X-RateLimit-Remaining"] = "0", ["X-RateLimit-Reset"] = until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        },
    };
}
