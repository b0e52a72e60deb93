using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>BiT: residual blocks with group normalisation and kernels of mean 0 and variance 1.</summary>
/// <remarks>Source: arXiv:1912.11370; outputs of transformers 5.23, modeling_bit.py.</remarks>
internal static class Bit
{
    // Of the variance of kernels.
    private const float KernelEpsilon = 1e-8f;

    public static Architecture Architecture { get; } = new("bit", "google/bit-50",
    [
        new("BitModel", ModelTask.ImageFeatureExtraction, Model),
        new("BitForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("BitBackbone", ModelTask.Backbone, Backbone),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public IReadOnlyList<int> Depths { get; } = Json.Depths("depths", 3, 4, 6, 3);
        public string Activation { get; } = Json.Text("hidden_act", "relu");
        public int Groups { get; } = Json.Int("num_groups", 32, minimum: 1);
        public int OutputStride { get; } = Json.Int("output_stride", 32, minimum: 1);
        public bool NormalizesFirst { get; } = Json.Text("layer_type", "preactivation") switch
        {
            "preactivation" => true,
            "bottleneck" => false,
            _ => throw Json.Invalid("layer_type", "preactivation or bottleneck was expected"),
        };
        public string Padding { get; } = Json.Text("global_padding", "").ToUpperInvariant() is "" or "SAME" or "VALID"
            ? Json.Text("global_padding", "").ToUpperInvariant() : throw Json.Invalid("global_padding", "SAME, VALID or nothing was expected");
        public bool PadsPool { get; } = Json.Bool("embedding_dynamic_padding", false);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var map = Last(graph, new Config(json), weights.Body("bit"));
        return map.AsStates(map.GlobalAveragePool());
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Last(graph, new Config(json), weights.Body("bit")).MeanOfPlaces().Linear(weights["classifier.1"]).AsLogits();

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var body = weights.Body("bit");
        body.Ignore("norm");
        var maps = Maps(graph, new Config(json), body);
        return json.FeatureMaps(maps.Count, (i, _) => maps[i]);
    }

    private static Value Last(GraphBuilder graph, Config config, Weights body)
    {
        var map = Maps(graph, config, body)[^1];
        return config.NormalizesFirst ? Normalize(map, body["norm"], config).Apply(config.Activation) : map;
    }

    // What the stem and each stage make of the image: float [B, channels, rows, columns].
    private static List<Value> Maps(GraphBuilder graph, Config config, Weights body)
    {
        var x = Convolve(graph.Pixels(config.Json.Channels()), body["embedder.convolution"], config, stride: 2);
        if (config.Padding != "SAME")
            x = x.PadZeros(graph.Constant([1L, 1L, 1L, 1L]), 2, 3);
        if (!config.NormalizesFirst)
            x = Normalize(x, body["embedder.norm"], config).Apply(config.Activation);
        if (config.PadsPool)
            x = PadForPool(x);
        x = x.MaxPool2D(size: 3, stride: 2, padding: 0);
        var maps = new List<Value> { x };
        // Where the map must not shrink any more, kernels reach further instead.
        var (reached, dilation) = (4, 1);
        for (var stage = 0; stage < config.Depths.Count; stage++)
        {
            var stride = stage == 0 ? 1 : 2;
            if (reached >= config.OutputStride)
                (stride, dilation) = (1, dilation * stride);
            reached *= stride;
            for (var i = 0; i < config.Depths[stage]; i++)
            {
                var layer = body[$"encoder.stages.{stage}.layers.{i}"];
                var reach = i > 0 ? dilation : dilation is 1 or 2 ? 1 : 2;
                x = config.NormalizesFirst ? LayerNormalizingFirst(x, layer, i == 0 ? stride : 1, config) : Layer(x, layer, i == 0 ? stride : 1, reach, config);
            }
            maps.Add(x);
        }
        return maps;
    }

    private static Value LayerNormalizingFirst(Value x, Weights weights, int stride, Config config)
    {
        Value Active(Value map, string name) => Normalize(map, weights[name], config).Apply(config.Activation);
        var first = Active(x, "norm1");
        var shortcut = weights.Has("downsample") ? Convolve(first, weights["downsample.conv"], config, stride) : x;
        var inner = Convolve(first, weights["conv1"], config);
        inner = Convolve(Active(inner, "norm2"), weights["conv2"], config, stride);
        return Convolve(Active(inner, "norm3"), weights["conv3"], config) + shortcut;
    }

    private static Value Layer(Value x, Weights weights, int stride, int dilation, Config config)
    {
        var shortcut = weights.Has("downsample") ? Normalize(Convolve(x, weights["downsample.conv"], config, stride), weights["downsample.norm"], config) : x;
        x = Normalize(Convolve(x, weights["conv1"], config), weights["norm1"], config).Apply(config.Activation);
        x = Normalize(Convolve(x, weights["conv2"], config, stride, dilation), weights["norm2"], config).Apply(config.Activation);
        return (Normalize(Convolve(x, weights["conv3"], config), weights["norm3"], config) + shortcut).Apply(config.Activation);
    }

    private static Value Normalize(Value x, Weights weights, Config config) => x.GroupNorm(weights, config.Groups);

    // A convolution whose kernel is normalised for each output channel. ONNX Runtime does that once, when it loads the graph.
    private static Value Convolve(Value x, Weights weights, Config config, int stride = 1, int dilation = 1)
    {
        var stored = weights.Kernel();
        var rows = stored.Reshape(stored.Dim(0), Dim.Rest);
        var centred = rows - rows.Mean(axis: 1, keep: true);
        var kernel = (centred / ((centred * centred).Mean(axis: 1, keep: true) + KernelEpsilon).Sqrt()).Reshape([.. stored.Dims]);
        if (config.Padding == "SAME")
            return x.ConvolveSame(kernel, weights.Find("bias"), stride, dilation);
        var padding = config.Padding == "VALID" ? 0 : (stride - 1 + dilation * ((int)stored.Dim(2).Size!.Value - 1)) / 2; // weights have known extents
        return x.Conv2D(kernel, weights.Find("bias"), (stride, stride), (padding, padding), Convolutions.Groups(x, kernel), dilation);
    }

    // Zeros, which may win, so that windows of three with a step of two reach all: one behind, and one before where the extent is odd.
    private static Value PadForPool(Value x)
    {
        var (graph, one) = (x.Graph, x.Graph.Constant([1L]));
        return x.PadZeros(((Value[])[graph.Extent(x.Dim(2)).Modulo(2), graph.Extent(x.Dim(3)).Modulo(2), one, one]).Concat(0), 2, 3);
    }
}
