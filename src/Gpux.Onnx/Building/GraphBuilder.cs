using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Gpux.Onnx.Building;

/// <summary>Which operators a graph may use.</summary>
public enum GraphTarget
{
    /// <summary>Standard operators that every runtime and GPU back end has: ai.onnx 21.</summary>
    Portable,

    /// <summary>The forms that ONNX Runtime 1.30 runs fastest on a CPU: ai.onnx 23 with Attention, and com.microsoft.FusedMatMul.</summary>
    Cpu,
}

/// <summary>Builds an ONNX graph node by node. Values come from <see cref="Input"/>, <see cref="Weight"/> and the constants;
/// operators on them are extension methods.</summary>
public sealed class GraphBuilder(string name, GraphTarget target)
{
    public const string MicrosoftDomain = "com.microsoft";

    // Nodes in the order of their creation, which is a topological order.
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<OnnxValueInfo> _inputs = [];
    private readonly List<OnnxValueInfo> _outputs = [];
    private readonly Dictionary<string, OnnxTensor> _initializers = [];
    private readonly Dictionary<string, Value> _constants = [];
    private readonly Dictionary<string, Value> _shared = [];
    private readonly List<Value> _inputValues = [];
    // Where the extent that a symbol stands for can be read off.
    private readonly Dictionary<string, (Value Value, int Axis)> _symbols = [];
    private readonly Dictionary<string, int> _nameCounts = [];
    private readonly HashSet<string> _outputNames = [];

    public GraphTarget Target { get; } = target;

    /// <summary>The version of the ai.onnx operators that the target allows.</summary>
    public int Opset => Target == GraphTarget.Portable ? 21 : 23;

    /// <summary>Declares something that a run is given.</summary>
    public Value Input(string name, ElementType type, params Dim[] dims)
    {
        _inputs.Add(ValueInfo(name, type, dims));
        var input = new Value(this, name, "", type, dims, producer: null);
        for (var axis = 0; axis < dims.Length; axis++)
            if (dims[axis].Symbol is { } symbol)
                _symbols.TryAdd(symbol, (input, axis));
        _inputValues.Add(input);
        return input;
    }

    /// <summary>What an input is called, or null if the graph has no input of that name.</summary>
    public Value? FindInput(string name) => _inputValues.Find(input => input.Name == name);

    /// <summary>An extent as a 1-D int64 value of one element.</summary>
    /// <exception cref="ArgumentException">A symbol that no value of this graph has.</exception>
    public Value Extent(Dim dim)
    {
        if (dim.Size is { } size)
            return Constant([size]);
        if (dim.Symbol is null || !_symbols.TryGetValue(dim.Symbol, out var known))
            throw new ArgumentException($"No value of the graph has the extent '{dim}'.", nameof(dim));
        return Shared([known.Value], $"extent {dim}", () => known.Value.Extent(known.Axis));
    }

    /// <summary>Names a value as something that a run returns.</summary>
    /// <returns>The value under its new name.</returns>
    public Value Output(string name, Value value)
    {
        if (!_outputNames.Add(name))
            throw new ArgumentException($"The graph has an output '{name}' already.", nameof(name));
        // An input, a weight and an output of another name keep theirs.
        if (value.Producer is null || _outputNames.Contains(value.Name))
            value = value.Unary("Identity");
        var producer = value.Producer!; // not null: just made, or checked above
        producer.Outputs[producer.Outputs.IndexOf(value.Name)] = name;
        foreach (var node in _nodes)
            for (var i = 0; i < node.Inputs.Count; i++)
                if (node.Inputs[i] == value.Name)
                    node.Inputs[i] = name;
        value.Name = name;
        _outputs.Add(ValueInfo(name, value.Type, value.Dims));
        return value;
    }

    /// <summary>Declares a constant tensor whose elements lie in another file.</summary>
    /// <param name="scope">The module it belongs to, such as "encoder.layer.0.output.dense"; values made of it are named after it.</param>
    public Value Weight(string name, string scope, ElementType type, Shape shape, ExternalData data)
    {
        if (!_initializers.ContainsKey(name))
        {
            _initializers.Add(name, new OnnxTensor
            {
                Name = name,
                ElementType = type,
                Dimensions = [.. shape.Dimensions],
                External = data,
            });
        }
        return new Value(this, name, ScopePath(scope), type, [.. shape.Dimensions.Select(size => (Dim)size)], producer: null) { IsConstant = true };
    }

    public Value Scalar(double number, ElementType type) => Constant(Encode(number, type), type, []);

    public Value Constant(long number) => Scalar(number, ElementType.Int64);

    public Value Constant(params ReadOnlySpan<long> numbers) =>
        Constant(MemoryMarshal.AsBytes(numbers).ToArray(), ElementType.Int64, [numbers.Length]);

    public Value Constant(ReadOnlySpan<float> numbers, params long[] dims) =>
        Constant(MemoryMarshal.AsBytes(numbers).ToArray(), ElementType.Float32, dims);

    /// <summary>A constant that is stored in the graph file; equal ones are stored once.</summary>
    /// <param name="bytes">Elements, little-endian.</param>
    public Value Constant(byte[] bytes, ElementType type, long[] dims)
    {
        var key = $"{type}[{string.Join(',', dims)}]:{(bytes.Length <= 64 ? Convert.ToHexStringLower(bytes)
            : Digest.Sha256(System.Security.Cryptography.SHA256.HashData(bytes)).Hex)}";
        if (_constants.TryGetValue(key, out var known))
            return known;
        var tensor = new OnnxTensor { Name = $"constant_{_constants.Count}", ElementType = type, Dimensions = dims, Data = bytes };
        _initializers.Add(tensor.Name, tensor);
        var value = new Value(this, tensor.Name, "", type, [.. dims.Select(size => (Dim)size)], producer: null) { Constant = tensor, IsConstant = true };
        _constants.Add(key, value);
        return value;
    }

    /// <summary>Adds a node with one output, of type and shape that the caller has inferred.</summary>
    /// <param name="inputs">Null for an optional input that is left out.</param>
    public Value Node(string op, ReadOnlySpan<Value?> inputs, ElementType type, IReadOnlyList<Dim> dims,
        IEnumerable<OnnxAttribute>? attributes = null, string domain = "") =>
        Node(op, inputs, [(type, dims)], attributes, domain)[0];

    /// <summary>Adds a node.</summary>
    public Value[] Node(string op, ReadOnlySpan<Value?> inputs, ReadOnlySpan<(ElementType Type, IReadOnlyList<Dim> Dims)> outputs,
        IEnumerable<OnnxAttribute>? attributes = null, string domain = "")
    {
        var scope = ScopeOf(inputs);
        var node = new OnnxNode { OpType = op, Domain = domain, Name = UniqueName($"{scope}/{op}") };
        var isConstant = inputs.Length > 0;
        foreach (var input in inputs)
        {
            node.Inputs.Add(input?.Name ?? "");
            isConstant &= input?.IsConstant ?? true;
        }
        while (node.Inputs is [.., ""])
            node.Inputs.RemoveAt(node.Inputs.Count - 1);
        if (attributes is not null)
            node.Attributes.AddRange(attributes);
        var values = new Value[outputs.Length];
        for (var i = 0; i < outputs.Length; i++)
        {
            var name = outputs.Length == 1 ? $"{node.Name}_output" : $"{node.Name}_output_{i}";
            node.Outputs.Add(name);
            values[i] = Computed(name, scope, outputs[i].Type, outputs[i].Dims, node);
            values[i].IsConstant = isConstant;
        }
        _nodes.Add(node);
        return values;
    }

    /// <summary>Computes something once, however often it is asked for: the value made for the same key before, or a new one.</summary>
    internal Value Shared(ReadOnlySpan<Value> inputs, string key, Func<Value> make)
    {
        foreach (var input in inputs)
            key = $"{key}|{input.Name}";
        if (!_shared.TryGetValue(key, out var value))
            _shared.Add(key, value = make());
        return value;
    }

    /// <summary>The file: nodes that contribute to an output, and the constants that these use.</summary>
    public OnnxModel ToModel()
    {
        var model = new OnnxModel { IrVersion = Target == GraphTarget.Portable ? 10 : 11, Graph = { Name = name } };
        model.Graph.Inputs.AddRange(_inputs);
        model.Graph.Outputs.AddRange(_outputs);
        var needed = new HashSet<string>(_outputNames);
        var kept = new List<OnnxNode>(_nodes.Count);
        for (var i = _nodes.Count - 1; i >= 0; i--)
        {
            if (!_nodes[i].Outputs.Exists(needed.Contains))
                continue;
            needed.UnionWith(_nodes[i].Inputs);
            kept.Add(_nodes[i]);
        }
        kept.Reverse();
        model.Graph.Nodes.AddRange(kept);
        foreach (var (initializer, tensor) in _initializers)
            if (needed.Contains(initializer))
                model.Graph.Initializers.Add(tensor);
        model.OperatorSets.Add(new OperatorSet("", Opset));
        if (kept.Exists(node => node.Domain == MicrosoftDomain))
            model.OperatorSets.Add(new OperatorSet(MicrosoftDomain, 1));
        return model;
    }

    // An extent that is not known gets a symbol of its own, so that it can be compared and asked for.
    private Value Computed(string name, string scope, ElementType type, IReadOnlyList<Dim> dims, OnnxNode node)
    {
        if (!dims.Contains(Dim.Unknown))
            return new Value(this, name, scope, type, dims, node);
        var named = new Dim[dims.Count];
        var value = new Value(this, name, scope, type, named, node);
        for (var axis = 0; axis < named.Length; axis++)
        {
            named[axis] = dims[axis];
            if (dims[axis] != Dim.Unknown)
                continue;
            named[axis] = Dim.Anonymous(_symbols.Count);
            _symbols.Add(named[axis].Symbol!, (value, axis)); // anonymous extents have symbols
        }
        return value;
    }

    // A node belongs to the module of its first computed or weight input that has one.
    private static string ScopeOf(ReadOnlySpan<Value?> inputs)
    {
        // A weight names the module that is being computed; a value only where it came from.
        foreach (var input in inputs)
            if (input is { Producer: null, Scope.Length: > 0 })
                return input.Scope;
        foreach (var input in inputs)
            if (input is { Scope.Length: > 0 })
                return input.Scope;
        return "";
    }

    private static string ScopePath(string scope) => scope.Length == 0 ? "" : "/" + scope;

    private string UniqueName(string name)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_nameCounts, name, out _);
        return count++ == 0 ? name : $"{name}_{count - 1}";
    }

    private static OnnxValueInfo ValueInfo(string name, ElementType type, IReadOnlyList<Dim> dims) => new()
    {
        Name = name,
        Type = new OnnxType.Tensor(type, [.. dims.Select(dim => new OnnxDimension(dim.Size, dim.IsAnonymous ? null : dim.Symbol))]),
    };

    private static byte[] Encode(double number, ElementType type)
    {
        var bytes = new byte[type.ByteSize(1)];
        switch (type)
        {
            case ElementType.Float32: BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)number); break;
            case ElementType.Float64: BinaryPrimitives.WriteDoubleLittleEndian(bytes, number); break;
            case ElementType.Float16: BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)number); break;
            case ElementType.Int64: BinaryPrimitives.WriteInt64LittleEndian(bytes, checked((long)number)); break;
            case ElementType.Int32: BinaryPrimitives.WriteInt32LittleEndian(bytes, checked((int)number)); break;
            case ElementType.Bool: bytes[0] = number == 0 ? (byte)0 : (byte)1; break;
            default: throw new ArgumentException($"No scalar constants of type {type}.", nameof(type));
        }
        return bytes;
    }
}
