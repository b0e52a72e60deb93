using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>MobileViTv2: MobileViT with attention of linear cost, where each patch tells how much it counts for all.</summary>
/// <remarks>Source: arXiv:2206.02680; outputs of transformers 5.23, modeling_mobilevitv2.py. Rows and columns that patches do not reach
/// become zeros, as in the original.</remarks>
internal static class MobileViTV2
{
    public static Architecture Architecture { get; } = new("mobilevitv2", "apple/mobilevitv2-1.0-imagenet1k-256",
    [
        new("MobileViTV2Model", ModelTask.ImageFeatureExtraction, Model),
        new("MobileViTV2ForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("MobileViTV2ForSemanticSegmentation", ModelTask.ImageSegmentation, SemanticSegmentation),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public string Activation { get; } = Json.Text("hidden_act", "swish");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public int PatchSize { get; } = Json.Int("patch_size", 2, minimum: 1);
        public int OutputStride { get; } = Json.Int("output_stride", 32);
        public IReadOnlyList<int> Layers { get; } = Json.PerStage("n_attn_blocks", 3, [2, 4, 3]);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "segmentation_head");
        var map = Map(graph, json, weights);
        return map.AsStates(map.MeanOfPlaces());
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Map(graph, json, weights).MeanOfPlaces().Linear(weights["classifier"]).AsLogits();

    private static Outputs SemanticSegmentation(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Map(graph, json, weights).AtrousPyramid(weights["segmentation_head"], json.PerStage("atrous_rates", 3, [6, 12, 18], minimum: 1)).AsLogits();

    private static Value Map(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, body) = (new Config(json), weights.Body("mobilevitv2"));
        var x = graph.Pixels(json.Channels()).ConvolveNormalize(body["conv_stem"], stride: 2).Apply(config.Activation);
        x = MobileViT.InvertedResidual(x, body["encoder.layer.0.layer.0"], config.Activation);
        for (var i = 0; i < 2; i++)
            x = MobileViT.InvertedResidual(x, body[$"encoder.layer.1.layer.{i}"], config.Activation, stride: i == 0 ? 2 : 1);
        // Where the map must not shrink any more, kernels reach further instead.
        int[] dilations = config.OutputStride switch { 8 => [1, 2, 4], 16 => [1, 1, 2], _ => [1, 1, 1] };
        for (var i = 0; i < 3; i++)
            x = Layer(x, body[$"encoder.layer.{i + 2}"], config.Layers[i], dilations[i], config);
        return x;
    }

    private static Value Layer(Value x, Weights weights, int layers, int dilation, Config config)
    {
        var map = MobileViT.Downsample(x, weights["downsampling_layer"], config.Activation, dilation);
        map = map.ConvolveNormalize(weights["conv_kxk"]).Apply(config.Activation).Convolve(weights["conv_1x1.convolution"]);
        return Transform(map, weights, layers, config).ConvolveNormalize(weights["conv_projection"]);
    }

    private static Value Transform(Value map, Weights weights, int layers, Config config)
    {
        var (graph, side, channels) = (map.Graph, config.PatchSize, map.Dim(1));
        // What is left of patches is cut off, and put back as zeros.
        var (below, right) = (graph.Extent(map.Dim(2)).Modulo(side), graph.Extent(map.Dim(3)).Modulo(side));
        var none = graph.Constant([0L]);
        var whole = map.Slice(axis: 2, none, graph.Extent(map.Dim(2)) - below, Dim.Unknown).Slice(axis: 3, none, graph.Extent(map.Dim(3)) - right, Dim.Unknown);
        var strips = whole.Reshape(map.Dim(0), channels, Dim.Rest, side, whole.Dim(3));
        var cut = strips.Reshape(map.Dim(0), channels, strips.Dim(2), side, Dim.Rest, side); // [B, C, rows, side, columns, side]
        var x = cut.Transpose(0, 1, 3, 5, 2, 4).Reshape(map.Dim(0), channels, side * side, Dim.Rest); // [B, C, places of a patch, patches]
        for (var i = 0; i < layers; i++)
            x = TransformerLayer(x, weights[$"transformer.layer.{i}"], config);
        var joined = x.GroupNorm(weights["layernorm"], groups: 1, config.Epsilon).Reshape(map.Dim(0), channels, side, side, cut.Dim(2), cut.Dim(4))
            .Transpose(0, 1, 4, 2, 5, 3).Reshape(map.Dim(0), channels, whole.Dim(2), whole.Dim(3));
        return joined.PadZeros(((Value[])[none, none, below, right]).Concat(0), 2, 3);
    }

    private static Value TransformerLayer(Value x, Weights weights, Config config)
    {
        var normed = x.GroupNorm(weights["layernorm_before"], groups: 1, config.Epsilon);
        var width = x.Dim(1).Size!.Value; // kernels have known extents
        var parts = normed.Convolve(weights["attention.qkv_proj.convolution"]).Split(axis: 1, 1, width, width);
        var context = (parts[1] * parts[0].Softmax(axis: -1)).Sum(axis: 3, keep: true);
        x = (parts[2].Relu() * context).Convolve(weights["attention.out_proj.convolution"]) + x;
        var inner = x.GroupNorm(weights["layernorm_after"], groups: 1, config.Epsilon).Convolve(weights["ffn.conv1.convolution"]).Apply(config.Activation);
        return inner.Convolve(weights["ffn.conv2.convolution"]) + x;
    }
}
