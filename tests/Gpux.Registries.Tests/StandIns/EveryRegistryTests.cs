using Gpux.Registries.Download;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.StandIns;

/// <summary>What holds for every registry that fetches files over HTTP.</summary>
public sealed class EveryRegistryTests
{
    public static TheoryData<string> Registries => ["oci", "ollama", "modelscope", "github", "torchvision"];

    private static async Task<StandInMachine<IStandIn>> StartAsync(string registry) => new(await StandInCatalog.StartAsync(registry));

    // The request for the largest file, at whichever server keeps it.
    private static async Task<string> LargestAsync(StandInMachine<IStandIn> machine)
    {
        await machine.FetchAsync();
        var digest = OciStandIn.DigestOf(machine.StandIn.Files.Values.MaxBy(file => file.Length)!)["sha256:".Length..]; // It has files
        var requests = machine.StandIn.Servers[^1].Requests;
        var request = requests.FirstOrDefault(each => each.Target.Contains(digest, StringComparison.Ordinal)) ?? requests.Single();
        await machine.Store().RemoveAsync((await machine.ResolveAsync()).Manifest, CancellationToken.None);
        machine.ForgetRequests();
        return request.Target;
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task All_files_come_verified(string registry)
    {
        await using var machine = await StartAsync(registry);
        var fetched = await machine.FetchAsync();
        Assert.Equal(machine.StandIn.Files.Keys.Order(StringComparer.Ordinal), fetched.Keys.Order(StringComparer.Ordinal));
        Assert.All(machine.StandIn.Files, file => Assert.Equal(file.Value, fetched[file.Key]));
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Stored_model_opens_without_a_request(string registry)
    {
        await using var machine = await StartAsync(registry);
        await machine.FetchAsync();
        machine.ForgetRequests();
        var again = await machine.ResolveAsync(lookup: Lookup.PreferStore);
        Assert.True(again.FromStore);
        Assert.Equal(machine.StandIn.Files.Count, (await machine.Store().FetchAsync(again)).Names.Count());
        Assert.Empty(machine.Requests);
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Pinned_reference_is_read_back_and_means_the_same(string registry)
    {
        await using var machine = await StartAsync(registry);
        var manifest = (await machine.ResolveAsync()).Manifest;
        var pinned = manifest.Model with { Revision = manifest.Commit };
        Assert.Equal(pinned, TestMachine.Parse(pinned.ToString()));
        var again = (await machine.ResolveAsync(pinned.ToString(), Lookup.Registry)).Manifest;
        Assert.Equal(manifest.Commit, again.Commit);
        Assert.Equal(manifest.Files, again.Files);
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Manifest_that_was_written_down_is_enough_to_fetch(string registry)
    {
        await using var machine = await StartAsync(registry);
        var resolved = await machine.ResolveAsync();
        machine.Store().Record(resolved);
        var stored = await machine.ResolveAsync(lookup: Lookup.PreferStore);
        Assert.True(stored.FromStore);
        var files = await machine.Store().FetchAsync(stored);
        Assert.All(machine.StandIn.Files, file => Assert.Equal(file.Value, File.ReadAllBytes(files.Require(file.Key))));
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Broken_download_goes_on_where_it_stopped(string registry)
    {
        await using var machine = await StartAsync(registry);
        var largest = await LargestAsync(machine);
        machine.StandIn.Faults.Add(largest, new Fault { BreakAfter = 300_000 });
        var fetched = await machine.FetchAsync();
        Assert.All(machine.StandIn.Files, file => Assert.Equal(file.Value, fetched[file.Key]));
        Assert.Contains(machine.Requests, request => request.Target.Contains(largest, StringComparison.Ordinal) && request.Header("Range") is not null);
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Range_that_is_ignored_and_a_body_that_is_compressed_are_made_good(string registry)
    {
        await using var machine = await StartAsync(registry);
        var largest = await LargestAsync(machine);
        machine.StandIn.Faults.Add(largest, new Fault { BreakAfter = 200_000 });
        machine.StandIn.Faults.Add(largest, new Fault { IgnoresRange = true, BreakAfter = 400_000 });
        machine.StandIn.Faults.Add(largest, new Fault { IgnoresRange = true, Compresses = true });
        var fetched = await machine.FetchAsync();
        Assert.All(machine.StandIn.Files, file => Assert.Equal(file.Value, fetched[file.Key]));
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Damaged_body_is_refused(string registry)
    {
        await using var machine = await StartAsync(registry);
        var largest = await LargestAsync(machine);
        machine.StandIn.Faults.Add(largest, new Fault { Damages = true }, times: 2);
        await Assert.ThrowsAsync<ContentMismatchException>(() => machine.FetchAsync());
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Secret_stays_at_home_and_out_of_errors(string registry)
    {
        await using var machine = await StartAsync(registry);
        await machine.FetchAsync();
        Assert.All(machine.StandIn.Servers.Skip(1).SelectMany(server => server.Requests), request =>
        {
            Assert.Null(request.Header("Authorization"));
            Assert.DoesNotContain(request.Headers.Values, value => value.Contains(machine.StandIn.Secret, StringComparison.Ordinal));
        });
        var resolved = await machine.ResolveAsync();
        await machine.Store().RemoveAsync(resolved.Manifest, CancellationToken.None);
        machine.StandIn.Faults.Add("/", new Fault { Status = 403, Body = """{"message":"no"}""" }, times: 50);
        var refused = await Assert.ThrowsAnyAsync<GpuxException>(() => machine.Store().FetchAsync(resolved));
        Assert.DoesNotContain(machine.StandIn.Secret, refused + refused.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Busy_server_is_asked_again(string registry)
    {
        await using var machine = await StartAsync(registry);
        machine.StandIn.Faults.Add("/", new Fault { Status = 503 }, times: 2);
        machine.StandIn.Faults.Add("/", new Fault { Status = 429, Headers = new Dictionary<string, string> { ["Retry-After"] = "1" } });
        var fetched = await machine.FetchAsync();
        Assert.Equal(machine.StandIn.Files.Count, fetched.Count);
        Assert.NotEmpty(machine.Clock.Waits);
    }

    [Theory]
    [InlineData("oci")]
    [InlineData("ollama")]
    [InlineData("modelscope")]
    [InlineData("github")]
    public async Task Page_of_something_else_is_refused(string registry)
    {
        await using var machine = await StartAsync(registry);
        machine.StandIn.Faults.Add("/", new Fault { Status = 200, Body = "<html>Please sign in</html>" }, times: 5);
        var exception = await Assert.ThrowsAsync<UnexpectedReplyException>(() => machine.ResolveAsync());
        Assert.Contains("sign", exception.Message + exception.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task Unknown_model_is_told(string registry)
    {
        await using var machine = await StartAsync(registry);
        var absent = machine.StandIn is OciStandIn oci ? $"oci:{oci.Host}/models/absent" : registry switch
        {
            "ollama" => "ollama:absent", "modelscope" => "modelscope:org/absent", "github" => "github:org/absent", _ => "torchvision:absent",
        };
        await Assert.ThrowsAsync<ModelNotFoundException>(() => machine.ResolveAsync(absent));
    }
}
