using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>MobileViT: MobileNetV2's blocks, and transformers over the places that patches have in common.</summary>
/// <remarks>Source: arXiv:2110.02178; outputs of transformers 5.23, modeling_mobilevit.py.</remarks>
internal static class MobileViT
{
    public static Architecture Architecture { get; } = new("mobilevit", "apple/mobilevit-small",
    [
        new("MobileViTModel", ModelTask.ImageFeatureExtraction, Model),
        new("MobileViTForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("MobileViTForSemanticSegmentation", ModelTask.ImageSegmentation, SemanticSegmentation),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public string Activation { get; } = Json.Text("hidden_act", "silu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public int Heads { get; } = Json.Int("num_attention_heads", 4, minimum: 1);
        public int PatchSize { get; } = Json.Int("patch_size", 2, minimum: 1);
        public int OutputStride { get; } = Json.Int("output_stride", 32);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "segmentation_head");
        var map = Widened(graph, json, weights.Body("mobilevit"));
        return map.AsStates(map.MeanOfPlaces());
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Widened(graph, json, weights.Body("mobilevit")).MeanOfPlaces().Linear(weights["classifier"]).AsLogits();

    private static Outputs SemanticSegmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var body = weights.Body("mobilevit");
        body.Ignore("conv_1x1_exp");
        return Map(graph, new Config(json), body).AtrousPyramid(weights["segmentation_head"], json.PerStage("atrous_rates", 3, [6, 12, 18], minimum: 1)).AsLogits();
    }

    private static Value Widened(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json);
        return Map(graph, config, body).ConvolveNormalize(body["conv_1x1_exp"]).Apply(config.Activation);
    }

    private static Value Map(GraphBuilder graph, Config config, Weights body)
    {
        var x = graph.Pixels(config.Json.Channels()).ConvolveNormalize(body["conv_stem"], stride: 2).Apply(config.Activation);
        x = InvertedResidual(x, body["encoder.layer.0.layer.0"], config.Activation);
        for (var i = 0; i < 3; i++)
            x = InvertedResidual(x, body[$"encoder.layer.1.layer.{i}"], config.Activation, stride: i == 0 ? 2 : 1);
        // Where the map must not shrink any more, kernels reach further instead.
        var dilations = config.OutputStride switch { 8 => (1, 2, 4), 16 => (1, 1, 2), _ => (1, 1, 1) };
        x = Layer(x, body["encoder.layer.2"], layers: 2, dilations.Item1, config);
        x = Layer(x, body["encoder.layer.3"], layers: 4, dilations.Item2, config);
        return Layer(x, body["encoder.layer.4"], layers: 3, dilations.Item3, config);
    }

    /// <summary>MobileNetV2's block: widens, convolves each channel alone, and narrows again.</summary>
    internal static Value InvertedResidual(Value x, Weights weights, string activation, int stride = 1, int dilation = 1)
    {
        var inner = x.ConvolveNormalize(weights["expand_1x1"]).Apply(activation);
        inner = inner.ConvolveNormalize(weights["conv_3x3"], stride, dilation).Apply(activation).ConvolveNormalize(weights["reduce_1x1"]);
        return stride == 1 && inner.Dim(1) == x.Dim(1) ? x + inner : inner;
    }

    /// <summary>The block that halves the resolution, or spreads its kernel where the map must not shrink any more.</summary>
    internal static Value Downsample(Value x, Weights weights, string activation, int dilation) =>
        InvertedResidual(x, weights, activation, dilation == 1 ? 2 : 1, Math.Max(1, dilation / 2));

    private static Value Layer(Value x, Weights weights, int layers, int dilation, Config config)
    {
        var map = Downsample(x, weights["downsampling_layer"], config.Activation, dilation);
        var local = map.ConvolveNormalize(weights["conv_kxk"]).Apply(config.Activation).Convolve(weights["conv_1x1.convolution"]);
        var global = Transform(local, weights, layers, config).ConvolveNormalize(weights["conv_projection"]).Apply(config.Activation);
        return ((Value[])[map, global]).Concat(axis: 1).ConvolveNormalize(weights["fusion"]).Apply(config.Activation);
    }

    // A transformer over patches, for each place within a patch alone. Maps that patches do not divide are stretched until they do.
    private static Value Transform(Value map, Weights weights, int layers, Config config)
    {
        var (graph, side, channels) = (map.Graph, config.PatchSize, map.Dim(1));
        var one = graph.Constant([(long)side]);
        Value Patches(int axis) => (graph.Extent(map.Dim(axis)) + (one - graph.Constant([1L]))) / one;
        var stretched = map.ResizeBilinear(((Value[])[Patches(2), Patches(3)]).Concat(0) * one, Dim.Unknown, Dim.Unknown);
        var strips = stretched.Reshape(map.Dim(0), channels, Dim.Rest, side, stretched.Dim(3));
        var cut = strips.Reshape(map.Dim(0), channels, strips.Dim(2), side, Dim.Rest, side); // [B, C, rows, side, columns, side]
        var (rows, columns) = (cut.Dim(2), cut.Dim(4));
        var x = cut.Transpose(0, 3, 5, 2, 4, 1).Reshape(map.Dim(0), side * side, Dim.Rest, channels);
        var patches = x.Dim(2);
        x = x.Reshape(Dim.Rest, patches, channels); // [B * places, patches, C]
        for (var i = 0; i < layers; i++)
            x = x.ViTLayer(weights[$"transformer.layer.{i}"], config.Heads, config.Activation, config.Epsilon);
        var joined = x.LayerNorm(weights["layernorm"], config.Epsilon).Reshape(map.Dim(0), side, side, rows, columns, channels)
            .Transpose(0, 5, 3, 1, 4, 2).Reshape(map.Dim(0), channels, stretched.Dim(2), stretched.Dim(3));
        return joined.ResizeBilinear(map.SizeOf(), map.Dim(2), map.Dim(3));
    }
}
