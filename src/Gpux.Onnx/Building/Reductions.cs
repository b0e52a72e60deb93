namespace Gpux.Onnx.Building;

/// <summary>Operators that make one element of many.</summary>
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
