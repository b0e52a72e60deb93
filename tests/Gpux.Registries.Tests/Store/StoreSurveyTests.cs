using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Store;

public sealed class StoreSurveyTests
{
    [Fact]
    public async Task Shared_files_count_once()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        await store.FetchAsync(await store.ResolveAsync("org/tiny@v1.0")); // the same files
        var survey = Survey(store);
        Assert.Equal(2, survey.Models.Count);
        Assert.All(survey.Models, model => Assert.Equal(model.FileBytes, model.SharedBytes));
        Assert.All(survey.Models, model => Assert.Equal(model.MadeBytes, survey.BytesOf([model])));
        Assert.Equal(survey.Models[0].FileBytes + survey.Models.Sum(model => model.MadeBytes), survey.BytesOf(survey.Models));
        Assert.True(survey.TotalBytes >= survey.BytesOf(survey.Models));
        Assert.Empty(survey.Remnants);
    }

    [Fact]
    public async Task Holes_of_a_file_take_nothing()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var path = Path.Combine(machine.Folder, "sparse");
        await using (var file = File.Create(path))
        {
            file.SetLength(64 << 20);
            file.Write(TestExtensions.Bytes(4096));
        }
        Assert.InRange(DiskBlocks.Of(path)!.Value.Bytes, 4096, 1 << 20);
        File.CreateSymbolicLink(path + ".link", path);
        Assert.Equal(DiskBlocks.Of(path), DiskBlocks.Of(path + ".link"));
        Assert.Null(DiskBlocks.Of(path + ".none"));
    }

    [Fact]
    public async Task Remnants_are_found_and_deleted_and_nothing_else()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        machine.Variables["GPUX_SAMPLES"] = Path.Combine(Golden.Repository, "samples");
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        await store.FetchAsync(await store.ResolveAsync("samples/digits"), "config.json");
        var blobs = Path.GetDirectoryName(files.Require("config.json"))!;
        File.WriteAllText(Path.Combine(blobs, $"{new string('1', 64)}.incomplete"), "half");
        File.WriteAllText(Path.Combine(blobs, new string('2', 40)), "nobody's");
        var home = Path.Combine(machine.Home, "blobs");
        Directory.CreateDirectory(Path.Combine(home, "partial"));
        File.WriteAllText(Path.Combine(home, "partial", "abc"), "half");
        Directory.CreateDirectory(Path.Combine(home, "sha256", "33"));
        File.WriteAllText(Path.Combine(home, "sha256", "33", new string('3', 62)), "nobody's");
        Directory.CreateDirectory(Path.Combine(machine.Home, "models", "hf", "old--name"));
        File.WriteAllText(Path.Combine(machine.Home, "models", "hf", "old--name", "renamed"), "new/name");

        var before = Files(machine);
        var survey = Survey(store);
        // By path: cache/models--org--tiny/blobs/1..., 2..., home/blobs/partial, home/blobs/sha256, home/models.
        Assert.Equal([RemnantKind.PartialDownload, RemnantKind.UnusedFile, RemnantKind.PartialDownload, RemnantKind.UnusedFile, RemnantKind.FormerName],
            survey.Remnants.Select(remnant => remnant.Kind));
        foreach (var remnant in survey.Remnants)
            Assert.True(await new StorePruner(store).DeleteAsync(remnant, CancellationToken.None));
        Assert.Empty(Survey(store).Remnants);
        Assert.Equal(survey.Remnants.Select(remnant => remnant.Path).Order(StringComparer.Ordinal),
            before.Except(Files(machine)).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_another_holds_is_kept()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        var partial = Path.Combine(Path.GetDirectoryName(files.Require("config.json"))!, $"{new string('1', 64)}.0badcafe.incomplete");
        File.WriteAllText(partial, "half");
        var remnant = Assert.Single(Survey(store).Remnants);
        var folder = new StoreFolder(machine.Cache, "HF_HUB_CACHE");
        using (FileLock.TryAcquire(folder, Path.Combine(machine.Cache, ".locks", "models--org--tiny", $"{new string('1', 64)}.lock")))
            Assert.False(await new StorePruner(store).DeleteAsync(remnant, CancellationToken.None));
        Assert.True(File.Exists(partial));
        Assert.True(await new StorePruner(store).DeleteAsync(remnant, CancellationToken.None));
        Assert.False(File.Exists(partial));
    }

    [Fact]
    public async Task A_file_that_came_to_be_used_since_the_survey_is_kept()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        var path = (await store.FetchAsync(model, "config.json")).Require("config.json");
        var link = Path.Combine(machine.Cache, "models--org--tiny", "snapshots", model.Manifest.Commit, "config.json");
        File.Delete(link);
        var remnant = Assert.Single(Survey(store).Remnants, remnant => remnant.Path == path);
        await store.FetchAsync(model, "config.json");
        Assert.False(await new StorePruner(store).DeleteAsync(remnant, CancellationToken.None));
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task Commit_that_no_ref_names_and_nobody_pulled_is_unused()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        await store.FetchAsync(await store.ResolveAsync("org/tiny@v1.0"), "config.json");
        Directory.Delete(machine.Home, recursive: true);
        Assert.Empty(Survey(store).Remnants); // both have refs
        File.Delete(Path.Combine(machine.Cache, "models--org--tiny", "refs", "v1.0"));
        var remnant = Assert.Single(Survey(store).Remnants);
        Assert.Equal(RemnantKind.UnusedSnapshot, remnant.Kind);
        Assert.Equal(0, remnant.Bytes); // the file is main's too
        Assert.True(await new StorePruner(store).DeleteAsync(remnant, CancellationToken.None));
        Assert.False(Directory.Exists(remnant.Path));
        Assert.Equal(6, store.FindFiles((await store.ResolveAsync("org/tiny", Lookup.PreferStore)).Manifest).Names.Count());
    }

    private static StoreSurvey Survey(ModelStore store) => StoreSurvey.Of(store, CancellationToken.None);

    private static string[] Files(TestMachine machine) =>
        [.. Directory.EnumerateFiles(machine.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
