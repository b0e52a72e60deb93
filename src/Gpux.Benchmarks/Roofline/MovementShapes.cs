using static Gpux.Benchmarks.Roofline.OperatorShapes;

namespace Gpux.Benchmarks.Roofline;

/// <summary>Operators that arrange, pick and make elements, and compute none.</summary>
internal static class MovementShapes
{
    public static KnownTensor[]? Infer(Operation op)
    {
        switch (op.Type)
        {
            case "Constant":
                return [Constant(op)];
            case "ConstantOfShape":
                return [new KnownTensor(op.Tensor("value")?.ElementType ?? ElementType.Float32, Dims(op, 0))];
            case "Shape":
            {
                var rank = op.Dims(0).Length;
                int Place(long axis) => (int)Math.Clamp(axis < 0 ? axis + rank : axis, 0, rank);
                return One(ElementType.Int64, Math.Max(0, Place(op.Int("end", rank)) - Place(op.Int("start"))));
            }
            case "Size":
                return One(ElementType.Int64);
            case "Reshape":
                return [new KnownTensor(op.Input(0).Type, Reshaped(op))];
            case "Flatten":
            {
                // The axis may be the rank itself.
                var (dims, axis) = (op.Dims(0), op.Int("axis", 1));
                var at = (int)Math.Clamp(axis < 0 ? axis + dims.Length : axis, 0, dims.Length);
                return One(op.Input(0).Type, Extent.Product(dims.AsSpan(0, at)), Extent.Product(dims.AsSpan(at)));
            }
            case "Squeeze":
                return Squeezed(op);
            case "Unsqueeze":
            {
                if ((op.Ints("axes") ?? op.Integers(1)) is not { } axes)
                    return [KnownTensor.Nothing with { Type = op.Input(0).Type }];
                var dims = op.Dims(0).ToList();
                var rank = dims.Count + axes.Length;
                foreach (var axis in axes.Select(axis => Operation.Axis(axis, rank)).Order())
                    dims.Insert(axis, 1);
                return One(op.Input(0).Type, [.. dims]);
            }
            case "Transpose":
            {
                var dims = op.Dims(0);
                var order = op.Ints("perm") ?? [.. dims.Select((_, i) => (long)(dims.Length - 1 - i))];
                return One(op.Input(0).Type, [.. order.Select(axis => dims[Operation.Axis(axis, dims.Length)])]);
            }
            case "Concat":
            {
                var axis = Operation.Axis(op.Int("axis"), op.Dims(0).Length);
                var total = op.Inputs.Aggregate(0L, (sum, input) => Extent.Plus(sum, input!.Dims![axis])); // ranks are known, none is optional
                return One(op.Input(0).Type, Replace(op.Dims(0), axis, total));
            }
            case "Split" or "SplitToSequence":
                return Split(op);
            case "Slice":
                return [new KnownTensor(op.Input(0).Type, Sliced(op))];
            case "Gather" or "GatherBlockQuantized":
                return Gathered(op);
            case "GatherElements":
                return One(op.Input(0).Type, op.Dims(1));
            case "GatherND":
            {
                var batch = (int)op.Int("batch_dims");
                var picks = op.Dims(1)[^1];
                return picks == Extent.Unknown ? [KnownTensor.Nothing with { Type = op.Input(0).Type }]
                    : One(op.Input(0).Type, [.. op.Dims(1)[..^1], .. op.Dims(0)[(batch + (int)picks)..]]);
            }
            case "Expand":
                return [new KnownTensor(op.Input(0).Type, Dims(op, 1) is { } wanted ? Broadcast(op.Dims(0), wanted) : null)];
            case "Tile":
                return [new KnownTensor(op.Input(0).Type, op.Optional(1)?.Values is { } repeats
                    ? [.. op.Dims(0).Zip(repeats, (dim, repeat) => Extent.Times(dim, AsExtent(repeat)))] : [.. op.Dims(0).Select(_ => Extent.Unknown)])];
            case "Pad":
                return [new KnownTensor(op.Input(0).Type, Padded(op))];
            case "Range":
                return One(op.Input(0).Type, Count(op));
            case "DepthToSpace" or "SpaceToDepth":
            {
                var (dims, block) = (op.Dims(0), op.Int("blocksize", 1));
                long Shrunk(long dim, long by) => dim == Extent.Unknown ? dim : dim / by;
                return op.Type == "DepthToSpace"
                    ? One(op.Input(0).Type, dims[0], Shrunk(dims[1], block * block), Extent.Times(dims[2], block), Extent.Times(dims[3], block))
                    : One(op.Input(0).Type, dims[0], Extent.Times(dims[1], block * block), Shrunk(dims[2], block), Shrunk(dims[3], block));
            }
            default:
                return null;
        }
    }

    /// <summary>Shapes that follow from other inputs than the one whose rank is unknown.</summary>
    public static KnownTensor[]? InferWithoutRank(Operation op)
    {
        var known = op.Type switch
        {
            "Reshape" when op.Optional(1)?.Values is { } values && values.All(value => value is not <= 0)
                => new KnownTensor(op.Input(0).Type, [.. values.Select(AsExtent)]),
            "Shape" => new KnownTensor(ElementType.Int64, [Extent.Unknown]),
            "Size" => new KnownTensor(ElementType.Int64, []),
            "Cast" => new KnownTensor((ElementType)op.Int("to"), null),
            _ => null,
        };
        if (known is not null)
            return [known];
        var type = op.Optional(0)?.Type ?? ElementType.Undefined;
        return [.. Enumerable.Repeat(KnownTensor.Nothing with { Type = type }, op.OutputCount)];
    }

    private static long AsExtent(double value) => double.IsFinite(value) && value is >= 0 and < long.MaxValue ? (long)value : Extent.Unknown;

    // A shape that an input holds; null if not even its length is known.
    private static long[]? Dims(Operation op, int input)
    {
        if (op.Input(input).Values is { } values)
            return [.. values.Select(AsExtent)];
        return op.Dims(input) is [var rank and >= 0 and <= 64] ? [.. Enumerable.Repeat(Extent.Unknown, (int)rank)] : null;
    }

    private static KnownTensor Constant(Operation op)
    {
        if (op.Tensor("value") is { } tensor)
            return ConstantValues.Of(tensor);
        double[]? values = op.Find("value_int") is { } one ? [one.Int] : op.Find("value_float") is { } real ? [real.Float]
            : op.Ints("value_ints") is { } many ? [.. many.Select(value => (double)value)]
            : op.Find("value_floats") is { } reals ? [.. reals.Floats.Select(value => (double)value)] : null;
        if (values is null)
            return KnownTensor.Nothing;
        var type = op.Has("value_int") || op.Has("value_ints") ? ElementType.Int64 : ElementType.Float32;
        long[] dims = op.Has("value_int") || op.Has("value_float") ? [] : [values.Length];
        return new KnownTensor(type, dims) { Values = values.Length <= KnownTensor.MostValues ? values : null };
    }

    private static long[]? Reshaped(Operation op)
    {
        var from = op.Dims(0);
        if ((op.Ints("shape")?.Select(value => (double)value).ToArray() ?? op.Optional(1)?.Values) is not { } wanted)
            return Dims(op, 1);
        var dims = new long[wanted.Length];
        var rest = -1;
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = wanted[i] switch
            {
                0 when op.Int("allowzero") == 0 => i < from.Length ? from[i] : throw new ArgumentException($"there is no axis {i} to keep"),
                -1 => 1,
                var value => AsExtent(value),
            };
            if (wanted[i] == -1)
                rest = i;
        }
        if (rest >= 0)
            dims[rest] = Rest(from, dims, rest);
        return dims;
    }

    // Extents that are unknown on both sides at one place cancel: they were kept.
    private static long Rest(long[] from, long[] to, int rest)
    {
        var (all, others) = (Extent.Product(from), Extent.Product(to));
        if (all != Extent.Unknown && others > 0)
            return all % others == 0 ? all / others : throw new ArgumentException($"{all} elements cannot become [{string.Join(", ", to)}] with a rest at {rest}");
        return all == 0 ? 0 : Extent.Unknown;
    }

    private static KnownTensor[] Squeezed(Operation op)
    {
        var dims = op.Dims(0);
        var axes = op.Ints("axes") ?? op.Integers(1);
        if (axes is null && (op.Optional(1) is not null || dims.Contains(Extent.Unknown)))
            return [KnownTensor.Nothing with { Type = op.Input(0).Type }];
        int[] dropped = axes is null ? [.. dims.Index().Where(dim => dim.Item == 1).Select(dim => dim.Index)] : [.. axes.Select(axis => Operation.Axis(axis, dims.Length))];
        return One(op.Input(0).Type, [.. dims.Where((_, i) => !dropped.Contains(i))]);
    }

    private static KnownTensor[] Split(Operation op)
    {
        var axis = Operation.Axis(op.Int("axis"), op.Dims(0).Length);
        var (extent, count) = (op.Dims(0)[axis], op.OutputCount);
        var sizes = op.Ints("split") ?? op.Integers(1);
        if (sizes is not null && sizes.Length != count)
            throw new ArgumentException($"{sizes.Length} parts are {count} outputs");
        // Equal parts; the last may be smaller.
        var part = extent == Extent.Unknown || op.Optional(1) is not null ? Extent.Unknown : (extent + count - 1) / count;
        return [.. Enumerable.Range(0, count).Select(i => new KnownTensor(op.Input(0).Type,
            Replace(op.Dims(0), axis, sizes is not null ? sizes[i] : part == Extent.Unknown ? part : Math.Max(0, Math.Min(part, extent - i * part)))))];
    }

    private static long[] Sliced(Operation op)
    {
        long[] dims = [.. op.Dims(0)];
        var starts = op.Ints("starts") ?? op.Integers(1);
        var ends = op.Ints("ends") ?? op.Integers(2);
        var axes = op.Ints("axes") ?? op.Integers(3);
        var steps = op.Integers(4);
        if (axes is null && op.Optional(3) is not null)
            return [.. dims.Select(_ => Extent.Unknown)];
        var count = axes?.Length ?? starts?.Length ?? ends?.Length ?? dims.Length;
        for (var i = 0; i < count; i++)
        {
            var axis = Operation.Axis(axes is null ? i : axes[i], dims.Length);
            dims[axis] = starts is null || ends is null || steps is null && op.Optional(4) is not null ? Extent.Unknown
                : Sliced(dims[axis], starts[i], ends[i], steps is null ? 1 : steps[i]);
        }
        return dims;
    }

    /// <summary>How many elements a slice of an axis has.</summary>
    internal static long Sliced(long extent, long start, long end, long step)
    {
        if (step == 0)
            throw new ArgumentException("the step is 0");
        if (extent == Extent.Unknown)
            return start == 0 && end == long.MaxValue && step == 1 || start >= 0 && end == start ? Math.Min(extent, end - start) : Extent.Unknown;
        long Place(long place, long low, long high) => Math.Clamp(place < 0 ? Math.Max(place, -extent - 1) + extent : place, low, high);
        return step > 0
            ? Math.Max(0, (Place(end, 0, extent) - Place(start, 0, extent) + step - 1) / step)
            : Math.Max(0, (Place(start, -1, extent - 1) - Place(end, -1, extent - 1) - step - 1) / -step);
    }

    private static KnownTensor[] Gathered(Operation op)
    {
        var (data, indices) = (op.Dims(0), op.Dims(1));
        if (op.Type == "Gather")
        {
            var axis = Operation.Axis(op.Int("axis"), data.Length);
            return One(op.Input(0).Type, [.. data[..axis], .. indices, .. data[(axis + 1)..]]);
        }
        // Packed in bytes, the quantised axis has so many elements in each.
        var packed = op.Input(0).Type == ElementType.UInt8 ? 8 / Math.Max(1, op.Int("bits", 4)) : 1;
        var quantized = Operation.Axis(op.Int("quantize_axis", 1), data.Length);
        var gathered = Operation.Axis(op.Int("gather_axis"), data.Length);
        var whole = Replace(data, quantized, Extent.Times(data[quantized], packed));
        return One(op.Input(2).Type, [.. whole[..gathered], .. indices, .. whole[(gathered + 1)..]]);
    }

    private static long[] Padded(Operation op)
    {
        var dims = op.Dims(0);
        var pads = op.Ints("pads") ?? op.Integers(1);
        var axes = op.Integers(3) ?? (op.Optional(3) is null ? [.. dims.Select((_, i) => (long)i)] : null);
        if (pads is null || axes is null)
            return [.. dims.Select(_ => Extent.Unknown)];
        long[] padded = [.. dims];
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = Operation.Axis(axes[i], dims.Length);
            if (padded[axis] != Extent.Unknown)
                padded[axis] = Math.Max(0, checked(padded[axis] + pads[i] + pads[i + axes.Length]));
        }
        return padded;
    }

    private static long Count(Operation op)
    {
        if (op.Optional(0)?.Values is not [var start] || op.Optional(1)?.Values is not [var limit] || op.Optional(2)?.Values is not [var step] || step == 0)
            return Extent.Unknown;
        return AsExtent(Math.Max(0, Math.Ceiling((limit - start) / step)));
    }
}
