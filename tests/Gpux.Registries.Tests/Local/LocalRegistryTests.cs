using Gpux.Registries.Local;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Local;

public sealed class LocalRegistryTests : IAsyncLifetime
{
    private static readonly string Commit = new('a', 40);

    private readonly TestMachine _machine = TestMachine.WithoutNetwork();
    private string Model => Path.Combine(_machine.Folder, "my model");

    public Task InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(Model, "onnx"));
        File.WriteAllText(Path.Combine(Model, "config.json"), "{}");
        File.WriteAllBytes(Path.Combine(Model, "model.safetensors"), TestExtensions.Bytes(2_000_000));
        File.WriteAllText(Path.Combine(Model, "onnx", "model.onnx"), "onnx");
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    private Task<ResolvedModel> ResolveAsync(string path) => _machine.Store().ResolveAsync(path);

    [Fact]
    public async Task Folder_is_used_where_it_lies()
    {
        var store = _machine.Store();
        var model = await store.ResolveAsync(Model + "/");
        Assert.Equal([new ModelFile("config.json", 2, null), new ModelFile("model.safetensors", 2_000_000, null),
            new ModelFile("onnx/model.onnx", 4, null)],
            model.Manifest.Files);
        Assert.Equal((Model, 40), (model.Manifest.Source, model.Manifest.Commit.Length));
        var files = await store.FetchAsync(model);
        Assert.Equal(Path.Combine(Model, "onnx", "model.onnx"), files.Require("onnx/model.onnx"));
        Assert.Equal("onnx"u8.ToArray(),
            await store.ReadAsync(model.Manifest, model.Manifest.Files[2], 0, 100, CancellationToken.None));
        Assert.False(Directory.Exists(_machine.Home));
        Assert.False(Directory.Exists(_machine.Cache));
    }

    [Fact]
    public async Task One_file_is_a_model_with_its_weights_beside_it()
    {
        foreach (var name in new[] { "m.onnx", "m.onnx.data", "m.onnx_data_1", "m.onnx.txt", "other.onnx" })
            File.WriteAllText(Path.Combine(Model, name), name);
        var store = _machine.Store();
        var model = await store.ResolveAsync(Path.Combine(Model, "m.onnx"));
        Assert.Equal(["m.onnx", "m.onnx.data", "m.onnx_data_1"], model.Manifest.Files.Select(file => file.Path));
        Assert.Equal(Path.Combine(Model, "m.onnx.data"), (await store.FetchAsync(model)).Require("m.onnx.data"));
    }

    [Fact]
    public async Task Any_change_changes_the_commit()
    {
        var commits = new HashSet<string> { (await ResolveAsync(Model)).Manifest.Commit };
        Assert.False(commits.Add((await ResolveAsync(Model + "/.")).Manifest.Commit));
        // Of a small file the content counts, even if size and time are the same.
        var config = Path.Combine(Model, "config.json");
        var time = File.GetLastWriteTimeUtc(config);
        File.WriteAllText(config, "[]");
        File.SetLastWriteTimeUtc(config, time);
        Assert.True(commits.Add((await ResolveAsync(Model)).Manifest.Commit));
        // Of a large one size and time do.
        File.SetLastWriteTimeUtc(Path.Combine(Model, "model.safetensors"), DateTime.UtcNow.AddSeconds(5));
        Assert.True(commits.Add((await ResolveAsync(Model)).Manifest.Commit));
        File.Move(config, Path.Combine(Model, "config2.json"));
        Assert.True(commits.Add((await ResolveAsync(Model)).Manifest.Commit));
        File.WriteAllText(Path.Combine(Model, "new"), "");
        Assert.True(commits.Add((await ResolveAsync(Model)).Manifest.Commit));
    }

    [Fact]
    public async Task Hidden_folders_and_links_to_folders_are_left_out()
    {
        Directory.CreateDirectory(Path.Combine(Model, ".git"));
        File.WriteAllText(Path.Combine(Model, ".git", "HEAD"), "x");
        Directory.CreateSymbolicLink(Path.Combine(Model, "circle"), ".");
        File.CreateSymbolicLink(Path.Combine(Model, "broken"), "nowhere");
        Assert.Equal(3, (await ResolveAsync(Model)).Manifest.Files.Count);
    }

    [Fact]
    public async Task Link_within_the_folder_is_followed_and_one_that_leaves_it_refused()
    {
        File.CreateSymbolicLink(Path.Combine(Model, "inside"), "config.json");
        var store = _machine.Store();
        Assert.Equal(Path.Combine(Model, "config.json"),
            (await store.FetchAsync(await store.ResolveAsync(Model))).Require("inside"));
        File.CreateSymbolicLink(Path.Combine(Model, "outside"), "/etc/hostname");
        Assert.Contains("/etc/hostname", (await Assert.ThrowsAsync<UnsafePathException>(() => ResolveAsync(Model))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pipe_is_never_opened()
    {
        using var make = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(Model, "pipe")]);
        await make.WaitForExitAsync();
        Assert.Equal(0, (await ResolveAsync(Model)).Manifest.Find("pipe")!.SizeBytes);
    }

    [Fact]
    public async Task Circle_of_links_is_told()
    {
        File.CreateSymbolicLink(Path.Combine(Model, "a"), "b");
        File.CreateSymbolicLink(Path.Combine(Model, "b"), "a");
        await Assert.ThrowsAsync<LocalModelUnreadableException>(() => ResolveAsync(Model));
    }

    [Fact]
    public async Task Empty_folder_is_told() =>
        await Assert.ThrowsAsync<LocalModelUnreadableException>(() =>
            ResolveAsync(Directory.CreateDirectory(Path.Combine(_machine.Folder, "empty")).FullName));

    [Fact]
    public async Task Path_in_a_Hub_cache_knows_id_and_commit()
    {
        var folder = MakeHubCache();
        var snapshot = Path.Combine(folder, "snapshots", Commit);
        foreach (var path in new[] { folder, snapshot, Path.Combine(snapshot, "onnx") })
            Assert.Equal(("org/name", Commit), HubIdOf((await ResolveAsync(path)).Manifest));
        var store = _machine.Store();
        var whole = await store.FetchAsync(await store.ResolveAsync(folder));
        Assert.Equal(["config.json", "onnx/model.onnx"], whole.Names.Order(StringComparer.Ordinal));
        Assert.Equal(Path.Combine(folder, "blobs", "c0"), whole.Require("config.json"));
        // A file of a snapshot, and a blob whose name only a link knows.
        foreach (var path in new[] { Path.Combine(snapshot, "config.json"), Path.Combine(folder, "blobs", "c0") })
        {
            var model = await store.ResolveAsync(path);
            Assert.Equal(("org/name", Commit), HubIdOf(model.Manifest));
            Assert.Equal(Path.Combine(folder, "blobs", "c0"), (await store.FetchAsync(model)).Require("config.json"));
        }
    }

    [Fact]
    public async Task Hub_folder_without_main_needs_a_single_snapshot()
    {
        var folder = MakeHubCache();
        File.Delete(Path.Combine(folder, "refs", "main"));
        Assert.Equal(("org/name", Commit), HubIdOf((await ResolveAsync(folder)).Manifest));
        Directory.CreateDirectory(Path.Combine(folder, "snapshots", new string('b', 40)));
        await Assert.ThrowsAsync<LocalModelUnreadableException>(() => ResolveAsync(folder));
    }

    [Fact]
    public async Task Snapshot_may_link_to_its_own_blobs_only()
    {
        var folder = MakeHubCache();
        File.CreateSymbolicLink(Path.Combine(folder, "snapshots", Commit, "secret"), "../../../../../../../../../etc/hostname");
        await Assert.ThrowsAsync<UnsafePathException>(() => ResolveAsync(folder));
    }

    private static (string, string) HubIdOf(ModelManifest manifest) =>
        (manifest.Properties[LocalRegistry.HubId], manifest.Properties[LocalRegistry.HubRevision]);

    private string MakeHubCache()
    {
        var folder = Path.Combine(_machine.Folder, "models--org--name");
        foreach (var part in new[] { "blobs", "refs", $"snapshots/{Commit}/onnx" })
            Directory.CreateDirectory(Path.Combine(folder, part));
        File.WriteAllText(Path.Combine(folder, "refs", "main"), Commit);
        File.WriteAllText(Path.Combine(folder, "blobs", "c0"), "{}");
        File.WriteAllText(Path.Combine(folder, "blobs", "f0"), "onnx");
        File.CreateSymbolicLink(Path.Combine(folder, "snapshots", Commit, "config.json"), "../../blobs/c0");
        File.CreateSymbolicLink(Path.Combine(folder, "snapshots", Commit, "onnx", "model.onnx"), "../../../blobs/f0");
        return folder;
    }
}
