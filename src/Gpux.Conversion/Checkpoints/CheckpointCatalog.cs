namespace Gpux.Conversion.Checkpoints;

/// <param name="Name">For people, such as "safetensors".</param>
/// <param name="FileNames">Names that repositories give to such files, the best first.</param>
/// <param name="Read">Reads headers; null for a format that is known but not read.</param>
internal sealed record CheckpointFormat(string Name, IReadOnlyList<string> FileNames, Func<ModelFiles, string, Checkpoint>? Read);

/// <summary>Every format of weight files, in the order of preference where a repository has several.</summary>
internal static class CheckpointCatalog
{
    public static IReadOnlyList<CheckpointFormat> All { get; } =
    [
        new("safetensors", ["model.safetensors", "model.safetensors.index.json"], SafetensorsReader.Read),
        new("PyTorch checkpoint", ["pytorch_model.bin", "pytorch_model.bin.index.json"], Torch.TorchReader.Read),
        new("Keras HDF5", ["tf_model.h5"], Read: null),
        new("Flax msgpack", ["flax_model.msgpack", "flax_model.msgpack.index.json"],
            (files, name) => Flax.FlaxNames.ToTorch(Flax.FlaxReader.Read(files, name))),
        new("TensorFlow checkpoint", ["model.ckpt.index", "bert_model.ckpt.index"], Read: null),
    ];

    /// <summary>The weight file that a conversion would read, and its format.</summary>
    /// <exception cref="UnsupportedModelException">There is none, or only such as are not read.</exception>
    public static (CheckpointFormat Format, string File) Choose(IReadOnlyCollection<string> names)
    {
        (CheckpointFormat Format, string File)? unread = null;
        foreach (var format in All)
        {
            foreach (var file in format.FileNames)
            {
                if (!names.Contains(file))
                    continue;
                if (format.Read is not null)
                    return (format, file);
                unread ??= (format, file);
            }
        }
        // A state dict alone, of whatever name.
        if (unread is null && StateDict.FileOf(names) is { } stateDict)
            return (new CheckpointFormat("PyTorch state dict", [stateDict], Torch.TorchReader.Read), stateDict);
        if (unread is { } found)
            throw new UnsupportedCheckpointException(found.File, found.Format.Name);
        throw new UnsupportedModelException(
            $"The model has no weights in a form that is known. Files: {string.Join(", ", names.Order().Take(12))}{(names.Count > 12 ? ", ..." : "")}.",
            $"Look for a repository with {All[0].FileNames[0]}.");
    }

    /// <summary>What reads a file of any name that people give to checkpoints, its tensors as the file names them; null for a format
    /// that is not read.</summary>
    public static Func<ModelFiles, string, Checkpoint>? ReaderOf(string name)
    {
        var file = ShardIndex.IsOne(name) ? name[..^".index.json".Length] : name;
        return Path.GetExtension(file) switch
        {
            ".safetensors" => SafetensorsReader.Read,
            ".bin" or ".pt" or ".pth" or ".ckpt" or ".tar" => Torch.TorchReader.Read,
            ".npz" or ".npy" => Numpy.NumpyReader.Read,
            ".msgpack" => Flax.FlaxReader.Read,
            _ => null,
        };
    }

    public static Checkpoint Read(ModelFiles files)
    {
        var (format, file) = Choose([.. files.Names]);
        return format.Read!(files, file); // Choose returns only formats that are read
    }
}

/// <summary>The weights are in a format that is known, but not read.</summary>
public sealed class UnsupportedCheckpointException(string file, string format) : GpuxException(
    ErrorCode.UnsupportedCheckpoint,
    $"The weights are in '{file}', a {format}, which is not read.",
    "Look for a revision or a copy of the model with model.safetensors (on the Hub often refs/pr/1 or the branch main).")
{
    public string File { get; } = file;
}
