using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>PoolFormer: a transformer whose attention is the mean of a place's neighbours.</summary>
/// <remarks>Source: arXiv:2111.11418; outputs of transformers 5.23, modeling_poolformer.py.</remarks>
internal static class PoolFormer
{
    public static Architecture Architecture { get; } = new("poolformer", "sail/poolformer_s12",
    [
        new("PoolFormerModel", ModelTask.ImageFeatureExtraction, Model),
        new("PoolFormerForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "norm");
        return new Outputs { { "last_hidden_state", Map(graph, json, weights.Body("poolformer")) } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Map(graph, json, weights.Body("poolformer")).GroupNorm(weights["norm"], groups: 1).MeanOfPlaces().Linear(weights["classifier"]).AsLogits();

    private static Value Map(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var stages = json.Int("num_encoder_blocks", 4, minimum: 1);
        var depths = json.PerStage("depths", stages, [2, 2, 6, 2]);
        var (strides, paddings) = (json.PerStage("strides", stages, [4, 2, 2, 2], minimum: 1), json.PerStage("padding", stages, [2, 1, 1, 1]));
        var (poolSize, activation, isScaled) = (json.Int("pool_size", 3, minimum: 1), json.Text("hidden_act", "gelu"), json.Bool("use_layer_scale", true));
        var x = graph.Pixels(json.Channels());
        for (var i = 0; i < stages; i++)
        {
            x = x.Convolve(body[$"encoder.patch_embeddings.{i}.projection"], strides[i], paddings[i]);
            for (var layer = 0; layer < depths[i]; layer++)
                x = Layer(x, body[$"encoder.block.{i}.{layer}"], poolSize, activation, isScaled);
        }
        return x;
    }

    private static Value Layer(Value x, Weights weights, int poolSize, string activation, bool isScaled)
    {
        Value Scaled(Value branch, string name) => isScaled ? branch * weights.Get(name).Reshape(branch.Dim(1), 1, 1) : branch;
        var normed = x.GroupNorm(weights["before_norm"], groups: 1);
        x += Scaled(normed.AveragePoolAround(poolSize) - normed, "layer_scale_1");
        var inner = x.GroupNorm(weights["after_norm"], groups: 1).Convolve(weights["output.conv1"]).Apply(activation).Convolve(weights["output.conv2"]);
        return x + Scaled(inner, "layer_scale_2");
    }
}
