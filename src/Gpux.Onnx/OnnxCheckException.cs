namespace Gpux.Onnx;

/// <summary>A model breaks the rules of ONNX, so that no runtime would run it as meant.</summary>
public sealed class OnnxCheckException(string model, IReadOnlyList<OnnxProblem> problems) : GpuxException(
    ErrorCode.OnnxCheck,
    problem: $"{model} is not valid ONNX: {problems[0]}{(problems.Count > 1 ? $" (and {problems.Count - 1} more)" : "")}.",
    remedy: "If GPUX made this model, report it with the model's name. Otherwise export the model again with a newer exporter.")
{
    /// <summary>All that was found, in the order of the model; never empty.</summary>
    public IReadOnlyList<OnnxProblem> Problems { get; } = problems;
}
