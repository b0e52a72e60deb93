namespace Gpux.Benchmarks.Roofline;

/// <summary>Computes the small integers by which graphs say shapes: the chain from Shape to Reshape.</summary>
/// <remarks>Numbers are double, in which integers up to 2^53 are exact; NaN stands for one that is not known.</remarks>
internal static class SmallArithmetic
{
    /// <param name="shape">What the rules of shapes say of the first output.</param>
    /// <returns>The elements of the first output, in the order of memory; null where they are many or none is known.</returns>
    public static double[]? Compute(Operation op, KnownTensor shape)
    {
        if (shape.Elements is not { } count || count > KnownTensor.MostValues)
            return null;
        return op.Type switch
        {
            "Constant" => shape.Values,
            "Shape" => ShapeOf(op),
            "Size" => [op.Optional(0)?.Elements ?? double.NaN],
            "Identity" or "Squeeze" or "Unsqueeze" or "Reshape" or "Flatten" => op.Input(0).Values,
            "Cast" or "CastLike" => Cast(op, shape),
            "ConstantOfShape" => [.. Enumerable.Repeat(op.Tensor("value") is { } value ? ConstantValues.Of(value).Values is [var one] ? one : double.NaN : 0, (int)count)],
            "Range" => op.Input(0).Values is [var start] && op.Input(2).Values is [var step] ? [.. Enumerable.Range(0, (int)count).Select(i => start + i * step)] : null,
            "Concat" => Concat(op),
            "Gather" => Gather(op),
            "Slice" => Slice(op),
            "Expand" => op.Input(0).Values is { } values ? Broadcast(values, op.Dims(0), shape.Dims!) : null, // its elements are counted
            "Neg" => Each(op, value => -value),
            "Abs" => Each(op, Math.Abs),
            "Floor" => Each(op, Math.Floor),
            "Ceil" => Each(op, Math.Ceiling),
            "Round" => Each(op, value => Math.Round(value, MidpointRounding.ToEven)),
            "Sqrt" => Each(op, Math.Sqrt),
            "Not" => Each(op, value => double.IsNaN(value) ? value : value == 0 ? 1 : 0),
            "Add" => Pairs(op, shape, (a, b) => a + b),
            "Sub" => Pairs(op, shape, (a, b) => a - b),
            "Mul" => Pairs(op, shape, (a, b) => a * b),
            "Div" => Pairs(op, shape, IsInteger(shape.Type) ? (a, b) => b == 0 ? double.NaN : Math.Truncate(a / b) : (a, b) => a / b),
            "Mod" => Pairs(op, shape, (a, b) => b == 0 ? double.NaN : op.Int("fmod") != 0 ? a % b : a - b * Math.Floor(a / b)),
            "Pow" => Pairs(op, shape, Math.Pow),
            "Min" when op.InputCount == 2 => Pairs(op, shape, Math.Min),
            "Max" when op.InputCount == 2 => Pairs(op, shape, Math.Max),
            "Clip" => Clip(op),
            "Equal" => Pairs(op, shape, (a, b) => Known(a, b, a == b)),
            "Greater" => Pairs(op, shape, (a, b) => Known(a, b, a > b)),
            "GreaterOrEqual" => Pairs(op, shape, (a, b) => Known(a, b, a >= b)),
            "Less" => Pairs(op, shape, (a, b) => Known(a, b, a < b)),
            "LessOrEqual" => Pairs(op, shape, (a, b) => Known(a, b, a <= b)),
            "And" => Pairs(op, shape, (a, b) => Known(a, b, a != 0 && b != 0)),
            "Or" => Pairs(op, shape, (a, b) => Known(a, b, a != 0 || b != 0)),
            "Where" => Where(op, shape),
            "ReduceProd" when count == 1 => All(op, values => values.Aggregate(1.0, (product, value) => product * value)),
            "ReduceSum" when count == 1 => All(op, values => values.Sum()),
            "ReduceMax" when count == 1 => All(op, values => values.Max()),
            "ReduceMin" when count == 1 => All(op, values => values.Min()),
            _ => null,
        };
    }

    private static bool IsInteger(ElementType type) => !type.IsFloatingPoint();

    private static double Known(double a, double b, bool answer) => double.IsNaN(a) || double.IsNaN(b) ? double.NaN : answer ? 1 : 0;

    private static double[]? ShapeOf(Operation op)
    {
        if (op.Optional(0)?.Dims is not { } dims)
            return null;
        int Place(long axis) => (int)Math.Clamp(axis < 0 ? axis + dims.Length : axis, 0, dims.Length);
        var (start, end) = (Place(op.Int("start")), Place(op.Int("end", dims.Length)));
        return [.. dims.Skip(start).Take(end - start).Select(dim => dim == Extent.Unknown ? double.NaN : dim)];
    }

    private static double[]? Cast(Operation op, KnownTensor to) => op.Input(0).Values is not { } values ? null
        : IsInteger(to.Type) ? [.. values.Select(value => to.Type == ElementType.Bool ? Known(value, value, value != 0) : Math.Truncate(value))] : values;

    private static double[]? Each(Operation op, Func<double, double> function) => op.Input(0).Values is { } values ? [.. values.Select(function)] : null;

    private static double[]? All(Operation op, Func<double[], double> function) =>
        op.Input(0).Values is { Length: > 0 } values ? [Array.Exists(values, double.IsNaN) ? double.NaN : function(values)] : null;

    private static double[]? Pairs(Operation op, KnownTensor shape, Func<double, double, double> function)
    {
        if (op.Input(0).Values is not { } left || op.Input(1).Values is not { } right)
            return null;
        var dims = shape.Dims!; // its elements are counted
        return [.. Broadcast(left, op.Dims(0), dims).Zip(Broadcast(right, op.Dims(1), dims), function)];
    }

    private static double[]? Clip(Operation op)
    {
        // Before opset 11 the bounds are attributes, which no extents are computed with.
        double Bound(int input, double none) => op.Optional(input) is not { } bound ? none : bound.Values is [var known] ? known : double.NaN;
        var (low, high) = (Bound(1, double.NegativeInfinity), Bound(2, double.PositiveInfinity));
        return Each(op, value => Math.Min(Math.Max(value, low), high)); // NaN stays NaN
    }

    private static double[]? Where(Operation op, KnownTensor shape)
    {
        if (op.Input(0).Values is not { } conditions || op.Input(1).Values is not { } left || op.Input(2).Values is not { } right)
            return null;
        var dims = shape.Dims!; // its elements are counted
        (conditions, left, right) = (Broadcast(conditions, op.Dims(0), dims), Broadcast(left, op.Dims(1), dims), Broadcast(right, op.Dims(2), dims));
        return [.. conditions.Select((condition, i) => double.IsNaN(condition) ? double.NaN : condition != 0 ? left[i] : right[i])];
    }

    // Along the first axis alone: shapes are lists.
    private static double[]? Concat(Operation op) => op.Inputs.All(input => input is { Dims.Length: 1 } and { Elements: not null })
        ? [.. op.Inputs.SelectMany(input => input!.Values ?? Enumerable.Repeat(double.NaN, (int)Math.Min(input.Elements!.Value, KnownTensor.MostValues)))] : null; // checked above

    private static double[]? Gather(Operation op)
    {
        if (op.Dims(0).Length != 1 || op.Input(0).Values is not { } values || op.Input(1).Values is not { } places)
            return null;
        return [.. places.Select(place => double.IsNaN(place) ? place
            : (place < 0 ? place + values.Length : place) is var i && i >= 0 && i < values.Length ? values[(int)i] : throw new ArgumentException($"there is no element {place}"))];
    }

    private static double[]? Slice(Operation op)
    {
        if (op.Dims(0).Length != 1 || op.Input(0).Values is not { } values || (op.Ints("starts") ?? op.Integers(1)) is not [var start]
            || (op.Ints("ends") ?? op.Integers(2)) is not [var end])
            return null;
        var step = op.Integers(4) is [var by] ? by : 1;
        var count = MovementShapes.Sliced(values.Length, start, end, step);
        var first = Math.Clamp(start < 0 ? start + values.Length : start, 0, step > 0 ? values.Length : values.Length - 1);
        return [.. Enumerable.Range(0, (int)count).Select(i => values[first + i * step])];
    }

    private static double[] Broadcast(double[] values, long[] from, long[] to)
    {
        var count = (int)Extent.Product(to);
        if (values.Length == count)
            return values;
        var result = new double[count];
        for (var i = 0; i < count; i++)
        {
            long place = 0, stride = 1;
            var rest = i;
            for (var axis = 1; axis <= to.Length; axis++)
            {
                var coordinate = rest % (int)to[^axis];
                rest /= (int)to[^axis];
                if (axis > from.Length)
                    continue;
                place += from[^axis] == 1 ? 0 : coordinate * stride;
                stride *= from[^axis];
            }
            result[i] = values[place];
        }
        return result;
    }
}
