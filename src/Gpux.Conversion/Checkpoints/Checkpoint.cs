namespace Gpux.Conversion.Checkpoints;

/// <summary>A tensor of a checkpoint: where its elements lie, not the elements.</summary>
/// <param name="File">The repository's name of the file that holds them.</param>
/// <param name="Offset">In bytes from the file's start. Of a tensor with a <see cref="Layout"/>, that of its first part.</param>
public sealed record CheckpointTensor(string Name, ElementType ElementType, Shape Shape, string File, long Offset)
{
    public long ByteCount => ElementType.ByteSize(Shape.ElementCount);

    /// <summary>How the elements are picked from the file; null if they lie at the offset, ready to be used in place.</summary>
    public TensorLayout? Layout { get; init; }

    public override string ToString() => $"{Name}: {ElementType}{Shape}";
}

/// <summary>A model's weights as published: the tensors of one file, or of several shards.</summary>
public sealed class Checkpoint
{
    private readonly string[] _sortedNames;

    public Checkpoint(IReadOnlyDictionary<string, CheckpointTensor> tensors)
    {
        Tensors = tensors;
        _sortedNames = [.. tensors.Keys];
        Array.Sort(_sortedNames, StringComparer.Ordinal);
    }

    public IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>Free text that the file carries, such as "format": "pt".</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The size of all tensors together.</summary>
    public long ByteCount => Tensors.Values.Sum(tensor => tensor.ByteCount);

    /// <summary>The names that are <paramref name="path"/> or lie below it, such as "encoder" and "encoder.layer.0".</summary>
    public IEnumerable<string> Below(string path)
    {
        if (path.Length == 0)
        {
            foreach (var name in _sortedNames)
                yield return name;
            yield break;
        }
        if (Tensors.ContainsKey(path))
            yield return path;
        var prefix = path + ".";
        var i = Array.BinarySearch(_sortedNames, prefix, StringComparer.Ordinal);
        for (i = i < 0 ? ~i : i; i < _sortedNames.Length && _sortedNames[i].StartsWith(prefix, StringComparison.Ordinal); i++)
            yield return _sortedNames[i];
    }
}
