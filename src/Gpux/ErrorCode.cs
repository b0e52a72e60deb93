namespace Gpux;

/// <summary>Public error codes, printed as GPUX1001 and so on. A code never changes its meaning.</summary>
/// <remarks>1xxx finding and fetching models; 2xxx checkpoints and conversion; 25xx ONNX files; 30xx sessions; 31xx tokenizers;
/// 32xx images; 33xx pipelines and generation; 40xx the model library; 50xx the command line. Each has an entry in
/// docs/errors.md.</remarks>
public enum ErrorCode
{
    InvalidReference = 1001,
    ModelNotFound = 1002,
    MissingFile = 2001,
    InvalidConfig = 2002,
    MissingTensor = 2003,
    UnexpectedTensors = 2004,
    InvalidCheckpoint = 2005,
    UnsupportedModel = 2006,
    UnsupportedCheckpoint = 2007,
    InvalidRecording = 2008,
    WeightPlacement = 2009,
    InvalidOnnx = 2501,
    OnnxTooLarge = 2502,
    ExternalData = 2503,
    OnnxCheck = 2504,
    GraphMismatch = 2550,
    NativeLibrary = 3001,
}
