namespace Gpux.Onnx.Building;

/// <summary>Operators that make one element of many, or bring them into an order.</summary>
public static class Reductions
{
    public static Value Sum(this Value value, int axis, bool keep = false) => value.Reduce("ReduceSum", axis, keep);
    public static Value Mean(this Value value, int axis, bool keep = false) => value.Reduce("ReduceMean", axis, keep);
    public static Value Max(this Value value, int axis, bool keep = false) => value.Reduce("ReduceMax", axis, keep);

    /// <summary>The Euclidean norm along an axis.</summary>
    public static Value Norm(this Value value, int axis, bool keep = false) => value.Reduce("ReduceL2", axis, keep);

    /// <summary>The position of the largest element along an axis, as int64; of several the first.</summary>
    public static Value ArgMax(this Value value, int axis, bool keep = false) => value.Graph.Node("ArgMax", [value], ElementType.Int64,
        ReducedDims(value, axis, keep), [Attr.Of("axis", axis), Attr.Of("keepdims", keep ? 1 : 0)]);

    public static Value CumulativeSum(this Value value, int axis) =>
        value.Graph.Node("CumSum", [value, value.Graph.Constant((long)axis)], value.Type, value.Dims);

    public static Value Softmax(this Value value, int axis) =>
        value.Graph.Node("Softmax", [value], value.Type, value.Dims, [Attr.Of("axis", axis)]);

    /// <summary>The largest elements along the last axis, in falling order, and their positions (int64).</summary>
    public static (Value Values, Value Places) Largest(this Value value, long count)
    {
        Dim[] dims = [.. value.Dims];
        dims[^1] = count;
        var both = value.Graph.Node("TopK", [value, value.Graph.Constant([count])], [(value.Type, dims), (ElementType.Int64, dims)]);
        return (both[0], both[1]);
    }

    /// <summary>Positions along the last axis in the order of the elements, the smallest first; of equal ones the lower first. int64.</summary>
    public static Value ArgSort(this Value value)
    {
        var graph = value.Graph;
        return graph.Node("TopK", [value, value.Extent(-1)], [(value.Type, value.Dims), (ElementType.Int64, value.Dims)],
            [Attr.Of("largest", 0)])[1];
    }

    private static Value Reduce(this Value value, string op, int axis, bool keep) => value.Graph.Node(op,
        [value, value.Graph.Constant([axis])], value.Type, ReducedDims(value, axis, keep), keep ? null : [Attr.Of("keepdims", 0)]);

    private static List<Dim> ReducedDims(Value value, int axis, bool keep)
    {
        var dims = value.Dims.ToList();
        axis = axis < 0 ? axis + value.Rank : axis;
        if (keep)
            dims[axis] = 1;
        else
            dims.RemoveAt(axis);
        return dims;
    }
}
