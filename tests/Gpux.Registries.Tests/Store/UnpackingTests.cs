using System.Security.Cryptography;
using Gpux.Registries.Archives;
using Gpux.Registries.Download;
using Gpux.Registries.Store;
using Gpux.Registries.Tests.Archives;

namespace Gpux.Registries.Tests.Store;

public sealed class UnpackingTests
{
    private static readonly byte[] Tar = new TarFile().Add("a", "one").Add("sub/b", "two").Add("sub/same", "one").Compressed();

    [Fact]
    public async Task Archive_becomes_its_members()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, registry) = Store(machine, Tar);
        var model = await ResolveAsync(store, "m");
        var files = await store.FetchAsync(model);
        Assert.Equal(["a", "sub/b", "sub/same"], files.Names.Order(StringComparer.Ordinal));
        Assert.Equal("two", File.ReadAllText(files.Require("sub/b")));
        Assert.Equal(files.Require("a"), files.Require("sub/same"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("one"u8)), Path.GetFileName(Path.GetDirectoryName(files.Require("a")))
            + Path.GetFileName(files.Require("a")));
        // Neither the archive nor anything half-done is kept.
        Assert.Equal(2, Directory.EnumerateFiles(Path.Combine(machine.Home, "blobs"), "*", SearchOption.AllDirectories).Count());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(machine.Home, "blobs", "partial")));

        // A later process finds it without a request.
        var (later, silent) = Store(machine, Tar);
        var stored = await ResolveAsync(later, "m", Lookup.PreferStore);
        Assert.True(stored.FromStore);
        Assert.True(stored.Manifest.Files.Single().IsArchive);
        Assert.Equal(files.Bytes(), (await later.FetchAsync(stored)).Bytes());
        Assert.Equal(files.Bytes(), later.FindFiles(stored.Manifest).Bytes());
        Assert.Equal(0, silent.Opened);
        Assert.Equal(1, registry.Opened);
        Assert.Equal(9, Assert.Single(later.List()).SizeBytes);
    }

    [Fact]
    public async Task Missing_member_brings_the_archive_back()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, registry) = Store(machine, Tar);
        var model = await ResolveAsync(store, "m");
        var files = await store.FetchAsync(model);
        File.Delete(files.Require("sub/b"));
        Assert.Empty(store.FindFiles(model.Manifest).Names);
        Assert.Equal("two", File.ReadAllText((await store.FetchAsync(model)).Require("sub/b")));
        Assert.Equal(2, registry.Opened);
        File.WriteAllText(files.Require("a"), "longer");
        Assert.Empty(store.FindFiles(model.Manifest).Names);
        Assert.Equal("one", File.ReadAllText((await store.FetchAsync(model)).Require("a")));
    }

    [Fact]
    public async Task Killed_unpacking_is_done_again()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, _) = Store(machine, Tar);
        var model = await ResolveAsync(store, "m");
        // What a process leaves that was killed between the archive's last byte and the index.
        var partial = Path.Combine(machine.Home, "blobs", "partial");
        var hex = Convert.ToHexStringLower(SHA256.HashData(Tar));
        Directory.CreateDirectory(Path.Combine(partial, $"{hex}.members"));
        File.WriteAllText(Path.Combine(partial, $"{hex}.members", "0"), "half");
        File.WriteAllBytes(Path.Combine(partial, hex), Tar);
        var files = Path.Combine(store.FolderOf(model.Manifest), "files");
        Directory.CreateDirectory(files);
        File.WriteAllText(Path.Combine(files, "a"), "one");
        Assert.Empty(store.FindFiles(model.Manifest).Names);
        Assert.Equal(3, (await store.FetchAsync(model)).Names.Count());
        Assert.Empty(Directory.EnumerateFileSystemEntries(partial));
    }

    [Fact]
    public async Task Removal_takes_members_that_no_other_model_has()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, _) = Store(machine, Tar);
        var (first, second) = (await ResolveAsync(store, "m"), await ResolveAsync(store, "n"));
        await store.FetchAsync(first);
        await store.FetchAsync(second);
        await store.RemoveAsync(first.Manifest, CancellationToken.None);
        Assert.Equal(3, store.FindFiles(second.Manifest).Names.Count());
        await store.RemoveAsync(second.Manifest, CancellationToken.None);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(machine.Home, "blobs", "sha256"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Refused_archive_leaves_nothing()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, _) = Store(machine, new TarFile().Add("good", "x").Add("../evil", "x").Compressed());
        var model = await ResolveAsync(store, "m");
        await Assert.ThrowsAsync<InvalidArchiveException>(() => store.FetchAsync(model));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(machine.Home, "blobs"), "*", SearchOption.AllDirectories));
        Assert.False(File.Exists(Path.Combine(machine.Folder, "evil")));
    }

    [Fact]
    public async Task Damaged_archive_is_never_unpacked()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, registry) = Store(machine, Tar);
        var model = await ResolveAsync(store, "m");
        registry.Sent = [.. Tar[..^1], (byte)(Tar[^1] ^ 1)];
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(machine.Home, "blobs"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Listed_file_is_the_models_and_not_the_member_of_its_name()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, _) = Store(machine, Tar, new ModelFile("a", 5, Digest.Sha256(SHA256.HashData("listed"u8[..5]))));
        var files = await store.FetchAsync(await ResolveAsync(store, "m"));
        Assert.Equal("liste", File.ReadAllText(files.Require("a")));
        Assert.Equal("one", File.ReadAllText(files.Require("sub/same")));

        var (other, _) = Store(machine, new TarFile().Add("A", "x").Compressed(), new ModelFile("a", 5, null));
        var collision = await ResolveAsync(other, "o");
        await Assert.ThrowsAsync<InvalidArchiveException>(() => other.FetchAsync(collision));
        var (third, _) = Store(machine, new TarFile().Add("model.bin.members.json", "{}").Compressed());
        var index = await ResolveAsync(third, "p");
        await Assert.ThrowsAsync<InvalidArchiveException>(() => third.FetchAsync(index));
    }

    [Fact]
    public async Task Cancelled_unpacking_stops()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, registry) = Store(machine, Tar);
        var model = await ResolveAsync(store, "m");
        using var cancel = new CancellationTokenSource();
        registry.OnEnd = cancel.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.FetchAsync(model, model.Manifest.Files, null, cancel.Token));
        Assert.Empty(store.FindFiles(model.Manifest).Names);
        registry.OnEnd = null;
        Assert.Equal(3, (await store.FetchAsync(model)).Names.Count());
    }

    [Fact]
    public async Task Progress_ends_with_the_archives_size()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var (store, _) = Store(machine, Tar);
        var model = await ResolveAsync(store, "m");
        var reports = new List<Progress>();
        await store.FetchAsync(model, model.Manifest.Files, new Reports(reports), CancellationToken.None);
        Assert.Equal(Tar.Length, reports.Last(report => report.Item is null).Done);
    }

    private static Task<ResolvedModel> ResolveAsync(ModelStore store, string name, Lookup lookup = Lookup.Default) =>
        store.ResolveAsync(new ModelReference("archives", name), lookup, progress: null, CancellationToken.None);

    private static (ModelStore Store, ArchiveRegistry Registry) Store(TestMachine machine, byte[] archive, params ModelFile[] others)
    {
        var registry = new ArchiveRegistry(archive, others);
        var entry = new RegistryEntry("archives", "One archive", _ => registry) { Files = environment => new BlobStore(environment) };
        return (new ModelStore(machine.Environment(), [entry]), registry);
    }

    private sealed class Reports(List<Progress> reports) : IProgress<Progress>
    {
        public void Report(Progress value)
        {
            lock (reports)
                reports.Add(value);
        }
    }

    // Every model of it is the same archive; other files are as many first letters of "listed" as they are long.
    private sealed class ArchiveRegistry(byte[] archive, ModelFile[] others) : IModelRegistry
    {
        // Sent instead of the archive
        public byte[]? Sent { get; set; }
        public int Opened { get; private set; }
        public Action? OnEnd { get; set; }

        public Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
        {
            ModelFile[] files = [.. others, new ModelFile("model.bin", archive.Length, Digest.Sha256(SHA256.HashData(archive))) { IsArchive = true }];
            return Task.FromResult(new ModelManifest(model, CommitId.Of(files, model.Name), files));
        }

        public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
        {
            Opened++;
            OnEnd?.Invoke();
            var bytes = file.IsArchive ? Sent ?? archive : "listed"u8[..(int)(file.SizeBytes ?? 0)].ToArray();
            return Task.FromResult(new FileContent(new MemoryStream(bytes), 0, bytes.Length));
        }
    }
}
