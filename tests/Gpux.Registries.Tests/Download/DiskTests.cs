using System.Diagnostics;

namespace Gpux.Registries.Tests.Download;

/// <summary>Disks that are full or may not be written: real ones, in memory, mounted for one process alone (Linux, user
/// namespaces).</summary>
public sealed class DiskTests : IAsyncLifetime
{
    private static readonly byte[] Weights = TestExtensions.Bytes(24_000_000);
    private TestMachine _machine = null!; // Set by InitializeAsync

    public async Task InitializeAsync()
    {
        _machine = await TestMachine.StartAsync();
        _machine.Hub.Add("org/m").With("model.safetensors", Weights);
        Directory.CreateDirectory(_machine.Cache);
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    // $1 is the folder of the cache, $2 the program.
    private Task<(int ExitCode, string Output, string Errors)> RunAsync(string script) => Puller.Start(
        _machine, new ProcessStartInfo("unshare", ["-Urm", "sh", "-c", script, "sh", _machine.Cache, Puller.Program])).EndAsync();

    [Fact]
    public async Task Too_small_a_disk_is_told_before_the_first_byte()
    {
        var (code, _, errors) = await RunAsync("mount -t tmpfs -o size=16m tmpfs \"$1\" && exec \"$2\" hf:org/m");
        Assert.True(code == 1 && errors.StartsWith("GPUX1014", StringComparison.Ordinal), errors);
        Assert.Contains("24,000,000 more bytes", errors, StringComparison.Ordinal);
        Assert.Empty(_machine.Hub.StorageRequests);
    }

    [Fact]
    public async Task Disk_that_fills_up_on_the_way_is_told_and_what_came_serves_the_next_pull()
    {
        _machine.Hub.BytesPerSecond = 4_000_000;
        // Another program takes the room once the download has begun, and gives it back after it has failed.
        var (code, _, errors) = await RunAsync("""
            mount -t tmpfs -o size=32m tmpfs "$1" || exit 9
            "$2" hf:org/m & pull=$!
            until ls "$1"/models--org--m/blobs/*.gpux >/dev/null 2>&1; do kill -0 $pull || exit 8; sleep 0.05; done
            dd if=/dev/zero of="$1/other" bs=1M count=20 2>/dev/null
            wait $pull; code=$?
            rm "$1/other"
            [ $code = 1 ] && "$2" hf:org/m >&2 && sha256sum "$1"/models--org--m/blobs/* >&2
            exit $code
            """);
        Assert.True(code == 1 && errors.StartsWith("GPUX1014", StringComparison.Ordinal), $"{code}: {errors}");
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Weights));
        Assert.Contains($"{sha256}  {_machine.Cache}/models--org--m/blobs/{sha256}", errors, StringComparison.Ordinal);
        // Buffers that could not be written, and what the server had sent ahead, came twice; nothing else.
        Assert.InRange(_machine.Hub.SentBytes, Weights.Length, Weights.Length + 8_000_000);
    }

    [Fact]
    public async Task Disk_that_may_not_be_written_is_told()
    {
        var (code, _, errors) = await RunAsync("mount -t tmpfs tmpfs \"$1\" && mount -o remount,ro \"$1\" && exec \"$2\" hf:org/m");
        Assert.True(code == 1 && errors.StartsWith("GPUX1015", StringComparison.Ordinal), errors);
        Assert.Contains("HF_HUB_CACHE", errors, StringComparison.Ordinal);
    }
}
