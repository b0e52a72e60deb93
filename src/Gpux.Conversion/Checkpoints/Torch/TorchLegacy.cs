using System.Buffers.Binary;
using System.Numerics;
using Gpux.Conversion.Checkpoints.Pickle;

namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>The form of torch.save before PyTorch 1.6: five pickles, one after the other, and the bytes of all storages.</summary>
/// <remarks>Source: PyTorch 2.13, torch/serialization.py, _legacy_save and _legacy_load.</remarks>
internal static class TorchLegacy
{
    private const int Protocol = 1001;
    private const int MostStorages = 1_000_000;
    private static readonly BigInteger Magic = new([0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]);

    /// <summary>Reads what the pickle holds.</summary>
    public static object? Read(FileBytes file)
    {
        var storages = new Dictionary<string, TorchStorage>();
        var calls = new TorchCalls(file.Name);
        long position = 0;
        object? Next(Func<object?, object?> load)
        {
            var reader = new PickleReader(file.From(position), file.Name, position, calls.Call, load);
            var value = reader.Read();
            position += reader.Position;
            return value;
        }
        object? NoIds(object? id) => throw new InvalidCheckpointException(file.Name, "it refers to a storage before its list of tensors");

        if (Next(NoIds) is not BigInteger magic || magic != Magic)
            throw new InvalidCheckpointException(file.Name, "it is a pickle, but not one of torch.save");
        if (Next(NoIds) is not (long and Protocol))
            throw new InvalidCheckpointException(file.Name, $"it is not of protocol {Protocol}, the only one of such files");
        var system = Next(NoIds) as PickleDictionary ?? throw new InvalidCheckpointException(file.Name, "it does not say what system it was made on");
        var isBigEndian = system.Find("little_endian") is false;
        var root = Next(id => Load(id, storages, file.Name));
        if (Next(NoIds) is not PickleList { Items: var keys } || keys.Count > MostStorages)
            throw new InvalidCheckpointException(file.Name, "it has no list of storages");
        foreach (var item in keys)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage) || storage.Part is not null)
                throw new InvalidCheckpointException(file.Name, $"it lists the storage '{item}', which no tensor refers to, or lists it twice");
            var count = BinaryPrimitives.ReadInt64LittleEndian(file.Span(position, sizeof(long)));
            position += sizeof(long);
            if (count < 0 || storage.ElementBytes * (Int128)count != storage.Bytes)
                throw new InvalidCheckpointException(file.Name, $"storage '{key}' has {count} elements, where its tensors need {storage.Bytes / storage.ElementBytes}");
            if (storage.Bytes > file.Length - position)
                throw new InvalidCheckpointException(file.Name, $"it ends before the {storage.Bytes} bytes of storage '{key}'");
            storage.Part = new FilePart(position, storage.Bytes);
            storage.IsBigEndian = isBigEndian;
            position += storage.Bytes;
        }
        return root;
    }

    private static object? Load(object? id, Dictionary<string, TorchStorage> storages, string file)
    {
        // The class of a module that was saved whole, with its source text.
        if (id is PickleTuple { Items: ["module", PickleGlobal module, ..] })
            return module;
        if (id is PickleTuple { Items: [_, _, _, _, _, not null, ..] })
            throw new InvalidCheckpointException(file, "a storage of it is a part of another, and such are not read");
        var (type, key, location, bytes, elementBytes) = TorchStorageId.Read(id, file);
        if (!storages.TryGetValue(key, out var storage))
            storages.Add(key, storage = new TorchStorage(type, bytes) { IsMeta = location == "meta", ElementBytes = elementBytes });
        return storage.Bytes == bytes && storage.Type == type ? storage
            : throw new InvalidCheckpointException(file, $"it calls storage '{key}' by two types or sizes");
    }
}
