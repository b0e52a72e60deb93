namespace Gpux.Onnx.Building;

/// <summary>Operators that treat each element alone.</summary>
public static class Elementwise
{
    /// <summary>Changes the element type; nothing is added where it is that type already.</summary>
    public static Value Cast(this Value value, ElementType type) => value.Type == type ? value
        : value.Graph.Node("Cast", [value], type, value.Dims, [Attr.Of("to", (long)type)]);

    /// <summary>Takes <paramref name="whenTrue"/> where the condition holds, else <paramref name="whenFalse"/>. All three broadcast.</summary>
    public static Value Where(this Value condition, Value whenTrue, Value whenFalse)
    {
        RequireSameType("Where", whenTrue, whenFalse);
        var dims = Broadcast("Where", condition.Dims, Broadcast("Where", whenTrue.Dims, whenFalse.Dims));
        return condition.Graph.Node("Where", [condition, whenTrue, whenFalse], whenTrue.Type, dims);
    }

    public static Value EqualTo(this Value left, Value right) => left.Compare("Equal", right);
    public static Value EqualTo(this Value left, long right) => left.EqualTo(left.Like(right));

    /// <summary>Limits the elements to a range; null leaves a side open.</summary>
    public static Value Clip(this Value value, double? minimum, double? maximum) => value.Graph.Node("Clip",
        [value, minimum is { } low ? value.Like(low) : null, maximum is { } high ? value.Like(high) : null], value.Type, value.Dims);

    public static Value Abs(this Value value) => value.Unary("Abs");
    public static Value Sqrt(this Value value) => value.Unary("Sqrt");
    public static Value Exp(this Value value) => value.Unary("Exp");
    public static Value Log(this Value value) => value.Unary("Log");
    public static Value Sin(this Value value) => value.Unary("Sin");
    public static Value Cos(this Value value) => value.Unary("Cos");
    public static Value Erf(this Value value) => value.Unary("Erf");
    public static Value Floor(this Value value) => value.Unary("Floor");
    public static Value Tanh(this Value value) => value.Unary("Tanh");
    public static Value Sigmoid(this Value value) => value.Unary("Sigmoid");
    public static Value Relu(this Value value) => value.Unary("Relu");
    public static Value Power(this Value value, double exponent) => value.Binary("Pow", value.Like(exponent));
    public static Value Maximum(this Value left, Value right) => left.Binary("Max", right);
    public static Value Minimum(this Value left, Value right) => left.Binary("Min", right);

    /// <summary>x * Phi(x), exactly by the error function or by its tanh approximation (arXiv:1606.08415).</summary>
    public static Value Gelu(this Value value, bool tanhApproximation = false) => value.Graph.Node("Gelu", [value], value.Type, value.Dims,
        tanhApproximation ? [Attr.Of("approximate", "tanh")] : null);

    /// <summary>x * sigmoid(x), also called swish.</summary>
    public static Value Silu(this Value value) => value * value.Sigmoid();

    /// <summary>x where positive, else exp(x) - 1 (arXiv:1511.07289).</summary>
    public static Value Elu(this Value value) => value.Unary("Elu");

    /// <summary>Elements to the power of others. Both broadcast.</summary>
    public static Value Power(this Value value, Value exponents) => value.Binary("Pow", exponents);

    /// <summary>x * clip(x + 3, 0, 6) / 6.</summary>
    public static Value HardSwish(this Value value) => value.Unary("HardSwish");

    /// <summary>The remainder of a division of whole numbers; never negative for a positive divisor.</summary>
    public static Value Modulo(this Value value, long divisor) => value.Binary("Mod", value.Like(divisor));

    /// <summary>min(max(x + 3, 0), 6) / 6.</summary>
    public static Value HardSigmoid(this Value value) =>
        value.Graph.Node("HardSigmoid", [value], value.Type, value.Dims, [Attr.Of("alpha", 1 / 6f), Attr.Of("beta", 0.5f)]);

    /// <summary>x where it is positive, else x times a slope.</summary>
    public static Value LeakyRelu(this Value value, float slope = 0.01f) =>
        value.Graph.Node("LeakyRelu", [value], value.Type, value.Dims, [Attr.Of("alpha", slope)]);

    internal static Value Unary(this Value value, string op) => value.Graph.Node(op, [value], value.Type, value.Dims);

    internal static Value Binary(this Value left, string op, Value right)
    {
        RequireSameType(op, left, right);
        return left.Graph.Node(op, [left, right], left.Type, Broadcast(op, left.Dims, right.Dims));
    }

    internal static Value Compare(this Value left, string op, Value right)
    {
        RequireSameType(op, left, right);
        return left.Graph.Node(op, [left, right], ElementType.Bool, Broadcast(op, left.Dims, right.Dims));
    }

    internal static IReadOnlyList<Dim> Broadcast(string op, IReadOnlyList<Dim> left, IReadOnlyList<Dim> right)
    {
        var result = new Dim[Math.Max(left.Count, right.Count)];
        for (var i = 1; i <= result.Length; i++)
        {
            result[^i] = i > left.Count ? right[^i] : i > right.Count ? left[^i] : Dim.Broadcast(left[^i], right[^i])
                ?? throw new GraphException(op, $"{op} cannot combine shapes [{string.Join(", ", left)}] and [{string.Join(", ", right)}].");
        }
        return result;
    }

    internal static void RequireSameType(string op, Value left, Value right)
    {
        if (left.Type != right.Type)
            throw new GraphException(op, $"{op} needs one element type, got {left} and {right}.");
    }
}
