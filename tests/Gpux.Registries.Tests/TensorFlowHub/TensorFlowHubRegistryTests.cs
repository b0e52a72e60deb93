using System.Security.Cryptography;
using System.Text;
using Gpux.Registries.Archives;
using Gpux.Registries.Store;
using Gpux.Registries.TensorFlowHub;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.TensorFlowHub;

public sealed class TensorFlowHubRegistryTests
{
    [Theory]
    [InlineData("tfhub:google/universal-sentence-encoder/4", "tfhub:google/universal-sentence-encoder@4")]
    [InlineData("tfhub:google/universal-sentence-encoder@4", "tfhub:google/universal-sentence-encoder@4")]
    [InlineData("https://tfhub.dev/google/imagenet/mobilenet_v2/classification/5", "tfhub:google/imagenet/mobilenet_v2/classification@5")]
    [InlineData("tfhub:https://tfhub.dev/google/elmo/3", "tfhub:google/elmo@3")]
    [InlineData("tfhub:google/elmo", "tfhub:google/elmo")]
    [InlineData("tfhub:https://example.org/models/m.tar.gz", "tfhub:https://example.org/models/m.tar.gz")]
    public void Handles_are_read_and_written(string text, string canonical)
    {
        var model = TestMachine.Parse(text);
        Assert.Equal(canonical, model.ToString());
        Assert.Equal(model, TestMachine.Parse(canonical));
    }

    [Theory]
    [InlineData("tfhub:one")]
    [InlineData("tfhub:a/../b/1")]
    [InlineData("tfhub:https://example.org/page")]
    [InlineData("tfhub:https://user:secret@example.org/m.tar.gz")]
    public void Anything_else_is_refused(string text) =>
        Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse(text));

    [Fact]
    public async Task Unpacking_is_told_from_its_start_to_its_end()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        var store = machine.Store();
        var model = await store.ResolveAsync(hub.Reference);
        var told = new ToldProgress();
        await store.FetchAsync(model, model.Manifest.Files, told, CancellationToken.None);
        var steps = told.Steps.Where(step => step.Step == "Unpacking").ToList();
        Assert.All(steps, step => Assert.Equal(model.Manifest.Files[0].Path, step.Item));
        Assert.True(steps.Count > 1 && steps[0].Done < steps[0].Total, "It is told as it goes.");
        Assert.Equal(steps[^1].Total, steps[^1].Done);
    }

    [Fact]
    public async Task Module_is_fetched_and_unpacked()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        var store = machine.Store();
        var model = await store.ResolveAsync(hub.Reference);
        Assert.Equal(64, model.Manifest.Commit.Length);
        Assert.Equal("https://tfhub.dev/google/tiny-encoder/4", model.Manifest.Source);
        var archive = Assert.Single(model.Manifest.Files);
        Assert.Equal(("tiny-encoder.tar.gz", true), (archive.Path, archive.IsArchive));
        Assert.True(archive.SizeBytes > 1 << 20);
        var files = await store.FetchAsync(model);
        Assert.Equal(hub.Files.OrderBy(file => file.Key), files.Bytes().OrderBy(file => file.Key));
        // Days later, from the manifest alone.
        var requests = hub.Servers.Sum(server => server.Requests.Count);
        var stored = await machine.Store().ResolveAsync(hub.Reference, Lookup.PreferStore);
        Assert.Equal(4, machine.Store().FindFiles(stored.Manifest).Names.Count());
        Assert.Equal(requests, hub.Servers.Sum(server => server.Requests.Count));
        File.Delete(files.Require("saved_model.pb"));
        var pinned = await machine.Store().ResolveAsync($"tfhub:google/tiny-encoder@{model.Manifest.Commit}");
        Assert.Equal(4, (await machine.Store().FetchAsync(pinned)).Names.Count());
    }

    [Fact]
    public async Task Plain_tar_and_another_host_do_too()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        hub.Add("/google/plain/1", TensorFlowHubStandIn.Tar(new Dictionary<string, byte[]> { ["model.tflite"] = [1] }));
        hub.Add("/files/m.tar.gz", TensorFlowHubStandIn.Gzip(TensorFlowHubStandIn.Tar(new Dictionary<string, byte[]> { ["model.json"] = [2] })));
        var store = machine.Store();
        Assert.Equal(["model.tflite"], (await store.FetchAsync(await store.ResolveAsync("tfhub:google/plain/1"))).Names);
        Assert.Equal(["model.json"], (await store.FetchAsync(await store.ResolveAsync($"tfhub:{hub.StorageAddress}/files/m.tar.gz"))).Names);
    }

    [Fact]
    public async Task Version_left_out_is_another_commit_once_the_module_changed()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        hub.Add("/google/moving", TensorFlowHubStandIn.Tar(new Dictionary<string, byte[]> { ["a"] = [1] }));
        var registry = new TensorFlowHubRegistry(machine.Environment());
        var first = await registry.ResolveAsync("tfhub:google/moving");
        Assert.Equal(first.Commit, (await registry.ResolveAsync("tfhub:google/moving")).Commit);
        hub.Add("/google/moving", TensorFlowHubStandIn.Tar(new Dictionary<string, byte[]> { ["a"] = [2] }));
        Assert.NotEqual(first.Commit, (await registry.ResolveAsync("tfhub:google/moving")).Commit);
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => registry.ResolveAsync($"tfhub:google/moving@{new string('a', 64)}"));
    }

    [Fact]
    public async Task Unknown_handle_and_page_are_told_apart()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        var registry = new TensorFlowHubRegistry(machine.Environment());
        await Assert.ThrowsAsync<ModelNotFoundException>(() => registry.ResolveAsync("tfhub:google/absent/1"));
        hub.Faults.Add("/google/", new Fault { Status = 200, Body = "<html>", Headers = new Dictionary<string, string> { ["Content-Type"] = "text/html; charset=utf-8" } });
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => registry.ResolveAsync(hub.Reference));
    }

    [Fact]
    public async Task Link_out_of_the_module_is_refused()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        hub.Add("/google/evil/1", new Archives.TarFile().Add("./assets", type: '2', link: "/etc").Add("./assets/passwd", "x").Compressed());
        var store = machine.Store();
        var model = await store.ResolveAsync("tfhub:google/evil/1");
        await Assert.ThrowsAsync<InvalidArchiveException>(() => store.FetchAsync(model));
    }

    [Fact]
    public async Task Broken_download_goes_on_where_it_stopped()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        var store = machine.Store();
        var model = await store.ResolveAsync(hub.Reference);
        hub.Faults.Add("signature", new Fault { BreakAfter = 500_000 });
        Assert.Equal(4, (await store.FetchAsync(model)).Names.Count());
        Assert.Contains(hub.Servers[1].Requests, request => request.Header("If-Range") is not null);
    }

    [Fact]
    public async Task Cache_of_the_Python_client_is_used_where_it_lies_without_a_request()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        machine.Variables["TFHUB_CACHE_DIR"] = Path.Combine(machine.Folder, "tfhub");
#pragma warning disable CA5350 // As that client names its folders
        var folder = Path.Combine(machine.Folder, "tfhub", Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes("https://tfhub.dev/google/cached/7"))));
#pragma warning restore CA5350
        Directory.CreateDirectory(Path.Combine(folder, "variables"));
        File.WriteAllText(Path.Combine(folder, "saved_model.pb"), "graph");
        File.WriteAllText(Path.Combine(folder, "variables", "variables.index"), "index");
        var store = machine.Store();
        // Not complete before its description is there.
        await Assert.ThrowsAsync<ModelNotFoundException>(() => store.ResolveAsync("tfhub:google/cached/7"));
        File.WriteAllText($"{folder}.descriptor.txt", "Module: https://tfhub.dev/google/cached/7\n");
        var requests = hub.Servers[0].Requests.Count;
        var files = await store.FetchAsync(await store.ResolveAsync("tfhub:google/cached/7"));
        Assert.Equal(Path.Combine(folder, "saved_model.pb"), files.Require("saved_model.pb"));
        Assert.Equal(["saved_model.pb", "variables/variables.index"], files.Names.Order(StringComparer.Ordinal));
        Assert.Equal(requests, hub.Servers[0].Requests.Count);
    }

    private sealed class ToldProgress : IProgress<Progress>
    {
        public List<Progress> Steps { get; } = [];

        public void Report(Progress value)
        {
            lock (Steps)
                Steps.Add(value);
        }
    }
}
