using System.Buffers.Binary;
using System.Formats.Tar;
using Gpux.Conversion.Checkpoints.Pickle;

namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>The form of torch.save before PyTorch 0.2: a tar file of storages, tensors, and the pickle that refers to them.</summary>
/// <remarks>Source: PyTorch 2.13, torch/serialization.py, legacy_load.</remarks>
internal static class TorchTar
{
    private const int MagicOffset = 257;
    private const int MostObjects = 1_000_000;

    /// <summary>Whether a file begins as a tar file.</summary>
    public static bool IsOne(ReadOnlySpan<byte> start) => start.Length > MagicOffset + 5 && start[MagicOffset..].StartsWith("ustar"u8);

    /// <summary>Reads what the pickle holds.</summary>
    public static object? Read(FileBytes file)
    {
        var entries = Entries(file);
        var reader = new Parts(file, Require(entries, "storages", file.Name));
        var objects = new Dictionary<long, object>();
        ReadStorages(reader, objects);
        reader = new Parts(file, Require(entries, "tensors", file.Name));
        ReadTensors(reader, objects);
        reader = new Parts(file, Require(entries, "pickle", file.Name));
        return reader.Pickle(id => id switch
        {
            // The class of a module that was saved whole, with its source text.
            PickleTuple { Items: [PickleGlobal module, ..] } => module,
            _ => objects.GetValueOrDefault(Key(id) ?? -1) ?? throw reader.Invalid("refers to a tensor that it does not hold"),
        });
    }

    private static void ReadStorages(Parts reader, Dictionary<long, object> objects)
    {
        for (var left = reader.Count(); left > 0; left--)
        {
            if (reader.Pickle() is not PickleTuple { Items: [var id, string, PickleGlobal type] } || Key(id) is not { } key)
                throw reader.Invalid("lists a storage that is none");
            var (elementType, elementBytes) = TorchStorageId.Type(type, reader.Name);
            var count = BinaryPrimitives.ReadInt64LittleEndian(reader.Bytes(sizeof(long)));
            if (count < 0 || count > long.MaxValue / elementBytes)
                throw reader.Invalid($"has a storage of {count} elements");
            objects[key] = new TorchStorage(elementType, count * elementBytes) { Part = reader.Skip(count * elementBytes) };
        }
        if (reader.Pickle() is not PickleList { Items: [] })
            throw reader.Invalid("has storages that are parts of others, and such are not read");
    }

    private static void ReadTensors(Parts reader, Dictionary<long, object> objects)
    {
        var rebuild = new PickleGlobal("torch._utils", "_rebuild_tensor", 0);
        for (var left = reader.Count(); left > 0; left--)
        {
            if (reader.Pickle() is not PickleTuple { Items: [var id, var storageId, ..] } || Key(id) is not { } key
                || objects.GetValueOrDefault(Key(storageId) ?? -1) is not TorchStorage storage)
                throw reader.Invalid("lists a tensor that is none");
            // Eight bytes were written for the rank, of which four count.
            var rank = BinaryPrimitives.ReadInt32LittleEndian(reader.Bytes(8));
            if (rank is < 0 or > 64)
                throw reader.Invalid($"has a tensor of {rank} dimensions");
            PickleTuple Numbers()
            {
                var numbers = new object?[rank];
                for (var i = 0; i < rank; i++)
                    numbers[i] = BinaryPrimitives.ReadInt64LittleEndian(reader.Bytes(8));
                return new PickleTuple(numbers);
            }
            var (sizes, strides) = (Numbers(), Numbers());
            var offset = BinaryPrimitives.ReadInt64LittleEndian(reader.Bytes(8));
            objects[key] = new TorchCalls(reader.Name).Call(rebuild, new PickleTuple([storage, offset, sizes, strides]))!; // makes a tensor
        }
    }

    private static Dictionary<string, FilePart> Entries(FileBytes file)
    {
        var entries = new Dictionary<string, FilePart>();
        try
        {
            unsafe
            {
                fixed (byte* start = file.From(0))
                {
                    using var stream = new UnmanagedMemoryStream(start, file.Length);
                    using var tar = new TarReader(stream);
                    while (entries.Count < 100 && tar.GetNextEntry() is { } entry)
                        if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
                            entries.TryAdd(entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name, new FilePart(entry.DataOffset, entry.Length));
                }
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or FormatException or InvalidOperationException or NotSupportedException
            or ArgumentException or OverflowException)
        {
            throw new InvalidCheckpointException(file.Name, $"it is a damaged tar file: {exception.Message}", exception);
        }
        return entries;
    }

    private static FilePart Require(Dictionary<string, FilePart> entries, string name, string file) => entries.TryGetValue(name, out var part) ? part
        : throw new InvalidCheckpointException(file, $"it is a tar file without '{name}', and none of torch.save");

    // Keys were addresses, written as numbers or as text.
    private static long? Key(object? value) => value switch
    {
        long number => number,
        string text when long.TryParse(text, out var number) => number,
        _ => null,
    };

    /// <summary>Reads one entry from its start to its end.</summary>
    private sealed class Parts(FileBytes file, FilePart entry)
    {
        private readonly TorchCalls _calls = new(file.Name);
        private long _position = entry.Offset;

        public string Name => file.Name;

        public object? Pickle(Func<object?, object?>? load = null)
        {
            var rest = file.Span(_position, Math.Min(entry.Offset + entry.Length - _position, int.MaxValue));
            var reader = new PickleReader(rest, file.Name, _position, _calls.Call, load ?? (_ => throw Invalid("refers to tensors too early")));
            var value = reader.Read();
            _position += reader.Position;
            return value;
        }

        public long Count() => Pickle() is long and >= 0 and <= MostObjects and var count ? count : throw Invalid("does not say how many parts it has");

        public ReadOnlySpan<byte> Bytes(int count) => file.Span(Skip(count).Offset, count);

        public FilePart Skip(long count)
        {
            if (count > entry.Offset + entry.Length - _position)
                throw Invalid("ends before what it announces");
            _position += count;
            return new FilePart(_position - count, count);
        }

        public InvalidCheckpointException Invalid(string problem) => new(file.Name, $"an entry of its tar file {problem}");
    }
}
