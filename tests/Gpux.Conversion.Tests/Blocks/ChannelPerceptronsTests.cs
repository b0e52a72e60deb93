using Gpux.Conversion.Blocks;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Precision;
using Gpux.Onnx;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Tests.Blocks;

/// <summary>That each form computes the same is what recorded models tell: they are of narrow layers and of wide ones.</summary>
public sealed class ChannelPerceptronsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Narrow_one_is_two_convolutions() => Assert.Equal((2, 0), Count(64));

    [Fact]
    public void Wide_one_is_two_products() => Assert.Equal((0, 2), Count(640));

    [Fact]
    public void Portable_one_is_two_products() => Assert.Equal((0, 2), Count(64, GraphTarget.Portable));

    [Fact]
    public void Quantized_one_is_two_products_because_no_convolution_is() => Assert.Equal((0, 2), Count(64, precision: WeightPrecision.Int8));

    [Theory]
    [InlineData(WeightPrecision.Float32, "up.weight/kernel", ElementType.Float32)]
    [InlineData(WeightPrecision.Float16, "up.weight/kernel/half", ElementType.Float16)]
    public void Kernel_is_the_matrix_as_it_lies(WeightPrecision precision, string name, ElementType type)
    {
        var model = Build(64, GraphTarget.Cpu, precision);
        PrecisionRewriter.Apply(model, precision);
        var kernel = model.Graph.Initializers.Single(tensor => tensor.Name == name);
        Assert.Equal(type, kernel.ElementType);
        Assert.Equal([256, 64, 1, 1], kernel.Dimensions);
    }

    private (int Convolutions, int Products) Count(int width, GraphTarget target = GraphTarget.Cpu, WeightPrecision precision = WeightPrecision.Float32)
    {
        var nodes = Build(width, target, precision).Graph.Nodes;
        return (nodes.Count(node => node.OpType == "Conv"), nodes.Count(node => node.OpType is "FusedMatMul" or "Gemm"));
    }

    private OnnxModel Build(int width, GraphTarget target, WeightPrecision precision)
    {
        Tensor Zeros(params long[] shape) => Tensor.Zeros(ElementType.Float32, new Shape(shape));
        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), new Dictionary<string, Tensor>
        {
            ["up.weight"] = Zeros(4 * width, width), ["up.bias"] = Zeros(4 * width),
            ["down.weight"] = Zeros(width, 4 * width), ["down.bias"] = Zeros(width), ["scale"] = Zeros(width),
        });
        var graph = new GraphBuilder("test", target);
        var weights = new Weights(graph, CheckpointCatalog.Read(ModelFiles.InFolder(_folder)), "Test", precision);
        var map = graph.Input("map", ElementType.Float32, "batch", width, "height", "width");
        graph.Output("sum", map.AddChannelPerceptron(map.ChannelsLast(), weights["up"], weights["down"], y => y.Gelu(), weights.Get("scale")));
        return graph.ToModel();
    }
}
