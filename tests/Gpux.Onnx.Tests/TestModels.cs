using System.Text;

namespace Gpux.Onnx.Tests;

internal static class TestModels
{
    /// <summary>y[N, 3] = x[N, 4] * w + b: a model without problems that every runtime takes.</summary>
    public static OnnxModel Linear()
    {
        var model = new OnnxModel { IrVersion = 8, ProducerName = "gpux" };
        model.OperatorSets.Add(new OperatorSet("", 17));
        model.Graph.Name = "linear";
        model.Graph.Inputs.Add(Value("x", ElementType.Float32, new(null, "N"), new(4, null)));
        model.Graph.Outputs.Add(Value("y", ElementType.Float32, new(null, "N"), new(3, null)));
        model.Graph.Initializers.Add(Tensor("w", ElementType.Float32, [4, 3]));
        model.Graph.Initializers.Add(Tensor("b", ElementType.Float32, [3]));
        model.Graph.Nodes.Add(Node("MatMul", ["x", "w"], ["product"]));
        model.Graph.Nodes.Add(Node("Add", ["product", "b"], ["y"]));
        return model;
    }

    /// <summary>A model that uses every message and field that this library knows.</summary>
    public static OnnxModel Everything()
    {
        var model = Linear();
        model.IrVersion = 13;
        model.ProducerVersion = "1";
        model.Domain = "org.example";
        model.ModelVersion = -3;
        model.DocString = "Everything, größer als ASCII.";
        model.OperatorSets.Add(new OperatorSet("test", 1));
        model.Metadata.Add(new("key", ""));
        model.Metadata.Add(new("other", "value"));
        model.UnknownFields = Wire.Join(Wire.Bytes(20, Wire.Bytes(1)), Wire.Bytes(26, Wire.Text(1, "two devices")));

        var graph = model.Graph;
        graph.DocString = "graph";
        graph.Metadata.Add(new("g", "1"));
        graph.ValueInfos.Add(Value("product", ElementType.Float32));
        graph.Inputs.Add(new OnnxValueInfo { Name = "types", DocString = "doc", Type = new OnnxType.Optional(new OnnxType.Sequence(
            new OnnxType.Map(ElementType.Int64, new OnnxType.Tensor(ElementType.String, [new(null, null), new(0, null) { Denotation = "DATA_BATCH" }]) { Denotation = "IMAGE" }))) });
        graph.Inputs.Add(new OnnxValueInfo { Name = "sparse", Type = new OnnxType.SparseTensor(ElementType.Float32, []) });
        graph.Inputs.Add(new OnnxValueInfo { Name = "opaque", Type = new OnnxType.Opaque("org.example", "thing") });
        graph.Inputs[^1].Metadata.Add(new("v", "1"));
        graph.Initializers.Add(new OnnxTensor { Name = "external", ElementType = ElementType.Float16, Dimensions = [2, 2], DocString = "doc", External = new ExternalData("weights/a.bin", 4096, 8) { Other = [new("checksum", "abc")] } });
        graph.Initializers.Add(new OnnxTensor { Name = "external.whole", ElementType = ElementType.Int8, Dimensions = [1], External = new ExternalData("b.bin", 0, null) });
        graph.Initializers[^1].Metadata.Add(new("t", "1"));
        graph.Initializers.Add(Tensor("empty", ElementType.Int64, [0]));
        graph.Initializers.Add(Strings("strings", "a", "", "ü"));
        graph.SparseInitializers.Add(Sparse("s"));
        var annotation = new OnnxQuantizationAnnotation { TensorName = "w" };
        annotation.ParameterTensors.Add(new("SCALE_TENSOR", "scale"));
        graph.QuantizationAnnotations.Add(annotation);

        var node = Node("Custom", ["y", ""], ["z"]);
        node.Domain = "test";
        node.Overload = "2";
        node.Name = "custom";
        node.DocString = "doc";
        node.Metadata.Add(new("n", "1"));
        node.UnknownFields = Wire.Bytes(10, Wire.Text(1, "placement"));
        node.Attributes.AddRange(
        [
            new() { Name = "float", Kind = AttributeKind.Float, Float = -0f, DocString = "doc" },
            new() { Name = "int", Kind = AttributeKind.Int, Int = long.MinValue },
            new() { Name = "unset", Kind = AttributeKind.Int },
            new() { Name = "string", Kind = AttributeKind.String, String = "text"u8.ToArray() },
            new() { Name = "no string", Kind = AttributeKind.String },
            new() { Name = "tensor", Kind = AttributeKind.Tensor, Tensor = Tensor("", ElementType.Int4, [3]) },
            new() { Name = "graph", Kind = AttributeKind.Graph, Graph = Inner() },
            new() { Name = "sparse", Kind = AttributeKind.SparseTensor, SparseTensor = Sparse("") },
            new() { Name = "type", Kind = AttributeKind.Type, Type = new OnnxType.Tensor(ElementType.Bool, null) },
            new() { Name = "floats", Kind = AttributeKind.Floats, Floats = [1.5f, float.NaN, float.NegativeInfinity] },
            new() { Name = "ints", Kind = AttributeKind.Ints, Ints = [0, -1, long.MaxValue] },
            new() { Name = "no ints", Kind = AttributeKind.Ints },
            new() { Name = "strings", Kind = AttributeKind.Strings, Strings = { "a"u8.ToArray(), ReadOnlyMemory<byte>.Empty } },
            new() { Name = "tensors", Kind = AttributeKind.Tensors, Tensors = { Tensor("", ElementType.Bool, []), Tensor("", ElementType.Float64, [1]) } },
            new() { Name = "graphs", Kind = AttributeKind.Graphs, Graphs = { Inner(), Inner() } },
            new() { Name = "sparse tensors", Kind = AttributeKind.SparseTensors, SparseTensors = { Sparse("") } },
            new() { Name = "types", Kind = AttributeKind.Types, Types = { new OnnxType.Tensor(ElementType.UInt8, []) } },
        ]);
        graph.Nodes.Add(node);

        var function = new OnnxFunction { Name = "Twice", Domain = "test", Overload = "f", DocString = "doc" };
        function.Inputs.Add("x");
        function.Outputs.Add("y");
        function.AttributeNames.Add("axis");
        function.Attributes.Add(new() { Name = "scale", Kind = AttributeKind.Float, Float = 2 });
        function.OperatorSets.Add(new OperatorSet("", 17));
        function.Nodes.Add(Node("Softmax", ["x"], ["y"], new OnnxAttribute { Name = "axis", Kind = AttributeKind.Int, ReferenceName = "axis" }));
        function.ValueInfos.Add(Value("y", ElementType.Float32));
        function.Metadata.Add(new("f", "1"));
        function.UnknownFields = Wire.Number(99, 1);
        model.Functions.Add(function);
        return model;
    }

    public static OnnxNode Node(string opType, string[] inputs, string[] outputs, params OnnxAttribute[] attributes)
    {
        var node = new OnnxNode { OpType = opType, Name = opType.ToLowerInvariant() };
        node.Inputs.AddRange(inputs);
        node.Outputs.AddRange(outputs);
        node.Attributes.AddRange(attributes);
        return node;
    }

    public static OnnxValueInfo Value(string name, ElementType type, params OnnxDimension[] dimensions) =>
        new() { Name = name, Type = new OnnxType.Tensor(type, dimensions) };

    /// <summary>A tensor whose bytes count from zero.</summary>
    public static OnnxTensor Tensor(string name, ElementType type, long[] dimensions)
    {
        var tensor = new OnnxTensor { Name = name, ElementType = type, Dimensions = dimensions };
        tensor.Data = Enumerable.Range(0, (int)TensorSize.Bytes(tensor)!.Value).Select(i => (byte)i).ToArray();
        return tensor;
    }

    public static OnnxTensor Strings(string name, params string[] values)
    {
        var tensor = new OnnxTensor { Name = name, ElementType = ElementType.String, Dimensions = [values.Length] };
        tensor.Strings.AddRange(values.Select(value => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(value)));
        return tensor;
    }

    public static OnnxSparseTensor Sparse(string name) => new()
    {
        Values = Tensor(name, ElementType.Float32, [2]),
        Indices = Tensor("", ElementType.Int64, [2]),
        Dimensions = [4, 4],
    };

    public static byte[] Bytes(OnnxModel model)
    {
        using var stream = new MemoryStream();
        OnnxWriter.Write(model, stream);
        return stream.ToArray();
    }

    private static OnnxGraph Inner()
    {
        var graph = new OnnxGraph { Name = "inner" };
        graph.Nodes.Add(Node("Identity", ["x"], ["inner.y"]));
        graph.Outputs.Add(new OnnxValueInfo { Name = "inner.y" });
        return graph;
    }
}
