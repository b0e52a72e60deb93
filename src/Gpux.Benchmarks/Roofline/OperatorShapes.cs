namespace Gpux.Benchmarks.Roofline;

/// <summary>The type and shape of what an operator returns: a rule for each.</summary>
/// <remarks>Source: the operator specification of ONNX 1.22 and ContribOperators.md of ONNX Runtime 1.30. Older versions of an operator
/// differ in whether axes are an attribute or an input; both are read.</remarks>
internal static class OperatorShapes
{
    /// <returns>What is known of each output; null for an operator that has no rule.</returns>
    /// <exception cref="ArgumentException">The inputs do not fit the operator.</exception>
    public static KnownTensor[]? Infer(Operation op)
    {
        // Without its rank, nothing follows from an input but what other inputs say.
        if (op.Inputs.Any(input => input is { Dims: null }))
            return MovementShapes.InferWithoutRank(op);
        return Elementwise(op) ?? Others(op) ?? MovementShapes.Infer(op) ?? WindowShapes.Infer(op) ?? ProductShapes.Infer(op);
    }

    internal static KnownTensor[] One(ElementType type, params long[] dims) => [new KnownTensor(type, dims)];

    internal static KnownTensor[] SameAs(KnownTensor input) => One(input.Type, input.Dims!);

    private static KnownTensor[]? Elementwise(Operation op) => op.Type switch
    {
        "Abs" or "Acos" or "Acosh" or "Asin" or "Asinh" or "Atan" or "Atanh" or "BitwiseNot" or "Ceil" or "Celu" or "Clip" or "Cos" or "Cosh" or "Elu"
            or "Erf" or "Exp" or "Floor" or "Gelu" or "HardSigmoid" or "HardSwish" or "Hardmax" or "LeakyRelu" or "Log" or "LogSoftmax" or "Mish" or "Neg"
            or "Not" or "Reciprocal" or "Relu" or "Round" or "Selu" or "Shrink" or "Sigmoid" or "Sign" or "Sin" or "Sinh" or "Softmax" or "Softplus"
            or "Softsign" or "Sqrt" or "Swish" or "Tan" or "Tanh" or "ThresholdedRelu" or "Identity" or "CumSum" or "CumProd" or "Trilu"
            or "LRN" or "InstanceNormalization" or "GroupNormalization" or "MeanVarianceNormalization" or "LpNormalization" or "RMSNormalization"
            or "SimplifiedLayerNormalization" or "ReverseSequence" or "Bernoulli"
            or "ScatterElements" or "Scatter" or "ScatterND" or "TensorScatter" or "BatchNormalization" or "RotaryEmbedding"
            or "BiasGelu" or "FastGelu" or "QuickGelu" or "BiasSoftmax" or "QLinearSigmoid" or "QLinearLeakyRelu" or "QLinearSoftmax" or "GroupNorm"
            => SameAs(op.Input(0)),
        "Add" or "Sub" or "Mul" or "Div" or "Pow" or "Mod" or "And" or "Or" or "Xor" or "BitShift" or "BitwiseAnd" or "BitwiseOr" or "BitwiseXor" or "PRelu"
            or "Min" or "Max" or "Sum" or "Mean" or "BiasAdd" => Broadcast(op, op.Input(0).Type, 0, op.InputCount),
        "Equal" or "Greater" or "GreaterOrEqual" or "Less" or "LessOrEqual" => Broadcast(op, ElementType.Bool, 0, 2),
        "Where" => Broadcast(op, op.Input(1).Type, 0, 3),
        "QLinearAdd" or "QLinearMul" => [new KnownTensor(op.Input(0).Type, Broadcast(op.Dims(0), op.Dims(3)))],
        "IsInf" or "IsNaN" => One(ElementType.Bool, op.Dims(0)),
        "Cast" => One((ElementType)op.Int("to"), op.Dims(0)),
        "CastLike" => One(op.Input(1).Type, op.Dims(0)),
        "Dropout" => [new(op.Input(0).Type, op.Dims(0)), new(ElementType.Bool, op.Dims(0))],
        "QuantizeLinear" => One(op.Int("output_dtype") is > 0 and var type ? (ElementType)type : op.Optional(2)?.Type ?? ElementType.UInt8, op.Dims(0)),
        "DequantizeLinear" => One(op.Input(1).Type, op.Dims(0)),
        "DynamicQuantizeLinear" => [new(ElementType.UInt8, op.Dims(0)), new(ElementType.Float32, []), new(ElementType.UInt8, [])],
        _ => null,
    };

    private static KnownTensor[]? Others(Operation op)
    {
        switch (op.Type)
        {
            case "LayerNormalization":
            {
                var axis = Operation.Axis(op.Int("axis", -1), op.Dims(0).Length);
                long[] means = [.. op.Dims(0).Select((dim, i) => i >= axis ? 1 : dim)];
                return [new(op.Input(0).Type, op.Dims(0)), new(ElementType.Float32, means), new(ElementType.Float32, means)];
            }
            case "SkipLayerNormalization" or "SkipSimplifiedLayerNormalization":
            {
                var same = new KnownTensor(op.Input(0).Type, op.Dims(0));
                var means = new KnownTensor(ElementType.Float32, [.. op.Dims(0).SkipLast(1), 1]);
                return [same, means, means, same];
            }
            case "EmbedLayerNormalization":
            {
                long[] dims = [.. op.Dims(0), op.Input(2).Dim(-1)];
                return [new(op.Input(2).Type, dims), new(ElementType.Int32, [dims[0]]), new(op.Input(2).Type, dims)];
            }
            case "ReduceL1" or "ReduceL2" or "ReduceLogSum" or "ReduceLogSumExp" or "ReduceMax" or "ReduceMean" or "ReduceMin" or "ReduceProd" or "ReduceSum"
                or "ReduceSumSquare":
                return [new KnownTensor(op.Input(0).Type, Reduced(op))];
            case "ArgMax" or "ArgMin":
            {
                var axis = Operation.Axis(op.Int("axis"), op.Dims(0).Length);
                return One(ElementType.Int64, Without(op.Dims(0), [axis], op.Int("keepdims", 1) != 0));
            }
            case "TopK":
            {
                var axis = Operation.Axis(op.Int("axis", -1), op.Dims(0).Length);
                var count = op.Has("k") ? op.Int("k") : op.Integers(1) is [var k, ..] ? k : Extent.Unknown;
                var dims = Replace(op.Dims(0), axis, count);
                return [new(op.Input(0).Type, dims), new(ElementType.Int64, dims)];
            }
            case "NonZero":
                return One(ElementType.Int64, op.Dims(0).Length, Extent.Unknown);
            case "Compress":
                return One(op.Input(0).Type, op.Has("axis") ? Replace(op.Dims(0), Operation.Axis(op.Int("axis"), op.Dims(0).Length), Extent.Unknown) : [Extent.Unknown]);
            case "NonMaxSuppression":
                return One(ElementType.Int64, Extent.Unknown, 3);
            case "Det":
                return One(op.Input(0).Type, op.Dims(0)[..^2]);
            case "OneHot":
            {
                var rank = op.Dims(0).Length + 1;
                var axis = Operation.Axis(op.Int("axis", -1), rank);
                var depth = op.Integers(1) is [var known, ..] ? known : Extent.Unknown;
                return One(op.Input(2).Type, [.. op.Dims(0)[..axis], depth, .. op.Dims(0)[axis..]]);
            }
            case "EyeLike":
                return One(op.Int("dtype") is > 0 and var type ? (ElementType)type : op.Input(0).Type, op.Dims(0));
            case "RandomNormalLike" or "RandomUniformLike":
                return One(op.Int("dtype") is > 0 and var like ? (ElementType)like : op.Input(0).Type, op.Dims(0));
            case "RandomNormal" or "RandomUniform":
                return One((ElementType)op.Int("dtype", (long)ElementType.Float32), op.Ints("shape") ?? []);
            case "HannWindow" or "HammingWindow" or "BlackmanWindow":
                return One((ElementType)op.Int("output_datatype", (long)ElementType.Float32), op.Integers(0) is [var size, ..] ? size : Extent.Unknown);
            default:
                return null;
        }
    }

    private static KnownTensor[] Broadcast(Operation op, ElementType type, int first, int count)
    {
        var dims = op.Dims(first);
        for (var i = first + 1; i < first + count; i++)
            dims = Broadcast(dims, op.Dims(i));
        return One(type, dims);
    }

    internal static long[] Broadcast(long[] left, long[] right) => Extent.Broadcast(left, right)
        ?? throw new ArgumentException($"[{string.Join(", ", left)}] and [{string.Join(", ", right)}] do not go together");

    private static long[]? Reduced(Operation op)
    {
        var dims = op.Dims(0);
        var axes = op.Ints("axes") ?? op.Integers(1);
        if (axes is null && op.Optional(1) is not null)
            return op.Int("keepdims", 1) != 0 ? [.. dims.Select(_ => Extent.Unknown)] : null;
        if (axes is null or [])
            axes = op.Int("noop_with_empty_axes") != 0 ? [] : [.. dims.Select((_, i) => (long)i)];
        return Without(dims, [.. axes.Select(axis => Operation.Axis(axis, dims.Length))], op.Int("keepdims", 1) != 0);
    }

    private static long[] Without(long[] dims, int[] axes, bool keeps) => keeps
        ? [.. dims.Select((dim, i) => axes.Contains(i) ? 1 : dim)]
        : [.. dims.Where((_, i) => !axes.Contains(i))];

    internal static long[] Replace(long[] dims, int axis, long dim)
    {
        long[] replaced = [.. dims];
        replaced[axis] = dim;
        return replaced;
    }
}
