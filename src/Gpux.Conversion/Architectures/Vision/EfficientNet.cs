using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>EfficientNet: blocks that widen, convolve each channel alone, weigh channels by the whole image, and narrow again.</summary>
/// <remarks>Source: arXiv:1905.11946; outputs of transformers 5.23, modeling_efficientnet.py.</remarks>
internal static class EfficientNet
{
    public static Architecture Architecture { get; } = new("efficientnet", "google/efficientnet-b0",
    [
        new("EfficientNetModel", ModelTask.ImageFeatureExtraction, Model),
        new("EfficientNetForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public string Activation { get; } = Json.Text("hidden_act", "swish");
        public float Epsilon { get; } = Json.Float("batch_norm_eps", 0.001f);
        public IReadOnlyList<int> Strides { get; } = Json.Depths("strides", 1, 2, 2, 2, 1, 2, 1);
        public IReadOnlyList<int> Repeats { get; } = Json.PerStage("num_block_repeats", Json.Depths("strides", 1, 2, 2, 2, 1, 2, 1).Count, [1, 2, 2, 3, 3, 4, 1]);
        public double DepthCoefficient { get; } = Json.Number("depth_coefficient", 3.1) is >= 0 and <= 64 and var factor ? factor
            : throw Json.Invalid("depth_coefficient", "0 to 64 was expected");
        // Blocks whose zeros lie alike on both sides.
        public IReadOnlyList<int> EvenlyPadded { get; } = Json.Ints("depthwise_padding");
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var map = Map(graph, json, weights.Body("efficientnet"));
        return map.AsStates(Pool(map, json));
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Pool(Map(graph, json, weights.Body("efficientnet")), json).Linear(weights["classifier"]).AsLogits();

    // [B, C].
    private static Value Pool(Value map, ModelConfig json) => json.Text("pooling_type", "mean") switch
    {
        "mean" => map.MeanOfPlaces(),
        "max" => map.GlobalMaxPool().Reshape(map.Dim(0), map.Dim(1)),
        _ => throw json.Invalid("pooling_type", "mean or max was expected"),
    };

    private static Value Map(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json);
        var stem = body["embeddings"];
        var x = graph.Pixels(json.Channels()).Conv2D(stem["convolution"].Kernel(), bias: null, stride: 2, padding: (0, 0, 1, 1))
            .BatchNorm(stem["batchnorm"], config.Epsilon).Apply(config.Activation);
        var block = 0;
        for (var stage = 0; stage < config.Strides.Count; stage++)
        {
            for (var i = 0; i < (int)Math.Ceiling(config.DepthCoefficient * config.Repeats[stage]); i++, block++)
                x = Block(x, body[$"encoder.blocks.{block}"], config, i == 0 ? config.Strides[stage] : 1, isFirst: i == 0, config.EvenlyPadded.Contains(block));
        }
        return x.Convolve(body["encoder.top_conv"]).BatchNorm(body["encoder.top_bn"], config.Epsilon).Apply(config.Activation);
    }

    private static Value Block(Value x, Weights weights, Config config, int stride, bool isFirst, bool evenlyPadded)
    {
        var inner = x;
        if (weights.Has("expansion"))
            inner = inner.Convolve(weights["expansion.expand_conv"]).BatchNorm(weights["expansion.expand_bn"], config.Epsilon).Apply(config.Activation);
        inner = ConvolveChannels(inner, weights["depthwise_conv.depthwise_conv"], stride, evenlyPadded)
            .BatchNorm(weights["depthwise_conv.depthwise_norm"], config.Epsilon).Apply(config.Activation);
        inner = inner.SqueezeExcite(weights["squeeze_excite.reduce"], weights["squeeze_excite.expand"], config.Activation)
            .Convolve(weights["projection.project_conv"]).BatchNorm(weights["projection.project_bn"], config.Epsilon);
        return stride == 1 && !isFirst ? inner + x : inner;
    }

    private static Value ConvolveChannels(Value x, Weights weights, int stride, bool evenlyPadded)
    {
        if (stride != 2)
            return x.Convolve(weights, stride);
        var kernel = weights.Kernel();
        var (height, width) = ((int)kernel.Dim(2).Size!.Value / 2, (int)kernel.Dim(3).Size!.Value / 2); // weights have known extents
        var less = evenlyPadded ? 0 : 1;
        return x.Conv2D(kernel, weights.Find("bias"), stride, (height - less, width - less, height, width), Convolutions.Groups(x, kernel));
    }
}
