using System.Text;
using Gpux.Onnx;

namespace Gpux.Benchmarks.Roofline;

/// <summary>A node of a graph with what is known of its inputs: what the rules of operators read.</summary>
/// <param name="node">The node itself.</param>
/// <param name="inputs">Null for an optional input that is left out.</param>
/// <param name="functionAttributes">Inside a function: what its caller gives for attributes that refer to the function's own.</param>
/// <param name="opset">The version of the operators of the node's domain.</param>
internal sealed class Operation(OnnxNode node, KnownTensor?[] inputs, IReadOnlyDictionary<string, OnnxAttribute> functionAttributes, long opset)
{
    public string Type => node.OpType;
    public long Opset => opset;
    public int InputCount => inputs.Length;
    public int OutputCount => node.Outputs.Count;
    public IReadOnlyList<KnownTensor?> Inputs => inputs;

    /// <summary>Whether it is an operator of ONNX itself.</summary>
    public bool IsStandard => node.Domain is "" or "ai.onnx";

    /// <summary>The operator as people name it: with its domain, unless that is ONNX's own.</summary>
    public string Name => IsStandard ? Type : $"{node.Domain}.{Type}";

    /// <returns>Null for one that is left out.</returns>
    public KnownTensor? Optional(int index) => index < inputs.Length ? inputs[index] : null;

    /// <exception cref="ArgumentException">It is left out.</exception>
    public KnownTensor Input(int index) => Optional(index) ?? throw new ArgumentException($"it lacks its input {index}");

    public long[] Dims(int index) => Input(index).Dims!; // rules run on known ranks

    /// <summary>The elements of a small input, if all of them are known.</summary>
    public long[]? Integers(int index) => Optional(index)?.Values is { } values && Array.TrueForAll(values, double.IsFinite)
        ? [.. values.Select(value => value >= long.MaxValue ? long.MaxValue : value <= long.MinValue ? long.MinValue : (long)value)] : null;

    public bool Has(string attribute) => Find(attribute) is not null;

    public long Int(string attribute, long otherwise = 0) => Find(attribute)?.Int ?? otherwise;

    public float Float(string attribute, float otherwise = 0) => Find(attribute)?.Float ?? otherwise;

    public string Text(string attribute, string otherwise = "") => Find(attribute) is { } found ? Encoding.UTF8.GetString(found.String.Span) : otherwise;

    /// <returns>Null when it is left out.</returns>
    public long[]? Ints(string attribute) => Find(attribute)?.Ints;

    public OnnxTensor? Tensor(string attribute) => Find(attribute)?.Tensor;

    public OnnxGraph? Graph(string attribute) => Find(attribute)?.Graph;

    public OnnxAttribute? Find(string attribute)
    {
        var found = node.Attributes.Find(each => each.Name == attribute);
        return found is { ReferenceName.Length: > 0 } ? functionAttributes.GetValueOrDefault(found.ReferenceName) : found;
    }

    /// <summary>An axis counted from the front.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static int Axis(long axis, int rank) => (axis < 0 ? axis + rank : axis) is var i && i >= 0 && i < rank ? (int)i
        : throw new ArgumentException($"there is no axis {axis} among {rank}");
}
