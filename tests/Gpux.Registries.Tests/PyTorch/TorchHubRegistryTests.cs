using Gpux.Registries.Tests.StandIns;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.PyTorch;

public sealed class TorchHubRegistryTests
{
    private static async Task<StandInMachine<TorchHubStandIn>> StartAsync() => new(await TorchHubStandIn.StartAsync());

    [Theory]
    [InlineData("torchhub:facebookresearch/detr:main", "facebookresearch/detr", "main")]
    [InlineData("torchhub:pytorch/vision/resnet50:v0.10.0", "pytorch/vision/resnet50", "v0.10.0")]
    [InlineData("torchhub:pytorch/vision", "pytorch/vision", null)]
    [InlineData("torchhub:a/b@feature/x", "a/b", "feature/x")]
    public void References_are_read(string text, string name, string? revision)
    {
        var model = TestMachine.Parse(text);
        Assert.Equal(new ModelReference("torchhub", name, revision), model);
        Assert.Equal(model, TestMachine.Parse(model.ToString()));
    }

    [Fact]
    public async Task Entry_points_and_weights_are_read_from_the_source()
    {
        await using var machine = await StartAsync();
        var manifest = (await machine.ResolveAsync("torchhub:org/tiny")).Manifest;
        Assert.Equal(GitHubStandIn.Commit, manifest.Commit);
        Assert.Equal(("torch", "other,small", "A small model."),
            (manifest.Properties["dependencies"], manifest.Properties["entry_points"], manifest.Properties["help.small"]));
        Assert.Equal(["hubconf.py", "other.pth", machine.StandIn.WeightsName],
            manifest.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        var fetched = await machine.FetchAsync("torchhub:org/tiny");
        Assert.Equal(machine.StandIn.Site.Tree["hubconf.py"], fetched["hubconf.py"]);
        Assert.Equal([1, 2, 3], fetched["other.pth"]);
        Assert.All(machine.StandIn.Servers[1].Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Theory]
    [InlineData("torchhub:org/tiny/small", "small-")]
    [InlineData("torchhub:org/tiny/other:v1.0", "other.pth")]
    public async Task Weights_of_one_entry_point_are_those_that_it_names(string reference, string file)
    {
        await using var machine = await StartAsync();
        var manifest = (await machine.ResolveAsync(reference)).Manifest;
        Assert.Equal("hubconf.py", manifest.Files[0].Path);
        Assert.StartsWith(file, Assert.Single(manifest.Files.Skip(1)).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_weights_are_refused_by_the_digits_of_their_name()
    {
        await using var machine = await StartAsync();
        machine.StandIn.Faults.Add("/weights/small-", new Fault { Damages = true }, times: 2);
        await Assert.ThrowsAsync<Gpux.Registries.Download.ContentMismatchException>(() => machine.FetchAsync("torchhub:org/tiny/small"));
    }

    [Fact]
    public async Task Unknown_entry_point_is_told_with_those_that_there_are()
    {
        await using var machine = await StartAsync();
        Assert.Contains("other, small", (await Assert.ThrowsAsync<ModelNotFoundException>(() => machine.ResolveAsync("torchhub:org/tiny/absent"))).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_branch_main_the_default_is_master()
    {
        await using var machine = await StartAsync();
        machine.StandIn.Site.HasMain = false;
        Assert.Equal(GitHubStandIn.Commit, (await machine.ResolveAsync("torchhub:org/tiny")).Manifest.Commit);
    }

    [Fact]
    public async Task Ambiguous_ref_is_the_branch()
    {
        await using var machine = await StartAsync();
        Assert.Equal(GitHubStandIn.OtherCommit, (await machine.ResolveAsync("torchhub:org/tiny:v2")).Manifest.Commit);
        Assert.Contains(machine.Requests, request => request.Target == "/org/tiny/zipball/refs/heads/v2");
    }

    [Fact]
    public async Task Commit_of_a_fork_is_refused()
    {
        await using var machine = await StartAsync();
        Assert.NotEmpty((await machine.ResolveAsync($"torchhub:org/tiny:{GitHubStandIn.Commit[..10]}")).Manifest.Files);
        Assert.Equal(ErrorCode.ForeignCommit, (await Assert.ThrowsAnyAsync<GpuxException>(() => machine.ResolveAsync("torchhub:org/tiny:deadbeef"))).Code);
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => machine.ResolveAsync("torchhub:org/tiny:absent"));
    }

    [Fact]
    public async Task Repository_without_hubconf_is_told()
    {
        await using var machine = await StartAsync();
        machine.StandIn.Site.Tree.Remove("hubconf.py");
        Assert.Contains("hubconf.py", (await Assert.ThrowsAsync<FileNotInModelException>(() => machine.ResolveAsync("torchhub:org/tiny"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archive_that_is_none_is_refused_and_leaves_nothing_behind()
    {
        await using var machine = await StartAsync();
        machine.StandIn.Faults.Add("source.zip", new Fault { Status = 200, Body = "<html>" });
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => machine.ResolveAsync("torchhub:org/tiny"));
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.GetTempPath(), "gpux-*.zip"), IsLeft);
    }

    // One that can be opened alone is nobody's; those of other tests are gone with them.
    private static bool IsLeft(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
