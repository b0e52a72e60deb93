namespace Gpux.Onnx.Checking;

/// <summary>Walks a model once, in the order of its nodes, and reports what breaks ONNX's rules.</summary>
/// <remarks>Rules: docs/IR.md and the checker of ONNX 1.22, and more of what runtimes would refuse: calls of functions and references
/// to their attributes, and tensors that are too long.</remarks>
internal sealed class ModelChecker(OnnxModel model, string? folder)
{
    private const int MaxDepth = 100;
    // A model that states none is reported for that, and not for all that it uses.
    private readonly long _irVersion = model.IrVersion < 1 ? long.MaxValue : model.IrVersion;
    private readonly Problems _problems = new();
    private readonly TensorChecker _tensors = new(folder);
    private readonly HashSet<string> _newerFeatures = [];
    private FunctionCalls? _calls;
    private bool _tooDeep;

    /// <summary>The graph or function that the nodes at hand lie in.</summary>
    /// <param name="FunctionAttributes">The attributes of the function whose body this is part of; null in the model's graph.</param>
    /// <param name="Depth">1 for a graph that lies in no other.</param>
    private sealed record Body(Place Place, OperatorImports Imports, HashSet<string>? FunctionAttributes, int Depth);

    public IReadOnlyList<OnnxProblem> Check()
    {
        try
        {
            Model();
        }
        catch (Problems.TooManyException)
        {
            // The list is full, and says enough.
        }
        return _problems.All;
    }

    private void Model()
    {
        if (model.IrVersion < 1)
            _problems.Add(Place.Model, "it states no IR version");
        if (_irVersion >= 3 && model.OperatorSets.Count == 0)
            _problems.Add(Place.Model, "it imports no operator set");
        var imports = new OperatorImports(model.OperatorSets, what => _problems.Add(Place.Model, what));
        var keys = new HashSet<string>();
        foreach (var (key, _) in model.Metadata)
        {
            if (!keys.Add(key))
                _problems.Add(Place.Model, $"it has the metadata key '{key}' twice");
        }
        if (model.Functions.Count > 0)
            _calls = new FunctionCalls(model.Functions, (function, what) => _problems.Add(Place.Function(function), what));
        Graph(model.Graph, new Body(new Place(null, "graph", model.Graph.Name), imports, FunctionAttributes: null, Depth: 1), outer: null);
        if (_calls is not null)
            Functions(_calls);
    }

    private void Functions(FunctionCalls calls)
    {
        Require(8, "functions", Place.Model);
        foreach (var function in model.Functions)
            Function(function, Place.Function(function));
        if (!_tooDeep && calls.FindCycle() is { } circular)
            _problems.Add(Place.Function(circular), "it calls itself, perhaps through other functions");
    }

    private void Function(OnnxFunction function, Place place)
    {
        if (function.Name.Length == 0)
            _problems.Add(place, "it has no name");
        if (function.Attributes.Count > 0)
            Require(9, "defaults of a function's attributes", place);
        if (function.Overload.Length > 0)
            Require(10, "overloads of a function", place);
        var scope = new Scope(null, function.Inputs.Count + function.Nodes.Count);
        foreach (var input in function.Inputs)
        {
            if (!scope.Define(input))
                _problems.Add(place, $"input '{input}' is listed twice");
        }
        var attributes = new HashSet<string>();
        foreach (var name in function.AttributeNames.Concat(function.Attributes.Select(attribute => attribute.Name)))
        {
            if (!attributes.Add(name))
                _problems.Add(place, $"attribute '{name}' is listed twice");
        }
        var imports = new OperatorImports(function.OperatorSets, what => _problems.Add(place, what));
        Nodes(function.Nodes, new Body(place, imports, attributes, Depth: 1), scope);
        var outputs = new HashSet<string>();
        foreach (var output in function.Outputs)
        {
            if (!outputs.Add(output))
                _problems.Add(place, $"output '{output}' is listed twice");
            if (!scope.DefinesHere(output))
                _problems.Add(place, $"output '{output}' is made by nothing");
        }
    }

    private void Graph(OnnxGraph graph, Body body, Scope? outer)
    {
        if (body.Depth > MaxDepth)
        {
            _tooDeep = true;
            _problems.Add(body.Place, $"graphs are nested deeper than {MaxDepth}");
            return;
        }
        if (graph.Name.Length == 0)
            _problems.Add(body.Place, "it has no name");
        var scope = new Scope(outer, graph.Inputs.Count + graph.Initializers.Count + graph.Nodes.Count);
        Inputs(graph, body.Place, scope, isMain: outer is null);
        Initializers(graph, body.Place, scope);
        foreach (var value in graph.ValueInfos)
            TypeFeatures(value.Type, body.Place);
        if (graph.QuantizationAnnotations.Count > 0)
            Require(5, "quantization annotations", body.Place);
        Nodes(graph.Nodes, body, scope);
        for (var i = 0; i < graph.Outputs.Count; i++)
        {
            var output = graph.Outputs[i];
            Value(output, "output", i, body.Place, isMain: outer is null);
            if (output.Name.Length > 0 && !scope.DefinesHere(output.Name))
                _problems.Add(body.Place, $"output '{output.Name}' is made by nothing in it");
        }
    }

    private void Inputs(OnnxGraph graph, Place place, Scope scope, bool isMain)
    {
        for (var i = 0; i < graph.Inputs.Count; i++)
        {
            var input = graph.Inputs[i];
            Value(input, "input", i, place, isMain);
            if (input.Name.Length > 0 && !scope.Define(input.Name))
                _problems.Add(place, $"input '{input.Name}' is listed twice");
        }
    }

    // The inputs and outputs of a graph inside a node may leave their types to the node.
    private void Value(OnnxValueInfo value, string kind, int index, Place place, bool isMain)
    {
        if (value.Name.Length == 0)
            _problems.Add(place, $"{kind} {index} has no name");
        if (isMain && value.Type is null or OnnxType.Tensor { ElementType: ElementType.Undefined })
            _problems.Add(place, $"{kind} {index} '{value.Name}' has no type");
        TypeFeatures(value.Type, place);
    }

    private void Initializers(OnnxGraph graph, Place place, Scope scope)
    {
        var names = new HashSet<string>(graph.Initializers.Count);
        foreach (var tensor in graph.Initializers)
        {
            Initializer(tensor.Name);
            Tensor(tensor, "initializer", tensor.Name, place);
        }
        foreach (var sparse in graph.SparseInitializers)
        {
            Initializer(sparse.Values.Name);
            SparseTensor(sparse, "initializer", sparse.Values.Name, place);
        }

        void Initializer(string name)
        {
            if (name.Length == 0)
                _problems.Add(place, "an initializer has no name");
            else if (!names.Add(name))
                _problems.Add(place, $"initializer '{name}' is listed twice");
            // An initializer of an input's name is that input's default.
            else if (scope.Define(name) && _irVersion <= 3)
                _problems.Add(place, $"initializer '{name}' is no input, which needs IR version 4 and the model states {_irVersion}");
        }
    }

    private void Nodes(List<OnnxNode> nodes, Body body, Scope scope)
    {
        Dictionary<string, OnnxNode>? makers = null;
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            var place = Place.Node(body.Place, node, i);
            foreach (var input in node.Inputs)
            {
                if (input.Length > 0 && !scope.Defines(input))
                    _problems.Add(place, $"input '{input}' is made by {Maker(input, makers ??= Makers(nodes))}");
            }
            Node(node, place, body, scope);
            foreach (var output in node.Outputs)
            {
                if (output.Length == 0)
                    continue;
                if (scope.Defines(output))
                    _problems.Add(place, $"output '{output}' exists already: a value is made once");
                scope.Define(output);
            }
        }
    }

    private static Dictionary<string, OnnxNode> Makers(List<OnnxNode> nodes)
    {
        var makers = new Dictionary<string, OnnxNode>();
        foreach (var node in nodes)
        {
            foreach (var output in node.Outputs)
                makers[output] = node;
        }
        return makers;
    }

    private static string Maker(string value, Dictionary<string, OnnxNode> makers) => makers.TryGetValue(value, out var maker)
        ? $"node '{maker.Name}' ({maker.OpType}), which is no earlier one: nodes stand in the order of their use"
        : "nothing";

    private void Node(OnnxNode node, Place place, Body body, Scope scope)
    {
        if (node.OpType.Length == 0)
        {
            _problems.Add(place, "it names no operator");
            return;
        }
        if (node.Inputs.Count == 0 && node.Outputs.Count == 0)
            _problems.Add(place, "it has neither inputs nor outputs");
        if (node.Overload.Length > 0)
            Require(10, "overloads of a function", place);
        Attributes(node, place, body, scope);

        var domain = OperatorImports.Normalize(node.Domain);
        if (body.Imports.Version(domain) is not { } version)
        {
            // Operator sets came with IR version 3.
            if (_irVersion >= 3)
                _problems.Add(place, $"its operator set '{OperatorImports.Spell(domain)}' is not imported");
            return;
        }
        if (_calls?.Callee(node) is { } function)
        {
            if (node.Inputs.Count > function.Inputs.Count || node.Outputs.Count > function.Outputs.Count)
                _problems.Add(place, $"it has more inputs or outputs than the function, which has {function.Inputs.Count} and {function.Outputs.Count}");
            return;
        }
        if (body.Imports.Find(domain, node.OpType) is { } schema)
            Operator(node, schema, version, place);
        else if (OperatorTable.IsComplete(domain, version))
            _problems.Add(place, UnknownOperator(domain, node.OpType, version));
    }

    private static string UnknownOperator(string domain, string opType, long version)
    {
        var problem = $"operator {opType} is not in operator set '{OperatorImports.Spell(domain)}' version {version}";
        if (OperatorTable.Introduced(domain, opType) is { } introduced)
            return $"{problem}: it came with version {introduced}";
        return OperatorTable.Closest(domain, opType) is { } closest ? $"{problem}; the closest is {closest}" : problem;
    }

    private void Operator(OnnxNode node, OperatorSchema schema, long version, Place place)
    {
        if (schema.Status == OperatorStatus.Deprecated)
            _problems.Add(place, $"operator {node.OpType} is withdrawn in version {version} of its operator set");
        if (schema.Status != OperatorStatus.Known)
            return;
        Arguments(node.Inputs, schema.Inputs, "input", node.OpType, place);
        Arguments(node.Outputs, schema.Outputs, "output", node.OpType, place);
        foreach (var attribute in node.Attributes)
        {
            if (schema.Attribute(attribute.Name) is { } known)
            {
                if (attribute.Kind != known.Kind && attribute.Kind != AttributeKind.Undefined)
                    _problems.Add(place, $"attribute '{attribute.Name}' is of kind {attribute.Kind}, not {known.Kind}");
            }
            // Names that begin with two underscores are notes of tools.
            else if (attribute.Name.Length > 0 && !attribute.Name.StartsWith("__", StringComparison.Ordinal))
            {
                _problems.Add(place, $"operator {node.OpType} has no attribute '{attribute.Name}' in version {version} of its operator set");
            }
        }
        foreach (var known in schema.Attributes)
        {
            if (known.IsRequired && IndexOf(known.Name, node.Attributes) < 0)
                _problems.Add(place, $"attribute '{known.Name}' is missing");
        }
    }

    private void Arguments(List<string> values, string letters, string what, string opType, Place place)
    {
        var repeats = letters.EndsWith('*') || letters.EndsWith('+');
        var fixedCount = repeats ? letters.Length - 1 : letters.Length;
        // An optional argument at the end may be left out with all that follow; before a required or repeated one it is "".
        var least = letters.EndsWith('*') ? fixedCount : letters.LastIndexOfAny(['r', '+']) + 1;
        if (values.Count < least || (!repeats && values.Count > fixedCount))
        {
            var range = repeats ? $"at least {least}" : least == fixedCount ? $"{least}" : $"{least} to {fixedCount}";
            _problems.Add(place, $"it has {values.Count} {what}s where {opType} has {range}");
        }
        for (var i = 0; i < values.Count && i < fixedCount; i++)
        {
            if (letters[i] == 'r' && values[i].Length == 0)
                _problems.Add(place, $"{what} {i} is required and left out");
        }
    }

    private void Attributes(OnnxNode node, Place place, Body body, Scope scope)
    {
        // A hostile node has many attributes: compare each with each only while they are few.
        var names = node.Attributes.Count > 16 ? new HashSet<string>() : null;
        for (var i = 0; i < node.Attributes.Count; i++)
        {
            var attribute = node.Attributes[i];
            if (attribute.Name.Length == 0)
                _problems.Add(place, $"attribute {i} has no name");
            else if (names is null ? IndexOf(attribute.Name, node.Attributes) < i : !names.Add(attribute.Name))
                _problems.Add(place, $"attribute '{attribute.Name}' is given twice");
            Kind(attribute, place, body);
            Value(attribute, place, body, scope);
        }
    }

    private static int IndexOf(string name, List<OnnxAttribute> attributes)
    {
        for (var i = 0; i < attributes.Count; i++)
        {
            if (attributes[i].Name == name)
                return i;
        }
        return -1;
    }

    private void Kind(OnnxAttribute attribute, Place place, Body body)
    {
        if (attribute.Kind == AttributeKind.Undefined && _irVersion >= 2)
            _problems.Add(place, $"attribute '{attribute.Name}' states no kind");
        for (var kind = AttributeKind.Float; kind <= AttributeKind.Types; kind++)
        {
            if (attribute.Kind != AttributeKind.Undefined && kind != attribute.Kind && attribute.Stores(kind))
                _problems.Add(place, $"attribute '{attribute.Name}' is of kind {attribute.Kind} and holds a value of kind {kind}");
        }
        if (attribute.ReferenceName.Length > 0)
            Reference(attribute, place, body.FunctionAttributes);
        else if (attribute.Kind is AttributeKind.Tensor or AttributeKind.Graph or AttributeKind.SparseTensor or AttributeKind.Type
            && !attribute.Stores(attribute.Kind))
            _problems.Add(place, $"attribute '{attribute.Name}' has no value");
    }

    private void Reference(OnnxAttribute attribute, Place place, HashSet<string>? functionAttributes)
    {
        if (functionAttributes is null)
            _problems.Add(place, $"attribute '{attribute.Name}' refers to an attribute of a function, and is in none");
        else if (!functionAttributes.Contains(attribute.ReferenceName))
            _problems.Add(place, $"attribute '{attribute.Name}' refers to '{attribute.ReferenceName}', which the function lacks");
        if (attribute.Stores(attribute.Kind))
            _problems.Add(place, $"attribute '{attribute.Name}' both refers to another and has a value");
    }

    private void Value(OnnxAttribute attribute, Place place, Body body, Scope scope)
    {
        if (attribute.Tensor is not null)
            Tensor(attribute.Tensor, "attribute", attribute.Name, place);
        if (attribute.SparseTensor is not null)
            SparseTensor(attribute.SparseTensor, "attribute", attribute.Name, place);
        if (attribute.Graph is not null)
            Graph(attribute.Graph, Inner(), scope);
        if (attribute.Stores(AttributeKind.Tensors))
            foreach (var tensor in attribute.Tensors)
                Tensor(tensor, "attribute", attribute.Name, place);
        if (attribute.Stores(AttributeKind.SparseTensors))
            foreach (var sparse in attribute.SparseTensors)
                SparseTensor(sparse, "attribute", attribute.Name, place);
        if (attribute.Stores(AttributeKind.Graphs))
            foreach (var graph in attribute.Graphs)
                Graph(graph, Inner(), scope);

        Body Inner() => body with { Place = place.Part("attribute", attribute.Name), Depth = body.Depth + 1 };
    }

    private void Tensor(OnnxTensor tensor, string kind, string name, Place place)
    {
        ElementFeature(tensor.ElementType, place, kind, name);
        if (_tensors.Problem(tensor) is { } problem)
            _problems.Add(place.Part(kind, name), problem);
    }

    private void SparseTensor(OnnxSparseTensor sparse, string kind, string name, Place place)
    {
        Require(6, "sparse tensors", place.Part(kind, name));
        Tensor(sparse.Values, kind, name, place);
        Tensor(sparse.Indices, kind, name, place);
        if (sparse.Values.Dimensions.Length != 1)
            _problems.Add(place.Part(kind, name), $"its values have {sparse.Values.Dimensions.Length} dimensions, not 1");
        if (sparse.Dimensions.Length == 0)
            _problems.Add(place.Part(kind, name), "it has no dimensions");
        // Indices are positions in the whole tensor, or a row of coordinates each.
        long[] expected = sparse.Indices.Dimensions.Length == 2
            ? [.. sparse.Values.Dimensions, sparse.Dimensions.Length]
            : sparse.Values.Dimensions;
        if (sparse.Indices.ElementType != ElementType.Int64 || !sparse.Indices.Dimensions.AsSpan().SequenceEqual(expected))
            _problems.Add(place.Part(kind, name), "its indices are not an Int64 for each value, or a row of them");
    }

    private void TypeFeatures(OnnxType? type, Place place)
    {
        for (var depth = 1; type is not null; depth++)
        {
            if (depth > MaxDepth)
            {
                _problems.Add(place, $"types are nested deeper than {MaxDepth}");
                return;
            }
            if (type is OnnxType.Optional)
                Require(8, "optional types", place);
            else if (type is OnnxType.SparseTensor)
                Require(8, "sparse tensor types", place);
            else if (type is OnnxType.Tensor tensor)
                ElementFeature(tensor.ElementType, place);
            type = type switch
            {
                OnnxType.Sequence sequence => sequence.Element,
                OnnxType.Optional optional => optional.Element,
                OnnxType.Map map => map.Value,
                _ => null,
            };
        }
    }

    private void ElementFeature(ElementType type, Place place, string? partKind = null, string partName = "")
    {
        var needed = type switch
        {
            ElementType.BFloat16 => 4,
            ElementType.Float8E4M3FN or ElementType.Float8E4M3FNUZ or ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ => 9,
            ElementType.Int4 or ElementType.UInt4 => 10,
            ElementType.Float4E2M1 => 11,
            ElementType.Float8E8M0 => 12,
            ElementType.Int2 or ElementType.UInt2 => 13,
            _ => 0,
        };
        if (needed > _irVersion)
            Require(needed, $"elements of type {type}", partKind is null ? place : place.Part(partKind, partName));
    }

    /// <summary>Reports the first use of what the model's IR version lacks.</summary>
    private void Require(int irVersion, string feature, Place place)
    {
        if (_irVersion < irVersion && _newerFeatures.Add(feature))
            _problems.Add(place, $"{feature} need IR version {irVersion}, and the model states {_irVersion}");
    }
}
