using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>AlexNet and VGG: convolutions one after another, a pooled map of fixed size, three projections.</summary>
/// <remarks>Source: arXiv:1404.5997, 1409.1556; outputs of torchvision 0.29, models/alexnet.py and vgg.py.</remarks>
internal static class Vgg
{
    private const float Epsilon = 1e-5f;

    public static TorchvisionFamily Family { get; } = new("vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn", ModelTask.ImageClassification, Build);
    public static TorchvisionFamily AlexNet { get; } = new("alexnet", ModelTask.ImageClassification, BuildAlexNet);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var (x, features) = (TorchvisionEntry.Images(graph), weights["features"]);
        // The layers' numbers count functions and pools too, which have no weights: what is left over after a function is a pool.
        for (var i = 0; features.Has($"{i}");)
        {
            x = x.ConvolveCentered(features[$"{i}"]);
            i++;
            if (features.Has($"{i}.running_mean"))
                x = x.Normalize(features[$"{i++}"], Epsilon);
            x = x.Relu();
            i++;
            if (features.Has($"{i}"))
                continue;
            x = x.MaxPool2D(2, stride: 2, padding: 0);
            i++;
        }
        return Classify(x, size: 7, weights["classifier"], "0", "3", "6");
    }

    private static Value BuildAlexNet(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var features = weights["features"];
        Value Layer(Value x, int number, int stride, int padding) =>
            x.Conv2D(features.Get($"{number}.weight"), features.Find($"{number}.bias"), (stride, stride), (padding, padding)).Relu();
        Value Pool(Value x) => x.MaxPool2D(3, stride: 2, padding: 0);
        var map = Pool(Layer(Pool(Layer(TorchvisionEntry.Images(graph), 0, 4, 2)), 3, 1, 2));
        map = Pool(Layer(Layer(Layer(map, 6, 1, 1), 8, 1, 1), 10, 1, 1));
        return Classify(map, size: 6, weights["classifier"], "1", "4", "6");
    }

    private static Value Classify(Value x, int size, Weights weights, string first, string second, string last)
    {
        x = x.PoolTo(size);
        return x.Reshape(x.Dim(0), Dim.Rest).Linear(weights[first]).Relu().Linear(weights[second]).Relu().Linear(weights[last]);
    }

    /// <summary>The means of as many windows as make the result size x size, whatever the map's size: windows may overlap, and be of
    /// different sizes (torch's adaptive_avg_pool2d).</summary>
    private static Value PoolTo(this Value x, int size)
    {
        // Window i has the elements from floor(i n / size) up to ceil((i + 1) n / size): a matrix of weights for each axis.
        Value Windows(int axis)
        {
            var graph = x.Graph;
            var extent = x.Extent(axis);
            var (parts, one) = (graph.Constant([size]), graph.Constant([1]));
            var window = parts.Range(size).Unsqueeze(1); // [size, 1]
            var first = window * extent / parts;
            var end = ((window + one) * extent + (parts - one)) / parts;
            var place = extent.Range(x.Dim(axis)); // [n]
            var inside = ((place >= first) & (place < end)).Cast(ElementType.Float32); // [size, n]
            return inside / (end - first).Cast(ElementType.Float32);
        }
        var rows = Windows(2).MatMul(x); // [B, C, size, W]
        return rows.MatMul(Windows(3).Transpose(1, 0)); // [B, C, size, size]
    }
}
