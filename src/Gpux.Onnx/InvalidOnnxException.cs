namespace Gpux.Onnx;

/// <summary>The bytes are not an ONNX model, or a damaged or hostile one.</summary>
public sealed class InvalidOnnxException : GpuxException
{
    internal InvalidOnnxException(string what, string place, long offset, string problem)
        : base(
            ErrorCode.InvalidOnnx,
            problem: $"{what} is not a valid ONNX model: {problem} (at byte {offset}{(place.Length > 0 ? $", {place}" : "")}).",
            remedy: "Fetch the file again, or export the model again: the file is damaged, or it is something else under the name .onnx.")
    {
        Offset = offset;
        Place = place;
    }

    /// <summary>Where reading failed, in bytes from the file's start.</summary>
    public long Offset { get; }

    /// <summary>The message that was being read, such as <c>graph.node[3] "add".attribute[0] "axis"</c>; "" at the top level.</summary>
    public string Place { get; }
}
