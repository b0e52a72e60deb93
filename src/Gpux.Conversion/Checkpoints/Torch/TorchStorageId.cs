using Gpux.Conversion.Checkpoints.Pickle;

namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>The persistent id of a storage: ('storage', class, key, location, number of elements).</summary>
internal static class TorchStorageId
{
    public static (ElementType? Type, string Key, string Location, long Bytes, int ElementBytes) Read(object? id, string file)
    {
        if (id is not PickleTuple { Items: ["storage", PickleGlobal type, string key, string location, long count, ..] })
            throw new InvalidCheckpointException(file, "it refers to a storage by something that is no storage's id");
        var (elementType, elementBytes) = Type(type, file);
        if (count < 0 || count > long.MaxValue / elementBytes)
            throw new InvalidCheckpointException(file, $"storage '{key}' claims {count} elements");
        return (elementType, key, location, count * elementBytes, elementBytes);
    }

    /// <summary>What a storage class holds.</summary>
    public static (ElementType? Type, int Bytes) Type(PickleGlobal type, string file) =>
        type.Module is "torch" or "torch.storage" or "torch.cuda" && TorchTypes.OfStorage(type.Name) is { } known ? known
            : throw new InvalidCheckpointException(file, $"'{type.FullName}' is no class of storages");
}
