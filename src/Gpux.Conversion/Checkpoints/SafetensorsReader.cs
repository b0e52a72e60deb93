namespace Gpux.Conversion.Checkpoints;

/// <summary>Reads model.safetensors, or its shards by model.safetensors.index.json: headers only.</summary>
public static class SafetensorsReader
{
    /// <summary>Reads the headers of one file, or of all files that an index names.</summary>
    /// <param name="name">A name in the repository that ends in .safetensors or .safetensors.index.json.</param>
    public static Checkpoint Read(ModelFiles files, string name) =>
        ShardIndex.IsOne(name) ? ShardIndex.ReadShards(files, name, ReadFile) : ReadFile(files.Require(name), name);

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

    private static int ReadFully(Microsoft.Win32.SafeHandles.SafeFileHandle file, Span<byte> buffer, long offset)
    {
        var done = 0;
        for (int read; done < buffer.Length && (read = RandomAccess.Read(file, buffer[done..], offset + done)) > 0;)
            done += read;
        return done;
    }
}
