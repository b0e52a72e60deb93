using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using Gpux.Registries.Store;
using Gpux.Registries.Store.Bundles;
using Xunit.Abstractions;

namespace Gpux.Registries.Tests.Store.Bundles;

public sealed class BundleTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    // The index, and the first files.
    private const int SmallBundleBytes = 16 << 10;

    private static readonly byte[][] Json = [.. new[] { "\"", "{", "}", "[", "]", ":", ",", "-", "0", "9", "\\ud800", "null", "../" }.Select(Encoding.UTF8.GetBytes)];

    private readonly ScratchFolder _scratch = new();
    private TestMachine _source = null!; // Set by InitializeAsync
    private TestMachine _target = null!; // likewise
    private string Bundle => Path.Combine(_source.Folder, "models.gpuxbundle");

    public async Task InitializeAsync()
    {
        _source = await TestMachine.StartWithTinyAsync();
        _target = TestMachine.WithoutNetwork();
        _target.Variables["HF_HUB_OFFLINE"] = "1";
        _source.Variables["GPUX_SAMPLES"] = Path.Combine(Golden.Repository, "samples");
        var store = _source.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        await store.FetchAsync(await store.ResolveAsync("samples/digits"));
        await new BundleWriter(store).WriteAsync(Bundle, [.. store.List().Select(model => (model, (string?)null))], "1.2.3", progress: null, CancellationToken.None);
    }

    public void Dispose() => _scratch.Dispose();

    public async Task DisposeAsync()
    {
        await _source.DisposeAsync();
        await _target.DisposeAsync();
    }

    [Fact]
    public async Task Models_come_to_lie_where_their_registry_keeps_them()
    {
        var imported = await ImportAsync(Bundle);
        Assert.Equal(["hf:org/tiny", "samples:digits"], imported.Select(model => model.Manifest.Model.ToString()));
        Assert.All(imported, model => Assert.Empty(model.Missing));
        var store = _target.Store();
        var model = await store.ResolveAsync("org/tiny", Lookup.PreferStore);
        Assert.True(model is { FromStore: true, ListsEveryFile: true });
        var files = await store.FetchAsync(model);
        Assert.All(files.Names, name => Assert.StartsWith(Path.Combine(_target.Cache, "models--org--tiny", "blobs"), files.Require(name), StringComparison.Ordinal));
        Assert.Contains(store.List(), stored => stored.Manifest.Model.Registry == "samples" && stored.SizeBytes > 0);
        // As the hub's own clients would have it.
        Assert.Equal(_source.CachedFiles(), _target.CachedFiles());
    }

    [Fact]
    public async Task Any_tar_program_reads_it()
    {
        using var process = Process.Start(new ProcessStartInfo("tar", ["-tf", Bundle]) { RedirectStandardOutput = true })!; // a new process
        var names = (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal("index.json", names[0]);
        Assert.Equal(names.Length - 1, names.Count(name => name.StartsWith("sha256/", StringComparison.Ordinal)));
        await using var reader = new TarReader(File.OpenRead(Bundle));
        var count = 0;
        while (await reader.GetNextEntryAsync() is { } entry)
        {
            Assert.Equal(TarEntryType.RegularFile, entry.EntryType);
            count++;
        }
        Assert.Equal(names.Length, count);
    }

    [Fact]
    public async Task What_is_here_already_is_not_written_again()
    {
        await ImportAsync(Bundle);
        var times = Times();
        await ImportAsync(Bundle);
        Assert.Equal(times, Times());

        Dictionary<string, DateTime> Times() => Directory.EnumerateFiles(_target.Cache, "*", SearchOption.AllDirectories)
            .Where(path => path.Contains("/blobs/", StringComparison.Ordinal)).ToDictionary(path => path, File.GetLastWriteTimeUtc);
    }

    [Fact]
    public async Task A_bundle_that_was_cut_short_gives_what_is_whole()
    {
        var bytes = await File.ReadAllBytesAsync(Bundle);
        var cut = Path.Combine(_source.Folder, "cut");
        var whole = 0;
        foreach (var length in (int[])[bytes.Length - 1, bytes.Length * 3 / 4, bytes.Length / 2])
        {
            await File.WriteAllBytesAsync(cut, bytes[..length]);
            using (var bundle = BundleReader.Open(cut))
                Assert.False(bundle.IsComplete);
            var imported = await ImportAsync(cut);
            whole = Math.Max(whole, imported.Sum(model => model.Files));
        }
        Assert.True(whole > 0);
        Assert.All(await ImportAsync(Bundle), model => Assert.Empty(model.Missing)); // and goes on where it stopped
    }

    [Fact]
    public async Task An_import_that_is_ended_at_any_file_goes_on()
    {
        for (var reports = 1; reports <= 5; reports++)
        {
            using var ended = new CancellationTokenSource();
            var left = reports;
            using var bundle = BundleReader.Open(Bundle);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new BundleImporter(_target.Environment()).ImportAsync(bundle,
                new Reports(() =>
                {
                    if (--left == 0)
                        ended.Cancel();
                }), ended.Token));
            var verifier = new StoreVerifier(_target.Store());
            Assert.DoesNotContain(await verifier.VerifyAsync(verifier.Models(CancellationToken.None), progress: null, CancellationToken.None), file => file.IsBad);
        }
        Assert.All(await ImportAsync(Bundle), model => Assert.Empty(model.Missing));
        Assert.Equal(_source.CachedFiles(), _target.CachedFiles());
    }

    [Fact]
    public async Task Every_truncation_is_refused_or_imports_only_whole_files()
    {
        var bytes = await File.ReadAllBytesAsync(Bundle);
        var cut = Path.Combine(_source.Folder, "cut");
        var random = new Random(3);
        for (var i = 0; i < 60; i++)
        {
            await File.WriteAllBytesAsync(cut, bytes[..random.Next(bytes.Length)]);
            try
            {
                using var bundle = BundleReader.Open(cut);
                Assert.Contains(bundle.Models, model => model.Files.Any(file => !bundle.Has(file)) || !bundle.IsComplete);
            }
            catch (BundleException)
            {
            }
        }
    }

    [Fact]
    public async Task A_damaged_file_is_found_and_not_placed()
    {
        var bytes = await File.ReadAllBytesAsync(Bundle);
        bytes[^4000] ^= 1; // in the last file
        await File.WriteAllBytesAsync(Bundle, bytes);
        using (var bundle = BundleReader.Open(Bundle))
            Assert.Single(await bundle.VerifyAsync(progress: null, CancellationToken.None));
        await Assert.ThrowsAsync<Gpux.Registries.Download.ContentMismatchException>(() => ImportAsync(Bundle));
        var store = _target.Store();
        Assert.DoesNotContain(await new StoreVerifier(store).VerifyAsync(
            new StoreVerifier(store).Models(CancellationToken.None), progress: null, CancellationToken.None), file => file.IsBad);
    }

    [Theory]
    [InlineData("\"path\": \"config.json\"", "\"path\": \"../fig.json\"")]
    [InlineData("\"path\": \"config.json\"", "\"path\": \"/onfig.json\"")]
    [InlineData("\"name\": \"org/tiny\"", "\"name\": \"../tin/\"")]
    [InlineData("\"registry\": \"hf\"", "\"registry\": \"..\"")]
    [InlineData("\"size\": 16456", "\"size\": 99999")]
    [InlineData("\"path\": \"onnx/model.onnx\"", "\"path\": \"model.safetensors\"")]
    [InlineData("\"format\": 1", "\"format\": 7")]
    public async Task Hostile_indexes_are_refused_before_anything_is_placed(string from, string to)
    {
        var bytes = await File.ReadAllBytesAsync(Bundle);
        var size = (int)TarHeader.Size(bytes)!.Value; // a bundle that was just written
        var index = Encoding.UTF8.GetString(bytes, 512, size);
        Assert.Contains(from, index, StringComparison.Ordinal);
        index = index.Replace(from, to, StringComparison.Ordinal);
        var content = Encoding.UTF8.GetBytes(index);
        var filled = new byte[TarHeader.EntryBytes(content.Length) - 512];
        content.CopyTo(filled, 0);
        await File.WriteAllBytesAsync(Bundle, [.. TarHeader.Of("index.json", content.Length), .. filled, .. bytes[(int)TarHeader.EntryBytes(size)..]]);
        await Assert.ThrowsAnyAsync<GpuxException>(() => ImportAsync(Bundle));
        Assert.False(Directory.Exists(_target.Cache));
        Assert.False(Directory.Exists(Path.Combine(_target.Home, "blobs")));
    }

    [Theory]
    [InlineData(156, (byte)'2')] // a symbolic link
    [InlineData(0, (byte)'/')] // another name
    [InlineData(134, (byte)'7')] // another size
    public async Task Entries_that_are_not_as_the_index_says_are_refused(int offset, byte value)
    {
        var bytes = await File.ReadAllBytesAsync(Bundle);
        var entry = (int)TarHeader.EntryBytes(TarHeader.Size(bytes)!.Value); // a bundle that was just written
        Assert.NotEqual(value, bytes[entry + offset]);
        bytes[entry + offset] = value;
        await File.WriteAllBytesAsync(Bundle, bytes);
        Assert.Throws<BundleException>(() => BundleReader.Open(Bundle));
    }

    [Fact]
    public async Task Bytes_behind_the_end_are_refused()
    {
        await File.AppendAllTextAsync(Bundle, "more");
        Assert.Throws<BundleException>(() => BundleReader.Open(Bundle));
    }

    [Fact]
    public void Damaged_bundles_are_opened_or_refused() => Fuzzing.TenThousand(output, "bundles", Opener);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_million_damaged_bundles_are_opened_or_refused() => Fuzzing.Million(output, "bundles", Opener);

    // Half of the damage is done to the index, in front of which stands a header that fits.
    private Func<Chance, bool> Opener()
    {
        const int IndexAt = TarHeader.BlockBytes;
        var whole = File.ReadAllBytes(Bundle).AsSpan(0, SmallBundleBytes).ToArray();
        var indexBytes = (int)TarHeader.Size(whole)!.Value; // it has just been written
        var (all, index) = (new Damage([whole], IndexAt + indexBytes + TarHeader.BlockBytes), new Damage([whole[IndexAt..(IndexAt + indexBytes)]], int.MaxValue, Json));
        var rest = whole.AsMemory((int)TarHeader.EntryBytes(indexBytes));
        var path = _scratch.NewPath();
        return chance =>
        {
            using (var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
            {
                if (chance.Next(2) == 0)
                {
                    RandomAccess.Write(file, all.Next(chance).Bytes, 0);
                }
                else
                {
                    var damaged = index.Next(chance).Bytes;
                    RandomAccess.Write(file, TarHeader.Of(BundleIndex.Name, damaged.Count), 0);
                    RandomAccess.Write(file, damaged, IndexAt);
                    RandomAccess.Write(file, rest.Span, TarHeader.EntryBytes(damaged.Count));
                }
            }
            try
            {
                using var bundle = BundleReader.Open(path);
                foreach (var model in bundle.Models)
                    Assert.All(model.Files, file => Assert.True(bundle.Has(file) || !bundle.IsComplete));
                return true;
            }
            catch (BundleException)
            {
                return false;
            }
        };
    }

    [Fact]
    public async Task An_older_bundle_does_not_take_back_what_a_branch_means()
    {
        // The machine has learnt of another commit after the bundle was made.
        _target.Variables.Remove("HF_HUB_OFFLINE");
        _target.Variables["HF_ENDPOINT"] = _source.Hub.Endpoint;
        var tiny = _source.Hub.Add("org/tiny").With("config.json", "{}");
        tiny.Revisions["main"] = new string('e', 40);
        var store = _target.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        await ImportAsync(Bundle);
        Assert.Equal(new string('e', 40), (await _target.Store().ResolveAsync("org/tiny", Lookup.PreferStore)).Manifest.Commit);
        Assert.Equal(3, _target.Store().List().Count);
    }

    [Fact]
    public async Task A_model_that_another_tool_fetched_keeps_its_revision()
    {
        Directory.Delete(_source.Home, recursive: true); // what GPUX knows of it
        var store = _source.Store();
        store.Record(await store.ResolveAsync("org/tiny", Lookup.PreferStore));
        Assert.Empty(Assert.Single(store.List()).Revisions);
        await new BundleWriter(store).WriteAsync(Bundle, [(store.List()[0], null)], "1", progress: null, CancellationToken.None);
        await ImportAsync(Bundle);
        Assert.True((await _target.Store().ResolveAsync("org/tiny", Lookup.PreferStore)).FromStore);
    }

    [Fact]
    public async Task A_local_folder_is_no_part_of_a_bundle()
    {
        var model = new StoredModel(new ModelManifest(new ModelReference(ModelReference.Local, "/x"), new string('a', 40), []), "/x", [], 0, default, default);
        await Assert.ThrowsAsync<NotPublishedException>(() => new BundleWriter(_source.Store()).WriteAsync(
            Bundle, [(model, null)], "1", progress: null, CancellationToken.None));
    }

    private async Task<IReadOnlyList<ImportedModel>> ImportAsync(string path)
    {
        using var bundle = BundleReader.Open(path);
        return await new BundleImporter(_target.Environment()).ImportAsync(bundle, progress: null, CancellationToken.None);
    }

    private sealed class Reports(Action onReport) : IProgress<Progress>
    {
        private readonly Lock _lock = new();

        public void Report(Progress value)
        {
            lock (_lock)
                onReport();
        }
    }
}
