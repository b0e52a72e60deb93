namespace Gpux.Runtime.Sessions.Interop;

/// <summary>The one environment of the process.</summary>
/// <remarks>It has no threads: pools of the sessions' own, which spin for a short while only, were as fast when sessions take turns
/// (3.8 ms either way), and a profile of one session does not disturb the runs of others.</remarks>
internal static unsafe class OrtEnvironment
{
    /// <summary>Names the level of messages that ONNX Runtime writes to the standard error stream.</summary>
    public const string LogVariable = "GPUX_ORT_LOG";

    private static readonly Lock Gate = new();
    private static nint _environment;

    /// <summary>The OrtEnv. The first use creates it, which takes 15 to 20 ms: ONNX Runtime then builds its operator schemas.</summary>
    /// <remarks>It is never released: the system takes it back with the process, and objects that outlive it would crash.</remarks>
    public static nint Value
    {
        get
        {
            if (_environment == 0)
                lock (Gate)
                {
                    if (_environment == 0)
                        _environment = Create();
                }
            return _environment;
        }
    }

    private static nint Create()
    {
        nint environment;
        fixed (byte* logId = "gpux\0"u8)
        {
            var options = new OrtApi.EnvCreationOptions { Version = OrtApi.Version, LoggingSeverityLevel = (int)LogLevel, LogId = logId };
            OrtStatus.Check(OrtApi.CreateEnvWithOptions(&options, &environment));
        }
        OrtStatus.Check(OrtApi.DisableTelemetryEvents(environment));
        return environment;
    }

    private static LogLevel LogLevel => Environment.GetEnvironmentVariable(LogVariable) switch
    {
        null or "" => LogLevel.Fatal,
        var name => Enum.TryParse<LogLevel>(name, ignoreCase: true, out var level) && Enum.IsDefined(level)
            ? level
            : throw new SessionOptionException(LogVariable, $"The environment variable {LogVariable} is '{name}', which is no level of messages.",
                "Set it to verbose, info, warning, error or fatal, or unset it."),
    };
}
