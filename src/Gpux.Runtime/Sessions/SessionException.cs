using System.Collections.Immutable;

namespace Gpux.Runtime.Sessions;

/// <summary>A model could not be opened or run.</summary>
public class SessionException(ErrorCode code, string problem, string remedy) : GpuxException(code, problem, remedy);

/// <summary>There is no file at the path of a model.</summary>
public sealed class ModelFileMissingException(string path) : SessionException(ErrorCode.SessionModelMissing,
    $"There is no model file at '{path}'.", "Check the path, or fetch the model again.")
{
    public string Path { get; } = path;
}

/// <summary>A file is no ONNX model, or a damaged one.</summary>
public sealed class InvalidModelException(string model, string problem, string remedy)
    : SessionException(ErrorCode.SessionModelInvalid, problem, remedy)
{
    public string Model { get; } = model;
}

/// <summary>A model uses a version of ONNX that this library does not know.</summary>
public sealed class ModelTooNewException(string model, string problem, string remedy)
    : SessionException(ErrorCode.SessionModelTooNew, problem, remedy)
{
    public string Model { get; } = model;
}

/// <summary>No execution provider of the session has an implementation of an operator for these types and versions.</summary>
public sealed class UnsupportedOperatorException(string @operator, string problem, string remedy)
    : SessionException(ErrorCode.SessionOperatorUnsupported, problem, remedy)
{
    /// <summary>The operator, with its version or domain where ONNX Runtime says it.</summary>
    public string Operator { get; } = @operator;
}

/// <summary>Weights outside of the model file are missing, out of bounds, or in a place where they may not be.</summary>
public sealed class ExternalDataException(string model, string file, string problem, string remedy)
    : SessionException(ErrorCode.SessionExternalData, problem, remedy)
{
    public string Model { get; } = model;

    /// <summary>The file of weights, as the model names it; ? if that cannot be found out.</summary>
    public string File { get; } = file;
}

/// <summary>An input is missing, unknown, or of another type or shape than the model takes.</summary>
public sealed class SessionInputException(string input, string problem, string remedy)
    : SessionException(ErrorCode.SessionInput, problem, remedy)
{
    public string Input { get; } = input;
}

/// <summary>An output is asked for that the model does not have, or given a tensor that it does not fit.</summary>
public sealed class SessionOutputException(string output, string problem, string remedy)
    : SessionException(ErrorCode.SessionOutput, problem, remedy)
{
    public string Output { get; } = output;
}

/// <summary>An input or output is of a kind that GPUX does not read or write, such as a map.</summary>
public sealed class UnsupportedValueException(string value, string problem, string remedy)
    : SessionException(ErrorCode.SessionValueUnsupported, problem, remedy)
{
    public string Value { get; } = value;
}

/// <summary>ONNX Runtime could not get the memory that it asked for.</summary>
public sealed class SessionMemoryException(string problem, string remedy)
    : SessionException(ErrorCode.SessionOutOfMemory, problem, remedy);

/// <summary>A node failed while the model ran.</summary>
public sealed class RunFailedException(string? node, string problem, string remedy)
    : SessionException(ErrorCode.SessionRunFailed, problem, remedy)
{
    /// <summary>The node that failed; null if ONNX Runtime names none.</summary>
    public string? Node { get; } = node;
}

/// <summary>An execution provider is not in this library, or cannot start on this machine.</summary>
public sealed class ProviderUnavailableException(string provider, string problem, string remedy)
    : SessionException(ErrorCode.ExecutionProviderUnavailable, problem, remedy)
{
    public string Provider { get; } = provider;
}

/// <summary>Computations ran on the CPU although <see cref="SessionOptions.RequireGpu"/> forbids it.</summary>
public sealed class GpuRequiredException(string problem, string remedy, ImmutableArray<NodeExecution> nodes)
    : SessionException(ErrorCode.GpuRequired, problem, remedy)
{
    /// <summary>The nodes that computed on the CPU; none if the session was refused before it ran.</summary>
    public ImmutableArray<NodeExecution> Nodes { get; } = nodes;
}

/// <summary>A setting of sessions has a value that ONNX Runtime does not take.</summary>
public sealed class SessionOptionException(string option, string problem, string remedy)
    : SessionException(ErrorCode.SessionOption, problem, remedy)
{
    public string Option { get; } = option;
}

/// <summary>The library is an ONNX Runtime from before the API that GPUX uses.</summary>
public sealed class OnnxRuntimeTooOldException(string path, string version) : SessionException(ErrorCode.OnnxRuntimeTooOld,
    $"The ONNX Runtime at '{path}' is version {version}; GPUX needs 1.{Interop.OrtApi.Version} or later.",
    "Set GPUX_ONNXRUNTIME to a newer build, or unset it to use the shipped one.")
{
    public string Path { get; } = path;
    public string Version { get; } = version;
}
