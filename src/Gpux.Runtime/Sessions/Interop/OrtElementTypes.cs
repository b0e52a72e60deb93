namespace Gpux.Runtime.Sessions.Interop;

/// <summary>ONNXTensorElementDataType, which numbers three types otherwise than ONNX itself does.</summary>
/// <remarks>ONNX: Float8E8M0 24, UInt2 25, Int2 26. ONNX Runtime 1.30: UInt2 24, Int2 25, Float8E8M0 26.</remarks>
internal static class OrtElementTypes
{
    private const int Last = 26;

    /// <returns><see cref="ElementType.Undefined"/> for types that this version of GPUX does not know.</returns>
    public static ElementType Read(int ort) => ort switch
    {
        24 => ElementType.UInt2,
        25 => ElementType.Int2,
        26 => ElementType.Float8E8M0,
        >= 0 and <= Last => (ElementType)ort,
        _ => ElementType.Undefined,
    };

    /// <returns>0, the undefined type, for types that ONNX Runtime does not know.</returns>
    public static int Write(ElementType type) => type switch
    {
        ElementType.UInt2 => 24,
        ElementType.Int2 => 25,
        ElementType.Float8E8M0 => 26,
        >= 0 and <= (ElementType)Last => (int)type,
        _ => 0,
    };
}
