using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>GoogLeNet: four branches side by side in each block.</summary>
/// <remarks>Source: arXiv:1409.4842; outputs of torchvision 0.29, models/googlenet.py.</remarks>
internal static class GoogLeNet
{
    public static TorchvisionFamily Family { get; } = new("googlenet", ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        weights.Ignore("aux1", "aux2");
        var x = Inputs(graph, entry);
        x = Layer(x, weights["conv1"], stride: 2).MaxPool2D(3, stride: 2, padding: 0, ceil: true);
        x = Layer(Layer(x, weights["conv2"]), weights["conv3"]).MaxPool2D(3, stride: 2, padding: 0, ceil: true);
        x = Block(Block(x, weights["inception3a"]), weights["inception3b"]).MaxPool2D(3, stride: 2, padding: 0, ceil: true);
        foreach (var name in (ReadOnlySpan<string>)["inception4a", "inception4b", "inception4c", "inception4d", "inception4e"])
            x = Block(x, weights[name]);
        x = x.MaxPool2D(2, stride: 2, padding: 0, ceil: true);
        return Block(Block(x, weights["inception5a"]), weights["inception5b"]).GlobalPool("avg").Linear(weights["fc"]);
    }

    /// <summary>Images as the network was trained on them: published weights are of TensorFlow, which scaled colours to -1 and 1, and torchvision
    /// gives them what is normalised as for its other models.</summary>
    internal static Value Inputs(GraphBuilder graph, TorchvisionEntry entry)
    {
        var images = TorchvisionEntry.Images(graph);
        var isPublished = entry.File.Contains("googlenet-1378be20") || entry.File.Contains("inception_v3_google-");
        if (!entry.Arguments.Bool("transform_input", isPublished))
            return images;
        ReadOnlySpan<float> mean = [0.485f, 0.456f, 0.406f], deviation = [0.229f, 0.224f, 0.225f];
        Span<float> scale = stackalloc float[3], shift = stackalloc float[3];
        for (var i = 0; i < 3; i++)
            (scale[i], shift[i]) = (deviation[i] / 0.5f, (mean[i] - 0.5f) / 0.5f);
        return images * graph.Constant(scale, 1, 3, 1, 1) + graph.Constant(shift, 1, 3, 1, 1);
    }

    /// <summary>The module "conv", batch normalisation and ReLU.</summary>
    internal static Value Layer(Value x, Weights weights, int stride = 1, bool isPadded = true) =>
        (isPadded ? x.ConvolveCentered(weights["conv"], stride) : x.ConvolveInside(weights["conv"], stride)).Normalize(weights["bn"], 1e-3f).Relu();

    private static Value Block(Value x, Weights weights) => ((Value[])
    [
        Layer(x, weights["branch1"]),
        Layer(Layer(x, weights["branch2.0"]), weights["branch2.1"]),
        Layer(Layer(x, weights["branch3.0"]), weights["branch3.1"]),
        Layer(x.MaxPool2D(3, stride: 1, padding: 1), weights["branch4.1"]),
    ]).Concat(axis: 1);
}
