using System.Collections.Immutable;

namespace Gpux.Conversion.Checkpoints.Flax;

/// <summary>Reads the parameters of a Flax model: maps in maps of MessagePack, with arrays as values of type 1.</summary>
/// <remarks>Source: Flax 0.12, flax/serialization.py. Names are the keys on the way to an array, joined by slashes.</remarks>
internal static class FlaxReader
{
    private const int ArrayType = 1;
    private const int NumberType = 3;
    private const int DeepestMap = 64;
    private const string ChunkMark = "__msgpack_chunked_array__";

    public static Checkpoint Read(ModelFiles files, string name) => ShardIndex.IsOne(name)
        ? ShardIndex.ReadShards(files, name, Read) : Read(files.Require(name), name);

    private static Checkpoint Read(string path, string name)
    {
        using var file = new FileBytes(path, name);
        return Read(file);
    }

    public static Checkpoint Read(FileBytes file)
    {
        var cursor = new MessagePackCursor(file, new FilePart(0, file.Length));
        var tensors = new Dictionary<string, CheckpointTensor>();
        if (cursor.TryMap() is not { } count)
            throw new InvalidCheckpointException(file.Name, "it does not begin with a map of names");
        ReadMap(file, ref cursor, count, "", tensors, DeepestMap);
        return cursor.IsAtEnd ? new Checkpoint(tensors) : throw cursor.Invalid("more after its only map");
    }

    private static void ReadMap(FileBytes file, ref MessagePackCursor cursor, long count, string path, Dictionary<string, CheckpointTensor> tensors, int depthLeft)
    {
        if (depthLeft == 0)
            throw cursor.Invalid($"maps more than {DeepestMap} deep");
        for (; count > 0; count--)
        {
            var key = cursor.Text();
            if (key == ChunkMark)
            {
                cursor.SkipSimple();
                Add(ReadChunks(file, ref cursor, count - 1, path), ref cursor, tensors);
                return;
            }
            var name = path.Length == 0 ? key : $"{path}/{key}";
            if (cursor.TryMap() is { } inner)
                ReadMap(file, ref cursor, inner, name, tensors, depthLeft - 1);
            else if (cursor.TryExtension() is { } extension)
                Add(ReadArray(file, extension, name, isWhole: true), ref cursor, tensors);
            else
                cursor.SkipSimple(); // a step count, or an empty place
        }
    }

    private static void Add(CheckpointTensor tensor, ref MessagePackCursor cursor, Dictionary<string, CheckpointTensor> tensors)
    {
        if (!tensors.TryAdd(tensor.Name, tensor))
            throw cursor.Invalid($"the tensor '{tensor.Name}' twice");
    }

    // Its shape, the name of its element type, and its bytes.
    private static CheckpointTensor ReadArray(FileBytes file, (int Type, FilePart Data) extension, string name, bool isWhole)
    {
        if (extension.Type is not (ArrayType or NumberType))
            throw new Torch.UnsupportedTensorException(file.Name, name, $"a value of Flax's type {extension.Type}");
        var cursor = new MessagePackCursor(file, extension.Data);
        if (cursor.Array() != 3)
            throw cursor.Invalid($"an array '{name}' without shape, type and bytes");
        var rank = cursor.Array();
        if (rank > 64 || !isWhole && rank != 1)
            throw cursor.Invalid($"an array '{name}' of {rank} dimensions");
        var dimensions = new long[rank];
        for (var i = 0; i < rank; i++)
            dimensions[i] = cursor.Size();
        var typeName = cursor.Text();
        var type = Torch.TorchTypes.OfName(typeName) ?? throw new Torch.UnsupportedTensorException(file.Name, name, $"of type {typeName}");
        var bytes = cursor.Binary();
        var shape = MakeShape(dimensions, type, bytes.Length, name, ref cursor);
        return cursor.IsAtEnd ? new CheckpointTensor(name, type, shape, file.Name, bytes.Offset) : throw cursor.Invalid($"more than an array in '{name}'");
    }

    // An array of more than a gigabyte is cut into pieces: {mark, shape: {"0": ...}, chunks: {"0": array, ...}}.
    private static CheckpointTensor ReadChunks(FileBytes file, ref MessagePackCursor cursor, long count, string name)
    {
        if (count != 2 || cursor.Text() != "shape")
            throw cursor.Invalid($"an array '{name}' in pieces without a shape");
        var rank = cursor.TryMap() is { } extents and <= 64 ? extents : throw cursor.Invalid($"an array '{name}' in pieces without a shape");
        var dimensions = new long[rank];
        for (var i = 0; i < rank; i++)
            dimensions[i] = cursor.Text() == $"{i}" ? cursor.Size() : throw cursor.Invalid($"the shape of '{name}' out of order");
        if (cursor.Text() != "chunks" || cursor.TryMap() is not { } pieces || pieces == 0)
            throw cursor.Invalid($"an array '{name}' in pieces without pieces");
        var parts = ImmutableArray.CreateBuilder<FilePart>();
        ElementType? type = null;
        for (var i = 0; i < pieces; i++)
        {
            if (cursor.Text() != $"{i}" || cursor.TryExtension() is not { } extension)
                throw cursor.Invalid($"the pieces of '{name}' out of order");
            var piece = ReadArray(file, extension, name, isWhole: false);
            if (type is not null && type != piece.ElementType)
                throw cursor.Invalid($"pieces of '{name}' of two types");
            type = piece.ElementType;
            parts.Add(new FilePart(piece.Offset, piece.ByteCount));
        }
        var shape = MakeShape(dimensions, type!.Value, parts.Sum(part => part.Length), name, ref cursor); // there is a piece
        return new CheckpointTensor(name, type.Value, shape, file.Name, parts[0].Offset)
        {
            Layout = new TensorLayout(parts.ToImmutable(), TensorLayout.RowMajor(shape.Dimensions.AsSpan())),
        };
    }

    private static Shape MakeShape(long[] dimensions, ElementType type, long bytes, string name, ref MessagePackCursor cursor)
    {
        try
        {
            var shape = new Shape(dimensions);
            return type.ByteSize(shape.ElementCount) == bytes ? shape
                : throw cursor.Invalid($"{bytes} bytes in '{name}', where {type}{shape} needs {type.ByteSize(shape.ElementCount)}");
        }
        catch (OverflowException)
        {
            throw cursor.Invalid($"an array '{name}' of a shape that no memory holds");
        }
    }
}
