using System.Security.Cryptography;
using System.Text;
using Gpux.Registries.Download;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Download;

/// <summary>Registries that publish other digests than the Hub, or none.</summary>
public sealed class OtherDigestsTests
{
    private static readonly byte[] Content = TestExtensions.Bytes(200_000);

    public static TheoryData<string?> Digests => new()
    {
        "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Content)),
#pragma warning disable CA5350, CA5351 // What such registries publish.
        "sha1:" + Convert.ToHexStringLower(SHA1.HashData(Content)),
        "md5:" + Convert.ToHexStringLower(MD5.HashData(Content)),
#pragma warning restore CA5350, CA5351
        (string?)null,
    };

    [Theory]
    [MemberData(nameof(Digests))]
    public async Task Files_are_kept_by_their_sha256(string? digest)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new OneFile(Content, digest);
        var files = await FetchAsync(machine, registry);
        Assert.Equal(Content, File.ReadAllBytes(files.Require("weights.bin")));
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(Content));
        Assert.Equal(Path.Combine(machine.Home, "blobs", "sha256", sha256[..2], sha256[2..]), files.Require("weights.bin"));
        await FetchAsync(machine, registry);
        Assert.Single(registry.Opened);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task Download_that_only_lacked_its_new_name_is_verified_and_kept(int size)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var content = Content[..size];
#pragma warning disable CA5351 // As above.
        var md5 = Convert.ToHexStringLower(MD5.HashData(content));
#pragma warning restore CA5351
        var key = Encoding.UTF8.GetBytes($"one\nname\n{new string('a', 40)}\nweights.bin");
        var partial = Path.Combine(machine.Home, "blobs", "partial", Convert.ToHexStringLower(SHA256.HashData(key)));
        Directory.CreateDirectory(Path.GetDirectoryName(partial)!);
        File.WriteAllBytes(partial, content);
        var registry = new OneFile(content, $"md5:{md5}");
        Assert.Equal(content, File.ReadAllBytes((await FetchAsync(machine, registry)).Require("weights.bin")));
        Assert.Empty(registry.Opened);
        Assert.False(File.Exists(partial));
    }

    [Fact]
    public async Task Wrong_md5_is_refused()
    {
        await using var machine = TestMachine.WithoutNetwork();
        await Assert.ThrowsAsync<ContentMismatchException>(() =>
            FetchAsync(machine, new OneFile(Content, $"md5:{new string('0', 32)}")));
        Assert.Empty(Directory.GetFiles(Path.Combine(machine.Home, "blobs"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Without_a_digest_a_tag_lets_a_download_go_on()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new OneFile(Content, digest: null) { EntityTag = "\"v1\"", BreakAfter = 50_000 };
        await Assert.ThrowsAsync<DownloadInterruptedException>(() => FetchAsync(machine, registry));
        registry.BreakAfter = null;
        registry.Opened.Clear();
        Assert.Equal(Content, File.ReadAllBytes((await FetchAsync(machine, registry)).Require("weights.bin")));
        Assert.Equal([new FileRange(50_000, null, "\"v1\"")], registry.Opened);
        Assert.Empty(Directory.GetFiles(Path.Combine(machine.Home, "blobs", "partial")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_digest_a_changed_file_starts_again(bool honoursTags)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var older = TestExtensions.Bytes(200_000, seed: 2);
        var before = new OneFile(older, digest: null) { EntityTag = "\"v1\"", BreakAfter = 50_000 };
        await Assert.ThrowsAsync<DownloadInterruptedException>(() => FetchAsync(machine, before));
        var after = new OneFile(Content, digest: null) { EntityTag = "\"v2\"", HonoursTags = honoursTags };
        Assert.Equal(Content, File.ReadAllBytes((await FetchAsync(machine, after)).Require("weights.bin")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"v1")]
    [InlineData("W/\"v1\"")]
    [InlineData("two\r\nlines")]
    public async Task Damaged_note_of_a_tag_starts_again(string note)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new OneFile(Content, digest: null) { EntityTag = "\"v1\"", BreakAfter = 50_000 };
        await Assert.ThrowsAsync<DownloadInterruptedException>(() => FetchAsync(machine, registry));
        var tag = Assert.Single(Directory.GetFiles(Path.Combine(machine.Home, "blobs", "partial"), "*.etag"));
        File.WriteAllText(tag, note);
        registry.BreakAfter = null;
        registry.Opened.Clear();
        Assert.Equal(Content, File.ReadAllBytes((await FetchAsync(machine, registry)).Require("weights.bin")));
        Assert.Equal([new FileRange()], registry.Opened);
    }

    [Fact]
    public async Task Without_digest_and_tag_nothing_is_kept()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new OneFile(Content, digest: null) { BreakAfter = 50_000 };
        await Assert.ThrowsAsync<DownloadInterruptedException>(() => FetchAsync(machine, registry));
        Assert.All(registry.Opened, range => Assert.Equal(0, range.Offset));
        registry.BreakAfter = null;
        Assert.Equal(Content, File.ReadAllBytes((await FetchAsync(machine, registry)).Require("weights.bin")));
    }

    [Fact]
    public async Task Two_models_share_a_blob_and_the_last_one_takes_it_away()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new OneFile(Content, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Content))}");
        var store = Store(machine, registry);
        var first = await store.ResolveAsync(new ModelReference("one", "a"), Lookup.Default, null, CancellationToken.None);
        var second = await store.ResolveAsync(new ModelReference("one", "b"), Lookup.Default, null, CancellationToken.None);
        var path = (await store.FetchAsync(first)).Require("weights.bin");
        Assert.Equal(path, (await store.FetchAsync(second)).Require("weights.bin"));
        Assert.Single(registry.Opened);
        Assert.Equal(["one:a", "one:b"], store.List().Select(model => model.Manifest.Model.ToString()));
        await store.RemoveAsync(first.Manifest, CancellationToken.None);
        Assert.True(File.Exists(path));
        await store.RemoveAsync(second.Manifest, CancellationToken.None);
        Assert.False(File.Exists(path));
        Assert.Empty(store.List());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(machine.Home, "models")));
    }

    private static ModelStore Store(TestMachine machine, IModelRegistry registry) =>
        new(machine.Environment(), [new RegistryEntry("one", "One file", _ => registry)]);

    private static async Task<ModelFiles> FetchAsync(TestMachine machine, IModelRegistry registry)
    {
        var store = Store(machine, registry);
        return await store.FetchAsync(
            await store.ResolveAsync(new ModelReference("one", "name"), Lookup.Default, progress: null, CancellationToken.None));
    }

    private sealed class OneFile(byte[] content, string? digest) : IModelRegistry
    {
        public string? EntityTag { get; init; }
        public int? BreakAfter { get; set; }
        public bool HonoursTags { get; init; } = true;
        public List<FileRange> Opened { get; } = [];

        public Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken) =>
            Task.FromResult(new ModelManifest(model, new string('a', 40),
                [new ModelFile("weights.bin", content.Length, digest is null ? null : Digest.Parse(digest))]));

        public Task<FileContent> OpenAsync(
            ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
        {
            Opened.Add(range);
            var offset = HonoursTags && range.EntityTag != EntityTag ? 0 : (int)range.Offset;
            // A body that is cut short without an error, as a proxy may do it.
            var end = Math.Min(content.Length, BreakAfter ?? content.Length);
            var stream = new MemoryStream(content, offset, Math.Max(0, end - offset), writable: false);
            return Task.FromResult(new FileContent(stream, offset, content.Length) { EntityTag = EntityTag });
        }
    }
}
