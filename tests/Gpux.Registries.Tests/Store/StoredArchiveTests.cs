using System.Security.Cryptography;
using System.Text;
using Gpux.Registries.Store;
using Gpux.Registries.Store.Bundles;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Store;

/// <summary>A model that is published as one archive, in the hands of everything that looks after the store.</summary>
public sealed class StoredArchiveTests : IAsyncLifetime
{
    private const string Model = "kaggle:keras/bert/keras/large"; // 30 members of a byte each
    private KaggleStandIn _kaggle = null!; // Set by InitializeAsync
    private TestMachine _machine = null!; // likewise
    private ModelStore _store = null!; // likewise
    private ModelManifest _manifest = null!; // likewise

    public async Task InitializeAsync()
    {
        _kaggle = await KaggleStandIn.StartAsync();
        _machine = TestMachine.With(_kaggle);
        _store = _machine.Store();
        var resolved = await _store.ResolveAsync(Model);
        await _store.FetchAsync(resolved);
        _manifest = resolved.Manifest;
    }

    public async Task DisposeAsync()
    {
        await _machine.DisposeAsync();
        await _kaggle.DisposeAsync();
    }

    [Fact]
    public void Its_members_are_listed_and_counted()
    {
        Assert.Equal(30, Assert.Single(_store.List()).SizeBytes);
        var held = _store.HeldFiles(_manifest);
        Assert.Equal(30, held.Count);
        Assert.All(held, each => Assert.True(each.Archive is { IsArchive: true } && each.File.Digest is { Algorithm: DigestAlgorithm.Sha256 }));
        var survey = StoreSurvey.Of(_store, CancellationToken.None);
        Assert.Equal(30, Assert.Single(survey.Models).FileCount);
        Assert.Equal(survey.TotalBytes, survey.BytesOf(survey.Models)); // the note of the members too
        Assert.Empty(survey.Remnants);
        Assert.Equal(0, survey.ElsewhereBytes);
    }

    [Fact]
    public async Task Damaged_and_missing_members_come_back_with_the_archive()
    {
        Assert.All(await VerifyAsync(), file => Assert.Equal(FileState.Whole, file.State));
        var files = _store.FindFiles(_manifest);
        StoreVerifierTests.Flip(files.Require("shard-7.bin"));
        File.WriteAllBytes(files.Require("shard-8.bin"), [1, 2]);
        File.Delete(files.Require("shard-9.bin"));
        var bad = (await VerifyAsync()).Where(file => file.IsBad).ToArray();
        Assert.Equal([("shard-7.bin", FileState.Damaged), ("shard-8.bin", FileState.Damaged), ("shard-9.bin", FileState.Missing)],
            bad.OrderBy(file => file.File.Path, StringComparer.Ordinal).Select(file => (file.File.Path, file.State)));

        var before = _kaggle.Servers[1].Requests.Count;
        var repaired = await new StoreVerifier(_store).RepairAsync(bad, progress: null, CancellationToken.None);
        Assert.Equal(3, repaired.Count);
        Assert.All(repaired, file => Assert.True(file.WasRepaired, file.Problem));
        Assert.Equal(before + 1, _kaggle.Servers[1].Requests.Count); // once for all of them
        Assert.All(await VerifyAsync(), file => Assert.Equal(FileState.Whole, file.State));
    }

    [Fact]
    public async Task Damaged_note_of_the_members_is_found_and_made_anew()
    {
        File.WriteAllText(Directory.GetFiles(_machine.Home, "*.members.json", SearchOption.AllDirectories).Single(), "{");
        var bad = Assert.Single(await VerifyAsync());
        Assert.True(bad is { State: FileState.Damaged, File.IsArchive: true });
        Assert.True(Assert.Single(await new StoreVerifier(_store).RepairAsync([bad], progress: null, CancellationToken.None)).WasRepaired);
        Assert.Equal(30, (await VerifyAsync()).Count(file => file.State == FileState.Whole));
    }

    [Fact]
    public async Task Unpacking_that_was_killed_is_pruned_unless_it_goes_on()
    {
        var name = new string('4', 64);
        var staging = Path.Combine(_machine.Home, "blobs", "partial", $"{name}.0badcafe.members");
        Directory.CreateDirectory(Path.Combine(staging, "sub"));
        File.WriteAllText(Path.Combine(staging, "sub", "0"), "half");
        var remnant = Assert.Single(StoreSurvey.Of(_store, CancellationToken.None).Remnants);
        Assert.Equal((RemnantKind.PartialDownload, staging), (remnant.Kind, remnant.Path));
        Assert.True(remnant.Bytes > 0);
        using (FileLock.TryAcquire(_store.Layout.Home, _store.Layout.BlobLock(name)))
            Assert.False(await new StorePruner(_store).DeleteAsync(remnant, CancellationToken.None));
        Assert.True(await new StorePruner(_store).DeleteAsync(remnant, CancellationToken.None));
        Assert.False(Directory.Exists(staging));
        Assert.All(await VerifyAsync(), file => Assert.Equal(FileState.Whole, file.State));
    }

    [Fact]
    public async Task Old_lists_of_registries_are_pruned()
    {
        var listing = Path.Combine(_machine.Home, "cache", "onnx-zoo", "list");
        Directory.CreateDirectory(Path.GetDirectoryName(listing)!); // below the home
        File.WriteAllText(listing, "tag\n[]");
        Assert.Empty(StoreSurvey.Of(_store, CancellationToken.None).Remnants);
        File.SetLastWriteTimeUtc(listing, DateTime.UtcNow.AddDays(-31));
        var remnant = Assert.Single(StoreSurvey.Of(_store, CancellationToken.None).Remnants);
        Assert.Equal(RemnantKind.Listing, remnant.Kind);
        Assert.True(await new StorePruner(_store).DeleteAsync(remnant, CancellationToken.None));
        Assert.False(File.Exists(listing));
    }

    [Fact]
    public async Task Bundle_carries_the_members_to_an_empty_home()
    {
        var bundle = await BundleAsync();
        await using var other = TestMachine.WithoutNetwork(); // whose Kaggle answers nothing
        other.Variables["KAGGLE_API_ENDPOINT"] = "http://127.0.0.1:9";
        using (var reader = BundleReader.Open(bundle))
        {
            Assert.Equal(30, Assert.Single(reader.Models).Files.Count);
            Assert.Equal(30, Assert.Single(await new BundleImporter(other.Environment()).ImportAsync(reader, progress: null, CancellationToken.None)).Files);
        }
        var store = other.Store();
        var resolved = await store.ResolveAsync(Model, Lookup.PreferStore);
        Assert.True(resolved.FromStore);
        var files = await store.FetchAsync(resolved);
        Assert.Equal(_store.FindFiles(_manifest).Bytes().OrderBy(file => file.Key), files.Bytes().OrderBy(file => file.Key));
        Assert.Equal(30, (await new StoreVerifier(store).VerifyAsync([resolved.Manifest], progress: null, CancellationToken.None)).Count(file => file.State == FileState.Whole));
    }

    [Fact]
    public async Task Bundle_that_was_cut_short_leaves_the_archive_to_be_fetched()
    {
        var bundle = await BundleAsync();
        var bytes = await File.ReadAllBytesAsync(bundle);
        await File.WriteAllBytesAsync(bundle, bytes[..(bytes.Length / 2)]);
        await using var other = TestMachine.With(_kaggle);
        using (var reader = BundleReader.Open(bundle))
            Assert.NotEmpty(Assert.Single(await new BundleImporter(other.Environment()).ImportAsync(reader, progress: null, CancellationToken.None)).Missing);
        var store = other.Store();
        var resolved = await store.ResolveAsync(Model, Lookup.PreferStore);
        Assert.Empty(store.FindFiles(resolved.Manifest).Names);
        Assert.Equal(30, (await store.FetchAsync(resolved)).Names.Count());
    }

    [Theory]
    [InlineData("\"path\": \"shard-0.bin\"", "\"path\": \"../ard-0.bin\"")]
    [InlineData("\"path\": \"shard-0.bin\"", "\"path\": \"shard-1.bin\"")]
    [InlineData("\"archive\": \"large.tar.gz\"", "\"archive\": \"barge.tar.gz\"")]
    public async Task Bundle_with_a_member_that_is_none_is_refused(string original, string replacement)
    {
        var bundle = await BundleAsync();
        var bytes = await File.ReadAllBytesAsync(bundle);
        var at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(original));
        Assert.True(at > 0, Encoding.ASCII.GetString(bytes.AsSpan(0, 3000)));
        Encoding.ASCII.GetBytes(replacement).CopyTo(bytes, at);
        await File.WriteAllBytesAsync(bundle, bytes);
        Assert.Throws<BundleException>(() => BundleReader.Open(bundle));
    }

    [Fact]
    public async Task Folder_of_another_tool_is_shown_as_elsewhere_and_never_deleted()
    {
        await using var hub = await TensorFlowHubStandIn.StartAsync();
        await using var machine = TestMachine.With(hub);
        machine.Variables["TFHUB_CACHE_DIR"] = Path.Combine(machine.Folder, "tfhub");
#pragma warning disable CA5350 // The name of a folder of that client's
        var folder = Path.Combine(machine.Folder, "tfhub", Convert.ToHexStringLower(SHA1.HashData("https://tfhub.dev/google/tiny-encoder/4"u8)));
#pragma warning restore CA5350
        foreach (var (name, content) in hub.Files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, name))!); // below the folder
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }
        File.WriteAllText($"{folder}.descriptor.txt", "");
        var store = machine.Store();
        var resolved = await store.ResolveAsync(hub.Reference);
        var path = (await store.FetchAsync(resolved)).Require("saved_model.pb");
        Assert.StartsWith(folder, path, StringComparison.Ordinal);
        var survey = StoreSurvey.Of(store, CancellationToken.None);
        var model = Assert.Single(survey.Models);
        Assert.Equal((4, 0L), (model.FileCount, model.FileBytes));
        Assert.True(survey.ElsewhereBytes >= hub.Files.Values.Sum(file => file.Length) && survey.ElsewhereBytes == model.ElsewhereBytes);
        Assert.Equal(survey.TotalBytes, survey.BytesOf(survey.Models));
        Assert.True(survey.TotalBytes < 1 << 20);

        StoreVerifierTests.Flip(path);
        var verifier = new StoreVerifier(store);
        var bad = Assert.Single(await verifier.VerifyAsync([resolved.Manifest], progress: null, CancellationToken.None), file => file.IsBad);
        Assert.True(Assert.Single(await verifier.RepairAsync([bad], progress: null, CancellationToken.None)).WasRepaired);
        Assert.True(File.Exists(path)); // it is that tool's, damaged or not
        Assert.Equal(hub.Files["saved_model.pb"], File.ReadAllBytes(store.FindFiles(resolved.Manifest).Require("saved_model.pb")));
        await store.RemoveAsync(resolved.Manifest, CancellationToken.None);
        Assert.Equal(5, Directory.EnumerateFiles(Path.Combine(machine.Folder, "tfhub"), "*", SearchOption.AllDirectories).Count());
    }

    private async Task<string> BundleAsync()
    {
        var path = Path.Combine(_machine.Folder, "models.gpuxbundle");
        await new BundleWriter(_store).WriteAsync(path, [.. _store.List().Select(model => (model, (string?)null))], "1.2.3", progress: null, CancellationToken.None);
        return path;
    }

    private async Task<IReadOnlyList<VerifiedFile>> VerifyAsync()
    {
        var verifier = new StoreVerifier(_store);
        return await verifier.VerifyAsync(verifier.Models(CancellationToken.None), progress: null, CancellationToken.None);
    }
}
