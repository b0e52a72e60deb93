using Gpux.Conversion.Checkpoints;
using Gpux.Onnx;

namespace Gpux.Conversion.Precision;

/// <summary>Changes the precision of a graph's weights, once for all architectures: these build float32.</summary>
/// <remarks>Forms: dynamic quantisation of ONNX (DynamicQuantizeLinear, MatMulInteger), which every runtime has and ONNX Runtime fuses
/// into one operator.</remarks>
internal sealed class PrecisionRewriter
{
    // Smaller weights save nothing: they are norms, biases, and the last layer of a classifier.
    private const long SmallestElements = 1 << 10;

    private readonly OnnxGraph _graph;
    private readonly Dictionary<string, OnnxTensor> _initializers;

    // What widens a weight that is stored in half precision.
    private readonly Dictionary<string, OnnxNode> _casts;
    private readonly List<OnnxNode> _nodes = [];
    private readonly Dictionary<string, (string Value, string Scale, string Zero)> _quantizedInputs = [];
    private readonly Dictionary<string, (string Matrix, string Scale)> _matrices = [];
    private readonly Dictionary<string, (string Table, string Scale)> _tables = [];
    private int _changes;

    private PrecisionRewriter(OnnxGraph graph)
    {
        _graph = graph;
        _initializers = graph.Initializers.ToDictionary(tensor => tensor.Name);
        _casts = graph.Nodes.Where(node => node is { OpType: "Cast", Inputs: [var input] } && _initializers.ContainsKey(input)).ToDictionary(node => node.Outputs[0]);
    }

    /// <exception cref="UnsupportedPrecisionException">The graph has nothing that the precision makes smaller.</exception>
    public static void Apply(OnnxModel model, WeightPrecision precision)
    {
        if (precision == WeightPrecision.Float32)
            return;
        var rewriter = new PrecisionRewriter(model.Graph);
        if (precision == WeightPrecision.Float16)
            rewriter.Halve();
        else
            rewriter.Quantize();
        if (rewriter._changes == 0)
            throw new UnsupportedPrecisionException(precision == WeightPrecision.Float16
                ? "The weights of this model are in 16 bits already, or too small to matter."
                : "This model has no matrices or tables that 8 bits would make smaller: convolutions are left as they are.",
                precision == WeightPrecision.Float16 ? "Convert with --precision fp32: what is published is used as it lies." : "Convert with --precision fp16.");
        rewriter.RemoveUnused();
    }

    private void Halve()
    {
        var widened = new Dictionary<string, string>();
        foreach (var tensor in _graph.Initializers.ToArray())
        {
            if (SourceOf(tensor) is not { ElementType: ElementType.Float32 or ElementType.Float64 } source || source.Shape.ElementCount < SmallestElements)
                continue;
            var half = new OnnxTensor { Name = $"{tensor.Name}/half", ElementType = ElementType.Float16, Dimensions = tensor.Dimensions, External = new HalfData(source) };
            _graph.Initializers.Add(half);
            // Its rows alone are widened where rows are picked.
            if (tensor.ElementType == ElementType.Float32)
                widened.Add(tensor.Name, half.Name);
            else
                foreach (var cast in _casts.Values.Where(cast => cast.Inputs[0] == tensor.Name))
                    cast.Inputs[0] = half.Name;
            _changes++;
        }
        var cast1 = new HashSet<string>();
        foreach (var node in _graph.Nodes)
        {
            if (node is { OpType: "Gather", Inputs: [var table, var rows] } && widened.TryGetValue(table, out var halfTable))
            {
                var picked = $"{node.Outputs[0]}/half";
                _nodes.Add(Node("Gather", [halfTable, rows], [picked], node, node.Attributes));
                _nodes.Add(CastTo(ElementType.Float32, picked, node.Outputs[0], node));
                continue;
            }
            for (var i = 0; i < node.Inputs.Count; i++)
            {
                if (!widened.TryGetValue(node.Inputs[i], out var half))
                    continue;
                var wide = $"{half}/widened";
                if (cast1.Add(half))
                    _nodes.Add(CastTo(ElementType.Float32, half, wide, node));
                node.Inputs[i] = wide;
            }
            _nodes.Add(node);
        }
        ReplaceNodes();
    }

    private void Quantize()
    {
        foreach (var node in _graph.Nodes)
        {
            if (Product(node) is var (matrix, byRow))
                Multiply(node, matrix, byRow);
            else if (node is { OpType: "Gather", Inputs: [var name, _] } && TableOf(node, name) is { } table)
                Pick(node, table);
            else
                _nodes.Add(node);
        }
        ReplaceNodes();
    }

    // The matrix that a node multiplies by, and whether it lies as [out, in].
    private (OnnxTensor Matrix, bool ByRow)? Product(OnnxNode node)
    {
        bool? byRow = node.OpType switch
        {
            "MatMul" => false,
            "FusedMatMul" when Int(node, "transA") == 0 && Int(node, "transBatchA") == 0 && Int(node, "transBatchB") == 0 && Float(node, "alpha") == 1 => Int(node, "transB") == 1,
            "Gemm" when Int(node, "transA") == 0 && Float(node, "alpha") == 1 && Float(node, "beta") == 1 => Int(node, "transB") == 1,
            _ => null,
        };
        return byRow is { } rows && Stored(node.Inputs[1]) is { } matrix && SourceOf(matrix) is { } source && source.Shape.Rank == 2
            && source.Shape.ElementCount >= SmallestElements ? (matrix, rows) : null;
    }

    // A table of floating-point rows, before or after it is widened.
    private OnnxTensor? TableOf(OnnxNode node, string name) => Stored(name) is { Dimensions.Length: 2 } table && Int(node, "axis") == 0
        && SourceOf(table) is { } source && source.Shape.Rank == 2 && source.Shape.ElementCount >= SmallestElements ? table : null;

    private void Multiply(OnnxNode node, OnnxTensor matrix, bool byRow)
    {
        var (value, scale, zero) = QuantizedInput(node, node.Inputs[0]);
        var key = $"{matrix.Name}/{(byRow ? "out-in" : "in-out")}";
        if (!_matrices.TryGetValue(key, out var quantized))
        {
            var scales = new ChannelScales(SourceOf(matrix)!, byRow); // Product has seen it
            var (rows, columns) = byRow ? (scales.Columns, scales.Rows) : (scales.Rows, scales.Columns);
            _matrices.Add(key, quantized = (
                Add($"{key}/uint8", ElementType.UInt8, [rows, columns], new QuantizedMatrix(scales)),
                Add($"{key}/scale", ElementType.Float32, [scales.Count], new ScaleData(scales))));
            _changes++;
        }
        if (!_initializers.ContainsKey(ZeroPoint))
            Add(new OnnxTensor { Name = ZeroPoint, ElementType = ElementType.UInt8, Dimensions = [], Data = new[] { QuantizedMatrix.Zero } });
        var result = node.Outputs[0];
        var bias = node.Inputs.Count > 2 ? node.Inputs[2] : "";
        _nodes.Add(Node("MatMulInteger", [value, quantized.Matrix, zero, ZeroPoint], [$"{result}/int32"], node));
        _nodes.Add(CastTo(ElementType.Float32, $"{result}/int32", $"{result}/steps", node));
        _nodes.Add(Node("Mul", [scale, quantized.Scale], [$"{result}/scale"], node));
        _nodes.Add(Node("Mul", [$"{result}/steps", $"{result}/scale"], [bias.Length == 0 ? result : $"{result}/product"], node));
        if (bias.Length > 0)
            _nodes.Add(Node("Add", [$"{result}/product", bias], [result], node));
    }

    private void Pick(OnnxNode node, OnnxTensor table)
    {
        if (!_tables.TryGetValue(table.Name, out var quantized))
        {
            var scales = new ChannelScales(SourceOf(table)!, byRow: true); // TableOf has seen it
            _tables.Add(table.Name, quantized = (
                Add($"{table.Name}/int8", ElementType.Int8, [scales.Rows, scales.Columns], new QuantizedTable(scales)),
                Add($"{table.Name}/scale", ElementType.Float32, [scales.Rows, 1], new ScaleData(scales))));
            _changes++;
        }
        var result = node.Outputs[0];
        var stays = table.ElementType == ElementType.Float32 || _casts.ContainsKey(node.Inputs[0]);
        _nodes.Add(Node("Gather", [quantized.Table, node.Inputs[1]], [$"{result}/int8"], node, node.Attributes));
        _nodes.Add(Node("Gather", [quantized.Scale, node.Inputs[1]], [$"{result}/scale"], node, node.Attributes));
        _nodes.Add(CastTo(ElementType.Float32, $"{result}/int8", $"{result}/steps", node));
        _nodes.Add(Node("Mul", [$"{result}/steps", $"{result}/scale"], [stays ? result : $"{result}/wide"], node));
        if (!stays)
            _nodes.Add(CastTo(table.ElementType, $"{result}/wide", result, node)); // What follows reads the table's own precision.
    }

    // Queries, keys and values share their input.
    private (string Value, string Scale, string Zero) QuantizedInput(OnnxNode of, string input)
    {
        if (_quantizedInputs.TryGetValue(input, out var known))
            return known;
        var made = ($"{input}/uint8", $"{input}/uint8-scale", $"{input}/uint8-zero");
        _nodes.Add(Node("DynamicQuantizeLinear", [input], [made.Item1, made.Item2, made.Item3], of));
        _quantizedInputs.Add(input, made);
        return made;
    }

    private const string ZeroPoint = "uint8-zero-point";

    private OnnxTensor? Stored(string name) => _initializers.GetValueOrDefault(_casts.TryGetValue(name, out var cast) ? cast.Inputs[0] : name);

    // A weight as its file has it; null for constants of the graph, and for what is computed from several.
    private static CheckpointTensor? SourceOf(OnnxTensor tensor) => tensor.External switch
    {
        RearrangedData rearranged when rearranged.Source.Shape.Dimensions.AsSpan().SequenceEqual(tensor.Dimensions) => rearranged.Source,
        PreparedData or null => null,
        var place => !IsFloat(tensor.ElementType) ? null : new CheckpointTensor(tensor.Name, tensor.ElementType, new Shape(tensor.Dimensions), place.Location, place.Offset),
    };

    private static bool IsFloat(ElementType type) => type is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64;

    private string Add(string name, ElementType type, long[] dimensions, PreparedData data)
    {
        Add(new OnnxTensor { Name = name, ElementType = type, Dimensions = dimensions, External = data });
        return name;
    }

    private void Add(OnnxTensor tensor)
    {
        _graph.Initializers.Add(tensor);
        _initializers.Add(tensor.Name, tensor);
    }

    private static OnnxNode CastTo(ElementType type, string from, string to, OnnxNode of)
    {
        var attribute = new OnnxAttribute { Name = "to", Kind = AttributeKind.Int, Int = (long)type };
        return Node("Cast", [from], [to], of, [attribute]);
    }

    // Named by what it makes, which is unique.
    private static OnnxNode Node(string op, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs, OnnxNode of, IReadOnlyList<OnnxAttribute>? attributes = null)
    {
        var node = new OnnxNode { OpType = op, Name = $"{of.Name}/{outputs[0]}" };
        node.Inputs.AddRange(inputs);
        node.Outputs.AddRange(outputs);
        node.Attributes.AddRange(attributes ?? []);
        return node;
    }

    private void ReplaceNodes()
    {
        _graph.Nodes.Clear();
        _graph.Nodes.AddRange(_nodes);
    }

    private void RemoveUnused()
    {
        var used = _graph.Nodes.SelectMany(node => node.Inputs).Concat(_graph.Outputs.Select(output => output.Name)).ToHashSet();
        _graph.Nodes.RemoveAll(node => _casts.ContainsValue(node) && !used.Contains(node.Outputs[0]));
        used = [.. _graph.Nodes.SelectMany(node => node.Inputs), .. _graph.Outputs.Select(output => output.Name)];
        _graph.Initializers.RemoveAll(tensor => !used.Contains(tensor.Name));
    }

    private static long Int(OnnxNode node, string name) => node.Attributes.Find(attribute => attribute.Name == name)?.Int ?? 0;

    private static float Float(OnnxNode node, string name) => node.Attributes.Find(attribute => attribute.Name == name)?.Float ?? 1;
}
