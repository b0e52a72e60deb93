using Gpux.Onnx.Checking;

namespace Gpux.Onnx;

/// <summary>Finds what is structurally wrong with a model: names, order, tensors' sizes, and operators' inputs, outputs and attributes.</summary>
/// <remarks>Operators are known up to <see cref="OperatorTable.NewestDefault"/> of ai.onnx. Those of newer operator sets and of
/// foreign domains are not judged, and neither are types and shapes of values: a session does that.</remarks>
public static class OnnxChecker
{
    /// <summary>After so many problems the check stops: whoever reads them has seen enough.</summary>
    public const int MaxProblems = 1000;

    /// <param name="folder">Where the model's external data lie; null to check only what the model says of them.</param>
    /// <returns>All problems in the order of the model, at most <see cref="MaxProblems"/>; empty if the model is well-formed.</returns>
    public static IReadOnlyList<OnnxProblem> Check(OnnxModel model, string? folder = null) => new ModelChecker(model, folder).Check();

    /// <param name="name">What the error calls the model, such as its path.</param>
    /// <exception cref="OnnxCheckException">The model has problems.</exception>
    public static void ThrowIfInvalid(OnnxModel model, string? folder = null, string name = "The model")
    {
        if (Check(model, folder) is { Count: > 0 } problems)
            throw new OnnxCheckException(name, problems);
    }
}
