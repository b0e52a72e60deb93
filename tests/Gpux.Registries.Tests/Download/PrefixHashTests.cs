using System.Security.Cryptography;
using Gpux.Registries.Download;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Download;

public sealed class PrefixHashTests
{
    [Fact]
    public async Task Growing_file_is_hashed_to_its_end_however_the_two_meet()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var folder = new StoreFolder(machine.Folder, "HOME");
        var content = TestExtensions.Bytes(4000);
        var expected = Digest.Sha256(SHA256.HashData(content));
        using var file = PartialFile.Open(Path.Combine(machine.Folder, "x.incomplete"), content.Length, expected, folder);
        file.Write(content, 0);
        // The end comes while the hasher looks, before it, and after it: a wake-up that is lost would hang.
        for (var turn = 0; turn < 20_000; turn++)
        {
            var prefix = 0L;
            await using var hash = new PrefixHash([DigestAlgorithm.Sha256], file, content.Length, () => Interlocked.Read(ref prefix));
            Interlocked.Exchange(ref prefix, turn % content.Length);
            hash.Grew();
            Interlocked.Exchange(ref prefix, content.Length);
            Assert.Equal([expected], await hash.FinishAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20)));
        }
    }
}
