using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.HuggingFace;

public sealed class HubCacheTests
{
    private static readonly string Main = new string('a', 39) + "1";
    private static readonly string Tag = new string('b', 39) + "2";

    private static void UnpackPythonsCache(string folder)
    {
        using var archive = new GZipStream(
            File.OpenRead(Path.Combine(Golden.Hub, "cache-written-by-huggingface_hub-2.4.0.tar.gz")), CompressionMode.Decompress);
        Directory.CreateDirectory(folder);
        TarFile.ExtractToDirectory(archive, folder, overwriteFiles: true);
    }

    /// <summary>Every file, link and folder below a folder, with its content.</summary>
    private static SortedDictionary<string, string> Describe(string folder)
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            entries[Path.GetRelativePath(folder, entry.FullName)] = entry.LinkTarget is { } target ? $"-> {target}"
                // Python writes the digits of \u00fc small.
                : entry is FileInfo { Directory.Name: "trees" }
                ? JsonNode.Parse(File.ReadAllBytes(entry.FullName))!.ToJsonString()
                : entry is FileInfo ? Convert.ToHexString(File.ReadAllBytes(entry.FullName)) : "folder";
        }
        return entries;
    }

    [Fact]
    public async Task Cache_is_written_as_the_Python_client_writes_it()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        foreach (var id in new[] { "org/private", "org/gated" })
            machine.Hub.Add(id).WithFolder(Path.Combine(Golden.Hub, "repos", id));
        var store = machine.Store();
        // What the recording says that the client was asked for.
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        await store.FetchAsync(await store.ResolveAsync("org/tiny@v1.0"), "model.safetensors");
        await store.FetchAsync(await store.ResolveAsync("org/tiny@refs/pr/1"), "config.json", "onnx/model.onnx");
        var missing = await store.ResolveAsync("org/tiny");
        await Assert.ThrowsAsync<FileNotInModelException>(
            () => store.FetchAsync(missing, [new ModelFile("nosuch.json", null, null)], progress: null, CancellationToken.None));
        await store.FetchAsync(await store.ResolveAsync("org/private"), "config.json");
        await store.FetchAsync(await store.ResolveAsync("org/gated"), "model.safetensors");

        var pythons = Path.Combine(machine.Folder, "python");
        UnpackPythonsCache(pythons);
        var (expected, actual) = (Describe(pythons), Describe(machine.Cache));
        // The listing is known here for every model that was resolved, there only for whole snapshots.
        foreach (var id in new[] { "private", "gated" })
            RemoveAll(actual, $"models--org--{id}/trees");
        RemoveAll(actual, $"models--org--tiny/trees/{Tag}");
        // A lock was taken for the file that is not there, under a name that another client never asks for.
        RemoveAll(actual, actual.Keys.Single(key =>
            key.StartsWith(".locks/models--org--tiny/", StringComparison.Ordinal) && !expected.ContainsKey(key)));
        foreach (var (path, content) in expected)
            Assert.True(actual.TryGetValue(path, out var ours) && content == ours, $"{path}: {content} and {ours}");
        Assert.Equal(expected.Keys, actual.Keys);

        static void RemoveAll(SortedDictionary<string, string> entries, string prefix)
        {
            var keys = entries.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(keys);
            keys.ForEach(key => entries.Remove(key));
        }
    }

    [Fact]
    public async Task Snapshot_of_another_client_is_used_without_a_request()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        UnpackPythonsCache(machine.Cache);
        var store = machine.Store();
        var pinned = await store.ResolveAsync($"org/tiny@{Main}");
        Assert.True(pinned is { ListsEveryFile: true, FromStore: true, Note: null });
        Assert.Equal(6, pinned.Manifest.Files.Count);
        var files = await store.FetchAsync(pinned);
        Assert.EndsWith("blobs/e96760a87768717bcebcfd25ddc7d46b4dbc95a4b0014def080c08539f7d90d0", files.Require("onnx/model.onnx"),
            StringComparison.Ordinal);
        Assert.Equal("x", File.ReadAllText(files.Require("sub folder ü.txt")));
        Assert.Empty(machine.Hub.Requests);
    }

    [Fact]
    public async Task Snapshot_without_a_listing_says_that_it_may_be_a_part()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        UnpackPythonsCache(machine.Cache);
        var store = machine.Store();
        var pinned = await store.ResolveAsync($"org/tiny@{Tag}");
        Assert.False(pinned.ListsEveryFile);
        Assert.Equal([new ModelFile(
            "model.safetensors", 16456, Digest.Parse("sha256:40ff0aefb87d2094db62852a29d38f23c1348c6c917d5a4a7efe2d4323ebf10e"))],
            pinned.Manifest.Files);
        await store.FetchAsync(pinned);
        Assert.Empty(machine.Hub.Requests);
        Assert.False(File.Exists(Path.Combine(machine.Cache, "models--org--tiny", "trees", $"{Tag}.json")));
        // Whoever needs more asks the registry, and from then on the listing is whole.
        Assert.Equal(6, (await store.ResolveAsync($"org/tiny@{Tag}", Lookup.Registry)).Manifest.Files.Count);
        await store.FetchAsync(await store.ResolveAsync($"org/tiny@{Tag}", Lookup.Registry), "config.json");
        Assert.True((await store.ResolveAsync($"org/tiny@{Tag}")).ListsEveryFile);
    }

    [Fact]
    public async Task Branch_is_looked_up_in_refs_when_offline()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        UnpackPythonsCache(machine.Cache);
        machine.Variables["HF_HUB_OFFLINE"] = "1";
        var store = machine.Store();
        Assert.Equal(Main, (await store.ResolveAsync("org/tiny")).Manifest.Commit);
        Assert.Equal(Tag, (await store.ResolveAsync("org/tiny@v1.0")).Manifest.Commit);
        Assert.Equal(new string('c', 39) + "3", (await store.ResolveAsync("org/tiny@refs/pr/1")).Manifest.Commit);
        await Assert.ThrowsAsync<OfflineException>(() => store.ResolveAsync("org/tiny@v2.0"));
        await Assert.ThrowsAsync<OfflineException>(() => store.ResolveAsync($"org/tiny@{new string('d', 40)}"));
        var partly = await store.ResolveAsync("org/tiny@refs/pr/1");
        // What another commit brought is here too, under this one's name; what none brought is not.
        Assert.NotEmpty((await store.FetchAsync(partly, "README.md")).Require("README.md"));
        await Assert.ThrowsAsync<OfflineException>(() =>
            machine.Store().FetchAsync(partly with { Manifest = WithUnknown(partly.Manifest) }));

        // An empty file needs no request, so one of another content.
        static ModelManifest WithUnknown(ModelManifest manifest) =>
            manifest with { Files = [new ModelFile("new.txt", 1, Digest.Parse($"git:{new string('1', 40)}"))] };
        Assert.Empty(machine.Hub.Requests);
    }

    [Fact]
    public async Task Branch_asks_once_and_falls_back_with_a_note()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        machine.Hub.ForgetRequests();
        var again = await store.ResolveAsync("org/tiny");
        await store.FetchAsync(again);
        Assert.False(again.FromStore);
        Assert.Single(machine.Hub.Requests);

        machine.Hub.Fail("/api/", new Fault { Status = 503 });
        var fallback = await store.ResolveAsync("org/tiny");
        Assert.True(fallback.FromStore);
        Assert.Contains(Main, fallback.Note, StringComparison.Ordinal);
        Assert.Equal("mit", fallback.Manifest.Licence);
        Assert.Empty(machine.Clock.Waits);

        machine.Variables["HF_ENDPOINT"] = "http://127.0.0.1:9";
        Assert.Contains("cannot be reached", (await machine.Store().ResolveAsync("org/tiny")).Note, StringComparison.Ordinal);
        Assert.Empty(machine.Clock.Waits);
        machine.Hub.ForgetRequests();
        Assert.Null((await store.ResolveAsync("org/tiny", Lookup.PreferStore)).Note);
        Assert.Empty(machine.Hub.Requests);
    }

    [Fact]
    public async Task Moved_branch_is_fetched_anew_and_shares_what_did_not_change()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        var repository = machine.Hub.Add("org/tiny").WithFolder(Path.Combine(Golden.Hub, "repos", "org", "tiny"));
        repository.With("config.json", "{}").Revisions["main"] = new string('e', 40);
        machine.Hub.ForgetRequests();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        Assert.Equal("{}", File.ReadAllText(files.Require("config.json")));
        Assert.Equal(2, machine.Hub.Requests.Count);
        Assert.Equal(new string('e', 40), File.ReadAllText(Path.Combine(machine.Cache, "models--org--tiny", "refs", "main")));
        // The old commit stays as it was.
        var old = await store.FetchAsync(await store.ResolveAsync($"org/tiny@{Main}"));
        Assert.Contains("bert", File.ReadAllText(old.Require("config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_links_the_snapshot_holds_the_files()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Variables["HF_HUB_DISABLE_SYMLINKS"] = "1";
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        Assert.EndsWith($"snapshots/{Main}/onnx/model.onnx", files.Require("onnx/model.onnx"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(machine.Cache, "models--org--tiny", "blobs")));
        machine.Hub.ForgetRequests();
        var again = await store.FetchAsync(await store.ResolveAsync($"org/tiny@{Main}"));
        Assert.Equal(10240, new FileInfo(again.Require("onnx/model.onnx")).Length);
        Assert.Empty(machine.Hub.Requests);
        await store.RemoveAsync(Assert.Single(store.List()).Manifest, CancellationToken.None);
        Assert.False(Directory.Exists(Path.Combine(machine.Cache, "models--org--tiny")));
    }

    [Fact]
    public async Task Known_absence_is_not_asked_again()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        UnpackPythonsCache(machine.Cache);
        var store = machine.Store();
        var model = await store.ResolveAsync($"org/tiny@{Main}");
        await Assert.ThrowsAsync<FileNotInModelException>(
            () => store.FetchAsync(model, [new ModelFile("nosuch.json", null, null)], progress: null, CancellationToken.None));
        Assert.Empty(machine.Hub.Requests);
    }

    [Fact]
    public async Task Absence_is_remembered_only_if_the_Hub_names_the_commit()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        machine.Hub.Fail("/resolve/", new Fault { HidesCommit = true });
        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<FileNotInModelException>(
                () => store.FetchAsync(
                    model, [new ModelFile("nosuch.json", null, null)], progress: null, CancellationToken.None));
        }
        Assert.Equal(2, machine.Hub.Requests.Count(request => request.Target.EndsWith("nosuch.json", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task File_of_another_size_than_listed_is_fetched_again()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        var path = (await store.FetchAsync(model)).Require("config.json");
        File.WriteAllText(path, "short");
        Assert.Null(store.FindFiles(model.Manifest).Find("config.json"));
        Assert.Equal(42, new FileInfo((await store.FetchAsync(model)).Require("config.json")).Length);
    }

    [Fact]
    public async Task File_that_no_listing_names_is_verified_by_its_reply()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        var unlisted = model.Manifest.Files.Select(file => new ModelFile(file.Path, null, null)).ToList();
        var files = await store.FetchAsync(model, unlisted, progress: null, CancellationToken.None);
        Assert.EndsWith("blobs/40ff0aefb87d2094db62852a29d38f23c1348c6c917d5a4a7efe2d4323ebf10e",
            files.Require("model.safetensors"), StringComparison.Ordinal);
        Assert.EndsWith("blobs/ab3c8e28c73b8b6b3a77fe57668b2336d1ca1dd0", files.Require("config.json"), StringComparison.Ordinal);
        Assert.Equal(6, Directory.GetFiles(Path.Combine(machine.Cache, "models--org--tiny", "blobs")).Length);
    }

    [Fact]
    public async Task Model_under_its_former_name_is_found()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Hub.Rename("tiny", "org/tiny");
        // As an older client left it, under the name that it was asked for.
        UnpackPythonsCache(Path.Combine(machine.Folder, "python"));
        Directory.CreateDirectory(machine.Cache);
        Directory.Move(Path.Combine(machine.Folder, "python", "models--org--tiny"), Path.Combine(machine.Cache, "models--tiny"));
        var store = machine.Store();
        var model = await store.ResolveAsync("tiny");
        Assert.Equal("org/tiny", model.Manifest.Model.Name);
        Assert.Contains("models--tiny/", (await store.FetchAsync(model)).Require("config.json"), StringComparison.Ordinal);
        Assert.Equal(2, machine.Hub.Requests.Count); // The redirect, and where it leads
        // And the other way round: by either name when offline.
        Directory.Delete(Path.Combine(machine.Cache, "models--tiny"), recursive: true);
        await store.FetchAsync(model);
        machine.Variables["HF_HUB_OFFLINE"] = "1";
        Assert.Equal("org/tiny", (await machine.Store().ResolveAsync("tiny")).Manifest.Model.Name);
        Assert.Equal("org/tiny", (await machine.Store().ResolveAsync("org/tiny")).Manifest.Model.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"format_version":2,"files":{}}""")]
    [InlineData("""{"format_version":1,"files":{"a":{"size":-1}}}""")]
    [InlineData("""{"format_version":1,"files":{"a":{"size":1,"blob_id":"../../x"}}}""")]
    [InlineData("""{"format_version":1,"files":{"a":{"size":1,"blob_id":null}}}""")]
    [InlineData("""{"format_version":1,"files":{"a":{"size":-1,"blob_id":"ab3c8e28c73b8b6b3a77fe57668b2336d1ca1dd0"}}}""")]
    [InlineData("""{"format_version":1,"files":{"a":{"size":"1","blob_id":"ab3c8e28c73b8b6b3a77fe57668b2336d1ca1dd0"}}}""")]
    public async Task Damaged_listing_is_as_if_there_were_none(string tree)
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        UnpackPythonsCache(machine.Cache);
        File.WriteAllText(Path.Combine(machine.Cache, "models--org--tiny", "trees", $"{Main}.json"), tree);
        var model = await machine.Store().ResolveAsync($"org/tiny@{Main}");
        Assert.False(model.ListsEveryFile);
        Assert.Equal(6, model.Manifest.Files.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("main")]
    [InlineData("../../../etc/passwd")]
    public async Task Damaged_ref_is_as_if_there_were_none(string content)
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        UnpackPythonsCache(machine.Cache);
        machine.Variables["HF_HUB_OFFLINE"] = "1";
        File.WriteAllText(Path.Combine(machine.Cache, "models--org--tiny", "refs", "main"), content);
        await Assert.ThrowsAsync<OfflineException>(() => machine.Store().ResolveAsync("org/tiny"));
    }

    [Fact]
    public async Task Removal_keeps_what_other_commits_use()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        UnpackPythonsCache(machine.Cache);
        var store = machine.Store();
        var main = await store.ResolveAsync($"org/tiny@{Main}");
        await store.FetchAsync(main);
        await store.RemoveAsync(main.Manifest, CancellationToken.None);
        var folder = Path.Combine(machine.Cache, "models--org--tiny");
        Assert.Equal(
            [
                "40ff0aefb87d2094db62852a29d38f23c1348c6c917d5a4a7efe2d4323ebf10e", "ab3c8e28c73b8b6b3a77fe57668b2336d1ca1dd0",
                "e96760a87768717bcebcfd25ddc7d46b4dbc95a4b0014def080c08539f7d90d0",
            ], Directory.GetFiles(Path.Combine(folder, "blobs")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.False(File.Exists(Path.Combine(folder, "refs", "main")));
        Assert.True(File.Exists(Path.Combine(folder, "refs", "v1.0")));
        Assert.False(Directory.Exists(Path.Combine(folder, "snapshots", Main)));
        Assert.False(File.Exists(Path.Combine(folder, "trees", $"{Main}.json")));
        Assert.False(Directory.Exists(Path.Combine(folder, ".no_exist", Main)));
        foreach (var other in new[] { "v1.0", "refs/pr/1" })
        {
            machine.Variables["HF_HUB_OFFLINE"] = "1";
            var model = await machine.Store().ResolveAsync($"org/tiny@{other}");
            Assert.NotEmpty(store.FindFiles(model.Manifest).Names);
            await store.RemoveAsync(model.Manifest, CancellationToken.None);
        }
        Assert.False(Directory.Exists(folder));
        Assert.True(Directory.Exists(Path.Combine(machine.Cache, "models--org--gated")));
    }

    [Fact]
    public async Task Removal_never_follows_a_link_out_of_the_cache()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        await store.FetchAsync(model);
        var precious = Path.Combine(machine.Folder, "precious");
        File.WriteAllText(precious, "");
        File.CreateSymbolicLink(Path.Combine(machine.Cache, "models--org--tiny", "snapshots", Main, "link"), precious);
        await store.RemoveAsync(model.Manifest, CancellationToken.None);
        Assert.True(File.Exists(precious));
        Assert.False(Directory.Exists(Path.Combine(machine.Cache, "models--org--tiny")));
    }

    [Fact]
    public async Task Removal_leaves_a_file_that_another_process_is_fetching()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        await store.FetchAsync(model);
        var locked = Path.Combine(machine.Cache, ".locks", "models--org--tiny", "ab3c8e28c73b8b6b3a77fe57668b2336d1ca1dd0.lock");
        using (new FileStream(locked, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            await Assert.ThrowsAsync<ModelInUseException>(() => store.RemoveAsync(model.Manifest, CancellationToken.None));
        Assert.Equal(6, store.FindFiles(model.Manifest).Names.Count());
        await store.RemoveAsync(model.Manifest, CancellationToken.None);
        Assert.Empty(store.FindFiles(model.Manifest).Names);
    }
}
