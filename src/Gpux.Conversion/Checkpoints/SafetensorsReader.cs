using System.Text.Json;

namespace Gpux.Conversion.Checkpoints;

/// <summary>Reads model.safetensors, or its shards by model.safetensors.index.json: headers only.</summary>
public static class SafetensorsReader
{
    private const int MaximumIndexBytes = 256 << 20;

    /// <summary>Reads the headers of one file, or of all files that an index names.</summary>
    /// <param name="name">A name in the repository that ends in .safetensors or .safetensors.index.json.</param>
    public static Checkpoint Read(ModelFiles files, string name) =>
        name.EndsWith(".index.json", StringComparison.Ordinal) ? ReadShards(files, name) : ReadFile(files.Require(name), name);

    /// <summary>The tensors of each shard by the index; a shard is named relative to the index's own folder.</summary>
    /// <exception cref="InvalidCheckpointException">Not such an index, or one that names files outside its folder.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> ReadIndex(ReadOnlyMemory<byte> json, string name)
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

    private static Checkpoint ReadFile(string path, string name)
    {
        using var file = File.OpenHandle(path);
        var size = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
        prefix = prefix[..ReadFully(file, prefix, 0)];
        var json = new byte[SafetensorsHeader.ReadLength(prefix, name, size)];
        if (ReadFully(file, json, SafetensorsHeader.PrefixBytes) != json.Length)
            throw new InvalidCheckpointException(name, "it became shorter while it was read");
        return SafetensorsHeader.Parse(json, name, size);
    }

    private static Checkpoint ReadShards(ModelFiles files, string index)
    {
        var path = files.Require(index);
        if (new FileInfo(path).Length > MaximumIndexBytes)
            throw new InvalidCheckpointException(index, $"it is longer than {MaximumIndexBytes >> 20} MiB");
        var folder = index[..(index.LastIndexOf('/') + 1)];
        var tensors = new Dictionary<string, CheckpointTensor>();
        foreach (var (shard, names) in ReadIndex(File.ReadAllBytes(path), index))
        {
            if (files.Find(folder + shard) is not { } shardPath)
                throw new InvalidCheckpointException(index, $"the shard '{shard}' that it names is missing");
            var content = ReadFile(shardPath, folder + shard);
            foreach (var tensor in names)
            {
                if (!content.Tensors.TryGetValue(tensor, out var found))
                    throw new InvalidCheckpointException(index, $"'{shard}' lacks tensor '{tensor}' that the index places there");
                tensors.Add(tensor, found);
            }
        }
        return new Checkpoint(tensors);
    }

    private static int ReadFully(Microsoft.Win32.SafeHandles.SafeFileHandle file, Span<byte> buffer, long offset)
    {
        var done = 0;
        for (int read; done < buffer.Length && (read = RandomAccess.Read(file, buffer[done..], offset + done)) > 0;)
            done += read;
        return done;
    }
}
