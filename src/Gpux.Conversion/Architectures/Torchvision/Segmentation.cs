using Gpux.Conversion.Architectures.Timm;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>Classes of pixels: FCN, DeepLab V3 and LR-ASPP over a network for images. The logits have the images' size.</summary>
/// <remarks>Source: arXiv:1411.4038, 1706.05587, 1905.02244; outputs ("out") of torchvision 0.29, models/segmentation.</remarks>
internal static class Segmentation
{
    private const float Epsilon = 1e-5f;

    // The module of MobileNet V3 whose map is an eighth of the image.
    private const int FineStage = 4;

    public static TorchvisionFamily Fcn { get; } = new("fcn_resnet50 fcn_resnet101", ModelTask.ImageSegmentation, BuildFcn);
    public static TorchvisionFamily DeepLab { get; } = new("deeplabv3_resnet50 deeplabv3_resnet101 deeplabv3_mobilenet_v3_large", ModelTask.ImageSegmentation, BuildDeepLab);
    public static TorchvisionFamily Lraspp { get; } = new("lraspp_mobilenet_v3_large", ModelTask.ImageSegmentation, BuildLraspp);

    private static Value BuildFcn(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var images = TorchvisionEntry.Images(graph);
        return Layer(Backbone(images, entry, weights), weights["classifier"], 0).ConvolveCentered(weights["classifier.4"]).ResizedTo(images);
    }

    private static Value BuildDeepLab(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var images = TorchvisionEntry.Images(graph);
        var x = Backbone(images, entry, weights);
        var classifier = weights["classifier"];
        var pyramid = classifier["0.convs"];
        var rates = entry.Arguments.Ints("atrous", 12, 24, 36);
        var branches = new List<Value> { Layer(x, pyramid["0"], 0) };
        for (var i = 0; i < rates.Count; i++)
            branches.Add(Layer(x, pyramid[$"{i + 1}"], 0, rates[i]));
        // The last branch is one vector for the whole image.
        var whole = Layer(x.GlobalAveragePool(), pyramid[$"{rates.Count + 1}"], 1);
        branches.Add(whole.Expand(x.Dim(0), whole.Dim(1), x.Dim(2), x.Dim(3)));
        x = Layer(branches.Concat(axis: 1), classifier["0.project"], 0);
        return Layer(x, classifier, 1).ConvolveCentered(classifier["4"]).ResizedTo(images);
    }

    private static Value BuildLraspp(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var images = TorchvisionEntry.Images(graph);
        var maps = MobileNet.FeaturesV3(images, weights["backbone"], isSmall: false, isDilated: true);
        var (fine, x, classifier) = (maps[FineStage], maps[^1], weights["classifier"]);
        x = Layer(x, classifier["cbr"], 0) * x.GlobalAveragePool().ConvolveCentered(classifier["scale.1"]).Sigmoid();
        return (fine.ConvolveCentered(classifier["low_classifier"]) + x.ResizedTo(fine).ConvolveCentered(classifier["high_classifier"])).ResizedTo(images);
    }

    // The last two stages widen their windows, so that the map is an eighth (or a sixteenth) of the image.
    private static Value Backbone(Value images, TorchvisionEntry entry, Weights weights)
    {
        weights.Ignore("aux_classifier");
        return entry.Name.Contains("mobilenet") ? MobileNet.FeaturesV3(images, weights["backbone"], isSmall: false, isDilated: true)[^1]
            : Timm.ResNet.Features(images, weights["backbone"], dilatedStages: 2);
    }

    // The convolution of a number, the normalisation of the next, and ReLU.
    private static Value Layer(Value x, Weights weights, int number, int dilation = 1) =>
        x.ConvolveCentered(weights[$"{number}"], dilation: dilation).Normalize(weights[$"{number + 1}"], Epsilon).Relu();

    private static Value ResizedTo(this Value x, Value map) => x.ResizeBilinear(map.Shape().Slice(axis: 0, 2, 4), map.Dim(2), map.Dim(3));
}
