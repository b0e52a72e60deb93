using System.Text;

namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>Reads the files of torch.save: which tensors, and where their elements are. Nothing in them is executed.</summary>
internal static class TorchReader
{
    /// <summary>Reads one file, or all that an index names.</summary>
    /// <param name="name">A name in the repository, such as pytorch_model.bin or pytorch_model.bin.index.json.</param>
    /// <exception cref="InvalidCheckpointException">Damaged.</exception>
    /// <exception cref="UnsupportedTensorException">Weights that are quantised, sparse or otherwise no plain numbers.</exception>
    /// <exception cref="Pickle.PickleRefusedException">It asks for something to be executed.</exception>
    public static Checkpoint Read(ModelFiles files, string name) => ShardIndex.IsOne(name)
        ? ShardIndex.ReadShards(files, name, (path, shard) => Read(path, shard, isShard: true)) : Read(files.Require(name), name, isShard: false);

    private static Checkpoint Read(string path, string name, bool isShard)
    {
        using var file = new FileBytes(path, name);
        return Read(file, isShard);
    }

    /// <param name="isShard">Whether an index names the file's tensors.</param>
    public static Checkpoint Read(FileBytes file, bool isShard)
    {
        var name = file.Name;
        var root = file.From(0) switch
        {
            [(byte)'P', (byte)'K', ..] => TorchZip.Read(file),
            [0x80, ..] => TorchLegacy.Read(file),
            var start when TorchTar.IsOne(start) => TorchTar.Read(file),
            var start => throw new InvalidCheckpointException(name, $"it is no file of torch.save; it begins with {Describe(start[..Math.Min(start.Length, 24)])}"),
        };
        return new Checkpoint(new TorchState(name).Find(root, isShard).ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Place(tensor.Key, name)));
    }

    private static string Describe(ReadOnlySpan<byte> start) => start.IsEmpty ? "nothing"
        : start.ContainsAnyExceptInRange((byte)' ', (byte)'~') ? $"the bytes {Convert.ToHexStringLower(start)}" : $"'{Encoding.ASCII.GetString(start)}'";
}
