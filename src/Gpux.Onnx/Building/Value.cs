namespace Gpux.Onnx.Building;

/// <summary>A tensor that a graph computes, is given, or holds: what operators take and return.</summary>
/// <remarks>Operators are extension methods; each infers type and shape when it is called, so that a mistake fails on the line
/// that made it. The arithmetic operators broadcast as NumPy does.</remarks>
public sealed class Value
{
    internal Value(GraphBuilder graph, string name, string scope, ElementType type, IReadOnlyList<Dim> dims, OnnxNode? producer)
    {
        Graph = graph;
        Name = name;
        Scope = scope;
        Type = type;
        Dims = dims;
        Producer = producer;
    }

    public GraphBuilder Graph { get; }
    public ElementType Type { get; }

    /// <summary>Extents, outermost first.</summary>
    public IReadOnlyList<Dim> Dims { get; }
    public int Rank => Dims.Count;

    /// <summary>The name in the file.</summary>
    internal string Name { get; set; }

    /// <summary>The module that the value belongs to, such as "/encoder/layer.0/attention/self/query".</summary>
    internal string Scope { get; }

    /// <summary>Null for inputs, weights and constants.</summary>
    internal OnnxNode? Producer { get; }

    /// <summary>Whether it is made of weights and constants alone, and so the same in every run.</summary>
    public bool IsConstant { get; internal set; }

    /// <summary>The elements if the value is a small constant.</summary>
    internal OnnxTensor? Constant { get; init; }

    /// <summary>The extent at <paramref name="axis"/>; negative counts from the end.</summary>
    /// <exception cref="GraphException">There is no such axis, such as of a weight that is not what it should be.</exception>
    public Dim Dim(int axis) => (axis < 0 ? axis + Rank : axis) is var i && i >= 0 && i < Rank ? Dims[i]
        : throw new GraphException(Name, $"{this} has no axis {axis}.");

    public override string ToString() => $"{Name}: {Type}[{string.Join(", ", Dims)}]";

    public static Value operator +(Value left, Value right) => left.Binary("Add", right);
    public static Value operator -(Value left, Value right) => left.Binary("Sub", right);
    public static Value operator *(Value left, Value right) => left.Binary("Mul", right);
    public static Value operator /(Value left, Value right) => left.Binary("Div", right);
    public static Value operator +(Value left, float right) => left + left.Like(right);
    public static Value operator -(Value left, float right) => left - left.Like(right);
    public static Value operator *(Value left, float right) => left * left.Like(right);
    public static Value operator /(Value left, float right) => left / left.Like(right);
    public static Value operator +(float left, Value right) => right.Like(left) + right;
    public static Value operator -(float left, Value right) => right.Like(left) - right;
    public static Value operator *(float left, Value right) => right.Like(left) * right;
    public static Value operator /(float left, Value right) => right.Like(left) / right;
    public static Value operator -(Value value) => value.Unary("Neg");
    public static Value operator &(Value left, Value right) => left.Binary("And", right);
    public static Value operator |(Value left, Value right) => left.Binary("Or", right);
    public static Value operator !(Value value) => value.Unary("Not");
    public static Value operator <(Value left, Value right) => left.Compare("Less", right);
    public static Value operator >(Value left, Value right) => left.Compare("Greater", right);
    public static Value operator <=(Value left, Value right) => left.Compare("LessOrEqual", right);
    public static Value operator >=(Value left, Value right) => left.Compare("GreaterOrEqual", right);

    // A scalar of this value's type.
    internal Value Like(double number) => Graph.Scalar(number, Type);
}
