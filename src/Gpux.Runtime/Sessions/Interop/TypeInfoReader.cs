using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Reads ONNX Runtime's descriptions of types.</summary>
internal static unsafe class TypeInfoReader
{
    // Real models nest two deep; a hostile one should not exhaust the stack.
    private const int DeepestType = 8;

    /// <param name="type">An OrtTypeInfo, which the caller releases.</param>
    public static ValueInfo Read(string name, nint type) => Read(name, type, depth: 0);

    private static ValueInfo Read(string name, nint type, int depth)
    {
        int number;
        OrtStatus.Check(OrtApi.GetOnnxTypeFromTypeInfo(type, &number));
        var kind = (ValueKind)number;
        if (depth == DeepestType)
            return Other(name, kind, "...");
        switch (kind)
        {
            case ValueKind.Tensor or ValueKind.SparseTensor:
                return ReadTensor(name, kind, Cast(OrtApiIndex.CastTypeInfoToTensorInfo, type));
            case ValueKind.Sequence:
                var element = Inner(OrtApiIndex.GetSequenceElementType, Cast(OrtApiIndex.CastTypeInfoToSequenceTypeInfo, type), depth);
                return new ValueInfo(name, kind, element.ElementType, element.Dimensions) { Description = $"sequence({element.Description})" };
            case ValueKind.Optional:
                var content = Inner(OrtApiIndex.GetOptionalContainedTypeInfo, Cast(OrtApiIndex.CastTypeInfoToOptionalTypeInfo, type), depth);
                return new ValueInfo(name, kind, content.ElementType, content.Dimensions) { Description = $"optional({content.Description})" };
            case ValueKind.Map:
                var map = Cast(OrtApiIndex.CastTypeInfoToMapTypeInfo, type);
                int key;
                OrtStatus.Check(OrtApi.GetMapKeyType(map, &key));
                var value = Inner(OrtApiIndex.GetMapValueType, map, depth);
                return Other(name, kind, $"map({OrtElementTypes.Read(key)}, {value.Description})");
            default:
                return Other(name, kind, kind.ToString());
        }
    }

    private static ValueInfo Inner(OrtApiIndex function, nint outer, int depth)
    {
        var inner = Cast(function, outer);
        try
        {
            return Read("", inner, depth + 1);
        }
        finally
        {
            OrtApi.ReleaseTypeInfo(inner);
        }
    }

    private static ValueInfo Other(string name, ValueKind kind, string description) =>
        new(name, kind, ElementType.Undefined, null) { Description = description };

    private static ValueInfo ReadTensor(string name, ValueKind kind, nint tensor)
    {
        int elementType;
        OrtStatus.Check(OrtApi.GetTensorElementType(tensor, &elementType));
        var value = new ValueInfo(name, kind, OrtElementTypes.Read(elementType),
            OrtApi.TensorTypeAndShape_HasShape(tensor) != 0 ? ReadDimensions(tensor) : null);
        return kind == ValueKind.SparseTensor ? value with { Description = $"sparse {value.Description}" } : value;
    }

    private static ImmutableArray<Dimension> ReadDimensions(nint tensor)
    {
        nuint count;
        OrtStatus.Check(OrtApi.GetDimensionsCount(tensor, &count));
        var sizes = new long[(int)count];
        var names = new nint[(int)count];
        fixed (long* size = sizes)
        fixed (nint* name = names)
        {
            OrtStatus.Check(OrtApi.GetDimensions(tensor, size, count));
            OrtStatus.Check(OrtApi.GetSymbolicDimensions(tensor, (byte**)name, count));
        }
        var dimensions = new Dimension[sizes.Length];
        for (var i = 0; i < sizes.Length; i++)
            dimensions[i] = sizes[i] >= 0 ? new Dimension(sizes[i], null)
                : new Dimension(null, OrtText.Read((byte*)names[i]) is { Length: > 0 } symbol ? symbol : null);
        return ImmutableCollectionsMarshal.AsImmutableArray(dimensions);
    }

    private static nint Cast(OrtApiIndex function, nint type)
    {
        nint part;
        OrtStatus.Check(OrtApi.CastTypeInfo(function, type, &part));
        return part;
    }
}
