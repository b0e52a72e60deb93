using System.Security.Cryptography;
using Gpux.Registries.Download;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Download;

/// <summary>Processes that are killed while several requests bring a file, again and again.</summary>
public sealed class KilledRangesTests : IAsyncLifetime
{
    private static readonly byte[] Weights = TestExtensions.Bytes(24_000_000);
    private static readonly string Sha256 = Convert.ToHexStringLower(SHA256.HashData(Weights));

    private TestMachine _machine = null!; // Set by InitializeAsync
    private string Blobs => Path.Combine(_machine.Cache, "models--org--m", "blobs");
    private string Partial => Path.Combine(Blobs, $"{Sha256}.incomplete");

    public async Task InitializeAsync()
    {
        _machine = await TestMachine.StartAsync();
        _machine.Hub.Add("org/m").With("model.safetensors", Weights);
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Fact]
    public async Task Killed_download_asks_for_no_byte_that_it_has() => await KillAsync(kills: 4);

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Two_hundred_kills_lose_nothing() => await KillAsync(kills: 200);

    private async Task KillAsync(int kills)
    {
        var chance = new Random(11);
        var pulls = 0;
        for (var kill = 0; kill < kills;)
        {
            _machine.Hub.BytesPerSecond = chance.Next(2_000_000, 30_000_000);
            var before = Kept();
            _machine.Hub.ForgetRequests();
            using var puller = Puller.Start(_machine, "hf:org/m");
            var ended = puller.WaitForExitAsync();
            // From the start of the process to the middle of everything; a busy machine takes its time to begin.
            while (kill % 4 != 0 && !ended.IsCompleted && _machine.Hub.StorageRequests.Count == 0)
                await Task.Delay(2);
            await Task.WhenAny(ended, Task.Delay(chance.Next(0, 400)));
            puller.Kill();
            await ended;
            RequireNothingTwice(before);
            if (File.Exists(Path.Combine(Blobs, Sha256)))
            {
                Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(Blobs, Sha256)));
                pulls++;
                Directory.Delete(Path.Combine(_machine.Cache, "models--org--m"), recursive: true);
                continue;
            }
            kill++;
            RequireTrue(Kept());
            Assert.True(Extent.Sum(Kept()) >= Extent.Sum(before));
        }
        _machine.Hub.BytesPerSecond = null;
        var last = Kept();
        _machine.Hub.ForgetRequests();
        var (code, output, errors) = await Puller.Start(_machine, "hf:org/m").EndAsync();
        Assert.True(code == 0, errors);
        Assert.Equal(Weights, await File.ReadAllBytesAsync(output.Trim()));
        RequireNothingTwice(last);
        Assert.Equal([Sha256], Directory.GetFiles(Blobs).Select(Path.GetFileName));
        var verifier = new StoreVerifier(_machine.Store());
        var verified = await verifier.VerifyAsync(verifier.Models(CancellationToken.None), progress: null, CancellationToken.None);
        Assert.Equal("model.safetensors", Assert.Single(verified).File.Path);
        Assert.All(verified, file => Assert.Equal(FileState.Whole, file.State));
        Assert.True(kills < 100 || pulls > 0, "No pull came to its end between the kills.");
    }

    private List<Extent> Kept()
    {
        var spread = new FileInfo($"{Partial[..^".incomplete".Length]}.gpux");
        return spread.Exists && BlockMap.Read($"{spread.FullName}.map", spread.Length) is var (_, _, kept) ? kept
            : File.Exists(Partial) ? [new Extent(0, new FileInfo(Partial).Length)] : [];
    }

    // What is noted as there must be there.
    private void RequireTrue(List<Extent> kept)
    {
        var path = File.Exists(Partial) ? Partial : $"{Partial[..^".incomplete".Length]}.gpux";
        foreach (var extent in kept.Where(extent => extent.Length > 0))
        {
            using var file = File.OpenRead(path);
            var bytes = new byte[extent.Length];
            file.Position = extent.Start;
            file.ReadExactly(bytes);
            Assert.True(bytes.AsSpan().SequenceEqual(Weights.AsSpan((int)extent.Start, (int)extent.Length)), $"Bytes of {extent} are not those of the file.");
        }
    }

    private void RequireNothingTwice(List<Extent> kept)
    {
        foreach (var request in _machine.Hub.StorageRequests)
        {
            var range = request.Header("Range") is { } header ? header["bytes=".Length..].Split('-') : ["0", ""];
            var asked = new Extent(long.Parse(range[0], null), range[1].Length > 0 ? long.Parse(range[1], null) + 1 : Weights.Length);
            Assert.DoesNotContain(kept, extent => extent.Length > 0 && asked.Start < extent.End && extent.Start < asked.End);
        }
    }
}
