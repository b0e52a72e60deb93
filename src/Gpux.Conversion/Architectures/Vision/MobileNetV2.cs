using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>MobileNetV2: blocks that widen, convolve each channel alone, and narrow again.</summary>
/// <remarks>Source: arXiv:1801.04381; outputs of transformers 5.23, modeling_mobilenet_v2.py.</remarks>
internal static class MobileNetV2
{
    // Of the sixteen blocks behind the stem.
    private static readonly int[] Strides = [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

    public static Architecture Architecture { get; } = new("mobilenet_v2", "google/mobilenet_v2_1.0_224",
    [
        new("MobileNetV2Model", ModelTask.ImageFeatureExtraction, Model),
        new("MobileNetV2ForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("MobileNetV2ForSemanticSegmentation", ModelTask.ImageSegmentation, SemanticSegmentation),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public string Activation { get; } = Json.Text("hidden_act", "relu6");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 0.001f);
        public bool PadsBehind { get; } = Json.Bool("tf_padding", true);
        public int OutputStride { get; } = Json.Int("output_stride", 32, minimum: 1);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "segmentation_head");
        var map = Widened(graph, json, weights.Body("mobilenet_v2"));
        return map.AsStates(map.MeanOfPlaces());
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Widened(graph, json, weights.Body("mobilenet_v2")).MeanOfPlaces().Linear(weights["classifier"]).AsLogits();

    // DeepLabV3+ (arXiv:1802.02611): the map and its mean, both projected.
    private static Outputs SemanticSegmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (body, head) = (weights.Body("mobilenet_v2"), weights["segmentation_head"]);
        body.Ignore("conv_1x1");
        var map = Blocks(graph, new Config(json), body);
        var pooled = map.GlobalAveragePool().ConvolveNormalize(head["conv_pool"]).Relu();
        var own = map.ConvolveNormalize(head["conv_aspp"]).Relu();
        return ((Value[])[pooled.Expand(own.Dim(0), pooled.Dim(1), own.Dim(2), own.Dim(3)), own]).Concat(axis: 1)
            .ConvolveNormalize(head["conv_projection"]).Relu().Convolve(head["classifier.convolution"]).AsLogits();
    }

    private static Value Widened(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json);
        return Convolve(Blocks(graph, config, body), body["conv_1x1"], config).Apply(config.Activation);
    }

    private static Value Blocks(GraphBuilder graph, Config config, Weights body)
    {
        var stem = body["conv_stem"];
        var x = Convolve(graph.Pixels(config.Json.Channels()), stem["first_conv"], config, stride: 2).Apply(config.Activation);
        if (!config.Json.Bool("first_layer_is_expansion", true))
            x = Convolve(x, stem["expand_1x1"], config).Apply(config.Activation);
        x = Convolve(Convolve(x, stem["conv_3x3"], config).Apply(config.Activation), stem["reduce_1x1"], config);
        // Where the map must not shrink any more, kernels reach further instead.
        var (reached, dilation) = (2, 1);
        for (var i = 0; i < Strides.Length; i++)
        {
            var (stride, reach) = (Strides[i], 1);
            if (reached == config.OutputStride)
                (stride, reach, dilation) = (1, dilation, dilation * Strides[i]);
            else
                reached *= stride;
            x = Block(x, body[$"layer.{i}"], config, stride, reach);
        }
        return x;
    }

    private static Value Block(Value x, Weights weights, Config config, int stride, int dilation)
    {
        var inner = Convolve(x, weights["expand_1x1"], config).Apply(config.Activation);
        inner = Convolve(inner, weights["conv_3x3"], config, stride, dilation).Apply(config.Activation);
        inner = Convolve(inner, weights["reduce_1x1"], config);
        return stride == 1 && inner.Dim(1) == x.Dim(1) ? x + inner : inner;
    }

    private static Value Convolve(Value x, Weights layer, Config config, int stride = 1, int dilation = 1) =>
        (config.PadsBehind ? x.ConvolveSame(layer["convolution"], stride, dilation) : x.Convolve(layer["convolution"], stride, dilation: dilation))
        .BatchNorm(layer["normalization"], config.Epsilon);
}
