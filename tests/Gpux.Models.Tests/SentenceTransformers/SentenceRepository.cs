using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Gpux.Models.Tests.SentenceTransformers;

/// <summary>A copy of a recorded sentence encoder with other modules behind it.</summary>
internal sealed class SentenceRepository : IDisposable
{
    public const int Width = 24;
    public string Folder { get; } = Directory.CreateTempSubdirectory("gpux-sentence-").FullName;

    public SentenceRepository(params ReadOnlySpan<string> modules)
    {
        var source = Corpus.PathOf("models", "sentence-bert-mean-normalize", "repo");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // a file lies in a folder
            File.Copy(file, copy);
        }
        var list = new List<object> { new { idx = 0, name = "0", path = "", type = "sentence_transformers.models.Transformer" } };
        foreach (var module in modules)
            list.Add(new { idx = list.Count, name = $"{list.Count}", path = $"{list.Count}_{module}", type = $"sentence_transformers.models.{module}" });
        Write("modules.json", JsonSerializer.Serialize(list));
    }

    public SentenceRepository Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // a file lies in a folder
        File.WriteAllText(path, content);
        return this;
    }

    /// <summary>The weights of a module.</summary>
    public SentenceRepository Weights(string folder, params (string Name, int[] Shape, float[] Values)[] tensors)
    {
        var header = new Dictionary<string, object>();
        var offset = 0;
        foreach (var (name, shape, values) in tensors)
            header[name] = new { dtype = "F32", shape, data_offsets = new[] { offset, offset += values.Length * sizeof(float) } };
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        Directory.CreateDirectory(Path.Combine(Folder, folder));
        File.WriteAllBytes(Path.Combine(Folder, folder, "model.safetensors"), [.. length, .. json, .. tensors.SelectMany(tensor => MemoryMarshal.AsBytes<float>(tensor.Values).ToArray())]);
        return this;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
