using System.Text.Json.Nodes;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Store;

public sealed class ModelStoreTests
{
    [Fact]
    public async Task Pulled_models_are_listed_with_size_and_times()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        Assert.Empty(store.List());
        await store.FetchAsync(await store.ResolveAsync("org/tiny"), "config.json");
        await store.FetchAsync(await store.ResolveAsync($"org/tiny@{new string('a', 39)}1"), "config.json", "model.safetensors");
        await store.FetchAsync(await store.ResolveAsync("org/tiny@v1.0"));
        var listed = store.List();
        Assert.Equal(["hf:org/tiny", "hf:org/tiny"], listed.Select(model => model.Manifest.Model.ToString()));
        Assert.Equal([42 + 16456, 28 + 42 + 0 + 16456 + 10240 + 1], listed.Select(model => model.SizeBytes));
        Assert.Equal([""], listed[0].Revisions);
        Assert.Equal(["v1.0"], listed[1].Revisions);
        Assert.All(listed, model =>
            Assert.InRange(model.ResolvedAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow));
        Assert.All(listed, model =>
            Assert.InRange(model.LastUsed, model.ResolvedAt.AddSeconds(-1), DateTimeOffset.UtcNow.AddSeconds(1)));
    }

    [Fact]
    public async Task Manifest_is_written_as_documented()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny@v1.0");
        await store.FetchAsync(model, "config.json");
        var folder = store.FolderOf(model.Manifest);
        Assert.Equal(Path.Combine(machine.Home, "models", "hf", "org--tiny", new string('b', 39) + "2"), folder);
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")))!;
        Assert.Equal(["format", "registry", "name", "commit", "licence", "source", "lists_every_file", "revisions", "properties",
            "files"],
            json.AsObject().Select(member => member.Key));
        Assert.Equal("1 hf org/tiny mit", $"{json["format"]} {json["registry"]} {json["name"]} {json["licence"]}");
        Assert.Equal("""{"path":"config.json","size":42,"digest":"git:ab3c8e28c73b8b6b3a77fe57668b2336d1ca1dd0"}""", json["files"]![1]!.ToJsonString());
        Assert.Equal("138566239ab1689102f821a57b163830d3162958", (string?)json["files"]![3]!["id"]);
        Assert.NotNull(json["revisions"]!["v1.0"]);
    }

    [Fact]
    public async Task Second_use_makes_no_request_and_notes_the_time()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        await store.FetchAsync(model);
        var manifest = Path.Combine(store.FolderOf(model.Manifest), "manifest.json");
        File.SetLastWriteTimeUtc(manifest, DateTime.UtcNow.AddDays(-2));
        machine.Hub.ForgetRequests();
        var again = await store.ResolveAsync("org/tiny", Lookup.PreferStore);
        await store.FetchAsync(again);
        Assert.Empty(machine.Hub.Requests);
        Assert.Equal("mit", again.Manifest.Licence);
        Assert.InRange(File.GetLastWriteTimeUtc(manifest), DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow.AddSeconds(1));
        Assert.InRange(Assert.Single(store.List()).ResolvedAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"format":2}""")]
    [InlineData("""{"format":1,"registry":"hf","name":"org/tiny","commit":"../..","files":[],"revisions":{},"properties":{},"lists_every_file":true}""")]
    [InlineData("""{"format":1,"registry":"hf","name":"org/tiny","commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1","files":[{"path":"../x"}],"revisions":{},"properties":{},"lists_every_file":true}""")]
    public async Task Damaged_manifest_is_as_if_there_were_none(string content)
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        await store.FetchAsync(model);
        File.WriteAllText(Path.Combine(store.FolderOf(model.Manifest), "manifest.json"), content);
        Assert.Empty(store.List());
        Assert.Equal(6, (await store.ResolveAsync("org/tiny", Lookup.PreferStore)).Manifest.Files.Count);
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        Assert.Single(store.List());
    }

    [Fact]
    public async Task Removal_takes_variants_and_files()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        await store.FetchAsync(model);
        var variant = Directory.CreateDirectory(Path.Combine(store.FolderOf(model.Manifest), "float32")).FullName;
        File.WriteAllText(Path.Combine(variant, "model.onnx"), "x");
        using (await store.LockAsync(model.Manifest, CancellationToken.None))
            await Assert.ThrowsAsync<ModelInUseException>(() => machine.Store().RemoveAsync(model.Manifest, CancellationToken.None));
        Assert.True(Directory.Exists(variant));
        await store.RemoveAsync(model.Manifest, CancellationToken.None);
        Assert.Empty(store.List());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(machine.Home, "models")));
        Assert.Equal(["CACHEDIR.TAG"], machine.CachedFiles().Where(file => !file.StartsWith(".locks", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Read_only_cache_gives_what_it_has_and_names_the_variable_for_the_rest()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"), "config.json");
        // A file system that nobody can write, not even the superuser, holds the home; a file stands where folders should be
        // made.
        machine.Variables["GPUX_HOME"] = "/sys/gpux";
        var readOnly = machine.Store();
        var model = await readOnly.ResolveAsync("org/tiny");
        Assert.NotEmpty((await readOnly.FetchAsync(model, "config.json")).Require("config.json"));
        Assert.NotEmpty((await readOnly.FetchAsync(model, "model.safetensors")).Require("model.safetensors"));
        Assert.Empty(readOnly.List());
        var home = Assert.Throws<NotWritableException>(() => readOnly.Record(model));
        Assert.Equal(("/sys/gpux", "GPUX_HOME"), (home.Folder, home.Variable));

        machine.Variables["HF_HUB_CACHE"] = "/sys/gpux-cache";
        var nowhere = machine.Store();
        var unwritable = await nowhere.ResolveAsync("org/tiny");
        var cache = await Assert.ThrowsAsync<NotWritableException>(() => nowhere.FetchAsync(unwritable, "config.json"));
        Assert.Equal(("/sys/gpux-cache", "HF_HUB_CACHE"), (cache.Folder, cache.Variable));
        Assert.Contains("HF_HUB_CACHE", cache.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_in_place_of_a_folder_is_told()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        File.WriteAllText(machine.Cache, "");
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        await Assert.ThrowsAsync<NotWritableException>(() => store.FetchAsync(model));
    }

    [Fact]
    public async Task Model_files_name_what_is_missing()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"), "config.json");
        Assert.Equal(["config.json"], files.Names);
        Assert.Null(files.Find("README.md"));
        Assert.Equal("hf:org/tiny has no file 'README.md'.", Assert.Throws<MissingFileException>(() => files.Require("README.md")).Message);
    }

    [Fact]
    public async Task Unknown_registry_is_told_with_those_there_are()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var exception = await Assert.ThrowsAsync<UnknownRegistryException>(
            () => machine.Store().ResolveAsync(
                new ModelReference("nosuch", "x"), Lookup.Default, progress: null, CancellationToken.None));
        Assert.Contains(string.Join(", ", RegistryCatalog.All.Select(registry => registry.Name).Order(StringComparer.Ordinal)), exception.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_name_handed_in_by_a_caller_is_refused()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        await Assert.ThrowsAsync<UnsafePathException>(
            () => store.FetchAsync(
                model, [new ModelFile("../../../../outside", null, null)], progress: null, CancellationToken.None));
        await Assert.ThrowsAsync<InvalidReferenceException>(
            () => store.ResolveAsync(new ModelReference("hf", "../x"), Lookup.Default, progress: null, CancellationToken.None));
    }

    [Theory]
    [InlineData("org/name", "org--name")]
    [InlineData("gpt2", "gpt2")]
    [InlineData("Org/Name.v1", "Org--Name.v1")]
    public void Plain_names_are_their_folders(string name, string folder) => Assert.Equal(folder, StoreLayout.FolderName(name));

    [Fact]
    public void Any_name_has_a_folder_of_its_own()
    {
        string[] names =
        [
            "a/b", "a--b", "a/b/c", "a--b/c", "llama3.2:1b", "llama3.2_1b", "..", ".", "/", "/abs/path", "../up", "con", "aux.x",
                "a b", "a\\b", "ä", "a\0b", ".hidden", "dot.",
            new string('x', 300), new string('x', 301), "models:/m@champion", "a~b",
        ];
        var folders = names.Select(StoreLayout.FolderName).ToList();
        Assert.Equal(folders.Count, folders.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(folders, folder =>
        {
            Assert.Null(RepositoryPath.Problem(folder));
            Assert.DoesNotContain('/', folder);
            Assert.InRange(folder.Length, 1, 200);
            Assert.All(folder, c => Assert.True(char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '~'));
        });
    }
}
