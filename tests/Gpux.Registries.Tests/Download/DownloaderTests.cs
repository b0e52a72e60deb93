using System.Collections.Concurrent;
using System.Security.Cryptography;
using Gpux.Registries.Download;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Download;

/// <summary>The traps that every registry's server can set, through the whole way from resolve to the file.</summary>
public sealed class DownloaderTests : IAsyncLifetime
{
    private static readonly byte[] Weights = TestExtensions.Bytes(3_000_000);
    private static readonly string Sha256 = Convert.ToHexStringLower(SHA256.HashData(Weights));

    private TestMachine _machine = null!; // Set by InitializeAsync
    private HubStandIn Hub => _machine.Hub;
    private string Partial => Path.Combine(_machine.Cache, "models--org--m", "blobs", $"{Sha256}.incomplete");

    public async Task InitializeAsync()
    {
        _machine = await TestMachine.StartAsync();
        Hub.Add("org/m").With("model.safetensors", Weights).With("config.json", """{"a":1}""").With("empty.txt", "");
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    private async Task<byte[]> PullAsync(string file = "model.safetensors", TimeSpan? silenceLimit = null)
    {
        var store = _machine.Store(silenceLimit);
        return await File.ReadAllBytesAsync((await store.FetchAsync(await store.ResolveAsync("org/m"), file)).Require(file));
    }

    private void Keep(byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Partial)!);
        File.WriteAllBytes(Partial, bytes);
    }

    private string? LastRange => Hub.StorageRequests[^1].Header("Range");

    [Fact]
    public async Task Broken_connection_resumes_where_it_broke()
    {
        Hub.Fail("/cdn/", new Fault { BreakAfter = 1_000_000 });
        Hub.Fail("/cdn/", new Fault { BreakAfter = 500_000 });
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal([null, "bytes=1000000-", "bytes=1500000-"], Hub.StorageRequests.Select(request => request.Header("Range")));
        Assert.Equal(Weights.Length, Hub.SentBytes);
        Assert.Equal($"\"{Sha256}\"", Hub.StorageRequests[1].Header("If-Range"));
    }

    [Fact]
    public async Task Bytes_of_an_earlier_process_are_kept()
    {
        Keep(Weights[..1_234_567]);
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal("bytes=1234567-", LastRange);
        Assert.Equal(Weights.Length - 1_234_567, Hub.SentBytes);
        Assert.False(File.Exists(Partial));
    }

    [Theory]
    [InlineData(1_500_000, 0)]
    [InlineData(1_500_000, 3_000_000)] // a hole up to there
    public async Task What_the_Python_client_left_is_gone_on_from(int bytes, long length)
    {
        var orphan = Path.ChangeExtension(Partial, null) + ".0a1b2c3d.incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(orphan)!);
        await using (var file = File.Create(orphan))
        {
            file.Write(Weights.AsSpan(0, bytes));
            file.SetLength(Math.Max(bytes, length));
        }
        // Somebody may still write to it.
        var live = Path.ChangeExtension(Partial, null) + ".ffffffff.incomplete";
        File.WriteAllBytes(live, Weights[..2_000_000]);
        File.SetLastWriteTimeUtc(orphan, DateTime.UtcNow.AddHours(-1));
        Assert.Equal(Weights, await PullAsync());
        // Where a hole begins is known to a block of the file system.
        Assert.InRange(Hub.SentBytes, Weights.Length - bytes - (1 << 20), Weights.Length - bytes + (length > 0 ? 1 << 20 : 0));
        Assert.False(File.Exists(orphan));
        Assert.True(File.Exists(live));
    }

    [Fact]
    public async Task Server_that_ignores_the_range_starts_again()
    {
        Keep(Weights[..1_000_000]);
        Hub.Fail("/cdn/", new Fault { IgnoresRange = true });
        Assert.Equal(Weights, await PullAsync());
        Assert.Single(Hub.StorageRequests);
    }

    [Fact]
    public async Task Process_that_died_just_before_the_end_needs_no_byte_more()
    {
        Keep(Weights);
        Assert.Equal(Weights, await PullAsync());
        Assert.Empty(Hub.StorageRequests);
    }

    [Fact]
    public async Task Too_many_bytes_of_an_earlier_process_are_dropped()
    {
        Keep([.. Weights, 1]);
        Assert.Equal(Weights, await PullAsync());
        Assert.Null(LastRange);
    }

    [Fact]
    public async Task Range_that_the_server_refuses_starts_again()
    {
        Keep(Weights[..1_000_000]);
        Hub.Fail("/cdn/", new Fault { Status = 416 });
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal(["bytes=1000000-", null], Hub.StorageRequests.Select(request => request.Header("Range")));
    }

    [Fact]
    public async Task Damaged_bytes_of_an_earlier_process_are_fetched_once_more()
    {
        Keep(TestExtensions.Bytes(1_000_000, seed: 2));
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal(["bytes=1000000-", null], Hub.StorageRequests.Select(request => request.Header("Range")));
        Assert.Equal([Sha256], Directory.GetFiles(Path.GetDirectoryName(Partial)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Damaged_download_is_tried_once_more()
    {
        Hub.Fail("/cdn/", new Fault { Damages = true });
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal(2, Hub.StorageRequests.Count);
    }

    [Fact]
    public async Task Download_that_stays_damaged_is_told_and_leaves_nothing()
    {
        Hub.Fail("/cdn/", new Fault { Damages = true }, times: 2);
        var exception = await Assert.ThrowsAsync<ContentMismatchException>(() => PullAsync());
        Assert.Equal($"sha256:{Sha256}", exception.Expected);
        Assert.StartsWith("sha256:", exception.Actual, StringComparison.Ordinal);
        Assert.NotEqual(exception.Expected, exception.Actual);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Partial)!));
        Assert.Empty(Directory.GetFiles(
            Path.Combine(_machine.Cache, "models--org--m", "snapshots"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Small_file_is_verified_by_gits_digest()
    {
        Hub.Fail("/resolve/", new Fault { Damages = true }, times: 2);
        Assert.StartsWith("git:", (await Assert.ThrowsAsync<ContentMismatchException>(() => PullAsync("config.json"))).Expected,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Size_that_only_headers_claim_is_refused()
    {
        Hub.Fail("/cdn/", new Fault { ClaimsSize = 5_000_000_000 }, times: 2);
        var exception = await Assert.ThrowsAsync<ContentMismatchException>(() => PullAsync());
        Assert.Contains("5,000,000,000", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_that_ends_early_is_resumed()
    {
        Hub.Fail("/cdn/", new Fault { BreakAfter = 0 });
        Assert.Equal(Weights, await PullAsync());
    }

    [Fact]
    public async Task Compressed_reply_is_unpacked()
    {
        Hub.Fail("/resolve/", new Fault { Compresses = true });
        Assert.Equal("""{"a":1}"""u8.ToArray(), await PullAsync("config.json"));
        Hub.Fail("/cdn/", new Fault { Compresses = true });
        Assert.Equal(Weights, await PullAsync());
    }

    [Fact]
    public async Task Empty_file_comes_to_be()
    {
        Assert.Empty(await PullAsync("empty.txt"));
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Passing_failure_is_waited_for(int status)
    {
        Hub.Fail("/resolve/", new Fault { Status = status }, times: 2);
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal([1, 2], _machine.Clock.Waits.Select(wait => (int)wait.TotalSeconds));
    }

    [Fact]
    public async Task Expired_signature_is_asked_for_anew()
    {
        Hub.Fail("/cdn/", new Fault { Status = 403, Body = "<Error>Expired</Error>" });
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal(2, Hub.Requests.Count(request => request.Target.Contains("/resolve/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Download_that_gets_nowhere_ends_and_keeps_what_came()
    {
        Hub.Fail("/cdn/", new Fault { BreakAfter = 300_000 }, times: 6);
        var exception = await Assert.ThrowsAsync<DownloadInterruptedException>(() => PullAsync());
        Assert.Equal(6 * 300_000, exception.KeptBytes);
        Assert.Equal(exception.KeptBytes, new FileInfo(Partial).Length);
        Assert.DoesNotContain("secret", exception.ToString(), StringComparison.Ordinal);
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal($"bytes={exception.KeptBytes}-", LastRange);
    }

    [Fact]
    public async Task Long_download_may_break_off_more_often_than_five_times()
    {
        var large = TestExtensions.Bytes(14_000_000);
        Hub.Add("org/m").With("model.safetensors", large);
        Hub.Fail("/cdn/", new Fault { BreakAfter = 1_600_000 }, times: 8);
        Assert.Equal(large, await PullAsync());
    }

    [Fact]
    public async Task Silent_server_is_given_up_and_resumed()
    {
        Hub.Fail("/cdn/", new Fault { StallAfter = 1_000_000 });
        Assert.Equal(Weights, await PullAsync(silenceLimit: TimeSpan.FromMilliseconds(300)));
        Assert.Equal(2, Hub.StorageRequests.Count);
        Assert.InRange(Hub.SentBytes, Weights.Length, Weights.Length + 500_000);
    }

    [Fact]
    public async Task Cancelled_download_keeps_what_came()
    {
        Hub.BytesPerSecond = 5_000_000;
        using var cancelling = new CancellationTokenSource();
        var store = _machine.Store();
        var model = await store.ResolveAsync("org/m");
        var progress = new Report(report =>
        {
            if (report is { Item: "model.safetensors", Done: > 500_000 })
                cancelling.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            store.FetchAsync(model, [model.Manifest.Find("model.safetensors")!], progress, cancelling.Token));
        Assert.InRange(new FileInfo(Partial).Length, 500_000, Weights.Length - 1);
        Hub.BytesPerSecond = null;
        var kept = new FileInfo(Partial).Length;
        Assert.Equal(Weights, await PullAsync());
        Assert.Equal($"bytes={kept}-", LastRange);
    }

    [Fact]
    public async Task Progress_never_goes_backwards_and_ends_complete()
    {
        var reports = new ConcurrentQueue<Progress>();
        var store = _machine.Store();
        var model = await store.ResolveAsync("org/m");
        await store.FetchAsync(model, [.. model.Manifest.Files], new Report(reports.Enqueue), CancellationToken.None);
        Assert.All(reports, report => Assert.Equal(("Downloading", ProgressUnit.Bytes), (report.Step, report.Unit)));
        var total = model.Manifest.Files.Sum(file => file.SizeBytes!.Value);
        var overall = reports.Where(report => report.Item is null).ToList();
        Assert.Equal(overall.Select(report => report.Done).Order(), overall.Select(report => report.Done));
        Assert.Equal(new Progress("Downloading", null, total, total, ProgressUnit.Bytes), overall[^1]);
        Assert.Equal(new Progress("Downloading", "model.safetensors", 3_000_000, 3_000_000, ProgressUnit.Bytes),
            reports.Last(report => report.Item == "model.safetensors"));
    }

    [Fact]
    public async Task Files_are_fetched_four_at_a_time()
    {
        var repository = Hub.Add("org/many");
        for (var i = 0; i < 12; i++)
            repository.With($"{i}.bin", TestExtensions.Bytes(100_000, i));
        Hub.BytesPerSecond = 1_000_000;
        var store = _machine.Store();
        var model = await store.ResolveAsync("org/many");
        var (open, most) = (new HashSet<string>(), 0);
        await store.FetchAsync(model, [.. model.Manifest.Files], new Report(_ =>
        {
            lock (open)
                most = Math.Max(most,
                    Directory.GetFiles(Path.Combine(_machine.Cache, "models--org--many", "blobs"), "*.incomplete").Length);
        }), CancellationToken.None);
        Assert.InRange(most, 2, 4);
    }

    [Fact]
    public async Task Two_stores_share_one_download()
    {
        Hub.BytesPerSecond = 6_000_000;
        var reports = new ConcurrentQueue<Progress>();
        var first = PullAsync();
        while (!File.Exists(Partial))
        {
            Assert.False(first.IsCompleted);
            await Task.Delay(5);
        }
        var store = _machine.Store();
        var model = await store.ResolveAsync("org/m");
        var second = await store.FetchAsync(
            model, [model.Manifest.Find("model.safetensors")!], new Report(reports.Enqueue), CancellationToken.None);
        Assert.Equal(Weights, await first);
        Assert.Equal(Weights, await File.ReadAllBytesAsync(second.Require("model.safetensors")));
        Assert.Single(Hub.StorageRequests);
        Assert.Contains(reports, report => report.Step == "Waiting for another process");
    }

    [Fact]
    public async Task Space_is_checked_before_the_first_byte()
    {
        var store = new ModelStore(_machine.Environment(), registries: null, _ => 2_000_000);
        var model = await store.ResolveAsync("org/m");
        var exception = await Assert.ThrowsAsync<DiskFullException>(() => store.FetchAsync(model));
        Assert.Equal((3_000_007, 2_000_000), (exception.NeededBytes, exception.FreeBytes));
        Assert.Contains("HF_HUB_CACHE", exception.Remedy, StringComparison.Ordinal);
        Assert.Empty(Hub.StorageRequests);
        // What is here already needs no more room.
        Keep(Weights[..1_500_000]);
        await store.FetchAsync(model);
    }

    [Fact]
    public async Task Full_disk_is_told()
    {
        // Every write to this device fails for lack of space.
        Directory.CreateDirectory(Path.GetDirectoryName(Partial)!);
        File.CreateSymbolicLink(Partial, "/dev/full");
        var exception = await Assert.ThrowsAsync<DiskFullException>(() => PullAsync());
        Assert.Contains("HF_HUB_CACHE", exception.Remedy, StringComparison.Ordinal);
    }

    private sealed class Report(Action<Progress> report) : IProgress<Progress>
    {
        void IProgress<Progress>.Report(Progress value) => report(value);
    }
}
