using System.Runtime.InteropServices;
using Gpux.Conversion.Checkpoints;
using Gpux.Onnx;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Tests;

public sealed class NormalizedDataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(new long[] { 3, 2, 5 }, 0)]
    [InlineData(new long[] { 3, 2, 5 }, 1)]
    [InlineData(new long[] { 3, 2, 5 }, 2)]
    [InlineData(new long[] { 40, 30, 41 }, 2)] // several chunks, which end in the middle of a row
    [InlineData(new long[] { 40, 30, 41 }, 0)]
    [InlineData(new long[] { 20_000, 1 }, 0)] // more lengths than a chunk holds
    public void Directions_get_their_lengths(long[] dimensions, int axis)
    {
        var random = new Random(1);
        var shape = new Shape(dimensions);
        var v = Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var g = Enumerable.Range(0, (int)dimensions[axis]).Select(_ => random.NextSingle() + 0.5f).ToArray();
        long inner = dimensions[(axis + 1)..].Aggregate(1L, (product, size) => product * size);
        var norms = new double[g.Length];
        for (var i = 0; i < v.Length; i++)
            norms[i / inner % g.Length] += (double)v[i] * v[i];

        var weight = Write(Tensor.Of(v, shape), Tensor.Of(g, LengthsOf(shape, axis)), axis);

        for (var i = 0; i < v.Length; i++)
        {
            var position = i / inner % g.Length;
            Assert.Equal(v[i] / Math.Sqrt(norms[position]) * g[position], weight[i], 1e-6);
        }
    }

    [Fact]
    public void Half_precision_is_widened_first()
    {
        float[] v = [3, 4, 0.5f, 1.2f], g = [10, 2];
        var weight = Write(Tensor.Of([.. v.Select(number => (Half)number)], new Shape(2, 2)), Tensor.Of([.. g.Select(number => (Half)number)], new Shape(2, 1)), axis: 0);
        Assert.Equal([6f, 8f], weight[..2]);
        Assert.Equal([2 * 5 / 13f, 2 * 12 / 13f], weight[2..], (left, right) => Math.Abs(left - right) < 1e-3f); // 1.2 is not a Half
    }

    [Theory]
    [InlineData(new long[] { 3, 1, 1 })]
    [InlineData(new long[] { 1, 5 })]
    [InlineData(new long[] { 1, 1, 4 })]
    public void Lengths_of_another_axis_are_refused(long[] lengths)
    {
        var (directions, other) = (new Shape(3, 2, 5), new Shape(lengths));
        Save(Tensor.Zeros(ElementType.Float32, directions), Tensor.Zeros(ElementType.Float32, other));
        var weights = new Weights(new GraphBuilder("test", GraphTarget.Cpu), CheckpointCatalog.Read(ModelFiles.InFolder(_folder)), "Test");
        Assert.Throws<InvalidCheckpointException>(() => weights.NormalizedWeight(axis: 2));
    }

    /// <summary>A weight that is not in the file as it is used is the same wherever it is written.</summary>
    [Fact]
    public void A_file_with_its_weights_inside_holds_prepared_ones()
    {
        var files = ModelFiles.InFolder(Corpus.PathOf("models", "wav2vec2-frame-classification", "repo"));
        ConversionPlan Plan() => Converter.Plan(files, new ConversionOptions());
        Converter.WriteFile(Plan(), files, Path.Combine(_folder, "inside.onnx"), []);
        Converter.Write(Plan(), files, Path.Combine(_folder, "beside"), WeightStorage.Copied, []);
        using var inside = OnnxReader.Open(Path.Combine(_folder, "inside.onnx"));
        using var beside = OnnxReader.Open(Path.Combine(_folder, "beside", Converter.ModelFile));
        var kernel = inside.Model.Graph.Initializers.Single(tensor => tensor.Name.EndsWith("pos_conv_embed.conv.weight", StringComparison.Ordinal));
        using var region = beside.ReadExternal(beside.Model.Graph.Initializers.Single(tensor => tensor.Name == kernel.Name));
        Assert.True(kernel.Data.Span.SequenceEqual(region.Memory.Span));
        Assert.Contains(MemoryMarshal.Cast<byte, float>(kernel.Data.Span).ToArray(), number => number != 0);
    }

    /// <summary>No hard link leads to another file system: what is prepared lies in the graph, and the rest where it is.</summary>
    [Fact]
    public void Across_file_systems_the_graph_holds_what_is_prepared()
    {
        const string OtherFileSystem = "/dev/shm";
        if (!Directory.Exists(OtherFileSystem))
            return; // not on this system
        var files = ModelFiles.InFolder(Corpus.PathOf("models", "wav2vec2-frame-classification", "repo"));
        var folder = Directory.CreateDirectory(Path.Combine(OtherFileSystem, Path.GetFileName(Path.TrimEndingDirectorySeparator(_folder)))).FullName;
        try
        {
            var result = Converter.Write(Converter.Plan(files, new ConversionOptions()), files, folder, WeightStorage.Referenced, []);
            Assert.Equal([Converter.ModelFile], Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)));
            using var graph = OnnxReader.Open(result.ModelPath);
            Assert.Equal(ByteCountOf("wav2vec2.encoder.pos_conv_embed.conv.weight"), graph.Model.Graph.Initializers
                .Single(tensor => tensor.Name == "wav2vec2.encoder.pos_conv_embed.conv.weight" && tensor.External is null).Data.Length);
            Assert.Contains(graph.Model.Graph.Initializers, tensor => tensor.External?.Location == "model.safetensors");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        long ByteCountOf(string weight) => CheckpointCatalog.Read(files).Tensors[weight.Replace(".weight", ".parametrizations.weight.original1", StringComparison.Ordinal)].ByteCount;
    }

    private float[] Write(Tensor directions, Tensor lengths, int axis)
    {
        Save(directions, lengths);
        var files = ModelFiles.InFolder(_folder);
        var tensors = CheckpointCatalog.Read(files).Tensors;
        var data = new NormalizedData(tensors["weight_v"], tensors["weight_g"], axis);
        return MemoryMarshal.Cast<byte, float>(data.ToBytes(new CheckpointData(files))).ToArray();
    }

    private void Save(Tensor directions, Tensor lengths) => SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"),
        new Dictionary<string, Tensor> { ["weight_v"] = directions, ["weight_g"] = lengths });

    private static Shape LengthsOf(Shape shape, int axis) => new([.. shape.Dimensions.Select((size, i) => i == axis ? size : 1)]);
}
