using System.Collections.ObjectModel;

namespace Gpux.Runtime.Sessions;

/// <summary>Settings of single runs.</summary>
public sealed record RunOptions
{
    /// <summary>A name for the run in ONNX Runtime's messages.</summary>
    public string? Tag { get; init; }

    /// <summary>The least level of the run's messages to write. Null: as the session's.</summary>
    public LogLevel? LogLevel { get; init; }

    /// <summary>Any settings of onnxruntime_run_options_config_keys.h, such as memory.enable_memory_arena_shrinkage = cpu:0.</summary>
    public IReadOnlyDictionary<string, string> ConfigEntries { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
