using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>MobileNet V2 and V3: inverted residuals.</summary>
/// <remarks>Source: arXiv:1801.04381, 1905.02244; outputs of torchvision 0.29, models/mobilenetv2.py and mobilenetv3.py.</remarks>
internal static class MobileNet
{
    // Of the blocks 1, 2 and so on.
    private const string StridesV2 = "12121121111112111";

    // Of V3: size of the window, whether there is attention over channels (s), function (R, H), stride.
    private const string Large = "3-R1 3-R2 3-R1 5sR2 5sR1 5sR1 3-H2 3-H1 3-H1 3-H1 3sH1 3sH1 5sH2 5sH1 5sH1";
    private const string Small = "3sR2 3-R2 3-R1 5sH2 5sH1 5sH1 5sH1 5sH1 5sH2 5sH1 5sH1";
    private const float EpsilonV3 = 1e-3f;

    // Of a stage: more is no model.
    private const int MostBlocks = 256;

    public static TorchvisionFamily V2 { get; } = new("mobilenet_v2", ModelTask.ImageClassification, BuildV2);
    public static TorchvisionFamily V3 { get; } = new("mobilenet_v3_large mobilenet_v3_small", ModelTask.ImageClassification, BuildV3);

    private static Value BuildV2(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var features = weights["features"];
        var style = new ResidualStyle("relu6", Epsilon: 1e-5f, "relu", "hard_sigmoid");
        var last = features.Count("") - 1;
        var x = style.Layer(TorchvisionEntry.Images(graph), features["0"], stride: 2);
        var strides = Strides(entry);
        for (var i = 1; i < last; i++)
            x = style.BlockV2(x, features[$"{i}.conv"], i <= strides.Count ? strides[i - 1] : 1);
        return style.Layer(x, features[$"{last}"]).GlobalPool("avg").Linear(weights["classifier.1"]);
    }

    // Of an entry that is called with other stages, which are rows of factor, channels, blocks and the first block's stride.
    private static List<int> Strides(TorchvisionEntry entry)
    {
        if (!entry.Arguments.Has("inverted_residual_setting"))
            return [.. StridesV2.Select(digit => digit - '0')];
        var strides = new List<int>();
        foreach (var row in entry.Arguments.IntLists("inverted_residual_setting") ?? [])
        {
            if (row is not [_, _, >= 0 and <= MostBlocks, 1 or 2])
                throw entry.Arguments.Invalid("inverted_residual_setting", "rows of factor, channels, blocks and stride were expected");
            for (var i = 0; i < row[2]; i++)
                strides.Add(i == 0 ? row[3] : 1);
        }
        return strides;
    }

    private static Value BuildV3(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var x = FeaturesV3(TorchvisionEntry.Images(graph), weights["features"], entry.Name == "mobilenet_v3_small")[^1];
        var classifier = weights["classifier"];
        return x.GlobalPool("avg").Linear(classifier["0"]).HardSwish().Linear(classifier["3"]);
    }

    /// <summary>What each numbered module makes of the images.</summary>
    /// <param name="isDilated">Whether the last stage widens its windows instead of striding.</param>
    internal static IReadOnlyList<Value> FeaturesV3(Value images, Weights features, bool isSmall, bool isDilated = false)
    {
        var table = (isSmall ? Small : Large).Split(' ');
        var dilatedFrom = isDilated ? Array.FindLastIndex(table, row => row[^1] == '2') : int.MaxValue;
        var style = new ResidualStyle("hard_swish", EpsilonV3, "relu", "hard_sigmoid");
        var last = features.Count("") - 1;
        var maps = new List<Value> { style.Layer(images, features["0"], stride: 2) };
        for (var i = 1; i < last; i++)
        {
            // What another table would hold of strides, dilations and functions does not show in weights.
            var block = features[$"{i}.block"];
            if (table.Length != last - 1 || !IsLike(block, table[i - 1]))
                throw new UnsupportedModelException($"The blocks of this state dict are not those of mobilenet_v3_{(isSmall ? "small" : "large")} (features.{i}), and it does not tell their strides.",
                    "Take weights of the entry itself, or put the model's own configuration or graph in their place.");
            var (activation, stride, isWide) = (table[i - 1][2] == 'R' ? "relu" : "hard_swish", table[i - 1][3] - '0', i > dilatedFrom);
            maps.Add((style with { Activation = activation }).Block(maps[^1], block, isWide ? 1 : stride, isWide ? 2 : 1, skips: stride == 1));
        }
        maps.Add(style.Layer(maps[^1], features[$"{last}"]));
        return maps;
    }

    private static bool IsLike(Weights block, string row)
    {
        var (excites, size) = (false, 0L);
        for (var i = 0; block.Has($"{i}"); i++)
        {
            excites |= block.Has($"{i}.fc1");
            size = Math.Max(size, block.Find($"{i}.0.weight") is { Rank: 4 } kernel ? kernel.Dim(2).Size!.Value : 0); // weights have known extents
        }
        return size == row[0] - '0' && excites == (row[1] == 's');
    }
}

/// <summary>How a model's inverted residuals compute.</summary>
/// <param name="Squeezed">The function in the middle of attention over channels, and <paramref name="Gate"/> that at its end.</param>
internal sealed record ResidualStyle(string Activation, float Epsilon, string Squeezed, string Gate)
{
    /// <summary>The modules 0 and 1: a convolution and its normalisation; then the activation.</summary>
    public Value Layer(Value x, Weights weights, int stride = 1, int dilation = 1) => Normalized(x, weights, stride, dilation).Activate(Activation);

    /// <summary>A block that is a list of layers: of these the depthwise convolution strides (else the first), and the last of several has no
    /// activation.</summary>
    public Value Block(Value x, Weights layers, int stride, int dilation = 1, bool skips = true)
    {
        var count = layers.Count("");
        var strides = 0;
        for (var i = count - 1; i >= 0; i--)
            if (layers.Find($"{i}.0.weight") is { Rank: 4 } kernel && kernel.Dim(1).Size == 1 && kernel.Dim(2).Size > 1)
                strides = i;
        var y = x;
        for (var i = 0; i < count; i++)
        {
            var layer = layers[$"{i}"];
            var (by, wide) = i == strides ? (stride, dilation) : (1, 1);
            y = layer.Has("fc1") ? y.SqueezeExcite(layer["fc1"], layer["fc2"], z => z.Activate(Squeezed), z => z.Activate(Gate))
                : i < count - 1 || count == 1 ? Layer(y, layer, by, wide)
                : Normalized(y, layer, by, wide);
        }
        return skips && stride == 1 && x.Dim(1) == y.Dim(1) ? y + x : y;
    }

    /// <summary>A block of MobileNet V2, whose last convolution and normalisation are modules of the block itself.</summary>
    public Value BlockV2(Value x, Weights layers, int stride)
    {
        var last = layers.Count("") - 2;
        var y = x;
        for (var i = 0; i < last; i++)
            y = Layer(y, layers[$"{i}"], i == last - 1 ? stride : 1);
        y = y.ConvolveCentered(layers[$"{last}"]).Normalize(layers[$"{last + 1}"], Epsilon);
        return stride == 1 && x.Dim(1) == y.Dim(1) ? y + x : y;
    }

    private Value Normalized(Value x, Weights weights, int stride, int dilation) =>
        x.ConvolveCentered(weights["0"], stride, dilation: dilation).Normalize(weights["1"], Epsilon);
}
