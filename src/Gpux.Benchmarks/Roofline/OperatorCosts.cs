namespace Gpux.Benchmarks.Roofline;

/// <summary>The arithmetic of operators, by their definitions: an addition, a multiplication, a comparison and a function of one number
/// (exp, tanh, a square root) count as one operation each, a multiply-add as two.</summary>
internal static class OperatorCosts
{
    /// <summary>Of an element of a softmax: maximum, difference, exp, sum, quotient.</summary>
    public const int SoftmaxFlop = 5;

    // Sum, difference, square, sum, root's quotient, scale, shift.
    private const int LayerNormFlop = 7;

    // Square, sum, root's quotient, scale.
    private const int RootMeanSquareFlop = 4;

    // x/2 (1 + erf(x / sqrt 2)).
    private const int GeluFlop = 5;

    // x/2 (1 + tanh(c (x + d x^3))).
    private const int TanhGeluFlop = 9;

    /// <returns>Operations of products of matrices and convolutions, and all others; null where extents are unknown or the operator has no rule.</returns>
    /// <exception cref="OverflowException">More than 2^63 - 1.</exception>
    public static (long Matrix, long Other)? Of(Operation op, KnownTensor[] outputs)
    {
        if (op.Type is "MatMul" or "FusedMatMul" or "MatMulInteger" or "MatMulIntegerToFloat" or "DynamicQuantizeMatMul" or "QLinearMatMul" or "FusedMatMulActivation")
            return Times(outputs[0].Elements, 2 * Known(ProductShapes.Product(op).Inner), Bias(op, outputs));
        switch (op.Type)
        {
            case "Gemm" or "FusedGemm":
                return Times(outputs[0].Elements, 2 * Known(op.Input(0).Dim(op.Int("transA") != 0 ? 0 : 1)), op.Optional(2) is null ? 0 : outputs[0].Elements);
            case "MatMulNBits" or "MatMulBnb4" or "MatMulFpQ4":
                return Times(outputs[0].Elements, 2 * op.Int("K"), op.Optional(5) is null ? 0 : outputs[0].Elements);
            case "Einsum":
                return EinsumEquation.Of(op).Combinations is var all && all == Extent.Unknown ? null : op.InputCount > 1 ? (checked(all * op.InputCount), 0) : (0, all);
            case "Conv" or "FusedConv" or "ConvInteger":
                return Times(outputs[0].Elements, 2 * Extent.Product(op.Dims(1).AsSpan(1)), op.Type != "ConvInteger" && op.Optional(2) is not null ? outputs[0].Elements : 0);
            case "QLinearConv":
                return Times(outputs[0].Elements, 2 * Extent.Product(op.Dims(3).AsSpan(1)), outputs[0].Elements);
            case "ConvTranspose":
                return Times(op.Input(0).Elements, 2 * Extent.Product(op.Dims(1).AsSpan(1)), op.Optional(2) is null ? 0 : outputs[0].Elements);
            case "Attention" or "MultiHeadAttention" or "GroupQueryAttention":
                return AttentionShape.Of(op) is { IsKnown: true } shape ? (shape.MatrixFlop, shape.OtherFlop) : null;
            case "LSTM" or "GRU" or "RNN":
                return Recurrent(op, outputs);
            default:
                return Others(op, outputs) is { } flop && flop != Extent.Unknown ? (0, flop) : null;
        }
    }

    private static long? Others(Operation op, KnownTensor[] outputs)
    {
        var result = outputs.Length > 0 ? outputs[0].Elements : 0;
        long? PerResult(long flop) => result is { } count ? checked(count * flop) : null;
        long? PerInput(long flop) => op.Input(0).Elements is { } count ? checked(count * flop) : null;
        switch (op.Type)
        {
            case "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Identity" or "Dropout" or "Shape" or "Size" or "Constant" or "ConstantOfShape" or "Transpose"
                or "Concat" or "Split" or "Slice" or "Gather" or "GatherElements" or "GatherND" or "Expand" or "Tile" or "Pad" or "Cast" or "CastLike" or "Where"
                or "DepthToSpace" or "SpaceToDepth" or "Trilu" or "ScatterElements" or "Scatter" or "ScatterND" or "TensorScatter" or "OneHot" or "EyeLike" or "ReverseSequence" or "Compress":
                return 0; // Whatever their size: they move elements.
            case "Range":
                return PerResult(1);
            case "Clip" or "HardSigmoid" or "Softsign" or "Shrink" or "LeakyRelu" or "QLinearLeakyRelu" or "ThresholdedRelu" or "PRelu" or "BatchNormalization"
                or "DequantizeLinear" or "GatherBlockQuantized" or "Softplus":
                return PerResult(2);
            case "QuantizeLinear" or "HardSwish" or "Elu" or "Celu" or "Selu" or "QuickGelu" or "Swish" or "RotaryEmbedding":
                return PerResult(3);
            case "DynamicQuantizeLinear" or "Mish" or "QLinearAdd" or "QLinearMul" or "QLinearSigmoid":
                return PerResult(5);
            case "Softmax" or "LogSoftmax" or "QLinearSoftmax":
                return PerResult(SoftmaxFlop);
            case "BiasSoftmax":
                return PerResult(SoftmaxFlop + 1);
            case "Gelu":
                return PerResult(op.Text("approximate", "none") == "tanh" ? TanhGeluFlop : GeluFlop);
            case "BiasGelu":
                return PerResult(GeluFlop + 1);
            case "FastGelu":
                return PerResult(TanhGeluFlop + (op.Optional(1) is null ? 0 : 1));
            case "LayerNormalization" or "InstanceNormalization" or "GroupNormalization" or "GroupNorm" or "MeanVarianceNormalization":
                return PerResult(LayerNormFlop);
            case "SkipLayerNormalization":
                return PerResult(LayerNormFlop + 1 + (op.Optional(4) is null ? 0 : 1));
            case "EmbedLayerNormalization":
                return PerResult(LayerNormFlop + 2);
            case "RMSNormalization" or "SimplifiedLayerNormalization" or "LpNormalization":
                return PerResult(RootMeanSquareFlop);
            case "SkipSimplifiedLayerNormalization":
                return PerResult(RootMeanSquareFlop + 1 + (op.Optional(3) is null ? 0 : 1));
            case "LRN":
                return PerResult(op.Int("size", 1) * 2 + 3);
            case "ReduceL1" or "ReduceL2" or "ReduceLogSumExp" or "ReduceSumSquare":
                return PerInput(2);
            case "ReduceLogSum" or "ReduceMax" or "ReduceMean" or "ReduceMin" or "ReduceProd" or "ReduceSum" or "ArgMax" or "ArgMin" or "CumSum" or "CumProd"
                or "Hardmax" or "GlobalAveragePool" or "GlobalMaxPool" or "GlobalLpPool" or "QLinearGlobalAveragePool" or "NonZero" or "TopK":
                return PerInput(1);
            case "AveragePool" or "MaxPool" or "LpPool" or "QLinearAveragePool":
                return PerResult(Extent.Product(WindowShapes.Kernel(op, -1)));
            case "Resize" or "Upsample":
                return op.Text("mode", "nearest") switch
                {
                    "nearest" => 0,
                    // Each element is a weighted sum of the nearest two, or four, along each axis that changes.
                    var mode => PerResult(2 * Power(mode == "cubic" ? 4 : 2, outputs[0].Dims!.Zip(op.Dims(0)).Count(pair => pair.First != pair.Second))), // the rule knows the rank
                };
            case "GridSample":
                return op.Text("mode", "linear") switch
                {
                    "nearest" => 0,
                    var mode => PerResult(2 * Power(mode is "cubic" or "bicubic" ? 4 : 2, op.Dims(0).Length - 2)),
                };
            case "Min" or "Max" or "Sum" or "Mean":
                return PerResult(op.Type == "Mean" ? op.InputCount : op.InputCount - 1);
            case "BiasAdd":
                return PerResult(2);
            case "Bernoulli" or "RandomNormal" or "RandomUniform" or "RandomNormalLike" or "RandomUniformLike" or "HannWindow" or "HammingWindow" or "BlackmanWindow"
                or "Det" or "NonMaxSuppression" or "RoiAlign":
                return null;
            default:
                return PerResult(1); // of what has a rule of shapes, functions of one element or of two are left
        }
    }

    private static long Known(long extent) => extent == Extent.Unknown ? 0 : extent;

    private static long Power(long number, int exponent)
    {
        var power = 1L;
        for (var i = 0; i < exponent; i++)
            power = checked(power * number);
        return power;
    }

    private static (long, long)? Times(long? count, long each, long? others) =>
        count is { } known && each >= 0 && others is { } rest ? (checked(known * each), rest) : null;

    // Fused products scale and add besides.
    private static long? Bias(Operation op, KnownTensor[] outputs) => op.Type switch
    {
        "MatMulIntegerToFloat" => outputs[0].Elements * (op.Optional(6) is null ? 1 : 2),
        "DynamicQuantizeMatMul" => outputs[0].Elements * (op.Optional(4) is null ? 1 : 2) + op.Input(0).Elements * 5,
        "QLinearMatMul" or "FusedMatMulActivation" => outputs[0].Elements,
        "FusedMatMul" when op.Float("alpha", 1) != 1 => outputs[0].Elements,
        _ => 0,
    };

    // Gates of a step: x W + h R + b for each, and what the cell makes of them.
    private static (long, long)? Recurrent(Operation op, KnownTensor[] outputs)
    {
        var (gates, cell) = op.Type switch { "LSTM" => (4, 9), "GRU" => (3, 8), _ => (1, 1) };
        var hidden = op.Input(2).Dim(-1);
        return outputs[0].Elements is { } states && Extent.Plus(op.Input(1).Dim(-1), hidden) is var width and not Extent.Unknown
            ? (checked(2 * states * gates * width), checked(states * (2 * gates + cell))) : null;
    }
}
