using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Store;

public sealed class StoreVerifierTests
{
    [Fact]
    public async Task Clean_store_is_whole()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        var files = await VerifyAsync(store);
        Assert.Equal(6, files.Count);
        Assert.All(files, file => Assert.Equal(FileState.Whole, file.State));
    }

    [Fact]
    public async Task A_flipped_bit_of_same_size_is_found_and_only_that_file_is_fetched_again()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        Flip(files.Require("model.safetensors"));
        var damaged = Assert.Single(await VerifyAsync(store), file => file.IsBad);
        Assert.Equal(("model.safetensors", FileState.Damaged), (damaged.File.Path, damaged.State));

        machine.Hub.ForgetRequests();
        var repaired = Assert.Single(await new StoreVerifier(store).RepairAsync([damaged], progress: null, CancellationToken.None));
        Assert.True(repaired.WasRepaired);
        Assert.All(machine.Hub.Requests, request => Assert.Contains("model.safetensors", request.Target, StringComparison.Ordinal));
        Assert.DoesNotContain(await VerifyAsync(store), file => file.IsBad);
    }

    [Fact]
    public async Task Git_files_short_files_and_missing_files_are_told_apart()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        Flip(files.Require("config.json")); // known by git's id
        File.WriteAllBytes(files.Require("model.safetensors"), [1]);
        File.Delete(files.Require("onnx/model.onnx"));
        var found = (await VerifyAsync(store)).Where(file => file.IsBad).ToDictionary(file => file.File.Path, file => file.State);
        Assert.Equal([("config.json", FileState.Damaged), ("model.safetensors", FileState.Damaged), ("onnx/model.onnx", FileState.Missing)],
            found.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => (each.Key, each.Value)));
        var repaired = await new StoreVerifier(store).RepairAsync(
            [.. (await VerifyAsync(store)).Where(file => file.IsBad)], progress: null, CancellationToken.None);
        Assert.All(repaired, file => Assert.True(file.WasRepaired, file.Problem));
    }

    [Fact]
    public async Task What_cannot_be_fetched_stays_bad_with_the_reason()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"), "config.json");
        Flip(files.Require("config.json"));
        machine.Variables["HF_HUB_OFFLINE"] = "1";
        var offline = machine.Store();
        var file = Assert.Single(await new StoreVerifier(offline).RepairAsync(
            [.. (await VerifyAsync(offline)).Where(file => file.IsBad)], progress: null, CancellationToken.None));
        Assert.True(file.IsBad);
        Assert.Contains("HF_HUB_OFFLINE", file.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_published_without_digest_are_checked_by_the_one_noted_at_placement()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var registry = new RegistryEntry("plain", "files without digests", _ => new PlainRegistry());
        var store = new ModelStore(machine.Environment(), [registry]);
        var model = await store.ResolveAsync(new ModelReference("plain", "m"), Lookup.Default, progress: null, CancellationToken.None);
        var files = await store.FetchAsync(model);
        Assert.Equal(FileState.Whole, Assert.Single(await VerifyAsync(store)).State);
        Flip(files.Require("a.bin"));
        Assert.Equal(FileState.Damaged, Assert.Single(await VerifyAsync(store)).State);
    }

    [Fact]
    public async Task Models_that_other_tools_fetched_are_verified_too()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        Directory.Delete(machine.Home, recursive: true); // what GPUX knows of it
        Flip(files.Require("model.safetensors"));
        Assert.Equal("model.safetensors", Assert.Single(await VerifyAsync(machine.Store()), file => file.IsBad).File.Path);
    }

    internal static void Flip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static async Task<IReadOnlyList<VerifiedFile>> VerifyAsync(ModelStore store)
    {
        var verifier = new StoreVerifier(store);
        return await verifier.VerifyAsync(verifier.Models(CancellationToken.None), progress: null, CancellationToken.None);
    }

    private sealed class PlainRegistry : IModelRegistry
    {
        private static readonly byte[] Content = TestExtensions.Bytes(5000);

        public Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken) => Task.FromResult(
            new ModelManifest(model, new string('d', 40), [new ModelFile("a.bin", Content.Length, Digest: null)]));

        public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken) =>
            Task.FromResult(new FileContent(new MemoryStream(Content), 0, Content.Length));
    }
}
