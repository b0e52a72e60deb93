using System.Text.Json;

namespace Gpux.Conversion.Checkpoints;

/// <summary>Reads the index of a checkpoint in several files: *.index.json.</summary>
public static class ShardIndex
{
    private const int MaximumBytes = 256 << 20;

    /// <summary>Whether a file is an index, by its name.</summary>
    public static bool IsOne(string name) => name.EndsWith(".index.json", StringComparison.Ordinal);

    /// <summary>The tensors of each shard by the index; a shard is named relative to the index's own folder.</summary>
    /// <exception cref="InvalidCheckpointException">Not such an index, or one that names files outside its folder.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Read(ReadOnlyMemory<byte> json, string name)
    {
        var shards = new Dictionary<string, IReadOnlyList<string>>();
        try
        {
            using var index = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            foreach (var entry in index.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                var shard = entry.Value.GetString() ?? "";
                if (shard is "" or "." or ".." || shard.AsSpan().ContainsAny('/', '\\', ':') || shard.Any(char.IsControl))
                    throw new InvalidCheckpointException(name, $"it places tensor '{entry.Name}' in '{shard}', which is no file beside it");
                if (!shards.TryGetValue(shard, out var tensors))
                    shards.Add(shard, tensors = new List<string>());
                ((List<string>)tensors).Add(entry.Name);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidCheckpointException(name, $"it is no index of tensors: {exception.Message}", exception);
        }
        return shards;
    }

    /// <summary>Reads the tensors that an index names from the files that it names.</summary>
    /// <param name="readShard">Reads a file at a path, by its name in the repository.</param>
    public static Checkpoint ReadShards(ModelFiles files, string index, Func<string, string, Checkpoint> readShard)
    {
        var path = files.Require(index);
        if (new FileInfo(path).Length > MaximumBytes)
            throw new InvalidCheckpointException(index, $"it is longer than {MaximumBytes >> 20} MiB");
        var folder = index[..(index.LastIndexOf('/') + 1)];
        var tensors = new Dictionary<string, CheckpointTensor>();
        foreach (var (shard, names) in Read(File.ReadAllBytes(path), index))
        {
            if (files.Find(folder + shard) is not { } shardPath)
                throw new InvalidCheckpointException(index, $"the shard '{shard}' that it names is missing");
            var content = readShard(shardPath, folder + shard);
            foreach (var tensor in names)
            {
                if (!content.Tensors.TryGetValue(tensor, out var found))
                    throw new InvalidCheckpointException(index, $"'{shard}' lacks tensor '{tensor}' that the index places there");
                if (!tensors.TryAdd(tensor, found))
                    throw new InvalidCheckpointException(index, $"it places tensor '{tensor}' twice");
            }
        }
        return new Checkpoint(tensors);
    }
}
