namespace Gpux.Conversion.Checkpoints;

/// <summary>Reads weight files of any format that is known, without a model around them.</summary>
public static class CheckpointReader
{
    /// <summary>Whether files of such a name are read.</summary>
    public static bool Reads(string name) => CheckpointCatalog.ReaderOf(name) is not null;

    /// <summary>Reads headers, and no elements.</summary>
    /// <param name="name">Of the file, or of the index of several, such as pytorch_model.bin.index.json.</param>
    /// <returns>The tensors by the names that the file gives them; those of Flax and NumPy may hold slashes.</returns>
    /// <exception cref="UnsupportedCheckpointException">No reader is known for the name.</exception>
    /// <exception cref="GpuxException">The file is damaged, or holds what is not read.</exception>
    public static Checkpoint Read(ModelFiles files, string name) =>
        (CheckpointCatalog.ReaderOf(name) ?? throw new UnsupportedCheckpointException(name, $"file of type '{Path.GetExtension(name)}'"))(files, name);
}
