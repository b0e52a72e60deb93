namespace Gpux.Onnx;

/// <summary>An ONNX file in memory: a graph, the operator sets it uses, and what it says of itself.</summary>
/// <remarks>Source: onnx.proto of ONNX 1.22 (IR version 13). Each type here is a message there; fields keep their meaning and default.
/// Messages that are records here (types, operator sets, key-value pairs) lose the fields that this library does not know; the
/// classes keep them.</remarks>
public sealed class OnnxModel
{
    public long IrVersion { get; set; }
    public List<OperatorSet> OperatorSets { get; } = [];
    public string ProducerName { get; set; } = "";
    public string ProducerVersion { get; set; } = "";
    public string Domain { get; set; } = "";
    public long ModelVersion { get; set; }
    public string DocString { get; set; } = "";
    public OnnxGraph Graph { get; set; } = new();

    /// <summary>Free key-value pairs, in the file's order.</summary>
    public List<KeyValuePair<string, string>> Metadata { get; } = [];
    public List<OnnxFunction> Functions { get; } = [];

    /// <summary>Fields that this library does not know, as they were read (such as training information); written back unchanged.</summary>
    public ReadOnlyMemory<byte> UnknownFields { get; set; }

    /// <summary>Whether the file says domain: "" of the default operator set, as ONNX's Python library does and PyTorch's exporter
    /// does not. Kept so that a file that is read and written stays the same to the byte.</summary>
    internal bool SpellsDefaultDomain { get; set; }
}

/// <param name="Domain">"" is the default domain, ai.onnx.</param>
public sealed record OperatorSet(string Domain, long Version);

public sealed class OnnxGraph
{
    public string Name { get; set; } = "";
    public List<OnnxNode> Nodes { get; } = [];
    public List<OnnxTensor> Initializers { get; } = [];
    public List<OnnxSparseTensor> SparseInitializers { get; } = [];
    public List<OnnxValueInfo> Inputs { get; } = [];
    public List<OnnxValueInfo> Outputs { get; } = [];

    /// <summary>Types of values that are neither inputs nor outputs, where the file states them.</summary>
    public List<OnnxValueInfo> ValueInfos { get; } = [];
    public List<OnnxQuantizationAnnotation> QuantizationAnnotations { get; } = [];
    public string DocString { get; set; } = "";
    public List<KeyValuePair<string, string>> Metadata { get; } = [];
    public ReadOnlyMemory<byte> UnknownFields { get; set; }
}

/// <summary>Which tensors hold the quantization parameters of a tensor.</summary>
public sealed class OnnxQuantizationAnnotation
{
    public string TensorName { get; set; } = "";

    /// <summary>From a parameter's role, such as SCALE_TENSOR or ZERO_POINT_TENSOR, to the name of an initializer.</summary>
    public List<KeyValuePair<string, string>> ParameterTensors { get; } = [];
    public ReadOnlyMemory<byte> UnknownFields { get; set; }
}

public sealed class OnnxNode
{
    public string OpType { get; set; } = "";

    /// <summary>"" is the default domain, ai.onnx.</summary>
    public string Domain { get; set; } = "";
    public string Overload { get; set; } = "";
    public string Name { get; set; } = "";

    /// <summary>Names of values; "" stands for an optional input that is left out.</summary>
    public List<string> Inputs { get; } = [];

    /// <summary>Names of values; "" stands for an output that nobody wants.</summary>
    public List<string> Outputs { get; } = [];
    public List<OnnxAttribute> Attributes { get; } = [];
    public string DocString { get; set; } = "";
    public List<KeyValuePair<string, string>> Metadata { get; } = [];
    public ReadOnlyMemory<byte> UnknownFields { get; set; }
}

/// <summary>AttributeProto.AttributeType.</summary>
public enum AttributeKind
{
    Undefined = 0,
    Float = 1,
    Int = 2,
    String = 3,
    Tensor = 4,
    Graph = 5,
    Floats = 6,
    Ints = 7,
    Strings = 8,
    Tensors = 9,
    Graphs = 10,
    SparseTensor = 11,
    SparseTensors = 12,
    Type = 13,
    Types = 14,
}

/// <summary>A named constant of a node. Only the member that <see cref="Kind"/> names is meaningful.</summary>
/// <remarks>Members that were set are written, whatever their value; a list is written if it has elements.</remarks>
public sealed class OnnxAttribute
{
    private int _stored;

    public string Name { get; set; } = "";
    public AttributeKind Kind { get; set; }

    /// <summary>Inside a function: the name of the function's attribute that supplies the value; otherwise "".</summary>
    public string ReferenceName { get; set; } = "";
    public float Float { get; set => Store(ref field, value, AttributeKind.Float); }
    public long Int { get; set => Store(ref field, value, AttributeKind.Int); }

    /// <summary>Bytes, by convention UTF-8.</summary>
    public ReadOnlyMemory<byte> String
    {
        get;
        set
        {
            field = value;
            _stored |= 1 << (int)AttributeKind.String;
        }
    }

    public OnnxTensor? Tensor { get; set => Store(ref field, value, AttributeKind.Tensor); }
    public OnnxGraph? Graph { get; set => Store(ref field, value, AttributeKind.Graph); }
    public OnnxSparseTensor? SparseTensor { get; set => Store(ref field, value, AttributeKind.SparseTensor); }
    public OnnxType? Type { get; set => Store(ref field, value, AttributeKind.Type); }
    public float[] Floats { get => field ??= []; set => Store(ref field, value, AttributeKind.Floats); }
    public long[] Ints { get => field ??= []; set => Store(ref field, value, AttributeKind.Ints); }
    public List<ReadOnlyMemory<byte>> Strings => List(ref field, AttributeKind.Strings);
    public List<OnnxTensor> Tensors => List(ref field, AttributeKind.Tensors);
    public List<OnnxGraph> Graphs => List(ref field, AttributeKind.Graphs);
    public List<OnnxSparseTensor> SparseTensors => List(ref field, AttributeKind.SparseTensors);
    public List<OnnxType> Types => List(ref field, AttributeKind.Types);
    public string DocString { get; set; } = "";
    public ReadOnlyMemory<byte> UnknownFields { get; set; }

    /// <summary>Whether the member for <paramref name="kind"/> holds something: a scalar that was set, an object, or a list with elements.</summary>
    internal bool Stores(AttributeKind kind) => (_stored & 1 << (int)kind) != 0 && kind switch
    {
        AttributeKind.Tensor => Tensor is not null,
        AttributeKind.Graph => Graph is not null,
        AttributeKind.SparseTensor => SparseTensor is not null,
        AttributeKind.Type => Type is not null,
        AttributeKind.Floats => Floats.Length > 0,
        AttributeKind.Ints => Ints.Length > 0,
        AttributeKind.Strings => Strings.Count > 0,
        AttributeKind.Tensors => Tensors.Count > 0,
        AttributeKind.Graphs => Graphs.Count > 0,
        AttributeKind.SparseTensors => SparseTensors.Count > 0,
        AttributeKind.Types => Types.Count > 0,
        _ => true,
    };

    private void Store<T>(ref T? member, T value, AttributeKind kind)
    {
        member = value;
        _stored |= 1 << (int)kind;
    }

    // Most attributes hold one number: arrays and lists are made when they are first asked for.
    private List<T> List<T>(ref List<T>? list, AttributeKind kind)
    {
        _stored |= 1 << (int)kind;
        return list ??= [];
    }
}

/// <summary>A constant tensor, its elements in the file or in another one beside it.</summary>
public sealed class OnnxTensor
{
    public string Name { get; set; } = "";
    public ElementType ElementType { get; set; }
    public long[] Dimensions { get; set; } = [];

    /// <summary>All elements, little-endian, row by row, 2- and 4-bit elements packed from the lowest bits. Typed fields of the
    /// protobuf message (float_data and so on) are turned into this form when read. Empty for strings and external data.</summary>
    public ReadOnlyMemory<byte> Data { get; set; }

    /// <summary>The elements of a tensor of strings.</summary>
    public List<ReadOnlyMemory<byte>> Strings { get; } = [];

    /// <summary>Where the elements lie outside this file; null if they are in <see cref="Data"/>.</summary>
    public ExternalData? External { get; set; }
    public string DocString { get; set; } = "";
    public List<KeyValuePair<string, string>> Metadata { get; } = [];
    public ReadOnlyMemory<byte> UnknownFields { get; set; }
}

/// <summary>A region of a file that holds a tensor's elements.</summary>
/// <remarks>Not sealed: a conversion extends it for elements that are still to be brought into the order that ONNX wants.</remarks>
/// <param name="Location">A relative path, with '/' between folders.</param>
/// <param name="Offset">In bytes from the file's start.</param>
/// <param name="Length">In bytes; null means up to what type and shape need.</param>
public record ExternalData(string Location, long Offset, long? Length)
{
    /// <summary>Other keys, such as a checksum.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Other { get; init; } = [];
}

public sealed class OnnxSparseTensor
{
    public OnnxTensor Values { get; set; } = new();
    public OnnxTensor Indices { get; set; } = new();
    public long[] Dimensions { get; set; } = [];
    public ReadOnlyMemory<byte> UnknownFields { get; set; }
}

public sealed class OnnxValueInfo
{
    public string Name { get; set; } = "";
    public OnnxType? Type { get; set; }
    public string DocString { get; set; } = "";
    public List<KeyValuePair<string, string>> Metadata { get; } = [];
    public ReadOnlyMemory<byte> UnknownFields { get; set; }
}

/// <summary>The type of a value: exactly one of the derived records.</summary>
public abstract record OnnxType
{
    /// <summary>A semantic hint such as "IMAGE"; "" for none.</summary>
    public string Denotation { get; init; } = "";

    /// <param name="Dimensions">Null if even the rank is unknown.</param>
    public sealed record Tensor(ElementType ElementType, IReadOnlyList<OnnxDimension>? Dimensions) : OnnxType;

    public sealed record SparseTensor(ElementType ElementType, IReadOnlyList<OnnxDimension>? Dimensions) : OnnxType;

    public sealed record Sequence(OnnxType Element) : OnnxType;

    public sealed record Map(ElementType Key, OnnxType Value) : OnnxType;

    public sealed record Optional(OnnxType Element) : OnnxType;

    /// <summary>A type of another domain.</summary>
    public sealed record Opaque(string Domain, string Name) : OnnxType;
}

/// <summary>One extent: a number, a symbol that stands for the same number wherever it occurs, or unknown.</summary>
public sealed record OnnxDimension(long? Value, string? Symbol)
{
    /// <summary>A semantic hint such as "DATA_BATCH"; null for none.</summary>
    public string? Denotation { get; init; }

    public override string ToString() => Value?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? Symbol ?? "?";
}

/// <summary>An operator defined by other operators.</summary>
public sealed class OnnxFunction
{
    public string Name { get; set; } = "";
    public string Domain { get; set; } = "";
    public string Overload { get; set; } = "";
    public List<string> Inputs { get; } = [];
    public List<string> Outputs { get; } = [];

    /// <summary>Attributes that a caller must give.</summary>
    public List<string> AttributeNames { get; } = [];

    /// <summary>Attributes that a caller may leave out, with their defaults.</summary>
    public List<OnnxAttribute> Attributes { get; } = [];
    public List<OnnxNode> Nodes { get; } = [];
    public List<OperatorSet> OperatorSets { get; } = [];
    public List<OnnxValueInfo> ValueInfos { get; } = [];
    public string DocString { get; set; } = "";
    public List<KeyValuePair<string, string>> Metadata { get; } = [];
    public ReadOnlyMemory<byte> UnknownFields { get; set; }
}
