using System.Runtime.InteropServices;
using System.Text.Json;

namespace Gpux.Runtime.Tests.Generation;

/// <summary>A recorded case: of the whole corpus where that lies on this machine, else of the extract in tests/Golden.</summary>
internal sealed class RecordedCase
{
    private readonly string _folder;
    private readonly Dictionary<string, (long[] Shape, byte[] Bytes)> _tensors;

    private RecordedCase(string folder)
    {
        _folder = folder;
        Description = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json"))).RootElement;
        _tensors = ReadTensors(Path.Combine(folder, "tensors.safetensors"));
    }

    public JsonElement Description { get; }
    public string Repository => Path.Combine(_folder, "repo");

    public static RecordedCase Load(string area, string name) => new(Corpus.PathOf(area, name));

    public static IEnumerable<string> Names(string area) => Corpus.Cases(area);

    public JsonElement Entry(string list, string name) =>
        Description.GetProperty(list).EnumerateArray().First(entry => entry.GetProperty("name").GetString() == name);

    public bool Has(string tensor) => _tensors.ContainsKey(tensor);

    public long[] Shape(string tensor) => _tensors[tensor].Shape;

    public T[] Read<T>(string tensor) where T : unmanaged => MemoryMarshal.Cast<byte, T>(_tensors[tensor].Bytes).ToArray();

    public int[] ReadIds(string tensor) => [.. Read<long>(tensor).Select(id => (int)id)];

    /// <summary>All tensors of a safetensors file by name, with their little-endian bytes.</summary>
    public static Dictionary<string, (long[] Shape, byte[] Bytes)> ReadTensors(string path)
    {
        var file = File.ReadAllBytes(path);
        var headerLength = (int)BitConverter.ToInt64(file);
        using var header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        var tensors = new Dictionary<string, (long[], byte[])>();
        foreach (var tensor in header.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__"))
        {
            long[] shape = [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
            var offsets = tensor.Value.GetProperty("data_offsets");
            tensors[tensor.Name] = (shape, file[(8 + headerLength + offsets[0].GetInt32())..(8 + headerLength + offsets[1].GetInt32())]);
        }
        return tensors;
    }
}
