namespace Gpux.Conversion.Checkpoints;

/// <summary>The elements of a checkpoint's tensors, mapped and not read.</summary>
/// <param name="files">The repository's files that the tensors lie in.</param>
public sealed unsafe class CheckpointData(ModelFiles files)
{
    private readonly Dictionary<string, MappedRegion> _maps = [];

    /// <summary>A tensor over the file's bytes. It stays valid for as long as it is referred to.</summary>
    public Tensor Open(CheckpointTensor tensor)
    {
        if (!_maps.TryGetValue(tensor.File, out var map))
            _maps.Add(tensor.File, map = MappedRegion.Open(files.Require(tensor.File)));
        // The header was checked against the file's size when it was read; the file may have changed since.
        return tensor.Offset + tensor.ByteCount <= map.Length ? new Tensor(tensor.ElementType, tensor.Shape, map.Data + tensor.Offset, map)
            : throw new InvalidCheckpointException(tensor.File, "it became shorter after its header was read");
    }
}
