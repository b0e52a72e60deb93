using System.Runtime.CompilerServices;

namespace Gpux.Onnx.Tests;

public sealed class OnnxFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Opened_model_equals_the_read_one_and_its_data_are_mapped()
    {
        var path = Path.Join(_folder, "m.onnx");
        OnnxWriter.Write(TestModels.Everything(), path);

        using var file = OnnxReader.Open(path);

        Assert.Equivalent(TestModels.Everything(), file.Model, strict: true);
        Assert.Equal(path, file.Path);
    }

    [Fact]
    public void Reading_a_large_file_allocates_for_its_structure_only()
    {
        var path = Path.Join(_folder, "m.onnx");
        var model = TestModels.Linear();
        var tensor = new OnnxTensor { Name = "large", ElementType = ElementType.UInt8, Dimensions = [64 << 20], Data = new byte[64 << 20] };
        model.Graph.Initializers.Add(tensor);
        var before = GC.GetAllocatedBytesForCurrentThread();
        OnnxWriter.Write(model, path);
        var afterWriting = GC.GetAllocatedBytesForCurrentThread();
        using var file = OnnxReader.Open(path);
        var afterReading = GC.GetAllocatedBytesForCurrentThread();

        Assert.InRange(afterWriting - before, 0, 200_000);
        Assert.InRange(afterReading - afterWriting, 0, 100_000);
        Assert.Equal(64 << 20, file.Model.Graph.Initializers[2].Data.Length);
    }

    [Fact]
    public void Data_of_a_closed_file_throw_and_names_stay()
    {
        var path = Path.Join(_folder, "m.onnx");
        OnnxWriter.Write(TestModels.Linear(), path);
        var file = OnnxReader.Open(path);
        var weight = file.Model.Graph.Initializers[0];

        file.Dispose();

        Assert.Equal("w", weight.Name);
        Assert.Throws<ObjectDisposedException>(() => weight.Data.Span[0]);
        Assert.Throws<ObjectDisposedException>(() => weight.Data.Pin());
    }

    [Fact]
    public void Data_keep_the_mapping_alive()
    {
        var path = Path.Join(_folder, "m.onnx");
        OnnxWriter.Write(TestModels.Linear(), path);

        var data = OpenAndForget(path);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.Equal(TestModels.Linear().Graph.Initializers[0].Data.ToArray(), data.ToArray());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReadOnlyMemory<byte> OpenAndForget(string path) => OnnxReader.Open(path).Model.Graph.Initializers[0].Data;

    [Fact]
    public void Damaged_file_is_named_and_closed()
    {
        var path = Path.Join(_folder, "m.onnx");
        File.WriteAllBytes(path, [0xFF]);

        Assert.Contains(path, Assert.Throws<InvalidOnnxException>(() => OnnxReader.Open(path)).Message, StringComparison.Ordinal);

        File.WriteAllBytes(path, []);
        Assert.Contains("no graph", Assert.Throws<InvalidOnnxException>(() => OnnxReader.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void External_data_are_found_beside_the_model_also_through_the_links_of_the_Hubs_cache()
    {
        var snapshot = Directory.CreateDirectory(Path.Join(_folder, "snapshots", "main", "onnx")).FullName;
        var blobs = Directory.CreateDirectory(Path.Join(_folder, "blobs")).FullName;
        var model = TestModels.Linear();
        model.Graph.Initializers[1].Data = default;
        model.Graph.Initializers[1].External = new ExternalData("model.onnx_data", 4, 12);
        OnnxWriter.Write(model, Path.Join(blobs, "1111"));
        File.WriteAllBytes(Path.Join(blobs, "2222"), [.. Enumerable.Range(0, 16).Select(i => (byte)i)]);
        File.WriteAllBytes(Path.Join(_folder, "secret"), new byte[16]);
        File.CreateSymbolicLink(Path.Join(snapshot, "model.onnx"), "../../../blobs/1111");
        File.CreateSymbolicLink(Path.Join(snapshot, "model.onnx_data"), "../../../blobs/2222");

        using var file = OnnxReader.Open(Path.Join(snapshot, "model.onnx"));
        var tensor = file.Model.Graph.Initializers[1];
        using (var region = file.ReadExternal(tensor))
            Assert.Equal([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], region.Memory.ToArray());

        File.Delete(Path.Join(snapshot, "model.onnx_data"));
        File.CreateSymbolicLink(Path.Join(snapshot, "model.onnx_data"), "../../../secret");
        Assert.Throws<ExternalDataException>(() => file.ReadExternal(tensor));
    }

    [Fact]
    public void Region_gives_slices_at_any_offset()
    {
        var path = Path.Join(_folder, "data");
        var bytes = new byte[100_000];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);

        using var region = MappedRegion.Open(path, 5_003, 90_000);

        Assert.Equal(bytes[5_003..95_003], region.Memory.ToArray());
        Assert.Equal(bytes[5_010..5_020], region.Slice(7, 10).ToArray());
        Assert.Equal(0, region.Slice(90_000, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Slice(89_999, 2));
        Assert.Throws<EndOfStreamException>(() => MappedRegion.Open(path, 99_999, 2));
        Assert.Throws<EndOfStreamException>(() => MappedRegion.Open(path, 100_001));
        using var end = MappedRegion.Open(path, 100_000);
        Assert.Equal(0, end.Memory.Length);
    }
}
