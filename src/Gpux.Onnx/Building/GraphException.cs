namespace Gpux.Onnx.Building;

/// <summary>An operator was given values that do not go together, such as a weight whose shape config.json contradicts.</summary>
public sealed class GraphException(string node, string problem) : GpuxException(
    ErrorCode.GraphMismatch,
    $"{problem} (while building {node})",
    "Check that config.json and the weights are of one revision, or pull the model again.")
{
    /// <summary>The node that could not be built, as a path of modules.</summary>
    public string Node { get; } = node;
}
