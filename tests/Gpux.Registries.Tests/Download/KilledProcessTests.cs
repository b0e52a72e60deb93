using System.Diagnostics;
using System.Security.Cryptography;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Download;

/// <summary>Processes that are killed, as by the kernel or a lost battery, in the middle of a download.</summary>
public sealed class KilledProcessTests : IAsyncLifetime
{
    private static readonly byte[] Weights = TestExtensions.Bytes(12_000_000);
    private static readonly string Sha256 = Convert.ToHexStringLower(SHA256.HashData(Weights));

    private TestMachine _machine = null!; // Set by InitializeAsync
    private string Partial => Path.Combine(_machine.Cache, "models--org--m", "blobs", $"{Sha256}.incomplete");

    public async Task InitializeAsync()
    {
        _machine = await TestMachine.StartAsync();
        _machine.Hub.Add("org/m").With("model.safetensors", Weights);
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Fact]
    public async Task Killed_download_goes_on_at_the_byte_where_it_stopped()
    {
        _machine.Hub.BytesPerSecond = 12_000_000;
        var chance = new Random(7);
        var kept = 0L;
        for (var kill = 0; kill < 3; kill++)
        {
            using var puller = Start();
            var until = kept + chance.Next(200_000, 2_500_000);
            await UntilAsync(until, puller);
            puller.Kill();
            await puller.WaitForExitAsync();
            if (kill > 0)
                Assert.Equal($"bytes={kept}-", _machine.Hub.StorageRequests[^1].Header("Range"));
            kept = new FileInfo(Partial).Length;
            Assert.InRange(kept, until, Weights.Length - 1);
            Assert.False(File.Exists(Path.Combine(_machine.Cache, "models--org--m", "blobs", Sha256)));
            // Nothing half-written passes for the file.
            var store = _machine.Store();
            Assert.Empty(store.FindFiles((await store.ResolveAsync("org/m")).Manifest).Names);
        }
        _machine.Hub.BytesPerSecond = null;
        using var last = Start();
        var path = (await last.StandardOutput.ReadToEndAsync()).Trim();
        await last.WaitForExitAsync();
        Assert.Equal(0, last.ExitCode);
        Assert.Equal($"bytes={kept}-", _machine.Hub.StorageRequests[^1].Header("Range"));
        Assert.Equal(Weights, await File.ReadAllBytesAsync(path));
        Assert.False(File.Exists(Partial));
    }

    [Fact]
    public async Task Two_processes_share_one_download()
    {
        _machine.Hub.BytesPerSecond = 12_000_000;
        using var first = Start();
        using var second = Start();
        foreach (var puller in new[] { first, second })
        {
            Assert.Equal(Weights.Length, new FileInfo((await puller.StandardOutput.ReadToEndAsync()).Trim()).Length);
            await puller.WaitForExitAsync();
            Assert.Equal(0, puller.ExitCode);
        }
        Assert.Single(_machine.Hub.StorageRequests);
    }

    [Fact]
    public async Task Lock_of_a_killed_process_is_free()
    {
        _machine.Hub.BytesPerSecond = 1_000_000;
        using (var puller = Start())
        {
            await UntilAsync(100_000, puller);
            var store = _machine.Store();
            var model = await store.ResolveAsync("org/m");
            await Assert.ThrowsAsync<ModelInUseException>(() => store.RemoveAsync(model.Manifest, CancellationToken.None));
            puller.Kill();
            await puller.WaitForExitAsync();
        }
        _machine.Hub.BytesPerSecond = null;
        var files = _machine.Store();
        Assert.NotEmpty((await files.FetchAsync(await files.ResolveAsync("org/m"))).Require("model.safetensors"));
    }

    private async Task UntilAsync(long keptBytes, Process puller)
    {
        while (!File.Exists(Partial) || new FileInfo(Partial).Length < keptBytes)
        {
            Assert.False(puller.HasExited, puller.HasExited ? await puller.StandardError.ReadToEndAsync() : "");
            await Task.Delay(2);
        }
    }

    private Process Start() => Puller.Start(_machine, "hf:org/m");
}
