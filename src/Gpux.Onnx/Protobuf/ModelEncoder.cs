using System.Globalization;

namespace Gpux.Onnx.Protobuf;

/// <summary>Says a model's fields to a <see cref="ProtobufWriter"/>, in ascending order of their numbers.</summary>
/// <remarks>As ONNX's own library writes them (proto2, so that numbers in lists are not packed): texts that are empty and numbers
/// that are zero are left out, except where their presence carries meaning.</remarks>
internal readonly struct ModelEncoder(ProtobufWriter wire, bool spellsDefaultDomain)
{
    public void Model(OnnxModel model)
    {
        wire.BeginRoot(model.UnknownFields);
        Number(1, model.IrVersion);
        Text(2, model.ProducerName);
        Text(3, model.ProducerVersion);
        Text(4, model.Domain);
        Number(5, model.ModelVersion);
        Text(6, model.DocString);
        Graph(7, model.Graph);
        OperatorSets(8, model.OperatorSets);
        Entries(14, model.Metadata);
        foreach (var function in model.Functions)
            Function(25, function);
        wire.EndRoot();
    }

    private void OperatorSets(int field, List<OperatorSet> sets)
    {
        foreach (var set in sets)
        {
            var message = wire.Begin(field);
            if (set.Domain.Length > 0 || spellsDefaultDomain)
                wire.String(1, set.Domain);
            Number(2, set.Version);
            wire.End(message);
        }
    }

    private void Function(int field, OnnxFunction function)
    {
        var message = wire.Begin(field, function.UnknownFields);
        Text(1, function.Name);
        Texts(4, function.Inputs);
        Texts(5, function.Outputs);
        Texts(6, function.AttributeNames);
        Nodes(7, function.Nodes);
        Text(8, function.DocString);
        OperatorSets(9, function.OperatorSets);
        Text(10, function.Domain);
        foreach (var attribute in function.Attributes)
            Attribute(11, attribute);
        ValueInfos(12, function.ValueInfos);
        Text(13, function.Overload);
        Entries(14, function.Metadata);
        wire.End(message);
    }

    private void Graph(int field, OnnxGraph graph)
    {
        var message = wire.Begin(field, graph.UnknownFields);
        Nodes(1, graph.Nodes);
        Text(2, graph.Name);
        foreach (var tensor in graph.Initializers)
            Tensor(5, tensor);
        Text(10, graph.DocString);
        ValueInfos(11, graph.Inputs);
        ValueInfos(12, graph.Outputs);
        ValueInfos(13, graph.ValueInfos);
        foreach (var annotation in graph.QuantizationAnnotations)
        {
            var inner = wire.Begin(14, annotation.UnknownFields);
            Text(1, annotation.TensorName);
            Entries(2, annotation.ParameterTensors);
            wire.End(inner);
        }
        foreach (var sparse in graph.SparseInitializers)
            SparseTensor(15, sparse);
        Entries(16, graph.Metadata);
        wire.End(message);
    }

    private void Nodes(int field, List<OnnxNode> nodes)
    {
        foreach (var node in nodes)
        {
            var message = wire.Begin(field, node.UnknownFields);
            Texts(1, node.Inputs);
            Texts(2, node.Outputs);
            Text(3, node.Name);
            Text(4, node.OpType);
            foreach (var attribute in node.Attributes)
                Attribute(5, attribute);
            Text(6, node.DocString);
            Text(7, node.Domain);
            Text(8, node.Overload);
            Entries(9, node.Metadata);
            wire.End(message);
        }
    }

    private void Attribute(int field, OnnxAttribute attribute)
    {
        var message = wire.Begin(field, attribute.UnknownFields);
        // A number that nobody set is still the value, unless a function's attribute supplies it.
        var valued = attribute.ReferenceName.Length == 0 ? attribute.Kind : AttributeKind.Undefined;
        Text(1, attribute.Name);
        if (attribute.Stores(AttributeKind.Float) || valued == AttributeKind.Float)
            wire.Float(2, attribute.Float);
        if (attribute.Stores(AttributeKind.Int) || valued == AttributeKind.Int)
            wire.Int(3, attribute.Int);
        if (attribute.Stores(AttributeKind.String) || valued == AttributeKind.String)
            wire.Bytes(4, attribute.String.Span);
        if (attribute.Tensor is not null)
            Tensor(5, attribute.Tensor);
        if (attribute.Graph is not null)
            Graph(6, attribute.Graph);
        if (attribute.Stores(AttributeKind.Floats))
            foreach (var value in attribute.Floats)
                wire.Float(7, value);
        if (attribute.Stores(AttributeKind.Ints))
            Numbers(8, attribute.Ints);
        if (attribute.Stores(AttributeKind.Strings))
            ByteStrings(9, attribute.Strings);
        if (attribute.Stores(AttributeKind.Tensors))
            foreach (var tensor in attribute.Tensors)
                Tensor(10, tensor);
        if (attribute.Stores(AttributeKind.Graphs))
            foreach (var graph in attribute.Graphs)
                Graph(11, graph);
        Text(13, attribute.DocString);
        if (attribute.Type is not null)
            Type(14, attribute.Type);
        if (attribute.Stores(AttributeKind.Types))
            foreach (var type in attribute.Types)
                Type(15, type);
        Number(20, (long)attribute.Kind);
        Text(21, attribute.ReferenceName);
        if (attribute.SparseTensor is not null)
            SparseTensor(22, attribute.SparseTensor);
        if (attribute.Stores(AttributeKind.SparseTensors))
            foreach (var sparse in attribute.SparseTensors)
                SparseTensor(23, sparse);
        wire.End(message);
    }

    private void ValueInfos(int field, List<OnnxValueInfo> values)
    {
        foreach (var value in values)
        {
            var message = wire.Begin(field, value.UnknownFields);
            Text(1, value.Name);
            if (value.Type is not null)
                Type(2, value.Type);
            Text(3, value.DocString);
            Entries(4, value.Metadata);
            wire.End(message);
        }
    }

    private void Type(int field, OnnxType type)
    {
        var message = wire.Begin(field);
        // The denotation's number lies among those of the types.
        if (type is OnnxType.Tensor tensor)
            TensorType(1, tensor.ElementType, tensor.Dimensions);
        else if (type is OnnxType.Sequence sequence)
            ElementOfType(4, sequence.Element);
        else if (type is OnnxType.Map map)
            MapType(5, map);
        Text(6, type.Denotation);
        if (type is OnnxType.Opaque opaque)
            OpaqueType(7, opaque);
        else if (type is OnnxType.SparseTensor sparse)
            TensorType(8, sparse.ElementType, sparse.Dimensions);
        else if (type is OnnxType.Optional optional)
            ElementOfType(9, optional.Element);
        wire.End(message);
    }

    private void TensorType(int field, ElementType elementType, IReadOnlyList<OnnxDimension>? dimensions)
    {
        var message = wire.Begin(field);
        Number(1, (long)elementType);
        if (dimensions is not null)
        {
            var shape = wire.Begin(2);
            // Nearly always an array, whose elements need no interface.
            foreach (var dimension in dimensions as OnnxDimension[] ?? [.. dimensions])
                Dimension(1, dimension);
            wire.End(shape);
        }
        wire.End(message);
    }

    private void Dimension(int field, OnnxDimension dimension)
    {
        var message = wire.Begin(field);
        if (dimension.Value is { } value)
            wire.Int(1, value);
        else if (dimension.Symbol is not null)
            wire.String(2, dimension.Symbol);
        Text(3, dimension.Denotation ?? "");
        wire.End(message);
    }

    private void ElementOfType(int field, OnnxType element)
    {
        var message = wire.Begin(field);
        Type(1, element);
        wire.End(message);
    }

    private void MapType(int field, OnnxType.Map map)
    {
        var message = wire.Begin(field);
        Number(1, (long)map.Key);
        Type(2, map.Value);
        wire.End(message);
    }

    private void OpaqueType(int field, OnnxType.Opaque opaque)
    {
        var message = wire.Begin(field);
        Text(1, opaque.Domain);
        Text(2, opaque.Name);
        wire.End(message);
    }

    private void SparseTensor(int field, OnnxSparseTensor sparse)
    {
        var message = wire.Begin(field, sparse.UnknownFields);
        Tensor(1, sparse.Values);
        Tensor(2, sparse.Indices);
        Numbers(3, sparse.Dimensions);
        wire.End(message);
    }

    private void Tensor(int field, OnnxTensor tensor)
    {
        var message = wire.Begin(field, tensor.UnknownFields);
        Numbers(1, tensor.Dimensions);
        Number(2, (long)tensor.ElementType);
        if (tensor.ElementType == ElementType.String)
            ByteStrings(6, tensor.Strings);
        Text(8, tensor.Name);
        // Empty data are written too: they are the elements of a tensor that has none.
        if (tensor.External is null && tensor.ElementType != ElementType.String)
            wire.Bytes(9, tensor.Data.Span);
        Text(12, tensor.DocString);
        if (tensor.External is not null)
            External(tensor.External);
        Entries(16, tensor.Metadata);
        wire.End(message);
    }

    private void External(ExternalData external)
    {
        Entry(13, "location", external.Location);
        if (external.Offset != 0 || external.Length is not null)
            Entry(13, "offset", external.Offset.ToString(CultureInfo.InvariantCulture));
        if (external.Length is { } length)
            Entry(13, "length", length.ToString(CultureInfo.InvariantCulture));
        Entries(13, external.Other);
        wire.Int(14, 1);
    }

    private void Entries(int field, IReadOnlyList<KeyValuePair<string, string>> entries)
    {
        for (var i = 0; i < entries.Count; i++)
            Entry(field, entries[i].Key, entries[i].Value);
    }

    private void Entry(int field, string key, string value)
    {
        var message = wire.Begin(field);
        wire.String(1, key);
        wire.String(2, value);
        wire.End(message);
    }

    private void Number(int field, long value)
    {
        if (value != 0)
            wire.Int(field, value);
    }

    private void Numbers(int field, long[] values)
    {
        foreach (var value in values)
            wire.Int(field, value);
    }

    private void Text(int field, string value)
    {
        if (value.Length > 0)
            wire.String(field, value);
    }

    private void Texts(int field, List<string> values)
    {
        foreach (var value in values)
            wire.String(field, value);
    }

    private void ByteStrings(int field, List<ReadOnlyMemory<byte>> values)
    {
        foreach (var value in values)
            wire.Bytes(field, value.Span);
    }
}
