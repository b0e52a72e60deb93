namespace Gpux.Onnx;

/// <summary>One thing that is wrong with a model.</summary>
/// <param name="Where">Such as <c>graph 'main', node '/encoder/MatMul' (MatMul)</c>.</param>
/// <param name="What">A clause without a full stop, such as <c>input 'x' is made by nothing</c>.</param>
public sealed record OnnxProblem(string Where, string What)
{
    public override string ToString() => $"{Where}: {What}";
}
