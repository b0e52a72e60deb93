namespace Gpux;

/// <summary>Public error codes, printed as GPUX1001 and so on. A code never changes its meaning.</summary>
/// <remarks>1xxx finding and fetching models; 2xxx checkpoints and conversion; 25xx ONNX files; 30xx sessions; 31xx tokenizers;
/// 32xx images; 33xx pipelines and generation; 40xx the model library; 50xx the command line. Each has an entry in
/// docs/errors.md.</remarks>
public enum ErrorCode
{
    InvalidReference = 1001,
    ModelNotFound = 1002,
    Offline = 1003,
    RegistryUnreachable = 1004,
    RevisionNotFound = 1005,
    FileNotInModel = 1006,
    GatedModel = 1007,
    AccessDenied = 1008,
    ModelDisabled = 1009,
    RateLimited = 1010,
    UnexpectedReply = 1011,
    DownloadInterrupted = 1012,
    ContentMismatch = 1013,
    DiskFull = 1014,
    NotWritable = 1015,
    UnsafePath = 1016,
    ModelInUse = 1017,
    UnknownRegistry = 1018,
    SamplesDamaged = 1019,
    LocalModelUnreadable = 1020,
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
