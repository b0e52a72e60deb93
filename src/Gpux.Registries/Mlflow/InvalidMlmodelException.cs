namespace Gpux.Registries.Mlflow;

/// <summary>An MLmodel file breaks its format.</summary>
public sealed class InvalidMlmodelException(ModelReference model, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidMlmodel,
    $"The MLmodel file of {model} cannot be read: {problem.TrimEnd('.')}.",
    "Log the model again with MLflow, or name the folder of its files directly, as runs:/run/path.",
    inner);
