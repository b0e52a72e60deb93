using Gpux.Conversion.Checkpoints.Pickle;
using Gpux.Conversion.Checkpoints.Zip;

namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>The zip form of torch.save, since PyTorch 1.6: a pickle, and an entry with the bytes of each storage.</summary>
/// <remarks>Source: PyTorch 2.13, torch/serialization.py and caffe2/serialize/inline_container.h.</remarks>
internal static class TorchZip
{
    public const string PickleEntry = "data.pkl";
    public const string ByteOrderEntry = "byteorder";
    public const int LargestPickleBytes = 128 << 20;

    /// <summary>The folder that holds everything in the archive.</summary>
    public static string Root(IEnumerable<string> entries, string file)
    {
        string? root = null;
        foreach (var name in entries)
        {
            var end = name.IndexOf('/') + 1;
            if (end == 0 || root is not null && name[..end] != root)
                throw new InvalidCheckpointException(file, $"'{name}' is outside of the one folder that such an archive has");
            root = name[..end];
        }
        return root ?? throw new InvalidCheckpointException(file, "it is an archive without entries");
    }

    /// <summary>Reads what the pickle holds.</summary>
    public static object? Read(FileBytes file)
    {
        var archive = ZipArchive.Read(file);
        var root = Root(archive.Entries.Keys, file.Name);
        if (archive.Entries.ContainsKey(root + "constants.pkl"))
            throw new UnsupportedCheckpointException(file.Name, "TorchScript program");
        if (!archive.Entries.TryGetValue(root + PickleEntry, out var entry))
            throw new InvalidCheckpointException(file.Name, $"it lacks '{root}{PickleEntry}', which lists the tensors");
        var isBigEndian = archive.Entries.TryGetValue(root + ByteOrderEntry, out var order) && archive.Read(order, 16).SequenceEqual("big"u8);
        var storages = new Dictionary<string, TorchStorage>();
        var reader = new PickleReader(archive.Read(entry, LargestPickleBytes), file.Name, entry.IsDeflated ? 0 : entry.Offset,
            new TorchCalls(file.Name).Call, id => LoadStorage(id, archive, root, isBigEndian, storages, file.Name));
        return reader.Read();
    }

    private static TorchStorage LoadStorage(object? id, ZipArchive archive, string root, bool isBigEndian,
        Dictionary<string, TorchStorage> storages, string file)
    {
        var (type, key, location, bytes, _) = TorchStorageId.Read(id, file);
        if (storages.TryGetValue(key, out var storage))
            return storage.Bytes == bytes && storage.Type == type ? storage
                : throw new InvalidCheckpointException(file, $"it calls storage '{key}' by two types or sizes");
        if (location == "meta")
            storage = new TorchStorage(type, bytes) { IsMeta = true };
        else if (!archive.Entries.TryGetValue($"{root}data/{key}", out var entry))
            throw new InvalidCheckpointException(file, $"it lacks storage '{key}'");
        else if (entry.Bytes != bytes)
            throw new InvalidCheckpointException(file, $"storage '{key}' has {entry.Bytes} bytes, where its tensors need {bytes}");
        else
            storage = new TorchStorage(type, bytes) { Part = entry.Part, IsDeflated = entry.IsDeflated, IsBigEndian = isBigEndian };
        storages.Add(key, storage);
        return storage;
    }
}
