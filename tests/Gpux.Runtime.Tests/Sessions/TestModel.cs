using System.Text;

namespace Gpux.Runtime.Tests.Sessions;

/// <summary>Writes small ONNX files; no more of the format than these tests need.</summary>
/// <remarks>Field numbers: onnx.proto.</remarks>
internal static class TestModel
{
    public const long Opset = 21;

    public static byte[] Of(byte[][] nodes, byte[][] inputs, byte[][] outputs, byte[][]? initializers = null,
        long opset = Opset, long irVersion = 10, byte[][]? extra = null) =>
    [
        .. Number(1, irVersion), .. Text(2, "gpux-tests"), .. Message(7, Graph(nodes, inputs, outputs, initializers ?? [])),
        .. OpsetImport("", opset), .. (extra ?? []).SelectMany(part => part),
    ];

    public static byte[] Graph(byte[][] nodes, byte[][] inputs, byte[][] outputs, byte[][] initializers) =>
    [
        .. nodes.SelectMany(node => Message(1, node)), .. Text(2, "test graph"), .. initializers.SelectMany(tensor => Message(5, tensor)),
        .. inputs.SelectMany(value => Message(11, value)), .. outputs.SelectMany(value => Message(12, value)),
    ];

    public static byte[] OpsetImport(string domain, long version) => Message(8, [.. Text(1, domain), .. Number(2, version)]);

    public static byte[] Metadata(string key, string value) => Message(14, [.. Text(1, key), .. Text(2, value)]);

    public static byte[] Node(string op, string[] inputs, string[] outputs, string? name = null, string domain = "", params byte[][] attributes) =>
    [
        .. inputs.SelectMany(input => Text(1, input)), .. outputs.SelectMany(output => Text(2, output)), .. Text(3, name ?? op),
        .. Text(4, op), .. attributes.SelectMany(attribute => Message(5, attribute)), .. Text(7, domain),
    ];

    public static byte[] Attribute(string name, long value) => [.. Text(1, name), .. Number(3, value), .. Number(20, 2)];

    public static byte[] Attribute(string name, byte[] graph) => [.. Text(1, name), .. Message(6, graph), .. Number(20, 5)];

    public static byte[] Attribute(string name, params long[] values) =>
        [.. Text(1, name), .. values.SelectMany(value => Number(8, value)), .. Number(20, 7)];

    /// <summary>An input or output that is a tensor; dimensions are numbers or names.</summary>
    public static byte[] Value(string name, ElementType type, params object[] dimensions) =>
        [.. Text(1, name), .. Message(2, TensorType(type, dimensions))];

    public static byte[] ValueOfAnyShape(string name, ElementType type) => [.. Text(1, name), .. Message(2, Message(1, Number(1, (int)type)))];

    public static byte[] Sequence(string name, byte[] elementType) => [.. Text(1, name), .. Message(2, Message(4, Message(1, elementType)))];

    public static byte[] Optional(string name, byte[] type) => [.. Text(1, name), .. Message(2, Message(9, Message(1, type)))];

    public static byte[] TensorType(ElementType type, params object[] dimensions) =>
        Message(1, [.. Number(1, (int)type), .. Message(2, [.. dimensions.SelectMany(Dimension)])]);

    public static byte[] MapType(ElementType key, byte[] valueType) => Message(5, [.. Number(1, (int)key), .. Message(2, valueType)]);

    public static byte[] Initializer(string name, Tensor tensor) =>
        [.. Shape(tensor.Shape), .. Number(2, (int)tensor.ElementType), .. Text(8, name), .. Message(9, tensor.Bytes.ToArray())];

    public static byte[] ExternalInitializer(string name, ElementType type, Shape shape, string location, long offset, long length) =>
    [
        .. Shape(shape), .. Number(2, (int)type), .. Text(8, name),
        .. Entry("location", location), .. Entry("offset", $"{offset}"), .. Entry("length", $"{length}"), .. Number(14, 1),
    ];

    private static byte[] Entry(string key, string value) => Message(13, [.. Text(1, key), .. Text(2, value)]);

    private static IEnumerable<byte> Shape(Shape shape) => shape.Dimensions.SelectMany(dimension => Number(1, dimension));

    private static byte[] Dimension(object dimension) =>
        Message(1, dimension is string name ? Text(2, name) : Number(1, Convert.ToInt64(dimension)));

    private static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int field, byte[] content) => [.. VarInt((ulong)field << 3 | 2), .. VarInt((ulong)content.Length), .. content];

    private static byte[] Number(int field, long number) => [.. VarInt((ulong)field << 3), .. VarInt((ulong)number)];

    private static byte[] VarInt(ulong number)
    {
        var bytes = new List<byte>();
        for (; number >= 0x80; number >>= 7)
            bytes.Add((byte)(number | 0x80));
        bytes.Add((byte)number);
        return [.. bytes];
    }

    /// <summary>sum = a + b, of [rows, 4].</summary>
    public static byte[] Add { get; } = Of(
        [Node("Add", ["a", "b"], ["sum"], "add")],
        [Value("a", ElementType.Float32, "rows", 4), Value("b", ElementType.Float32, "rows", 4)],
        [Value("sum", ElementType.Float32, "rows", 4)]);

    /// <summary>Adds 1 for as many steps as the input says.</summary>
    public static byte[] Count { get; } = Of(
        [Node("Loop", ["steps", "", "start"], ["counted"], "loop", "", Attribute("body", Graph(
            [Node("Identity", ["go"], ["go_on"], "go"), Node("Add", ["before", "one"], ["after"], "increment")],
            [Value("step", ElementType.Int64), Value("go", ElementType.Bool), Value("before", ElementType.Float32)],
            [Value("go_on", ElementType.Bool), Value("after", ElementType.Float32)],
            [Initializer("one", Tensor.Of<float>([1], Gpux.Shape.Scalar))])))],
        [Value("steps", ElementType.Int64), Value("start", ElementType.Float32)],
        [Value("counted", ElementType.Float32)]);

    public static byte[] Identity(ElementType type, long opset = Opset) => Of(
        [Node("Identity", ["in"], ["out"])], [Value("in", type, "n")], [Value("out", type, "n")], opset: opset, irVersion: opset > 21 ? 13 : 10);
}
