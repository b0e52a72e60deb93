using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>MobileNet: convolutions of each channel alone, and between them products over channels.</summary>
/// <remarks>Source: arXiv:1704.04861; outputs of transformers 5.23, modeling_mobilenet_v1.py.</remarks>
internal static class MobileNetV1
{
    // Of the thirteen pairs of convolutions.
    private static readonly int[] Strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];

    public static Architecture Architecture { get; } = new("mobilenet_v1", "google/mobilenet_v1_1.0_224",
    [
        new("MobileNetV1Model", ModelTask.ImageFeatureExtraction, Model),
        new("MobileNetV1ForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var map = Map(graph, json, weights.Body("mobilenet_v1"));
        return map.AsStates(map.MeanOfPlaces());
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Map(graph, json, weights.Body("mobilenet_v1")).MeanOfPlaces().Linear(weights["classifier"]).AsLogits();

    private static Value Map(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var (activation, epsilon) = (json.Text("hidden_act", "relu6"), json.Float("layer_norm_eps", 0.001f));
        var isPaddedBehind = json.Bool("tf_padding", true);
        Value Convolve(Value map, Weights layer, int stride) =>
            (isPaddedBehind ? map.ConvolveSame(layer["convolution"], stride) : map.Convolve(layer["convolution"], stride))
            .BatchNorm(layer["normalization"], epsilon).Apply(activation);
        var x = Convolve(graph.Pixels(json.Channels()), body["conv_stem"], stride: 2);
        for (var i = 0; i < Strides.Length; i++)
            x = Convolve(Convolve(x, body[$"layer.{2 * i}"], Strides[i]), body[$"layer.{2 * i + 1}"], stride: 1);
        return x;
    }
}
