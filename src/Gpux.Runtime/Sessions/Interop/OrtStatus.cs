namespace Gpux.Runtime.Sessions.Interop;

/// <summary>OrtErrorCode.</summary>
internal enum OrtErrorCode
{
    Ok,
    Fail,
    InvalidArgument,
    NoSuchFile,
    NoModel,
    EngineError,
    RuntimeException,
    InvalidProtobuf,
    ModelLoaded,
    NotImplemented,
    InvalidGraph,
    EpFail,
    ModelLoadCanceled,
    ModelRequiresCompilation,
    NotFound,
    DeviceReset,
}

/// <summary>What a function of ONNX Runtime says when it fails.</summary>
internal readonly record struct OrtError(OrtErrorCode Code, string Message);

/// <summary>Reads the statuses that ONNX Runtime's functions return.</summary>
internal static unsafe class OrtStatus
{
    /// <summary>For calls that fail only if ONNX Runtime itself does.</summary>
    public static void Check(nint status)
    {
        if (status != 0)
            throw SessionErrors.Unexpected(Take(status));
    }

    /// <summary>Reads and releases the status of a call that failed.</summary>
    public static OrtError Take(nint status)
    {
        var error = new OrtError((OrtErrorCode)OrtApi.GetErrorCode(status), OrtText.Read(OrtApi.GetErrorMessage(status)));
        OrtApi.ReleaseStatus(status);
        return error;
    }
}
