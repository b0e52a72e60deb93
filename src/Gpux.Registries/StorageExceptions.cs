namespace Gpux.Registries;

/// <summary>A registry has no address of its own, and none was set.</summary>
public sealed class RegistryNotConfiguredException(string problem, string remedy)
    : GpuxException(ErrorCode.RegistryNotConfigured, problem, remedy);

/// <summary>The files lie where GPUX cannot read them.</summary>
public sealed class UnsupportedStorageException(string what, string reason) : GpuxException(
    ErrorCode.UnsupportedStorage,
    $"GPUX cannot read {Printable.Text(what)}: {reason}.",
    "If an MLflow server keeps them, let it serve them (mlflow server --serve-artifacts); else copy the model's folder here and name it as ./folder.");

/// <summary>The model's files are not complete yet, or never will be.</summary>
public sealed class ModelNotReadyException(ModelReference model, string state) : GpuxException(
    ErrorCode.ModelNotReady,
    $"{model} is not ready: its state is {Printable.Text(state)}.",
    "Wait until its registration is complete, or choose another version.");
