using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Gpux.Onnx;

/// <summary>Writes a model for people to read: a line for each value, in the order of the graph.</summary>
/// <remarks>For reading and comparing, not for parsing. Weights show where they lie, small constants what they are:
/// <code>
/// bert(input_ids: int64[batch, sequence]) => (logits: float32[batch, 2])
/// {
///   classifier.weight: float32[2, 768] @ model.safetensors+312
///   x: float32[batch, sequence, 768] = Gather&lt;axis=0&gt;(embeddings, input_ids)
/// }
/// </code></remarks>
public static class OnnxText
{
    public static string Format(OnnxModel model)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        Write(model, text);
        return text.ToString();
    }

    public static void Write(OnnxModel model, TextWriter writer) => new Printer(writer).Model(model);

    private sealed class Printer(TextWriter writer)
    {
        private const int MaxElements = 8;
        private const int MaxText = 200;
        private const int MaxDepth = 100;
        private int _depth;

        public void Model(OnnxModel model)
        {
            writer.WriteLine($"ir_version {model.IrVersion}, opset {Sets(model.OperatorSets)}");
            if (model.ProducerName.Length > 0)
                writer.WriteLine($"producer {Quote(model.ProducerName)} {Quote(model.ProducerVersion)}");
            foreach (var (key, value) in model.Metadata)
                writer.WriteLine($"metadata {Name(key)} = {Quote(value)}");
            writer.WriteLine();
            Graph(model.Graph);
            writer.WriteLine();
            foreach (var function in model.Functions)
                Function(function);
        }

        private static string Sets(List<OperatorSet> sets) =>
            string.Join(", ", sets.Select(set => $"{(set.Domain.Length == 0 ? "ai.onnx" : Name(set.Domain))} {set.Version}"));

        private void Function(OnnxFunction function)
        {
            var attributes = function.AttributeNames.Select(Name).Concat(function.Attributes.Select(attribute => Name(attribute.Name) + "=..."));
            writer.WriteLine();
            writer.WriteLine($"{Operator(function.Domain, function.Name)}<{string.Join(", ", attributes)}>({Names(function.Inputs)}) "
                + $"=> ({Names(function.Outputs)}), opset {Sets(function.OperatorSets)}");
            Body([], [], function.Nodes, function.ValueInfos);
            writer.WriteLine();
        }

        private void Graph(OnnxGraph graph)
        {
            writer.WriteLine($"{Name(graph.Name)}({Values(graph.Inputs)}) => ({Values(graph.Outputs)})");
            Body(graph.Initializers, graph.SparseInitializers, graph.Nodes, graph.ValueInfos.Concat(graph.Outputs));
        }

        private void Body(List<OnnxTensor> initializers, List<OnnxSparseTensor> sparse, List<OnnxNode> nodes, IEnumerable<OnnxValueInfo> values)
        {
            var types = new Dictionary<string, OnnxType?>();
            foreach (var value in values)
                types[value.Name] = value.Type;
            Line("{");
            if (++_depth > MaxDepth)
                Line("...");
            else
            {
                foreach (var tensor in initializers)
                    Line($"{Name(tensor.Name)}: {Tensor(tensor)}");
                foreach (var tensor in sparse)
                    Line($"{Name(tensor.Values.Name)}: {Sparse(tensor)}");
                foreach (var node in nodes)
                    Node(node, types);
            }
            _depth--;
            Indent();
            writer.Write('}');
        }

        private void Node(OnnxNode node, Dictionary<string, OnnxType?> types)
        {
            Indent();
            var outputs = node.Outputs.Select(output =>
                types.TryGetValue(output, out var type) && type is not null ? $"{Name(output)}: {Type(type)}" : Name(output));
            writer.Write($"{string.Join(", ", outputs)} = {Operator(node.Domain, node.OpType)}");
            if (node.Overload.Length > 0)
                writer.Write($":{Name(node.Overload)}");
            for (var i = 0; i < node.Attributes.Count; i++)
            {
                writer.Write($"{(i == 0 ? "<" : ", ")}{Name(node.Attributes[i].Name)}=");
                Attribute(node.Attributes[i]);
            }
            writer.WriteLine($"{(node.Attributes.Count > 0 ? ">" : "")}({Names(node.Inputs)})");
        }

        private void Attribute(OnnxAttribute attribute)
        {
            if (attribute.ReferenceName.Length > 0)
                writer.Write($"@{Name(attribute.ReferenceName)}");
            else if (attribute.Graph is not null)
                Graph(attribute.Graph);
            else if (attribute.Kind == AttributeKind.Graphs)
                Graphs(attribute.Graphs);
            else
                writer.Write(Value(attribute));
        }

        private void Graphs(List<OnnxGraph> graphs)
        {
            for (var i = 0; i < graphs.Count; i++)
            {
                writer.Write(i == 0 ? "[" : ", ");
                Graph(graphs[i]);
            }
            writer.Write(graphs.Count == 0 ? "[]" : "]");
        }

        private static string Value(OnnxAttribute attribute) => attribute.Kind switch
        {
            AttributeKind.Float => Number(attribute.Float),
            AttributeKind.Int => Number(attribute.Int),
            AttributeKind.String => Quote(attribute.String),
            AttributeKind.Tensor when attribute.Tensor is not null => Tensor(attribute.Tensor),
            AttributeKind.SparseTensor when attribute.SparseTensor is not null => Sparse(attribute.SparseTensor),
            AttributeKind.Type when attribute.Type is not null => Type(attribute.Type),
            AttributeKind.Floats => $"[{string.Join(", ", attribute.Floats.Select(Number))}]",
            AttributeKind.Ints => $"[{string.Join(", ", attribute.Ints)}]",
            AttributeKind.Strings => $"[{string.Join(", ", attribute.Strings.Select(Quote))}]",
            AttributeKind.Tensors => $"[{string.Join(", ", attribute.Tensors.Select(Tensor))}]",
            AttributeKind.SparseTensors => $"[{string.Join(", ", attribute.SparseTensors.Select(Sparse))}]",
            AttributeKind.Types => $"[{string.Join(", ", attribute.Types.Select(type => Type(type)))}]",
            _ => "?",
        };

        private static string Values(List<OnnxValueInfo> values) => string.Join(", ", values.Select(value =>
            value.Type is null ? Name(value.Name) : $"{Name(value.Name)}: {Type(value.Type)}"));

        private static string Type(OnnxType type, int depth = 0) => depth > MaxDepth ? "..." : type switch
        {
            OnnxType.Tensor tensor => Element(tensor.ElementType) + Shape(tensor.Dimensions),
            OnnxType.SparseTensor sparse => $"sparse {Element(sparse.ElementType)}{Shape(sparse.Dimensions)}",
            OnnxType.Sequence sequence => $"seq({Type(sequence.Element, depth + 1)})",
            OnnxType.Optional optional => $"optional({Type(optional.Element, depth + 1)})",
            OnnxType.Map map => $"map({Element(map.Key)}, {Type(map.Value, depth + 1)})",
            OnnxType.Opaque opaque => $"opaque({Quote(opaque.Domain)}, {Quote(opaque.Name)})",
            _ => "?",
        };

        // An unknown rank has no brackets, and an unknown extent is a question mark.
        private static string Shape(IReadOnlyList<OnnxDimension>? dimensions) => dimensions is null ? "" : $"[{string.Join(", ", dimensions.Select(
            dimension => dimension.Value is { } value ? Number(value) : dimension.Symbol is { Length: > 0 } symbol ? Name(symbol) : "?"))}]";

        private static string Element(ElementType type) => type.ToString().ToLowerInvariant();

        private static string Sparse(OnnxSparseTensor sparse) =>
            $"sparse [{string.Join(", ", sparse.Dimensions)}] {Tensor(sparse.Values)} at {Tensor(sparse.Indices)}";

        private static string Tensor(OnnxTensor tensor)
        {
            var type = $"{Element(tensor.ElementType)}[{string.Join(", ", tensor.Dimensions)}]";
            if (tensor.External is { } external)
                return $"{type} @ {Name(external.Location)}+{external.Offset}";
            return $"{type} = {Elements(tensor) ?? $"({tensor.Data.Length} bytes)"}";
        }

        /// <returns>Null if there are too many, or not as many as the shape says, or of a type that C# cannot print.</returns>
        private static string? Elements(OnnxTensor tensor)
        {
            if (TensorSize.Elements(tensor.Dimensions) is not (>= 0 and <= MaxElements) || TensorSize.Bytes(tensor) != tensor.Data.Length)
                return null;
            var data = tensor.Data.Span;
            var numbers = tensor.ElementType switch
            {
                ElementType.Float32 => Numbers<float>(data),
                ElementType.Float64 => Numbers<double>(data),
                ElementType.Float16 => Numbers<Half>(data),
                ElementType.Int64 => Numbers<long>(data),
                ElementType.Int32 => Numbers<int>(data),
                ElementType.Int16 => Numbers<short>(data),
                ElementType.UInt16 => Numbers<ushort>(data),
                ElementType.UInt32 => Numbers<uint>(data),
                ElementType.UInt64 => Numbers<ulong>(data),
                ElementType.Int8 => Numbers<sbyte>(data),
                ElementType.UInt8 or ElementType.Bool => Numbers<byte>(data),
                _ => null,
            };
            if (tensor.ElementType == ElementType.String && tensor.Strings.Count <= MaxElements)
                numbers = tensor.Strings.Select(Quote);
            return numbers is null ? null : $"{{{string.Join(", ", numbers)}}}";
        }

        private static IEnumerable<string> Numbers<T>(ReadOnlySpan<byte> data) where T : unmanaged, IFormattable =>
            MemoryMarshal.Cast<byte, T>(data).ToArray().Select(Number);

        private static string Number<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

        private static string Operator(string domain, string name) => domain is "" or "ai.onnx" ? Name(name) : $"{Name(domain)}.{Name(name)}";

        private static string Names(List<string> names) => string.Join(", ", names.Select(Name));

        private static string Quote(ReadOnlyMemory<byte> utf8) => Quote(Encoding.UTF8.GetString(utf8.Span));

        private static string Quote(string text) => text.Length > MaxText
            ? $"{Quote(text[..MaxText])}... ({text.Length} characters)"
            : $"\"{Name(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal))}\"";

        private static string Name(string text) => ReadableText.Escape(text);

        private void Line(string text)
        {
            Indent();
            writer.WriteLine(text);
        }

        private void Indent()
        {
            for (var i = 0; i < _depth; i++)
                writer.Write("  ");
        }
    }
}
