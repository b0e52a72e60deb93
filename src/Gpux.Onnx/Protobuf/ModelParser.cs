using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Gpux.Onnx.Protobuf;

/// <summary>Builds the object tree of an ONNX file from its bytes, in one pass; large fields stay slices of them.</summary>
/// <remarks>Field numbers: onnx.proto of ONNX 1.22. Of a field that may occur once, the last occurrence counts.</remarks>
internal ref struct ModelParser
{
    // Graphs lie in attributes of nodes of graphs, and types in types. Real models nest them three or four deep.
    private const int MaxDepth = 100;
    private const int MaxNumbersInList = 1 << 28;
    private const int MaxName = 100; // in errors
    // What an object costs in memory for each byte of the file, at most: a model of the smallest sensible nodes needs a third.
    private const long MemoryPerByte = 64;
    private const long BaseMemory = 1 << 16;
    private const int LargeObject = 240, SmallObject = 64;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly bool _skipsElements;
    private readonly NameCache _names = new();
    private ProtobufReader _wire;
    private long _memoryLeft;
    private int _graphDepth;
    private int _typeDepth;
    private bool _spellsDefaultDomain;
    // The messages that are open, for errors: never unwound by an exception, so that it still tells where it happened.
    private Place[] _places = new Place[16];
    private int _placeCount;

    /// <param name="skipsElements">Leaves the elements of tensors that are written number by number unread; those in one piece are
    /// never read here.</param>
    public ModelParser(ReadOnlyMemory<byte> file, bool skipsElements = false)
    {
        _file = file;
        _skipsElements = skipsElements;
        _wire = new ProtobufReader(file.Span);
        _memoryLeft = BaseMemory + MemoryPerByte * file.Length;
    }

    /// <param name="Index">Of a repeated field; -1 of others.</param>
    private readonly record struct Place(string Field, int Index, object? Message);

    /// <summary>Where parsing stands: <c>graph.node[3] "add".attribute[0] "axis"</c>.</summary>
    public readonly string DescribePlace()
    {
        var text = new StringBuilder();
        foreach (var place in _places.AsSpan(0, _placeCount))
        {
            text.Append(text.Length > 0 ? "." : "").Append(place.Field);
            if (place.Index >= 0)
                text.Append(CultureInfo.InvariantCulture, $"[{place.Index}]");
            var name = place.Message switch
            {
                OnnxNode node => node.Name,
                OnnxAttribute attribute => attribute.Name,
                OnnxTensor tensor => tensor.Name,
                OnnxValueInfo value => value.Name,
                OnnxFunction function => function.Name,
                _ => "",
            };
            if (name.Length > 0)
                text.Append(CultureInfo.InvariantCulture, $" \"{ReadableText.Escape(ReadableText.Clip(name, MaxName))}\"");
        }
        return text.ToString();
    }

    public OnnxModel Model()
    {
        var model = new OnnxModel();
        var unknown = default(UnknownFields);
        var hasGraph = false;
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: model.IrVersion = _wire.Int64(); break;
                case 2: model.ProducerName = String(); break;
                case 3: model.ProducerVersion = String(); break;
                case 4: model.Domain = String(); break;
                case 5: model.ModelVersion = _wire.Int64(); break;
                case 6: model.DocString = String(); break;
                case 7: model.Graph = Graph("graph", -1); hasGraph = true; break;
                case 8: model.OperatorSets.Add(OperatorSet(model.OperatorSets.Count)); break;
                case 14: model.Metadata.Add(Entry("metadata_props", model.Metadata.Count)); break;
                case 25: model.Functions.Add(Function(model.Functions.Count)); break;
                default: Keep(ref unknown); break;
            }
        }
        if (!hasGraph)
            Fail("it has no graph");
        model.SpellsDefaultDomain = _spellsDefaultDomain;
        model.UnknownFields = unknown.Of(_file);
        return model;
    }

    private OperatorSet OperatorSet(int index)
    {
        var enclosing = Enter("opset_import", index, null, SmallObject);
        var domain = "";
        var version = 0L;
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1:
                    domain = String();
                    _spellsDefaultDomain |= domain.Length == 0;
                    break;
                case 2: version = _wire.Int64(); break;
                default: _wire.Skip(); break;
            }
        }
        Leave(enclosing);
        return new OperatorSet(domain, version);
    }

    private KeyValuePair<string, string> Entry(string field, int index)
    {
        var enclosing = Enter(field, index, null, SmallObject);
        string key = "", value = "";
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: key = String(); break;
                case 2: value = String(); break;
                default: _wire.Skip(); break;
            }
        }
        Leave(enclosing);
        return new(key, value);
    }

    private OnnxFunction Function(int index)
    {
        var function = new OnnxFunction();
        var enclosing = Enter("functions", index, function, LargeObject);
        var unknown = default(UnknownFields);
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: function.Name = String(); break;
                case 4: function.Inputs.Add(String()); break;
                case 5: function.Outputs.Add(String()); break;
                case 6: function.AttributeNames.Add(String()); break;
                case 7: function.Nodes.Add(Node(function.Nodes.Count)); break;
                case 8: function.DocString = String(); break;
                case 9: function.OperatorSets.Add(OperatorSet(function.OperatorSets.Count)); break;
                case 10: function.Domain = String(); break;
                case 11: function.Attributes.Add(Attribute("attribute_proto", function.Attributes.Count)); break;
                case 12: function.ValueInfos.Add(ValueInfo("value_info", function.ValueInfos.Count)); break;
                case 13: function.Overload = String(); break;
                case 14: function.Metadata.Add(Entry("metadata_props", function.Metadata.Count)); break;
                default: Keep(ref unknown); break;
            }
        }
        function.UnknownFields = unknown.Of(_file);
        Leave(enclosing);
        return function;
    }

    private OnnxGraph Graph(string field, int index)
    {
        if (++_graphDepth > MaxDepth)
            Fail($"graphs are nested deeper than {MaxDepth}");
        var graph = new OnnxGraph();
        var enclosing = Enter(field, index, graph, LargeObject);
        var unknown = default(UnknownFields);
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: graph.Nodes.Add(Node(graph.Nodes.Count)); break;
                case 2: graph.Name = String(); break;
                case 5: graph.Initializers.Add(Tensor("initializer", graph.Initializers.Count)); break;
                case 10: graph.DocString = String(); break;
                case 11: graph.Inputs.Add(ValueInfo("input", graph.Inputs.Count)); break;
                case 12: graph.Outputs.Add(ValueInfo("output", graph.Outputs.Count)); break;
                case 13: graph.ValueInfos.Add(ValueInfo("value_info", graph.ValueInfos.Count)); break;
                case 14: graph.QuantizationAnnotations.Add(QuantizationAnnotation(graph.QuantizationAnnotations.Count)); break;
                case 15: graph.SparseInitializers.Add(SparseTensor("sparse_initializer", graph.SparseInitializers.Count)); break;
                case 16: graph.Metadata.Add(Entry("metadata_props", graph.Metadata.Count)); break;
                default: Keep(ref unknown); break;
            }
        }
        graph.UnknownFields = unknown.Of(_file);
        Leave(enclosing);
        _graphDepth--;
        return graph;
    }

    private OnnxQuantizationAnnotation QuantizationAnnotation(int index)
    {
        var annotation = new OnnxQuantizationAnnotation();
        var enclosing = Enter("quantization_annotation", index, annotation, LargeObject);
        var unknown = default(UnknownFields);
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: annotation.TensorName = String(); break;
                case 2: annotation.ParameterTensors.Add(Entry("quant_parameter_tensor_names", annotation.ParameterTensors.Count)); break;
                default: Keep(ref unknown); break;
            }
        }
        annotation.UnknownFields = unknown.Of(_file);
        Leave(enclosing);
        return annotation;
    }

    private OnnxNode Node(int index)
    {
        var node = new OnnxNode();
        var enclosing = Enter("node", index, node, LargeObject);
        var unknown = default(UnknownFields);
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: node.Inputs.Add(String()); break;
                case 2: node.Outputs.Add(String()); break;
                case 3: node.Name = String(); break;
                case 4: node.OpType = String(); break;
                case 5: node.Attributes.Add(Attribute("attribute", node.Attributes.Count)); break;
                case 6: node.DocString = String(); break;
                case 7: node.Domain = String(); break;
                case 8: node.Overload = String(); break;
                case 9: node.Metadata.Add(Entry("metadata_props", node.Metadata.Count)); break;
                default: Keep(ref unknown); break;
            }
        }
        node.UnknownFields = unknown.Of(_file);
        Leave(enclosing);
        return node;
    }

    private OnnxAttribute Attribute(string field, int index)
    {
        var attribute = new OnnxAttribute();
        var enclosing = Enter(field, index, attribute, LargeObject);
        var unknown = default(UnknownFields);
        var floats = default(GrowingArray<float>);
        var ints = default(GrowingArray<long>);
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: attribute.Name = String(); break;
                case 2: attribute.Float = _wire.Float(); break;
                case 3: attribute.Int = _wire.Int64(); break;
                case 4: attribute.String = Bytes(); break;
                case 5: attribute.Tensor = Tensor("t", -1); break;
                case 6: attribute.Graph = Graph("g", -1); break;
                case 7: Floats(ref floats); break;
                case 8: Integers(ref ints); break;
                case 9: attribute.Strings.Add(Bytes()); break;
                case 10: attribute.Tensors.Add(Tensor("tensors", attribute.Tensors.Count)); break;
                case 11: attribute.Graphs.Add(Graph("graphs", attribute.Graphs.Count)); break;
                case 13: attribute.DocString = String(); break;
                case 14: attribute.Type = Type("tp", -1); break;
                case 15:
                    // A type that says nothing keeps its place in the list.
                    attribute.Types.Add(Type("type_protos", attribute.Types.Count) ?? new OnnxType.Tensor(ElementType.Undefined, null));
                    break;
                case 20: attribute.Kind = Kind(); break;
                case 21: attribute.ReferenceName = String(); break;
                case 22: attribute.SparseTensor = SparseTensor("sparse_tensor", -1); break;
                case 23: attribute.SparseTensors.Add(SparseTensor("sparse_tensors", attribute.SparseTensors.Count)); break;
                default: Keep(ref unknown); break;
            }
        }
        if (floats.Count > 0)
            attribute.Floats = floats.ToArray();
        if (ints.Count > 0)
            attribute.Ints = ints.ToArray();
        attribute.UnknownFields = unknown.Of(_file);
        Leave(enclosing);
        return attribute;
    }

    private AttributeKind Kind()
    {
        var value = _wire.Int64();
        if (value is < 0 or > (long)AttributeKind.Types)
            Fail($"{value} is not a kind of attribute");
        return (AttributeKind)value;
    }

    private OnnxValueInfo ValueInfo(string field, int index)
    {
        var value = new OnnxValueInfo();
        var enclosing = Enter(field, index, value, LargeObject);
        var unknown = default(UnknownFields);
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: value.Name = String(); break;
                case 2: value.Type = Type("type", -1); break;
                case 3: value.DocString = String(); break;
                case 4: value.Metadata.Add(Entry("metadata_props", value.Metadata.Count)); break;
                default: Keep(ref unknown); break;
            }
        }
        value.UnknownFields = unknown.Of(_file);
        Leave(enclosing);
        return value;
    }

    /// <returns>Null for a type that says nothing.</returns>
    private OnnxType? Type(string field, int index)
    {
        if (++_typeDepth > MaxDepth)
            Fail($"types are nested deeper than {MaxDepth}");
        var enclosing = Enter(field, index, null, SmallObject);
        OnnxType? type = null;
        var denotation = "";
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: type = TensorType("tensor_type", sparse: false); break;
                case 4: type = new OnnxType.Sequence(ElementOfType("sequence_type")); break;
                case 5: type = MapType(); break;
                case 6: denotation = String(); break;
                case 7: type = OpaqueType(); break;
                case 8: type = TensorType("sparse_tensor_type", sparse: true); break;
                case 9: type = new OnnxType.Optional(ElementOfType("optional_type")); break;
                default: _wire.Skip(); break;
            }
        }
        Leave(enclosing);
        _typeDepth--;
        return type is null || denotation.Length == 0 ? type : type with { Denotation = denotation };
    }

    private OnnxType TensorType(string field, bool sparse)
    {
        var enclosing = Enter(field, -1, null, SmallObject);
        var elementType = ElementType.Undefined;
        OnnxDimension[]? dimensions = null;
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: elementType = ReadElementType(); break;
                case 2: dimensions = ShapeOfType(); break;
                default: _wire.Skip(); break;
            }
        }
        Leave(enclosing);
        return sparse ? new OnnxType.SparseTensor(elementType, dimensions) : new OnnxType.Tensor(elementType, dimensions);
    }

    private OnnxDimension[] ShapeOfType()
    {
        var enclosing = Enter("shape", -1, null, SmallObject);
        var dimensions = default(GrowingArray<OnnxDimension>);
        while (_wire.Next())
        {
            if (_wire.Field == 1)
                dimensions.Add(Dimension(dimensions.Count));
            else
                _wire.Skip();
        }
        Leave(enclosing);
        return dimensions.ToArray();
    }

    private OnnxDimension Dimension(int index)
    {
        var enclosing = Enter("dim", index, null, SmallObject);
        var dimension = new OnnxDimension(null, null);
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: dimension = dimension with { Value = _wire.Int64(), Symbol = null }; break;
                case 2: dimension = dimension with { Value = null, Symbol = String() }; break;
                case 3: dimension = dimension with { Denotation = String() }; break;
                default: _wire.Skip(); break;
            }
        }
        Leave(enclosing);
        return dimension;
    }

    private OnnxType ElementOfType(string field)
    {
        var enclosing = Enter(field, -1, null, SmallObject);
        OnnxType? element = null;
        while (_wire.Next())
        {
            if (_wire.Field == 1)
                element = Type("elem_type", -1);
            else
                _wire.Skip();
        }
        if (element is null)
            Fail("its element type is missing");
        Leave(enclosing);
        return element;
    }

    private OnnxType.Map MapType()
    {
        var enclosing = Enter("map_type", -1, null, SmallObject);
        var key = ElementType.Undefined;
        OnnxType? value = null;
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: key = ReadElementType(); break;
                case 2: value = Type("value_type", -1); break;
                default: _wire.Skip(); break;
            }
        }
        if (value is null)
            Fail("its value type is missing");
        Leave(enclosing);
        return new OnnxType.Map(key, value);
    }

    private OnnxType.Opaque OpaqueType()
    {
        var enclosing = Enter("opaque_type", -1, null, SmallObject);
        string domain = "", name = "";
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: domain = String(); break;
                case 2: name = String(); break;
                default: _wire.Skip(); break;
            }
        }
        Leave(enclosing);
        return new OnnxType.Opaque(domain, name);
    }

    private OnnxSparseTensor SparseTensor(string field, int index)
    {
        var sparse = new OnnxSparseTensor();
        var enclosing = Enter(field, index, sparse, LargeObject);
        var unknown = default(UnknownFields);
        var dimensions = default(GrowingArray<long>);
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: sparse.Values = Tensor("values", -1); break;
                case 2: sparse.Indices = Tensor("indices", -1); break;
                case 3: Integers(ref dimensions); break;
                default: Keep(ref unknown); break;
            }
        }
        sparse.Dimensions = dimensions.ToArray();
        CheckDimensions(sparse.Dimensions);
        sparse.UnknownFields = unknown.Of(_file);
        Leave(enclosing);
        return sparse;
    }

    private OnnxTensor Tensor(string field, int index)
    {
        var tensor = new OnnxTensor();
        var enclosing = Enter(field, index, tensor, LargeObject);
        var start = _wire.Position;
        var unknown = default(UnknownFields);
        var dimensions = default(GrowingArray<long>);
        var elements = default(TypedElements);
        List<KeyValuePair<string, string>>? external = null;
        var isExternal = false;
        var hasStrings = false;
        while (_wire.Next())
        {
            switch (_wire.Field)
            {
                case 1: Integers(ref dimensions); break;
                case 2: tensor.ElementType = ReadElementType(); break;
                case 4 or 5 or 7 or 10 or 11 when _skipsElements: _wire.Skip(); break;
                case 4 or 5 or 7 or 10 or 11: elements.Count(ref _wire); break;
                case 6:
                    tensor.Strings.Add(Bytes());
                    hasStrings = true;
                    break;
                case 8: tensor.Name = String(); break;
                case 9: tensor.Data = Bytes(); break;
                case 12: tensor.DocString = String(); break;
                case 13:
                    external ??= [];
                    external.Add(Entry("external_data", external.Count));
                    break;
                case 14: isExternal = _wire.Int64() == 1; break;
                case 16: tensor.Metadata.Add(Entry("metadata_props", tensor.Metadata.Count)); break;
                default: Keep(ref unknown); break;
            }
        }
        tensor.Dimensions = dimensions.ToArray();
        CheckDimensions(tensor.Dimensions);
        if (isExternal)
            tensor.External = External(external);
        if ((isExternal ? 1 : 0) + (tensor.Data.IsEmpty ? 0 : 1) + (hasStrings ? 1 : 0) + (elements.IsEmpty ? 0 : 1) > 1)
            Fail("its elements are stored in two ways at once");
        if (hasStrings && tensor.ElementType != ElementType.String)
            Fail($"its elements of type {tensor.ElementType} lie in field 6, which is for strings");
        if (!elements.IsEmpty)
            tensor.Data = elements.Convert(ref _wire, start, tensor.ElementType, _file);
        tensor.UnknownFields = unknown.Of(_file);
        Leave(enclosing);
        return tensor;
    }

    private readonly void CheckDimensions(long[] dimensions)
    {
        if (TensorSize.Elements(dimensions) is null)
            Fail("an extent is negative, or its extents multiply to more than 2^63 - 1");
    }

    private readonly ExternalData External(List<KeyValuePair<string, string>>? entries)
    {
        var location = "";
        var offset = 0L;
        long? length = null;
        List<KeyValuePair<string, string>>? other = null;
        foreach (var entry in entries ?? [])
        {
            if (entry.Key == "location")
                location = entry.Value;
            else if (entry.Key == "offset")
                offset = ByteCount(entry);
            else if (entry.Key == "length")
                length = ByteCount(entry);
            else
                (other ??= []).Add(entry);
        }
        return other is null ? new ExternalData(location, offset, length) : new ExternalData(location, offset, length) { Other = other };
    }

    private readonly long ByteCount(KeyValuePair<string, string> entry)
    {
        if (!long.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            Fail($"the {entry.Key} of its external data is not a number of bytes");
        return count;
    }

    private ElementType ReadElementType()
    {
        var value = _wire.Int64();
        if (value is < 0 or > (long)ElementType.Int2)
            Fail($"{value} is not an element type that this version knows");
        return (ElementType)value;
    }

    private void Integers(ref GrowingArray<long> values)
    {
        if (_wire.WireType != WireType.Length)
        {
            CheckCount(values.Count);
            values.Add(_wire.Int64());
            return;
        }
        var enclosing = _wire.Enter();
        for (; !_wire.AtEnd; values.Add((long)_wire.Varint()))
            CheckCount(values.Count);
        _wire.Leave(enclosing);
    }

    private void Floats(ref GrowingArray<float> values)
    {
        if (_wire.WireType != WireType.Length)
        {
            CheckCount(values.Count);
            values.Add(_wire.Float());
            return;
        }
        var enclosing = _wire.Enter();
        for (; !_wire.AtEnd; values.Add(_wire.PackedFloat()))
            CheckCount(values.Count);
        _wire.Leave(enclosing);
    }

    private readonly void CheckCount(int count)
    {
        if (count == MaxNumbersInList)
            Fail($"a list holds more than {MaxNumbersInList} numbers");
    }

    private string String()
    {
        var utf8 = _wire.Bytes();
        if (!Utf8.IsValid(utf8))
            Fail($"field {_wire.Field} is not valid UTF-8");
        return _names.Get(utf8);
    }

    private ReadOnlyMemory<byte> Bytes()
    {
        var length = _wire.Bytes().Length;
        return _file.Slice(_wire.Position - length, length);
    }

    private void Keep(ref UnknownFields unknown)
    {
        var start = _wire.FieldStart;
        _wire.Skip();
        unknown.Add(_file.Span, start, _wire.Position);
    }

    /// <param name="memory">What the message costs as an object, in bytes: a file of empty messages must not fill the memory.</param>
    private int Enter(string field, int index, object? message, int memory)
    {
        _memoryLeft -= memory;
        if (_memoryLeft < 0)
            Fail("it lists more objects than a model of its size can hold");
        if (_placeCount == _places.Length)
            Array.Resize(ref _places, 2 * _placeCount);
        _places[_placeCount++] = new Place(field, index, message);
        return _wire.Enter();
    }

    private void Leave(int enclosing)
    {
        _wire.Leave(enclosing);
        _placeCount--;
    }

    [DoesNotReturn]
    private readonly void Fail(string problem) => throw new ProtobufException(problem, _wire.FieldStart);
}
