using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>ResNet: convolutions with shortcuts around them, in basic or bottleneck blocks.</summary>
/// <remarks>Source: arXiv:1512.03385; outputs of transformers 5.23, modeling_resnet.py. Batch normalisation stays in the graph:
/// ONNX Runtime folds it into the convolutions when it loads the graph, and the weights stay where they are.</remarks>
internal static class ResNet
{
    public static Architecture Architecture { get; } = new("resnet", "microsoft/resnet-50",
    [
        new("ResNetModel", ModelTask.ImageFeatureExtraction, Model),
        new("ResNetForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("ResNetBackbone", ModelTask.Backbone, Backbone),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Channels { get; } = Json.Channels();
        public IReadOnlyList<int> Depths { get; } = Json.Ints("depths", 3, 4, 6, 3);
        public bool Bottleneck { get; } = Json.Text("layer_type", "bottleneck") switch
        {
            "bottleneck" => true,
            "basic" => false,
            _ => throw Json.Invalid("layer_type", "bottleneck or basic was expected"),
        };
        public string Activation { get; } = Json.Text("hidden_act", "relu");
        public bool DownsampleInFirstStage { get; } = Json.Bool("downsample_in_first_stage", false);
        public bool DownsampleInBottleneck { get; } = Json.Bool("downsample_in_bottleneck", false);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var hidden = Stages(graph, new Config(json), weights)[^1];
        return hidden.AsStates(hidden.GlobalAveragePool());
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        return Stages(graph, new Config(json), weights)[^1].MeanOfPlaces().Linear(weights["classifier.1"]).AsLogits();
    }

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var maps = Stages(graph, new Config(json), weights);
        return json.FeatureMaps(maps.Count, (i, _) => maps[i]);
    }

    // What the stem and each stage make of the image: float [B, channels, height, width].
    private static List<Value> Stages(GraphBuilder graph, Config config, Weights weights)
    {
        var body = weights.Body("resnet");
        var x = graph.Pixels(config.Channels).ConvolveNormalize(body["embedder.embedder"], stride: 2).Apply(config.Activation).MaxPool2D(size: 3, stride: 2, padding: 1);
        var maps = new List<Value> { x };
        for (var stage = 0; stage < config.Depths.Count; stage++)
        {
            for (var i = 0; i < config.Depths[stage]; i++)
            {
                var stride = i == 0 && (stage > 0 || config.DownsampleInFirstStage) ? 2 : 1;
                x = Block(x, body[$"encoder.stages.{stage}.layers.{i}"], stride, config);
            }
            maps.Add(x);
        }
        return maps;
    }

    private static Value Block(Value x, Weights weights, int stride, Config config)
    {
        var shortcut = weights.Has("shortcut") ? x.ConvolveNormalize(weights["shortcut"], stride) : x;
        var layers = weights["layer"];
        if (config.Bottleneck)
        {
            var (first, second) = config.DownsampleInBottleneck ? (stride, 1) : (1, stride);
            x = x.ConvolveNormalize(layers["0"], first).Apply(config.Activation)
                .ConvolveNormalize(layers["1"], second).Apply(config.Activation)
                .ConvolveNormalize(layers["2"], stride: 1);
        }
        else
            x = x.ConvolveNormalize(layers["0"], stride).Apply(config.Activation).ConvolveNormalize(layers["1"], stride: 1);
        return (x + shortcut).Apply(config.Activation);
    }
}
