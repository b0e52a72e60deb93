using Gpux.Onnx;

namespace Gpux.Benchmarks.Roofline;

/// <summary>The work of one run of a graph: operations of arithmetic and bytes that it moves, counted from the file without running it.</summary>
/// <remarks>Operations: a multiply-add is two. Bytes: a weight is read once however many nodes use it, of a table only the rows that are
/// picked; activations are written once and read by each node that uses them; what only changes the shape moves nothing. What is computed
/// of constants alone is not counted: the runtime does it when it loads the graph.</remarks>
public sealed record GraphCost
{
    /// <summary>Every node that takes part in a run, in the graph's order. Nodes of a loop stand once, with the work of all its turns.</summary>
    public required IReadOnlyList<NodeCost> Nodes { get; init; }

    /// <summary>What is not in the sums.</summary>
    public required IReadOnlyList<UncountedOperator> Uncounted { get; init; }

    /// <summary>What was assumed where only the data decide, such as which branch is taken; empty as a rule.</summary>
    public required IReadOnlyList<string> Assumptions { get; init; }

    /// <summary>Bytes of weights that a run reads.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of the graph's inputs and outputs.</summary>
    public required long BoundaryBytes { get; init; }

    /// <summary>Operations of matrix products, convolutions and attention.</summary>
    public long MatrixFlop => Nodes.Sum(node => node.MatrixFlop);

    public long Flop => Nodes.Sum(node => node.Flop);

    /// <summary>Bytes of activations that nodes read and write.</summary>
    public long ActivationBytes => Nodes.Sum(node => node.ActivationBytes);

    /// <summary>Weights once, activations read and written, as if nothing but the weights stayed in a cache.</summary>
    public long Bytes => WeightBytes + ActivationBytes;

    /// <summary>Weights, inputs and outputs: what has to be moved even if every activation stays in a cache.</summary>
    public long CompulsoryBytes => WeightBytes + BoundaryBytes;

    /// <summary>Counts a graph file.</summary>
    /// <param name="inputShapes">By the inputs' names. An input that the graph declares in full may be left out.</param>
    /// <exception cref="GraphCostException">A shape is missing, or does not fit.</exception>
    /// <exception cref="InvalidOnnxException">The file is no ONNX model.</exception>
    public static GraphCost Of(string modelPath, IReadOnlyDictionary<string, Shape> inputShapes)
    {
        using var file = OnnxReader.Open(modelPath);
        return Of(file.Model, inputShapes, modelPath);
    }

    /// <summary>As <see cref="Of(string, IReadOnlyDictionary{string, Shape})"/>, by the names that the graph gives to its open extents.</summary>
    /// <param name="extents">Such as batch_size = 1 and sequence_length = 128.</param>
    /// <param name="otherwise">What an extent is that has no name in <paramref name="extents"/>; null refuses it.</param>
    public static GraphCost OfExtents(string modelPath, IReadOnlyDictionary<string, long> extents, Func<string, long?>? otherwise = null)
    {
        using var file = OnnxReader.Open(modelPath);
        return Of(file.Model, InputShapes(file.Model, extents, otherwise ?? (_ => null), modelPath), modelPath);
    }

    /// <summary>As <see cref="Of(OnnxModel, IReadOnlyDictionary{string, Shape}, string)"/>, by the names that the graph gives to its open extents.</summary>
    /// <param name="extentOf">How long an extent is; null refuses it.</param>
    public static GraphCost OfExtents(OnnxModel model, Func<string, long?> extentOf, string name) =>
        Of(model, InputShapes(model, new Dictionary<string, long>(), extentOf, name), name);

    /// <param name="name">What errors call the model.</param>
    public static GraphCost Of(OnnxModel model, IReadOnlyDictionary<string, Shape> inputShapes, string name) =>
        new GraphCounter(model, name).Count(inputShapes);

    private static Dictionary<string, Shape> InputShapes(OnnxModel model, IReadOnlyDictionary<string, long> extents, Func<string, long?> otherwise, string name)
    {
        Dictionary<string, Shape> shapes = [];
        var constants = model.Graph.Initializers.Select(tensor => tensor.Name).ToHashSet();
        foreach (var input in model.Graph.Inputs)
        {
            if (constants.Contains(input.Name) || input.Type is not OnnxType.Tensor { Dimensions: { } dims })
                continue;
            long Size(OnnxDimension dim) => dim.Value ?? (dim.Symbol is { } symbol
                ? extents.TryGetValue(symbol, out var size) ? size : otherwise(symbol)
                : null) ?? throw GraphCostException.OfExtent(name, input.Name, dim.Symbol ?? "?");
            var sizes = dims.Select(Size).ToArray();
            if (Array.Exists(sizes, size => size < 0))
                throw GraphCostException.OfInput(name, input.Name, GraphCounter.Declared(input), $"an extent of '{input.Name}' is below 0.");
            shapes.Add(input.Name, new Shape(sizes));
        }
        return shapes;
    }
}

/// <summary>The work of a node.</summary>
/// <param name="Name">As the graph has it; of a node without one, that of its first output.</param>
/// <param name="Operator">With its domain where that is not ONNX's own: "com.microsoft.FusedMatMul".</param>
/// <param name="Precision">Of the numbers that it computes with: "fp32", "fp16", "bf16", "fp64", "int8"; null where it computes nothing.</param>
/// <param name="MatrixFlop">Operations of matrix products, convolutions and attention.</param>
/// <param name="OtherFlop">All other operations.</param>
/// <param name="WeightBytes">Of the constants that it reads, also those that other nodes read.</param>
/// <param name="ActivationBytes">That it reads and writes.</param>
public sealed record NodeCost(string Name, string Operator, string? Precision, long MatrixFlop, long OtherFlop, long WeightBytes, long ActivationBytes)
{
    public long Flop => checked(MatrixFlop + OtherFlop);

    public long Bytes => checked(WeightBytes + ActivationBytes);
}

/// <summary>Nodes of one operator whose work is not known.</summary>
/// <param name="NodeShare">Of the nodes that take part in a run, 0 to 1.</param>
public sealed record UncountedOperator(string Operator, int Nodes, double NodeShare, string Reason);
