using System.Text;

namespace Gpux.Onnx.Building;

/// <summary>Attributes of nodes.</summary>
public static class Attr
{
    public static OnnxAttribute Of(string name, long value) => new() { Name = name, Kind = AttributeKind.Int, Int = value };

    public static OnnxAttribute Of(string name, float value) => new() { Name = name, Kind = AttributeKind.Float, Float = value };

    public static OnnxAttribute Of(string name, long[] values) => new() { Name = name, Kind = AttributeKind.Ints, Ints = values };

    public static OnnxAttribute Of(string name, string value) =>
        new() { Name = name, Kind = AttributeKind.String, String = Encoding.UTF8.GetBytes(value) };
}
