using Gpux.Conversion.Checkpoints.Zip;

namespace Gpux.Conversion.Checkpoints.Numpy;

/// <summary>Reads .npz, a zip file of arrays, and .npy, one array whose name is empty.</summary>
internal static class NumpyReader
{
    private const string Extension = ".npy";

    public static Checkpoint Read(ModelFiles files, string name)
    {
        using var file = new FileBytes(files.Require(name), name);
        return Read(file);
    }

    public static Checkpoint Read(FileBytes file)
    {
        var name = file.Name;
        var tensors = new Dictionary<string, CheckpointTensor>();
        if (name.EndsWith(Extension, StringComparison.Ordinal))
        {
            var start = file.Span(0, Math.Min(file.Length, NumpyHeader.LargestBytes));
            tensors.Add("", Place("", name, NumpyHeader.Read(start, name, name), new FilePart(0, file.Length), inflatedBytes: null));
            return new Checkpoint(tensors);
        }
        foreach (var entry in ZipArchive.Read(file).Entries.Values)
        {
            if (!entry.Name.EndsWith(Extension, StringComparison.Ordinal))
                throw new InvalidCheckpointException(name, $"it holds '{entry.Name}', which is no array");
            var stored = file.Span(entry.Offset, entry.StoredBytes);
            var start = entry.IsDeflated ? Inflater.InflateStart(stored, (int)Math.Min(entry.Bytes, NumpyHeader.LargestBytes), name)
                : stored[..Math.Min(stored.Length, NumpyHeader.LargestBytes)];
            var array = entry.Name[..^Extension.Length];
            tensors.Add(array, Place(array, name, NumpyHeader.Read(start, name, array), entry.Part, entry.IsDeflated ? entry.Bytes : null));
        }
        return new Checkpoint(tensors);
    }

    private static CheckpointTensor Place(string array, string file, NumpyHeader header, FilePart part, long? inflatedBytes)
    {
        if (header.Bytes + header.ByteCount != (inflatedBytes ?? part.Length))
            throw new InvalidCheckpointException(file, $"'{array}' has {(inflatedBytes ?? part.Length) - header.Bytes} bytes, where its shape {header.Shape} needs {header.ByteCount}");
        var strides = header.Strides();
        var isBigEndian = header.IsBigEndian && header.ElementType.BitSize() > 8;
        return inflatedBytes is null && !isBigEndian && TensorLayout.IsRowMajor(header.Shape.Dimensions.AsSpan(), strides.AsSpan())
            ? new CheckpointTensor(array, header.ElementType, header.Shape, file, part.Offset + header.Bytes)
            : new CheckpointTensor(array, header.ElementType, header.Shape, file, part.Offset)
            {
                Layout = new TensorLayout([part], strides) { Start = header.Bytes, InflatedBytes = inflatedBytes, IsBigEndian = isBigEndian },
            };
    }
}
