using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>An image as the encoders of DETR and its kin are given it. B = images, N = places of the last map, D = width of a state.</summary>
/// <param name="Maps">What the stages of the backbone make of it, the finest first: [B, channels, rows, columns].</param>
/// <param name="Projected">The last of the maps in the width of the states: [B, D, rows, columns].</param>
/// <param name="Seen">int64 [B, rows, columns]: 1 for the image, 0 for padding.</param>
/// <param name="Positions">[B, N, D].</param>
internal sealed record DetrImage(IReadOnlyList<Value> Maps, Value Projected, Value Seen, Value Positions)
{
    /// <summary>What is added to the scores of the places: float [B, 1, queries, N].</summary>
    public Value Mask(Dim queries) => Seen.Reshape(Seen.Dim(0), Dim.Rest).PaddingMask(queries);
}

/// <summary>The parts of DETR (arXiv:2005.12872) that its kin share. B = images, S = states, D = width of a state.</summary>
internal static class DetrLayers
{
    private const float Epsilon = 1e-5f;
    private const float Temperature = 10_000f;

    /// <summary>Declares the input that tells the image from padding, int64 [B, height, width], at the size of a map.</summary>
    public static Value PixelMask(this GraphBuilder graph) =>
        graph.FindInput("pixel_mask") ?? graph.Input("pixel_mask", ElementType.Int64, "batch_size", "height", "width");

    /// <summary>Sines and cosines of the number of each place among those of its row and of its column that belong to the image.</summary>
    /// <param name="seen">int64 [B, rows, columns], 1 for the image.</param>
    /// <param name="width">A multiple of four.</param>
    /// <param name="middle">What is taken from each number: 0, or 0.5 for the middle of a place.</param>
    /// <param name="temperature">How much longer the longest wave is than the shortest.</param>
    /// <returns>[B, rows, columns, width]: the first half tells the row.</returns>
    public static Value SinePositions(this Value seen, int width, float middle = 0, float temperature = Temperature)
    {
        var marks = seen.Cast(ElementType.Float32);
        Value Shares(int axis) => marks.CumulativeSum(axis) is var number
            ? (number - middle) / (number.Slice(axis, -1) + 1e-6f) * (2 * MathF.PI) : number;
        return ((Value[])[Shares(1).Waves(width / 2, temperature), Shares(2).Waves(width / 2, temperature)]).Concat(axis: 3);
    }

    /// <summary>Sines and cosines of numbers over growing wavelengths, in turns: a last axis of <paramref name="width"/> is added.</summary>
    /// <param name="width">Even.</param>
    public static Value Waves(this Value numbers, int width, float temperature = Temperature)
    {
        var lengths = new float[width / 2];
        for (var i = 0; i < lengths.Length; i++)
            lengths[i] = (float)Math.Pow(temperature, 2f * i / width);
        var rank = numbers.Rank;
        var angles = numbers.Unsqueeze(rank) / numbers.Graph.Constant(lengths, lengths.Length);
        return ((Value[])[angles.Sin().Unsqueeze(rank + 1), angles.Cos().Unsqueeze(rank + 1)]).Concat(axis: rank + 1).Reshape([.. numbers.Dims, width]);
    }

    /// <summary>Projections with ReLU between them, the modules "layers.0" and so on.</summary>
    public static Value Predict(this Value x, Weights head)
    {
        x = x.Linear(head["layers.0"]);
        for (var i = 1; head.Has($"layers.{i}"); i++)
            x = x.Relu().Linear(head[$"layers.{i}"]);
        return x;
    }

    /// <summary>A layer of the encoder: places look at each other, knowing where they are.</summary>
    public static Value DetrEncoderLayer(this Value x, Value positions, Value? mask, Weights weights, int heads, string activation)
    {
        var placed = x + positions;
        x = (x + placed.CrossAttention(placed, x, mask, weights["self_attn"], heads)).LayerNorm(weights["self_attn_layer_norm"], Epsilon);
        return x.DetrFeedForward(weights, activation);
    }

    /// <summary>A layer of the decoder: queries look at each other and at the image.</summary>
    /// <param name="queries">What tells queries apart: [Q, D] or [B, Q, D].</param>
    /// <param name="placed">The image with its positions: [B, N, D].</param>
    public static Value DetrDecoderLayer(this Value x, Value queries, Value image, Value placed, Value? mask, Weights weights, int heads, string activation)
    {
        var asking = x + queries;
        x = (x + asking.CrossAttention(asking, x, mask: null, weights["self_attn"], heads)).LayerNorm(weights["self_attn_layer_norm"], Epsilon);
        x = (x + (x + queries).CrossAttention(placed, image, mask, weights["encoder_attn"], heads)).LayerNorm(weights["encoder_attn_layer_norm"], Epsilon);
        return x.DetrFeedForward(weights, activation);
    }

    /// <summary>What ends a layer: the modules "fc1", "fc2" and "final_layer_norm".</summary>
    public static Value DetrFeedForward(this Value x, Weights weights, string activation, float epsilon = Epsilon) =>
        (x + x.Perceptron(weights["fc1"], weights["fc2"], activation)).LayerNorm(weights["final_layer_norm"], epsilon);

    /// <summary>States that are zero: [B, count, width].</summary>
    public static Value ZeroStates(this GraphBuilder graph, long count, long width) =>
        graph.Scalar(0, ElementType.Float32).Expand("batch_size", count, width);

    /// <summary>The number whose sigmoid this is; numbers near 0 and 1 are kept away from them.</summary>
    public static Value InverseSigmoid(this Value x)
    {
        const double Least = 1e-5;
        x = x.Clip(0, 1);
        return (x.Clip(Least, null) / (1f - x).Clip(Least, null)).Log();
    }
}
