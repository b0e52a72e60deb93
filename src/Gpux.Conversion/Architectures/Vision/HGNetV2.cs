using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>HGNetV2: blocks of convolutions whose maps are all joined at the end.</summary>
/// <remarks>Source: arXiv:2304.08069 (its backbone); outputs of transformers 5.23, modeling_hgnet_v2.py.</remarks>
internal static class HGNetV2
{
    public static Architecture Architecture { get; } = new("hgnet_v2", "ustc-community/hgnet-v2",
    [
        new("HGNetV2Backbone", ModelTask.Backbone, Backbone),
        new("HGNetV2ForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public string Activation { get; } = Json.Text("hidden_act", "relu");
        public IReadOnlyList<int> StemStrides { get; } = Json.PerStage("stem_strides", 5, [2, 1, 1, 2, 1], minimum: 1);
        public IReadOnlyList<int> Blocks { get; } = Json.Depths("stage_num_blocks", 1, 1, 3, 1);
        public IReadOnlyList<int> Layers { get; } = Json.PerStage("stage_numb_of_layers", Json.Depths("stage_num_blocks", 1, 1, 3, 1).Count, [6, 6, 6, 6]);
        public IReadOnlyList<int> Strides { get; } = Json.PerStage("stage_downsample_strides", Json.Depths("stage_num_blocks", 1, 1, 3, 1).Count, [2, 2, 2, 2], minimum: 1);
    }

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("fc");
        var maps = Maps(graph, new Config(json), weights.Body("hgnet_v2", "hgnetv2"));
        return json.FeatureMaps(maps.Count, (i, _) => maps[i]);
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Maps(graph, new Config(json), weights.Body("hgnet_v2", "hgnetv2"))[^1].MeanOfPlaces().Linear(weights["fc"]).AsLogits();

    // What the stem and each stage make of the image: float [B, channels, rows, columns].
    private static List<Value> Maps(GraphBuilder graph, Config config, Weights body)
    {
        var x = Stem(graph.Pixels(config.Json.Channels()), body["embedder"], config);
        var maps = new List<Value> { x };
        for (var i = 0; i < config.Blocks.Count; i++)
        {
            var stage = body[$"encoder.stages.{i}"];
            if (stage.Has("downsample"))
                x = x.ConvolveNormalize(stage["downsample"], config.Strides[i]);
            for (var block = 0; block < config.Blocks[i]; block++)
            {
                var joined = Block(x, stage[$"blocks.{block}"], config.Layers[i]);
                x = block == 0 ? joined : joined + x;
            }
            maps.Add(x);
        }
        return maps;
    }

    private static Value Stem(Value x, Weights weights, Config config)
    {
        var graph = x.Graph;
        Value Layer(Value map, string name, int stride) => Convolve(map, weights[name], config.Activation, config.StemStrides[stride]);
        // Kernels of even size see one row and column behind the last.
        Value Behind(Value map) => map.PadZeros(graph.Constant([0L, 0L, 1L, 1L]), 2, 3);
        x = Behind(Layer(x, "stem1", 0));
        var convolved = Layer(Behind(Layer(x, "stem2a", 1)), "stem2b", 2);
        x = ((Value[])[x.MaxPool2D(size: 2, stride: 1, padding: 0), convolved]).Concat(axis: 1);
        return Layer(Layer(x, "stem3", 3), "stem4", 4);
    }

    private static Value Block(Value x, Weights weights, int layers)
    {
        var maps = new List<Value> { x };
        for (var i = 0; i < layers; i++)
        {
            var layer = weights[$"layers.{i}"];
            // Light layers first mix channels, then convolve each alone.
            maps.Add(layer.Has("conv1") ? Convolve(maps[^1].ConvolveNormalize(layer["conv1"]), layer["conv2"], "relu") : Convolve(maps[^1], layer, "relu"));
        }
        return Convolve(Convolve(maps.Concat(axis: 1), weights["aggregation.0"], "relu"), weights["aggregation.1"], "relu");
    }

    // With a learned factor and summand for the whole map, if the module has them.
    private static Value Convolve(Value x, Weights weights, string activation, int stride = 1)
    {
        var active = x.ConvolveNormalize(weights, stride).Apply(activation);
        return weights.Has("lab") ? weights.Get("lab.scale") * active + weights.Get("lab.bias") : active;
    }
}
