using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Checkpoints.Flax;
using Gpux.Conversion.Checkpoints.Numpy;
using Gpux.Conversion.Checkpoints.Torch;
using Gpux.Conversion.Tests.Checkpoints.Torch;
using Xunit.Abstractions;

namespace Gpux.Conversion.Tests.Checkpoints;

/// <summary>Weight files, damaged at random: they are read, and their tensors opened, or they are refused by a typed error.</summary>
public sealed class DamagedCheckpointTests(ITestOutputHelper output) : IDisposable
{
    // Of pickles: what ends, opens and closes values, and the ones that take them from the stack.
    private static readonly byte[][] Instructions = Array.ConvertAll((byte[])[.. ".()]}012tuesaqhRbcQ"u8, 0x80, 0x81, 0x85, 0x86, 0x8a, 0x93, 0x94], code => (byte[])[code]);

    private static readonly byte[][] Json = [.. new[] { "\"", "{", "}", "[", "]", ":", ",", "-", "0", "9", "\\ud800", "null", "1e9" }.Select(System.Text.Encoding.UTF8.GetBytes)];

    private readonly ScratchFolder _folder = new();

    public static TheoryData<string> Formats => ["safetensors", "index", "torch zip", "torch pickle", "torch legacy", "torch tar", "npz", "npy", "msgpack"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public void Damaged_bytes_are_read_or_refused(string format) => Fuzzing.TenThousand(output, format, () => Reader(format));

    [Theory]
    [MemberData(nameof(Formats))]
    [Trait("Category", "Slow")]
    public void A_million_damaged_bytes_are_read_or_refused(string format) => Fuzzing.Million(output, format, () => Reader(format));

    [Fact]
    public void Damaged_files_are_read_or_refused() => Fuzzing.TenThousand(output, "files of weights", FileReader);

    [Fact]
    [Trait("Category", "Slow")]
    public void Many_damaged_files_are_read_or_refused() => Fuzzing.ForHalfMinute(output, "files of weights", FileReader);

    private static Func<Chance, bool> Reader(string format)
    {
        var pickles = format == "torch pickle" ? Array.ConvertAll(Seeds(format), PickleInZip.Of) : [];
        var originals = format == "torch pickle" ? Array.ConvertAll(pickles, pickle => pickle.Content) : Seeds(format);
        var damage = new Damage(originals, words: format is "safetensors" or "index" ? Json : format.StartsWith("torch", StringComparison.Ordinal) ? Instructions : []);
        return chance =>
        {
            var (bytes, which) = damage.Next(chance);
            return IsRead(format, pickles.Length > 0 ? pickles[which].Around(bytes) : bytes);
        };
    }

    private static unsafe bool IsRead(string format, ArraySegment<byte> bytes)
    {
        try
        {
            if (format == "index")
                return ShardIndex.Read(bytes, format).Count > 0;
            // It does not move: damaged inputs are pinned.
            fixed (byte* data = bytes.AsSpan())
            {
                using var file = new FileBytes(data, bytes.Count, $"damaged.{format}");
                var checkpoint = format switch
                {
                    "safetensors" => ReadSafetensors(file),
                    "npz" or "npy" => NumpyReader.Read(file),
                    "msgpack" => FlaxReader.Read(file),
                    _ => TorchReader.Read(file, isShard: false),
                };
                Open(checkpoint, new CheckpointData(file));
            }
            return true;
        }
        catch (GpuxException)
        {
            return false;
        }
    }

    private static Checkpoint ReadSafetensors(FileBytes file)
    {
        var length = SafetensorsHeader.ReadLength(file.From(0), file.Name, file.Length);
        return SafetensorsHeader.Parse(file.Span(SafetensorsHeader.PrefixBytes, length), file.Name, file.Length);
    }

    private static void Open(Checkpoint checkpoint, CheckpointData data)
    {
        foreach (var tensor in checkpoint.Tensors.Values)
            Assert.Equal(tensor.ByteCount, data.Open(tensor).ByteCount);
    }

    // The whole way from a repository's files, an index with its shards among them.
    private Func<Chance, bool> FileReader()
    {
        (string Case, string File)[] originals =
        [
            ("safetensors-dtypes", "model.safetensors"), ("safetensors-sharded", "model.safetensors.index.json"), ("torch-sharded-bin", "pytorch_model.bin.index.json"),
            ("torch-zip-views", "weights.pth"), ("torch-zip-deflated", "model.pth"), ("torch-training-checkpoint", "checkpoint.pth.tar"),
            ("torch-legacy-views", "weights.pth"), ("numpy-npz", "weights.npz"), ("flax-msgpack", "flax_model.msgpack"),
        ];
        var damage = new Damage([.. originals.Select(original => File.ReadAllBytes(PathOf(original.Case, original.File)))]);
        var repositories = Array.ConvertAll(originals, original => Directory.EnumerateFiles(PathOf(original.Case, "")).ToDictionary(file => Path.GetFileName(file)));
        return chance =>
        {
            var (bytes, which) = damage.Next(chance);
            var name = originals[which].File;
            // Each input is a new file: a mapping of the one before may still live.
            var path = repositories[which][name] = _folder.NewPath();
            File.WriteAllBytes(path, bytes);
            try
            {
                var files = new ModelFiles(repositories[which], "damaged");
                Open(CheckpointReader.Read(files, name), new CheckpointData(files));
                return true;
            }
            catch (GpuxException)
            {
                return false;
            }
            finally
            {
                File.Delete(path);
            }
        };
    }

    private static byte[][] Seeds(string format) => format switch
    {
        "safetensors" => [Recorded("safetensors-dtypes", "model.safetensors"), Recorded("safetensors-escapes", "model.safetensors")],
        "index" => [Recorded("safetensors-sharded", "model.safetensors.index.json"), Recorded("torch-sharded-bin", "pytorch_model.bin.index.json")],
        "torch zip" => [Recorded("torch-zip-views", "weights.pth"), Recorded("torch-zip-deflated", "model.pth")],
        "torch pickle" =>
        [
            Recorded("torch-zip-views", "weights.pth"), Recorded("torch-zip-conj-neg", "model.pt"), Recorded("torch-zip-parameters", "params.pt"),
            Recorded("torch-whole-module-data-parallel", "model.pth"), Recorded("torch-zip-protocol5", "model.bin"),
        ],
        "torch legacy" => [Recorded("torch-legacy-views", "weights.pth")],
        "torch tar" => [TorchReaderTests.Tar()],
        "npz" => [Recorded("numpy-npz", "weights.npz")],
        "npy" => [.. Unzipped.Entries(Recorded("numpy-npz", "weights.npz")).Select(entry => entry.Content)],
        _ => [Recorded("flax-msgpack", "flax_model.msgpack")],
    };

    private static byte[] Recorded(string name, string file) => File.ReadAllBytes(PathOf(name, file));

    private static string PathOf(string name, string file) => Corpus.PathOf("checkpoints", name, "repo", file);
}
