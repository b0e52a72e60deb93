using System.Diagnostics;
using System.IO.Compression;
using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Tests.Checkpoints;

/// <summary>Real files, damaged at random: they are read or refused by a typed error, soon and in little memory.</summary>
public sealed class DamagedCheckpointTests : IDisposable
{
    private const long MostBytes = 512L << 20;
    private static readonly TimeSpan LongestReading = TimeSpan.FromSeconds(10);

    // Real files of every format. The pickles inside archives are damaged on their own too, or hardly any damage would reach them.
    private static readonly (string Case, string File, bool IsInside)[] Originals =
    [
        ("safetensors-dtypes", "model.safetensors", false),
        ("torch-zip-views", "weights.pth", false), ("torch-zip-views", "weights.pth", true),
        ("torch-zip-deflated", "model.pth", false), ("torch-zip-conj-neg", "model.pt", true), ("torch-zip-parameters", "params.pt", true),
        ("torch-training-checkpoint", "checkpoint.pth.tar", true), ("torch-whole-module-data-parallel", "model.pth", true),
        ("torch-zip-protocol5", "model.bin", true), ("torch-legacy-views", "weights.pth", false),
        ("numpy-npz", "weights.npz", false), ("numpy-npz", "weights.npz", true),
        ("flax-msgpack", "flax_model.msgpack", false),
    ];

    // Of pickles: what ends, opens and closes values, and the ones that take them from the stack.
    private static readonly byte[] Instructions = [.. ".()]}012tuesaqhRbcQ"u8, 0x80, 0x81, 0x85, 0x86, 0x8a, 0x93, 0x94];

    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Ten_thousand_damaged_files_are_read_or_refused() => Damage(seed: 1, count: 10_000, TimeSpan.FromMinutes(2));

    [Fact, Trait("Category", "Slow")]
    public void A_million_damaged_files_are_read_or_refused() => Damage(seed: 2, count: 1_000_000, TimeSpan.FromSeconds(60));

    private void Damage(int seed, int count, TimeSpan patience)
    {
        var random = new Random(seed);
        var originals = Array.ConvertAll(Originals, original => File.ReadAllBytes(Corpus.PathOf("checkpoints", original.Case, "repo", original.File)));
        var entries = originals.Select((bytes, i) => Originals[i].IsInside ? Unzip(bytes) : null).ToArray();
        var (clock, refused, read) = (Stopwatch.StartNew(), 0, 0);
        for (var i = 0; i < count && clock.Elapsed < patience; i++)
        {
            var which = i % originals.Length;
            var damaged = entries[which] is { } inside ? Zip(inside, random) : Mutate(originals[which], originals[random.Next(originals.Length)], random);
            if (IsRead(Originals[which].File, damaged, $"seed {seed}, input {i} ({Originals[which].Case})"))
                read++;
            else
                refused++;
        }
        // Damage that is never refused, or always, would test nothing.
        Assert.True(refused > 100 && read > 100, $"{refused} refused, {read} read");
    }

    private bool IsRead(string name, byte[] content, string input)
    {
        // Each input is a new file: a mapping of the one before may still live.
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}");
        File.WriteAllBytes(path, content);
        var (before, start) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        try
        {
            var files = new ModelFiles(new Dictionary<string, string> { [name] = path }, "damaged");
            var data = new CheckpointData(files);
            foreach (var tensor in CheckpointReader.Read(files, name).Tensors.Values)
                GC.KeepAlive(data.Open(tensor).ByteCount);
            return true;
        }
        catch (GpuxException)
        {
            return false;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{input}: {exception.GetType().Name} instead of a typed error", exception);
        }
        finally
        {
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MostBytes, $"{input} takes too much memory");
            Assert.True(Stopwatch.GetElapsedTime(start) < LongestReading, $"{input} takes too long");
            File.Delete(path);
        }
    }

    private static byte[] Mutate(byte[] original, byte[] other, Random random)
    {
        var bytes = new List<byte>(original);
        for (var left = random.Next(1, 5); left > 0 && bytes.Count > 0; left--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, random.Next(Math.Min(bytes.Count - at, 16) + 1)); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, random.Next(Math.Min(bytes.Count - at, 64) + 1))); break;
                case 5:
                    // Sizes at the edges of their types.
                    var edge = BitConverter.GetBytes(random.NextInt64(2) == 0 ? long.MaxValue >> random.Next(64) : -1L << random.Next(64));
                    for (var i = 0; i < Math.Min(1 << random.Next(4), bytes.Count - at); i++)
                        bytes[at + i] = edge[i];
                    break;
                case 6:
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, random.Next(Math.Min(other.Length - from, 64) + 1)).ToArray());
                    break;
                default: bytes[at] = Instructions[random.Next(Instructions.Length)]; break;
            }
        }
        return [.. bytes];
    }

    private static (string Name, byte[] Content)[] Unzip(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        return [.. zip.Entries.Select(entry =>
        {
            var content = new MemoryStream();
            using var stream = entry.Open();
            stream.CopyTo(content);
            return (entry.FullName, content.ToArray());
        })];
    }

    // A good archive around one damaged entry: the pickle, or any array.
    private static byte[] Zip((string Name, byte[] Content)[] entries, Random random)
    {
        var pickle = Array.FindIndex(entries, entry => entry.Name.EndsWith("data.pkl", StringComparison.Ordinal));
        var which = pickle >= 0 ? pickle : random.Next(entries.Length);
        var archive = new MemoryStream();
        using (var zip = new ZipArchive(archive, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var i = 0; i < entries.Length; i++)
            {
                using var stream = zip.CreateEntry(entries[i].Name, CompressionLevel.NoCompression).Open();
                stream.Write(i == which ? Mutate(entries[i].Content, entries[random.Next(entries.Length)].Content, random) : entries[i].Content);
            }
        }
        return archive.ToArray();
    }
}
