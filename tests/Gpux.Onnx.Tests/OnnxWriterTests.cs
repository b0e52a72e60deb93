namespace Gpux.Onnx.Tests;

public sealed class OnnxWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Attribute_is_written_as_the_official_library_does()
    {
        var model = new OnnxModel();
        model.Graph.Nodes.Add(TestModels.Node("", [], [], new OnnxAttribute { Name = "axes", Kind = AttributeKind.Ints, Ints = [0, -1] }));

        // ModelProto.graph, GraphProto.node, NodeProto.attribute; the numbers one by one, the kind after them.
        Assert.Equal("3A1A0A182A160A04617865734000" + "40FFFFFFFFFFFFFFFFFF01" + "A00107", Convert.ToHexString(TestModels.Bytes(model)));
    }

    [Fact]
    public void Large_data_go_to_the_stream_from_where_they_lie()
    {
        var model = TestModels.Linear();
        var data = new byte[1 << 20];
        model.Graph.Initializers.Add(new OnnxTensor { Name = "large", ElementType = ElementType.UInt8, Dimensions = [1 << 20], Data = data });
        using var stream = new SeenSpans();

        OnnxWriter.Write(model, stream);

        Assert.Contains(stream.Lengths, length => length == data.Length);
        Assert.Equal(OnnxWriter.Measure(model), stream.Lengths.Sum());
    }

    [Fact]
    public void Model_of_2_GiB_is_refused_with_its_largest_tensors()
    {
        var model = TestModels.Linear();
        var data = new byte[1 << 26];
        for (var i = 0; i < 32; i++)
            model.Graph.Initializers.Add(new OnnxTensor { Name = $"layer.{i}", ElementType = ElementType.UInt8, Dimensions = [data.Length], Data = data });
        model.Graph.Initializers[12].Data = new byte[data.Length + 1];
        var path = Path.Join(_folder, "m.onnx");

        var e = Assert.Throws<OnnxTooLargeException>(() => OnnxWriter.Write(model, path));

        Assert.Contains("Its largest tensors: 'layer.10' (67108865 bytes), '", e.Message, StringComparison.Ordinal);
        Assert.Equal(OnnxWriter.Measure(model), e.SizeBytes);
        Assert.Empty(Directory.EnumerateFiles(_folder));
        model.Graph.Initializers.RemoveAt(13);
        Assert.InRange(OnnxWriter.Measure(model), 31L << 26, int.MaxValue);
    }

    [Fact]
    public void File_replaces_an_older_one_and_leaves_nothing_beside_it()
    {
        var path = Path.Join(_folder, "m.onnx");
        File.WriteAllText(path, "an older and much longer file" + new string('x', 10_000));

        OnnxWriter.Write(TestModels.Linear(), path);

        Assert.Equal(TestModels.Bytes(TestModels.Linear()), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.EnumerateFiles(_folder));
    }

    [Fact]
    public void Failed_writing_leaves_the_older_file()
    {
        var path = Path.Join(_folder, "m.onnx");
        File.WriteAllText(path, "older");
        var model = TestModels.Linear();
        var weights = Path.Join(_folder, "weights");
        File.WriteAllBytes(weights, new byte[100_000]);
        var region = MappedRegion.Open(weights);
        model.Graph.Initializers[0].Data = region.Memory;
        region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => OnnxWriter.Write(model, path));

        Assert.Equal("older", File.ReadAllText(path));
        Assert.Equal(2, Directory.EnumerateFiles(_folder).Count());
    }

    [Fact]
    public void Graph_that_contains_itself_is_refused()
    {
        var model = TestModels.Linear();
        model.Graph.Nodes[0].Attributes.Add(new OnnxAttribute { Name = "body", Kind = AttributeKind.Graph, Graph = model.Graph });

        Assert.Throws<ArgumentException>(() => OnnxWriter.Measure(model));
    }

    [Fact]
    public void Name_that_is_not_Unicode_is_refused()
    {
        var model = TestModels.Linear();
        model.Graph.Name = "half of a pair: \uD83D";

        Assert.Throws<ArgumentException>(() => OnnxWriter.Measure(model));
    }

    [Fact]
    public void Model_that_changes_while_it_is_written_is_noticed()
    {
        var model = TestModels.Linear();
        model.Graph.Initializers.Add(new OnnxTensor { Name = "large", ElementType = ElementType.UInt8, Data = new byte[1 << 20] });
        using var inGraph = new SeenSpans { OnWrite = () => model.Graph.DocString = "new" };
        Assert.Throws<InvalidOperationException>(() => OnnxWriter.Write(model, inGraph));

        using var atTop = new SeenSpans { OnWrite = () => model.Metadata.Add(new("key", "value")) };
        Assert.Throws<InvalidOperationException>(() => OnnxWriter.Write(model, atTop));
    }

    [Fact]
    public void Unknown_fields_that_are_no_protobuf_are_refused()
    {
        var model = TestModels.Linear();
        model.UnknownFields = new byte[] { 0xFF };

        Assert.Throws<ArgumentException>(() => OnnxWriter.Measure(model));
    }

    private sealed class SeenSpans : MemoryStream
    {
        public List<long> Lengths { get; } = [];
        public Action? OnWrite { get; init; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Lengths.Add(buffer.Length);
            OnWrite?.Invoke();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    }
}
