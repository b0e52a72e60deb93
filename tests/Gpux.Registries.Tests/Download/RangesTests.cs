using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Gpux.Registries.Download;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Download;

/// <summary>Files that several requests bring at once.</summary>
public sealed class RangesTests
{
    private static readonly byte[] Content = TestExtensions.Bytes(24_000_000);

    private static string Partial(TestMachine machine, bool hasDigest = true) => Path.Combine(machine.Home, "blobs", "partial",
        Convert.ToHexStringLower(hasDigest ? SHA256.HashData(Content)
            : SHA256.HashData(Encoding.UTF8.GetBytes($"one\nname\n{new string('a', 40)}\nweights.bin"))));

    [Fact]
    public async Task Connections_that_are_limited_each_are_multiplied()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { BytesPerSecond = 8_000_000 };
        RequireSame(await registry.FetchAsync(machine));
        Assert.InRange(registry.MostOpen, 4, 16);
        Assert.InRange(registry.SentBytes, Content.Length, Content.Length + 4_000_000);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Partial(machine))!));
    }

    [Fact]
    public async Task Small_files_take_one_request()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content[..8_000_000]) { BytesPerSecond = 20_000_000 };
        await registry.FetchAsync(machine);
        Assert.Equal([new FileRange()], registry.Opened);
    }

    [Fact]
    public async Task One_connection_is_enough_where_more_are_forbidden()
    {
        await using var machine = TestMachine.WithoutNetwork();
        machine.Variables["GPUX_DOWNLOAD_CONNECTIONS"] = "1";
        var registry = new RangedFile(Content);
        RequireSame(await registry.FetchAsync(machine));
        Assert.Equal([new FileRange()], registry.Opened);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("many")]
    public async Task Number_of_connections_that_is_none_is_told(string value)
    {
        await using var machine = TestMachine.WithoutNetwork();
        machine.Variables["GPUX_DOWNLOAD_CONNECTIONS"] = value;
        var exception = await Assert.ThrowsAsync<InvalidSettingException>(() => new RangedFile(Content).FetchAsync(machine));
        Assert.Contains($"'{value}'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Server_that_refuses_further_connections_is_obeyed(int allowed)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { Allowed = allowed, BytesPerSecond = 60_000_000 };
        RequireSame(await registry.FetchAsync(machine));
        Assert.InRange(registry.MostOpen, 1, allowed);
        // Refusals are few, and none of them is waited for while another connection works.
        Assert.InRange(registry.Opened.Count, 1, 40);
        Assert.Empty(machine.Clock.Waits);
    }

    [Fact]
    public async Task Server_that_knows_no_ranges_sends_the_file_once()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { IgnoresRanges = true };
        RequireSame(await registry.FetchAsync(machine));
        Assert.Single(registry.Opened);
        Assert.Equal(Content.Length, registry.SentBytes);
    }

    [Fact]
    public async Task Server_that_forgets_ranges_on_the_way_is_read_from_the_start()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { BytesPerSecond = 60_000_000 };
        registry.OnOpen = range => registry.IgnoresRanges |= range.Offset > 0;
        RequireSame(await registry.FetchAsync(machine));
    }

    [Fact]
    public async Task Server_that_knows_no_ranges_and_breaks_off_each_time_is_given_up()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { IgnoresRanges = true, BreakAfter = 2_000_000 };
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => registry.FetchAsync(machine));
        Assert.InRange(registry.Opened.Count, 6, 8);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Server_that_has_another_tag_each_time_sends_the_whole(bool hasDigest)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { HasDigest = hasDigest, BytesPerSecond = 60_000_000 };
        registry.OnOpen = _ => registry.EntityTag = $"\"{registry.Opened.Count}\"";
        RequireSame(await registry.FetchAsync(machine));
    }

    [Fact]
    public async Task Broken_connections_go_on_where_they_broke()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { BreakAfter = 1_500_000 };
        RequireSame(await registry.FetchAsync(machine));
        Assert.Equal(Content.Length, registry.SentBytes);
        Assert.Empty(machine.Clock.Waits);
    }

    [Fact]
    public async Task Crawling_connection_does_not_hold_up_the_end()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { Crawls = (1, 20_000_000), BytesPerSecond = 20_000_000 };
        // Its first range crawls once; whoever takes over does not.
        registry.OnOpen = range =>
        {
            if (registry.Opened.Count > 4)
                registry.Crawls = null;
        };
        var watch = Stopwatch.StartNew();
        RequireSame(await registry.FetchAsync(machine));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 10);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelled_download_asks_only_for_what_is_missing(bool hasDigest)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(Content) { BytesPerSecond = 8_000_000, HasDigest = hasDigest };
        using var cancelling = new CancellationTokenSource();
        var exception = await Assert.ThrowsAsync<DownloadCancelledException>(() => registry.FetchAsync(machine, new Report(report =>
        {
            if (report is { Item: null, Done: > 12_000_000 })
                cancelling.Cancel();
        }), cancelling.Token));
        Assert.InRange(exception.KeptBytes, 12_000_000, Content.Length - 1);
        Assert.Equal(Content.Length, exception.TotalBytes);
        Assert.Contains("are kept", exception.Message, StringComparison.Ordinal);
        Assert.Equal(exception.KeptBytes, PartialFile.KeptBytes(Partial(machine, hasDigest)));
        // No other client takes a file with holes for one that is complete up to its length.
        Assert.False(File.Exists(Partial(machine, hasDigest)));

        var again = new RangedFile(Content) { HasDigest = hasDigest };
        RequireSame(await again.FetchAsync(machine));
        Assert.Equal(Content.Length - exception.KeptBytes, again.SentBytes);
        Assert.All(again.Opened, range => Assert.Equal(hasDigest && range == again.Opened.First() ? null : "\"v1\"", range.EntityTag));
    }

    [Fact]
    public async Task Changed_file_is_never_glued()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new RangedFile(TestExtensions.Bytes(Content.Length, seed: 2)) { HasDigest = false, BytesPerSecond = 20_000_000 };
        // The file changes when the second connection asks for its part.
        registry.OnOpen = _ =>
        {
            if (registry.Opened.Count == 1)
                (registry.Content, registry.EntityTag) = (Content, "\"v2\"");
        };
        RequireSame(await registry.FetchAsync(machine));
    }

    [Fact]
    public async Task Prefix_of_another_client_is_gone_on_from()
    {
        await using var machine = TestMachine.WithoutNetwork();
        Directory.CreateDirectory(Path.GetDirectoryName(Partial(machine))!);
        await File.WriteAllBytesAsync(Partial(machine), Content[..10_000_000]);
        var registry = new RangedFile(Content) { BytesPerSecond = 60_000_000 };
        RequireSame(await registry.FetchAsync(machine));
        Assert.InRange(registry.SentBytes, Content.Length - 10_000_000, Content.Length - 6_000_000);
        Assert.All(registry.Opened, range => Assert.InRange(range.Offset, 10_000_000, Content.Length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpuxmap1 but short")]
    [InlineData(null)]
    public async Task Damaged_map_is_worth_nothing(string? map)
    {
        await using var machine = TestMachine.WithoutNetwork();
        Directory.CreateDirectory(Path.GetDirectoryName(Partial(machine))!);
        await File.WriteAllBytesAsync($"{Partial(machine)}.gpux", new byte[Content.Length]);
        var hostile = new byte[4096];
        Random.Shared.NextBytes(hostile);
        "gpuxmap1"u8.CopyTo(hostile);
        await File.WriteAllBytesAsync($"{Partial(machine)}.gpux.map", map is null ? hostile : Encoding.UTF8.GetBytes(map));
        RequireSame(await new RangedFile(Content).FetchAsync(machine));
    }

    [Fact]
    public async Task Map_that_claims_too_much_is_found_out_by_the_digest()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var folder = new StoreFolder(machine.Home, "GPUX_HOME");
        Directory.CreateDirectory(Path.GetDirectoryName(Partial(machine))!);
        await File.WriteAllBytesAsync($"{Partial(machine)}.gpux", new byte[Content.Length]);
        BlockMap.Create($"{Partial(machine)}.gpux.map", Content.Length, Digest.Sha256(SHA256.HashData(Content)).ToString(),
            [new Extent(1_000_000, 20_000_000)], folder).Dispose();
        RequireSame(await new RangedFile(Content).FetchAsync(machine));
    }

    [Fact]
    public async Task Files_share_the_connections()
    {
        await using var machine = await TestMachine.StartAsync();
        var repository = machine.Hub.Add("org/two");
        repository.With("a.safetensors", Content[..18_000_000]).With("b.safetensors", Content[..19_000_000]);
        machine.Hub.BytesPerSecond = 10_000_000;
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/two"));
                foreach (var name in new[] { "a", "b" })
            Assert.InRange(machine.Hub.StorageRequests.Count(request => request.Target.Contains($"/{name}.safetensors", StringComparison.Ordinal)), 2, 20);
    }

    [Theory]
    [InlineData("2M", 2 << 20)]
    [InlineData("500k", 500 << 10)]
    [InlineData("1.5g", 3L << 29)]
    [InlineData("4096", 4096)]
    public void Rates_are_read_as_curl_reads_them(string text, long bytesPerSecond) =>
        Assert.Equal(bytesPerSecond, TransferRate.Parse(text, "--limit-rate").BytesPerSecond);

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("-5M")]
    [InlineData("5MB/s")]
    [InlineData("100")]
    [InlineData("1e3")]
    [InlineData("9999999G")]
    public void Rates_that_are_none_are_told(string text) =>
        Assert.Contains("--limit-rate", Assert.Throws<InvalidSettingException>(() => TransferRate.Parse(text, "--limit-rate")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Rate_limit_holds_over_all_connections()
    {
        await using var machine = TestMachine.WithoutNetwork();
        machine.Variables["GPUX_LIMIT_RATE"] = "30M";
        var watch = Stopwatch.StartNew();
        RequireSame(await new RangedFile(Content).FetchAsync(machine));
        // 24 MB at 31.5 MB/s.
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.6, 60);
    }

    // Assert.Equal looks at each byte by itself.
    private static void RequireSame(byte[] actual) => Assert.True(actual.AsSpan().SequenceEqual(Content));

    private sealed class Report(Action<Progress> report) : IProgress<Progress>
    {
        void IProgress<Progress>.Report(Progress value) => report(value);
    }
}
