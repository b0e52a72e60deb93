using Gpux.Onnx;

namespace Gpux.Models.Tests.Verification;

/// <summary>Writes a graph's products of unsigned and signed bytes (MatMulInteger) out in other operators, exact or as processors without an instruction for them
/// compute them: of each two neighbours the sum saturates in 16 bits.</summary>
/// <remarks>What ONNX Runtime gives for such a graph depends on the processor (its issues 5849, 6004 and 14642): a recording of one that saturates is met to the
/// last digit by the one form, and by the other it is seen that a processor that does not is right. Source: the instruction VPMADDUBSW, and the kernels for AVX2 in
/// ONNX Runtime 1.30, which take the zero points from the sums afterwards.</remarks>
internal static class ByteProducts
{
    private const int NewestSlices = 13; // the operator set from which on axes are inputs of all that is written here
    private const int Single = 1, Whole = 6;

    /// <returns>The file; null where the graph has no such products, or has them in a form that is not written out: weights of an odd length or in another file.</returns>
    public static byte[]? WriteOut(ReadOnlyMemory<byte> file, bool saturates)
    {
        var model = OnnxReader.Read(file);
        var weights = model.Graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var products = model.Graph.Nodes.Where(node => node is { OpType: "MatMulInteger", Domain: "", Inputs.Count: 4 }
            && weights.TryGetValue(node.Inputs[1], out var weight) && weight.ElementType == ElementType.Int8).ToHashSet();
        if (products.Count == 0 || !model.OperatorSets.Exists(set => set is { Domain: "", Version: >= NewestSlices })
            || model.Graph.Initializers.Exists(tensor => tensor.External is not null)
            || products.Any(node => weights[node.Inputs[1]].Dimensions is not [var length, _] || length % 2 != 0))
            return null;
        var written = new Writer();
        foreach (var node in model.Graph.Nodes)
        {
            if (products.Contains(node))
                written.Add(node, saturates);
            else
                written.Nodes.Add(node);
        }
        model.Graph.Nodes.Clear();
        model.Graph.Nodes.AddRange(written.Nodes);
        using var stream = new MemoryStream();
        OnnxWriter.Write(model, stream);
        return stream.ToArray();
    }

    private sealed class Writer
    {
        private readonly string _start, _second, _end, _last, _beforeLast, _two, _least, _most;
        private int _names;

        public Writer()
        {
            (_start, _second, _two, _end) = (Numbers(0), Numbers(1), Numbers(2), Numbers(int.MaxValue));
            (_last, _beforeLast) = (Numbers(-1), Numbers(-2));
            (_least, _most) = (Number(short.MinValue), Number(short.MaxValue));
        }

        public List<OnnxNode> Nodes { get; } = [];

        // (a - za)(b - zb) summed = Σab - za Σb - zb Σa + n za zb. Sums of so few products are exact in 32-bit floats.
        public void Add(OnnxNode product, bool saturates)
        {
            var (a, b, za, zb) = (Float(product.Inputs[0]), Float(product.Inputs[1]), Float(product.Inputs[2]), Float(product.Inputs[3]));
            var sum = saturates ? Saturated(a, b) : Node("MatMul", a, b);
            var zeroOfA = Node("Mul", za, Sum(b, _beforeLast, keeps: true));
            var zeroOfB = Node("Mul", zb, Node("Sub", Sum(a, _last, keeps: true), Node("Mul", za, Length(a))));
            Name(Node("Cast", Attribute("to", Whole), Node("Sub", Node("Sub", sum, zeroOfA), zeroOfB)), product.Outputs[0]);
        }

        private string Saturated(string a, string b)
        {
            string Half(string values, string from, string axis) => Node("Slice", values, from, _end, axis, _two);
            string Products(string from) => Node("Mul", Node("Unsqueeze", Half(a, from, _last), _last), Half(b, from, _beforeLast));
            return Sum(Node("Clip", Node("Add", Products(_start), Products(_second)), _least, _most), _beforeLast, keeps: false);
        }

        private string Length(string a) => Float(Node("Gather", Node("Shape", a), _last));

        private string Sum(string values, string axis, bool keeps) => Node("ReduceSum", Attribute("keepdims", keeps ? 1 : 0), values, axis);

        private string Float(string values) => Node("Cast", Attribute("to", Single), values);

        private string Numbers(long value) => Node("Constant", new OnnxAttribute { Name = "value_ints", Kind = AttributeKind.Ints, Ints = [value] });

        private string Number(float value) => Node("Constant", new OnnxAttribute { Name = "value_float", Kind = AttributeKind.Float, Float = value });

        private static OnnxAttribute Attribute(string name, long value) => new() { Name = name, Kind = AttributeKind.Int, Int = value };

        private string Node(string type, params ReadOnlySpan<string> inputs) => Node(type, null, inputs);

        private string Node(string type, OnnxAttribute? attribute, params ReadOnlySpan<string> inputs)
        {
            var node = new OnnxNode { OpType = type };
            node.Inputs.AddRange(inputs);
            node.Outputs.Add($"gpux.bytes.{_names++}");
            if (attribute is not null)
                node.Attributes.Add(attribute);
            Nodes.Add(node);
            return node.Outputs[0];
        }

        private void Name(string output, string name) => Nodes.Find(node => node.Outputs[0] == output)!.Outputs[0] = name; // it was just added
    }
}
