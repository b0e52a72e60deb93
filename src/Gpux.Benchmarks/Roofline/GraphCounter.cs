using Gpux.Onnx;

namespace Gpux.Benchmarks.Roofline;

/// <summary>Walks a graph once, from its inputs to its outputs, and counts each node.</summary>
/// <remarks>Time grows with the nodes of the file, not with the turns of its loops: a loop's body is walked once or twice.</remarks>
internal sealed class GraphCounter(OnnxModel model, string name)
{
    // Graphs in graphs, and functions in functions; real ones have three.
    private const int MostDepth = 16;
    private const int MostNodes = 4_000_000;

    private static readonly Dictionary<string, OnnxAttribute> NoAttributes = [];

    private readonly Dictionary<(string, string), OnnxFunction> _functions = Functions(model);
    private readonly HashSet<string> _assumptions = [];
    private int _visited;

    public GraphCost Count(IReadOnlyDictionary<string, Shape> inputShapes)
    {
        var values = new ValueScope(outer: null);
        var boundary = 0L;
        var initializers = model.Graph.Initializers.Select(tensor => tensor.Name).ToHashSet();
        foreach (var input in model.Graph.Inputs)
        {
            if (initializers.Contains(input.Name))
                continue; // before version 4 of the format, constants were inputs too
            var known = Input(input, inputShapes);
            boundary = Guarded(input.Name, () => checked(boundary + (known.Bytes ?? 0)));
            values.Set(input.Name, known);
        }
        foreach (var given in inputShapes.Keys)
        {
            if (values.Find(given) is null)
                throw GraphCostException.OfInput(name, model.Graph.Inputs.FirstOrDefault()?.Name ?? "", model.Graph.Inputs.Count > 0 ? Declared(model.Graph.Inputs[0]) : "none",
                    $"there is no input '{given}'.");
        }
        var tally = new Tally();
        Walk(model.Graph, values, tally, depth: 0);
        foreach (var output in model.Graph.Outputs)
            boundary = Guarded(output.Name, () => checked(boundary + (values.Find(output.Name)?.Bytes ?? 0)));
        var nodes = Math.Max(1, tally.NodeCount);
        var cost = new GraphCost
        {
            Nodes = tally.Nodes,
            Uncounted = [.. tally.Uncounted.GroupBy(each => each).OrderByDescending(group => group.Count()).ThenBy(group => group.Key.Operator, StringComparer.Ordinal)
                .Select(group => new UncountedOperator(group.Key.Operator, group.Count(), (double)group.Count() / nodes, group.Key.Reason))],
            Assumptions = [.. _assumptions],
            WeightBytes = Guarded(model.Graph.Name, tally.WeightBytes.Values.Sum),
            BoundaryBytes = boundary,
        };
        // Sums that no number holds are refused here, and not where somebody reads them.
        _ = Guarded(model.Graph.Name, () => checked(cost.Flop + cost.Bytes + cost.CompulsoryBytes));
        return cost;
    }

    internal static string Declared(OnnxValueInfo input) => input.Type is OnnxType.Tensor { Dimensions: { } dims } tensor
        ? $"{tensor.ElementType}[{string.Join(", ", dims)}]" : "a value of unknown shape";

    private KnownTensor Input(OnnxValueInfo input, IReadOnlyDictionary<string, Shape> shapes)
    {
        if (input.Type is not OnnxType.Tensor type)
            return KnownTensor.Nothing;
        if (shapes.TryGetValue(input.Name, out var shape))
        {
            if (type.Dimensions is { } dims && (dims.Count != shape.Rank || dims.Index().Any(dim => dim.Item.Value is { } size && size != shape[dim.Index])))
                throw GraphCostException.OfInput(name, input.Name, Declared(input), $"{shape} is no shape for the input '{input.Name}'.");
            return new KnownTensor(type.ElementType, [.. shape.Dimensions]);
        }
        if (type.Dimensions is not { } declared || declared.Any(dim => dim.Value is null or < 0))
            throw GraphCostException.OfInput(name, input.Name, Declared(input), $"the shape of the input '{input.Name}' is open.");
        return new KnownTensor(type.ElementType, [.. declared.Select(dim => dim.Value!.Value)]); // checked above
    }

    private void Walk(OnnxGraph graph, ValueScope values, Tally tally, int depth)
    {
        foreach (var tensor in graph.Initializers)
            values.Set(tensor.Name, Guarded(tensor.Name, () => ConstantValues.Of(tensor)));
        foreach (var sparse in graph.SparseInitializers)
            values.Set(sparse.Values.Name, new KnownTensor(sparse.Values.ElementType, sparse.Dimensions));
        var declared = new Dictionary<string, OnnxType.Tensor>();
        foreach (var info in graph.ValueInfos)
            if (info.Type is OnnxType.Tensor { Dimensions: { } dims } tensor && dims.All(dim => dim.Value >= 0))
                declared.TryAdd(info.Name, tensor);
        Visit(graph.Nodes, values, declared, NoAttributes, tally, depth);
    }

    private void Visit(List<OnnxNode> nodes, ValueScope values, Dictionary<string, OnnxType.Tensor> declared,
        IReadOnlyDictionary<string, OnnxAttribute> attributes, Tally tally, int depth)
    {
        foreach (var node in nodes)
        {
            if (++_visited > MostNodes)
                throw GraphCostException.OfNode(name, Named(node), $"the graph has more than {MostNodes} nodes, its functions unfolded");
            KnownTensor?[] inputs = [.. node.Inputs.Select(input => input.Length == 0 ? null : values.Find(input) ?? KnownTensor.Nothing)];
            var op = new Operation(node, inputs, attributes, Opset(node.Domain));
            var outputs = Guarded(Named(node), () => Apply(node, op, values, tally, depth));
            for (var i = 0; i < node.Outputs.Count; i++)
            {
                if (node.Outputs[i].Length == 0)
                    continue;
                var known = outputs is not null && i < outputs.Length ? outputs[i] : KnownTensor.Nothing;
                // Where no rule says it, the file may.
                if (known.Elements is null && declared.TryGetValue(node.Outputs[i], out var stated))
                    known = new KnownTensor(stated.ElementType, [.. stated.Dimensions!.Select(dim => dim.Value!.Value)]); // only whole ones were kept
                values.Set(node.Outputs[i], known);
            }
        }
    }

    private KnownTensor[]? Apply(OnnxNode node, Operation op, ValueScope values, Tally tally, int depth)
    {
        if (_functions.TryGetValue((node.Domain, node.OpType), out var function))
            return Call(function, node, op, tally, Deeper(node, depth));
        switch (op.IsStandard ? op.Type : "")
        {
            case "If":
                return If(node, op, values, tally, Deeper(node, depth));
            case "Loop":
                return Loop(node, op, values, tally, Deeper(node, depth));
            case "Scan":
                return Scan(node, op, values, tally, Deeper(node, depth));
        }
        var outputs = OperatorShapes.Infer(op);
        if (outputs is null)
        {
            tally.AddUncounted(op.Name, "the operator is not known");
            return null;
        }
        if (outputs.Length > 0)
            outputs[0] = outputs[0] with { Values = SmallArithmetic.Compute(op, outputs[0]) };
        if (Folded(node, op, outputs) is { } constants)
            return constants;
        Count(node, op, outputs, tally);
        return outputs;
    }

    // The runtime computes constants of constants when it loads the graph. It keeps scales and zero points of weights beside them, and reads the small form.
    private static KnownTensor[]? Folded(OnnxNode node, Operation op, KnownTensor[] outputs)
    {
        if (op.Type == "Constant")
            return [outputs[0] with { Constant = new Weight(node.Outputs[0], outputs[0].Bytes ?? 0) }];
        if (op.InputCount == 0 || op.Inputs.Any(input => input is { Constant: null }))
            return null;
        // Exporters give a weight that is used twice another name or shape: it is the same bytes.
        if (op.Type is "Identity" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze")
            return [outputs[0] with { Constant = op.Input(0).Constant }];
        if (op.Type == "DequantizeLinear")
        {
            var (weight, all) = (op.Input(0).Constant!, op.Inputs.Sum(input => input?.Constant?.Bytes ?? 0)); // every input is one
            return [outputs[0] with { Constant = weight with { Bytes = all } }];
        }
        return outputs.Length > 0 && outputs.All(output => output.Elements is not null)
            ? [.. outputs.Zip(node.Outputs, (output, called) => output with { Constant = new Weight(called, output.Bytes ?? 0) })] : null;
    }

    private static void Count(OnnxNode node, Operation op, KnownTensor[] outputs, Tally tally)
    {
        var used = outputs.Zip(node.Outputs).Where(output => output.Second.Length > 0).Select(output => output.First);
        var written = used.Aggregate((long?)0, (sum, output) => sum + output.Bytes);
        if (OperatorCosts.Of(op, outputs) is not var (matrix, other) || written is null)
        {
            tally.AddUncounted(op.Name, outputs.All(output => output.Elements is not null) ? "its arithmetic depends on the data" : "its extents are known only when it runs");
            return;
        }
        var (weights, read) = Reads(node, op, written.Value);
        tally.Add(new NodeCost(Named(node), op.Name, matrix + other > 0 ? Precision(op) : null, matrix, other, weights.Sum(weight => weight.Bytes),
            IsView(op) ? 0 : checked(read + written.Value)), weights);
    }

    // A view is another shape for the same bytes.
    private static bool IsView(Operation op) => op.Type is "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Identity" or "Dropout" or "Shape" or "Size" or "Constant";

    private static (List<Weight> Weights, long Activations) Reads(OnnxNode node, Operation op, long written)
    {
        List<Weight> weights = [];
        var read = 0L;
        if (IsView(op))
            return (weights, 0);
        foreach (var (input, known) in node.Inputs.Zip(op.Inputs).DistinctBy(each => each.First))
        {
            if (known is null)
                continue;
            // Of what is picked from, only what is picked.
            var bytes = known == op.Inputs[0] && op.Type is "Gather" or "GatherElements" or "GatherND" or "GatherBlockQuantized" or "Slice"
                ? Math.Min(known.Bytes ?? 0, Picked(op, known, written)) : known.Bytes ?? 0;
            if (known.Constant is { } constant)
                weights.Add(constant with { Bytes = bytes });
            else
                read = checked(read + bytes);
        }
        return (weights, read);
    }

    // Written elements are as many as those picked, which may be smaller.
    private static long Picked(Operation op, KnownTensor from, long written) => op.Type == "GatherBlockQuantized"
        ? written * from.Type.BitSize() / Math.Max(1, op.Input(2).Type.BitSize() * (from.Type == ElementType.UInt8 ? 8 / Math.Max(1, op.Int("bits", 4)) : 1)) : written;

    private static string? Precision(Operation op) => op.Type switch
    {
        "MatMulInteger" or "ConvInteger" or "QLinearMatMul" or "QLinearConv" or "MatMulIntegerToFloat" or "DynamicQuantizeMatMul" => "int8",
        _ => PrecisionOf(op.Type == "EmbedLayerNormalization" ? op.Input(2).Type : op.Input(0).Type),
    };

    /// <summary>A type as results name precisions; null for one that they do not name.</summary>
    internal static string? PrecisionOf(ElementType type) => type switch
    {
        ElementType.Float32 => "fp32",
        ElementType.Float16 => "fp16",
        ElementType.BFloat16 => "bf16",
        ElementType.Float64 => "fp64",
        ElementType.Int8 or ElementType.UInt8 => "int8",
        ElementType.Float8E4M3FN or ElementType.Float8E4M3FNUZ or ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ => "fp8",
        _ => null,
    };

    private KnownTensor[] Call(OnnxFunction function, OnnxNode node, Operation op, Tally tally, int depth)
    {
        var values = new ValueScope(outer: null);
        for (var i = 0; i < function.Inputs.Count; i++)
            if (op.Optional(i) is { } given)
                values.Set(function.Inputs[i], given);
        var attributes = function.Attributes.ToDictionary(attribute => attribute.Name);
        foreach (var attribute in node.Attributes)
            attributes[attribute.Name] = attribute;
        Visit(function.Nodes, values, [], attributes, tally, depth);
        return [.. function.Outputs.Select(output => values.Find(output) ?? KnownTensor.Nothing)];
    }

    private KnownTensor[]? If(OnnxNode node, Operation op, ValueScope values, Tally tally, int depth)
    {
        if (op.Graph("then_branch") is not { } then || op.Graph("else_branch") is not { } otherwise)
            throw new ArgumentException("it lacks a branch");
        var decided = op.Input(0).Values is [var condition] && double.IsFinite(condition) ? condition != 0 : (bool?)null;
        var branches = (decided is null ? (OnnxGraph[])[then, otherwise] : [decided.Value ? then : otherwise])
            .Select(branch => Body(branch, [], values, depth)).ToArray();
        var costlier = branches.MaxBy(branch => branch.Tally.Flop + branch.Tally.WeightBytes.Values.Sum())!; // one or two
        if (branches.Length > 1)
            _assumptions.Add($"{Named(node)} takes the branch that costs more");
        tally.Merge(costlier.Tally, 1);
        return branches.Length == 1 ? costlier.Results : [.. branches[0].Results.Zip(branches[1].Results, Common)];
    }

    private KnownTensor[]? Loop(OnnxNode node, Operation op, ValueScope values, Tally tally, int depth)
    {
        var body = op.Graph("body") ?? throw new ArgumentException("it lacks a body");
        var carried = op.InputCount - 2;
        // A loop may end early only where its body computes the condition.
        var turns = op.Optional(0)?.Values is [var count] && double.IsFinite(count) && op.Optional(1) is null or { Values: [1] } ? (long)count : (long?)null;
        KnownTensor[] given = [new(ElementType.Int64, []), new(ElementType.Bool, []) { Values = [1] }, .. Enumerable.Range(0, Math.Max(0, carried)).Select(i => op.Input(i + 2) with { Values = null, Constant = null })];
        var (results, once) = Body(body, given, values, depth);
        // What grows from turn to turn has no shape that all turns share.
        var settled = given.Skip(2).Zip(results.Skip(1), Common).ToArray();
        if (turns is null || results is not [{ Values: [1] }, ..] || !settled.Zip(given.Skip(2)).All(pair => SameDims(pair.First, pair.Second)))
        {
            tally.AddUncounted(op.Name, "how often it turns, or what each turn works on, is known only when it runs");
            return [.. settled, .. results.Skip(1 + settled.Length).Select(_ => KnownTensor.Nothing)];
        }
        tally.Merge(once, turns.Value);
        return [.. settled, .. results.Skip(1 + settled.Length).Select(result => Stacked(result, turns.Value))];
    }

    private KnownTensor[]? Scan(OnnxNode node, Operation op, ValueScope values, Tally tally, int depth)
    {
        var body = op.Graph("body") ?? throw new ArgumentException("it lacks a body");
        var (scanned, first) = ((int)op.Int("num_scan_inputs"), op.Opset < 9 ? 1 : 0);
        var states = op.InputCount - first - scanned;
        var axes = op.Ints("scan_input_axes");
        if (first == 1 || states < 0 || scanned < 1 || op.Inputs.Any(input => input?.Dims is null))
        {
            tally.AddUncounted(op.Name, "how often it turns is known only when it runs");
            return null;
        }
        int AxisOf(int i) => Operation.Axis(axes is null ? 0 : axes[i], op.Dims(states + i).Length);
        var turns = op.Dims(states)[AxisOf(0)];
        var (results, once) = Body(body, [.. Enumerable.Range(0, states).Select(i => op.Input(i) with { Values = null, Constant = null }),
            .. Enumerable.Range(0, scanned).Select(i => new KnownTensor(op.Input(states + i).Type, [.. op.Dims(states + i).Where((_, axis) => axis != AxisOf(i))]))], values, depth);
        if (turns == Extent.Unknown)
            tally.AddUncounted(op.Name, "how often it turns is known only when it runs");
        else
            tally.Merge(once, turns);
        return [.. results.Take(states), .. results.Skip(states).Select(result => Stacked(result, turns))];
    }

    private (KnownTensor[] Results, Tally Tally) Body(OnnxGraph body, KnownTensor[] given, ValueScope outer, int depth)
    {
        var values = new ValueScope(outer);
        foreach (var (input, known) in body.Inputs.Zip(given))
            values.Set(input.Name, known);
        var tally = new Tally();
        Walk(body, values, tally, depth);
        return ([.. body.Outputs.Select(output => values.Find(output.Name) ?? KnownTensor.Nothing)], tally);
    }

    private static KnownTensor Stacked(KnownTensor each, long turns) => new(each.Type, each.Dims is null ? null : [turns, .. each.Dims]);

    // What two ways to a value have in common.
    private static KnownTensor Common(KnownTensor left, KnownTensor right) => new(left.Type == right.Type ? left.Type : ElementType.Undefined,
        left.Dims is null || right.Dims is null || left.Dims.Length != right.Dims.Length ? null : [.. left.Dims.Zip(right.Dims, (a, b) => a == b ? a : Extent.Unknown)]);

    private static bool SameDims(KnownTensor left, KnownTensor right) => left.Dims is { } a && right.Dims is { } b && a.AsSpan().SequenceEqual(b);

    private int Deeper(OnnxNode node, int depth) => depth < MostDepth ? depth + 1
        : throw GraphCostException.OfNode(name, Named(node), $"graphs and functions lie more than {MostDepth} deep in each other");

    private long Opset(string domain) => model.OperatorSets.Find(set => set.Domain == domain || set.Domain == "ai.onnx" && domain.Length == 0)?.Version ?? 1;

    private static string Named(OnnxNode node) => node.Name.Length > 0 ? node.Name : node.Outputs.Find(output => output.Length > 0) ?? node.OpType;

    // Rules read attributes and shapes of strangers: what does not fit shows as one of these.
    private T Guarded<T>(string node, Func<T> rule)
    {
        try
        {
            return rule();
        }
        catch (Exception exception) when (exception is ArgumentException or IndexOutOfRangeException or OverflowException or InvalidOperationException)
        {
            throw GraphCostException.OfNode(name, node, exception.Message.TrimEnd('.'));
        }
    }

    private static Dictionary<(string, string), OnnxFunction> Functions(OnnxModel model)
    {
        Dictionary<(string, string), OnnxFunction> functions = [];
        foreach (var function in model.Functions)
            functions.TryAdd((function.Domain, function.Name), function);
        return functions;
    }

    /// <summary>The values of a graph, and those of the graphs around it, which its nodes may name too.</summary>
    private sealed class ValueScope(ValueScope? outer)
    {
        private readonly ValueScope? _outer = outer;
        private readonly Dictionary<string, KnownTensor> _values = [];

        public void Set(string name, KnownTensor known) => _values[name] = known;

        /// <returns>Null for a value that no node made.</returns>
        public KnownTensor? Find(string name)
        {
            for (var scope = this; scope is not null; scope = scope._outer)
                if (scope._values.TryGetValue(name, out var known))
                    return known;
            return null;
        }
    }

    /// <summary>What was counted so far.</summary>
    private sealed class Tally
    {
        public List<NodeCost> Nodes { get; } = [];
        public List<(string Operator, string Reason)> Uncounted { get; } = [];

        /// <summary>By the weights' names, the most that any node reads of one.</summary>
        public Dictionary<string, long> WeightBytes { get; } = [];

        public int NodeCount => Nodes.Count + Uncounted.Count;
        public long Flop => Nodes.Sum(node => node.Flop);

        public void Add(NodeCost node, List<Weight> weights)
        {
            Nodes.Add(node);
            foreach (var weight in weights)
                Read(weight.Name, weight.Bytes);
        }

        public void AddUncounted(string op, string reason) => Uncounted.Add((op, reason));

        public void Merge(Tally other, long times)
        {
            Nodes.AddRange(other.Nodes.Select(node => times == 1 ? node : node with
            {
                MatrixFlop = checked(node.MatrixFlop * times), OtherFlop = checked(node.OtherFlop * times),
                WeightBytes = checked(node.WeightBytes * times), ActivationBytes = checked(node.ActivationBytes * times),
            }));
            Uncounted.AddRange(other.Uncounted);
            foreach (var (weight, bytes) in other.WeightBytes)
                Read(weight, bytes);
        }

        private void Read(string weight, long bytes) => WeightBytes[weight] = Math.Max(bytes, WeightBytes.GetValueOrDefault(weight));
    }
}
