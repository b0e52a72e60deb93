namespace Gpux.Onnx.Building;

/// <summary>Operators that arrange elements without computing with them.</summary>
public static class Shaping
{
    /// <summary>Gives the elements another shape: numbers, symbols of the graph's inputs, and at most one <see cref="Dim.Rest"/>.</summary>
    public static Value Reshape(this Value value, params ReadOnlySpan<Dim> shape)
    {
        var graph = value.Graph;
        var dims = shape.ToArray();
        var rest = shape.IndexOf(Dim.Rest);
        var numbers = new long?[shape.Length];
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] == Dim.Same || i < value.Rank && shape[i].Size is null && shape[i] == value.Dims[i])
                (numbers[i], dims[i]) = (0, value.Dims[i]); // 0 stands for the extent that the input has at this place
            else if (shape[i].Size is null && rest < 0)
                (numbers[i], rest) = (-1, i); // the one extent that follows from the others
            else
                numbers[i] = shape[i].Size;
        }
        if (rest >= 0 && shape[rest] == Dim.Rest)
            dims[rest] = RestOf(value, dims, rest);
        else
            RequireSameCount(value, dims);
        if (!numbers.Contains(null))
            return graph.Node("Reshape", [value, graph.Constant([.. numbers.Select(number => number!.Value)])], value.Type, dims); // none is null
        var parts = new Value[dims.Length];
        for (var i = 0; i < dims.Length; i++)
            parts[i] = numbers[i] is { } number ? graph.Constant([number]) : graph.Extent(dims[i]);
        return value.Reshape(graph.Shared(parts, string.Join(',', dims), () => parts.Concat(0)), dims);
    }

    /// <summary>Gives the elements a shape that the graph computes: a 1-D int64 value.</summary>
    /// <param name="dims">What is known of the result's extents.</param>
    public static Value Reshape(this Value value, Value shape, params Dim[] dims) =>
        value.Graph.Node("Reshape", [value, shape], value.Type, dims);

    public static Value Transpose(this Value value, params long[] permutation)
    {
        if (permutation.Length != value.Rank)
            throw new GraphException("Transpose", $"A permutation of {permutation.Length} axes does not fit {value}.");
        return value.Graph.Node("Transpose", [value], value.Type, [.. permutation.Select(axis => value.Dims[(int)axis])],
            [Attr.Of("perm", permutation)]);
    }

    /// <summary>Inserts axes of extent 1; positions count in the result.</summary>
    public static Value Unsqueeze(this Value value, params ReadOnlySpan<long> axes)
    {
        var dims = value.Dims.ToList();
        foreach (var axis in axes)
            dims.Insert((int)(axis < 0 ? axis + value.Rank + axes.Length : axis), 1);
        return value.Graph.Node("Unsqueeze", [value, value.Graph.Constant(axes)], value.Type, dims);
    }

    /// <summary>Removes axes of extent 1.</summary>
    public static Value Squeeze(this Value value, params ReadOnlySpan<long> axes)
    {
        var dims = new List<Dim>();
        for (var i = 0; i < value.Rank; i++)
        {
            if (!axes.Contains(i) && !axes.Contains(i - value.Rank))
                dims.Add(value.Dims[i]);
            else if (!value.Dims[i].MayEqual(1))
                throw new GraphException("Squeeze", $"Axis {i} of {value} is not 1.");
        }
        return value.Graph.Node("Squeeze", [value, value.Graph.Constant(axes)], value.Type, dims);
    }

    /// <param name="extent">What is known of the sum of extents along the axis, if it is not a number.</param>
    public static Value Concat(this IReadOnlyList<Value> values, int axis, Dim? extent = null)
    {
        var first = values[0];
        axis = axis < 0 ? axis + first.Rank : axis;
        var dims = first.Dims.ToArray();
        foreach (var value in values.Skip(1))
        {
            Elementwise.RequireSameType("Concat", first, value);
            for (var i = 0; i < dims.Length; i++)
            {
                if (i == axis)
                    dims[i] += value.Dims[i];
                else if (value.Rank == first.Rank && dims[i].MayEqual(value.Dims[i]))
                    dims[i] = dims[i].Or(value.Dims[i]);
                else
                    throw new GraphException("Concat", $"{first} and {value} cannot be joined along axis {axis}.");
            }
        }
        if (dims[axis].Size is null && extent is { } known)
            dims[axis] = known;
        return first.Graph.Node("Concat", [.. values], first.Type, dims, [Attr.Of("axis", axis)]);
    }

    /// <summary>Cuts the value into parts of the given extents.</summary>
    public static Value[] Split(this Value value, int axis, params long[] sizes)
    {
        axis = axis < 0 ? axis + value.Rank : axis;
        if (!value.Dims[axis].MayEqual(sizes.Sum()))
            throw new GraphException("Split", $"{value} cannot be split into {string.Join(" + ", sizes)} along axis {axis}.");
        var outputs = sizes.Select(size => (value.Type, (IReadOnlyList<Dim>)Replace(value.Dims, axis, size))).ToArray();
        return value.Graph.Node("Split", [value, value.Graph.Constant(sizes)], outputs, [Attr.Of("axis", axis)]);
    }

    /// <summary>Elements from <paramref name="start"/> up to, not including, <paramref name="end"/>; negative counts from the end.</summary>
    public static Value Slice(this Value value, int axis, long start, long end = long.MaxValue, long step = 1)
    {
        axis = axis < 0 ? axis + value.Rank : axis;
        var graph = value.Graph;
        return graph.Node("Slice", [value, graph.Constant([start]), graph.Constant([end]), graph.Constant([axis]), graph.Constant([step])],
            value.Type, Replace(value.Dims, axis, SliceExtent(value.Dims[axis], start, end, step)));
    }

    /// <summary>Elements from <paramref name="start"/> up to, not including, <paramref name="end"/>, both one int64 element.</summary>
    /// <param name="extent">What is known of the difference.</param>
    public static Value Slice(this Value value, int axis, Value start, Value end, Dim extent)
    {
        axis = axis < 0 ? axis + value.Rank : axis;
        return value.Graph.Node("Slice", [value, start, end, value.Graph.Constant([axis])],
            value.Type, Replace(value.Dims, axis, extent));
    }

    /// <summary>Entries of <paramref name="value"/> along an axis by their number.</summary>
    public static Value Gather(this Value value, Value indices, int axis = 0)
    {
        axis = axis < 0 ? axis + value.Rank : axis;
        return value.Graph.Node("Gather", [value, indices], value.Type,
            [.. value.Dims.Take(axis), .. indices.Dims, .. value.Dims.Skip(axis + 1)], axis == 0 ? null : [Attr.Of("axis", axis)]);
    }

    /// <summary>The entry number <paramref name="index"/> along an axis, which is dropped.</summary>
    public static Value At(this Value value, int axis, long index) => value.Gather(value.Graph.Constant(index), axis);

    /// <summary>Picks one element along <paramref name="axis"/> for each element of <paramref name="indices"/>.</summary>
    public static Value GatherElements(this Value value, Value indices, int axis) =>
        value.Graph.Node("GatherElements", [value, indices], value.Type, indices.Dims, [Attr.Of("axis", axis)]);

    /// <summary>Repeats along axes of extent 1 until the shape is as given: numbers and symbols of the graph's inputs.</summary>
    public static Value Expand(this Value value, params Dim[] dims)
    {
        var graph = value.Graph;
        var parts = dims.Select(dim => dim.Size is { } size ? graph.Constant([size]) : graph.Extent(dim)).ToArray();
        var shape = graph.Shared(parts, string.Join(',', dims), () => parts.Concat(0));
        return graph.Node("Expand", [value, shape], value.Type, Elementwise.Broadcast("Expand", value.Dims, dims));
    }

    /// <summary>The extents as a 1-D int64 value.</summary>
    public static Value Shape(this Value value) => value.Graph.Node("Shape", [value], ElementType.Int64, [value.Rank]);

    /// <summary>One extent as a 1-D int64 value of one element.</summary>
    public static Value Extent(this Value value, int axis)
    {
        axis = axis < 0 ? axis + value.Rank : axis;
        return value.Dims[axis].Size is { } size ? value.Graph.Constant([size])
            : value.Graph.Node("Shape", [value], ElementType.Int64, [1], [Attr.Of("start", axis), Attr.Of("end", axis + 1)]);
    }

    /// <summary>0, 1, 2 and so on, as many as <paramref name="count"/> (one int64 element) says, as a 1-D int64 value.</summary>
    /// <param name="extent">What is known of the count.</param>
    public static Value Range(this Value count, Dim extent) => count.Graph.Node("Range",
        [count.Graph.Constant(0L), count.Squeeze(0), count.Graph.Constant(1L)], ElementType.Int64, [extent]);

    // What is left for the extent at `rest` when the other extents of `dims` are given.
    private static Dim RestOf(Value value, Dim[] dims, int rest)
    {
        var left = new List<Dim>(value.Dims);
        var right = new List<Dim>(dims);
        right.RemoveAt(rest);
        // Symbols that stand on both sides cancel.
        for (var i = right.Count - 1; i >= 0; i--)
            if (right[i].Symbol is not null && left.Remove(right[i]))
                right.RemoveAt(i);
        Dim others = right.Aggregate((Dim)1, (product, dim) => product * dim);
        var numbers = left.Where(dim => dim.Size is not null).Aggregate(1L, (product, dim) => checked(product * dim.Size!.Value)); // filtered
        var symbols = left.Where(dim => dim.Size is null).ToArray();
        if (others.Size is not { } known || known == 0)
            return Dim.Unknown;
        return symbols.Length switch
        {
            0 when numbers % known == 0 => numbers / known,
            0 => throw new GraphException("Reshape", $"{value} cannot become [{string.Join(", ", dims)}]."),
            1 when numbers == known => symbols[0],
            _ => Dim.Unknown,
        };
    }

    /// <summary>Cuts the value into parts of extents that the graph computes.</summary>
    /// <param name="sizes">int64, one for each part.</param>
    public static Value[] SplitBy(this Value value, int axis, Value sizes)
    {
        var count = sizes.Dim(0).Size ?? throw new GraphException("Split", $"The number of parts, {sizes}, is not known.");
        var dims = value.Dims.ToArray();
        dims[axis] = Dim.Unknown;
        var outputs = new (ElementType, IReadOnlyList<Dim>)[count];
        outputs.AsSpan().Fill((value.Type, dims));
        return value.Graph.Node("Split", [value, sizes], outputs, [Attr.Of("axis", axis)]);
    }

    /// <summary>Gives the elements a shape that the graph computes, in which 0 is an extent: of no elements at all.</summary>
    /// <param name="shape">int64, one for each of <paramref name="dims"/>.</param>
    public static Value ReshapeExactly(this Value value, Value shape, params Dim[] dims) =>
        value.Graph.Node("Reshape", [value, shape], value.Type, dims, [Attr.Of("allowzero", 1)]);

    /// <summary>Adds zeros behind the elements along an axis.</summary>
    /// <param name="count">How many: one int64 element.</param>
    /// <param name="extent">What is known of the result's extent.</param>
    public static Value PadEnd(this Value value, int axis, Value count, Dim extent)
    {
        var graph = value.Graph;
        var (none, dims) = (graph.Constant([0]), value.Dims.ToArray());
        dims[axis] = extent;
        return graph.Node("Pad", [value, ((Value[])[none, count]).Concat(0), null, graph.Constant([axis])], value.Type, dims);
    }

    private static void RequireSameCount(Value value, Dim[] dims)
    {
        Dim left = 1, right = 1;
        foreach (var dim in value.Dims)
            left *= dim;
        foreach (var dim in dims)
            right *= dim;
        if (left.Size is not null && right.Size is not null && left != right)
            throw new GraphException("Reshape", $"{value} cannot become [{string.Join(", ", dims)}].");
    }

    private static Dim SliceExtent(Dim dim, long start, long end, long step)
    {
        if (dim.Size is not { } size)
            return start == 0 && end == long.MaxValue && step == 1 ? dim : Dim.Unknown;
        var from = Math.Clamp(start < 0 ? start + size : start, 0, size);
        var to = Math.Clamp(end < 0 ? end + size : end, 0, size);
        return Math.Max(0, (to - from + step - 1) / step);
    }

    private static Dim[] Replace(IReadOnlyList<Dim> dims, int axis, Dim dim)
    {
        var result = dims.ToArray();
        result[axis] = dim;
        return result;
    }
}
