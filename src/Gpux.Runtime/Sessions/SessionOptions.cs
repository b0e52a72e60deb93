using System.Collections.Immutable;
using System.Collections.ObjectModel;

namespace Gpux.Runtime.Sessions;

/// <summary>How ONNX Runtime loads and runs a model.</summary>
/// <remarks>Source of names and meanings: ONNX Runtime 1.30, onnxruntime_session_options_config_keys.h.</remarks>
public sealed record SessionOptions
{
    public static SessionOptions Default { get; } = new();

    /// <summary>Threads that share the work of one operator, the caller's included. Default: 0, one for each physical core that
    /// the process may use.</summary>
    public int IntraOpThreads { get; init; }

    /// <summary>Threads that run operators beside each other in <see cref="ExecutionMode.Parallel"/>. Default: 0, as many.</summary>
    public int InterOpThreads { get; init; }

    /// <summary>How long threads that wait for work spin before they sleep. Zero: not at all. Default: 20 microseconds.</summary>
    /// <remarks>Measured on two cores, model of 8 small products: without spinning 0.39 ms a run, with 20 microseconds 0.21 ms, and no
    /// less with more. ONNX Runtime's own default is a million pauses, many milliseconds: where two sessions take turns, the
    /// threads of each then keep the cores from the other (6.2 ms against 3.8), and where other programs compute, runs took twice
    /// as long.</remarks>
    public TimeSpan Spin { get; init; } = TimeSpan.FromMicroseconds(20);

    /// <summary>Default: all.</summary>
    public OptimizationLevel OptimizationLevel { get; init; } = OptimizationLevel.All;

    /// <summary>Default: sequential.</summary>
    public ExecutionMode ExecutionMode { get; init; } = ExecutionMode.Sequential;

    /// <summary>Whether to plan one block of memory for all intermediate tensors of a run, by the shapes of an earlier run.
    /// Default: yes.</summary>
    public bool MemoryPattern { get; init; } = true;

    /// <summary>Whether to keep CPU memory from run to run. Default: yes; no saves memory and costs time.</summary>
    public bool CpuArena { get; init; } = true;

    /// <summary>Whether to leave weights as they lie in the file, mapped and shared between processes, instead of repacking
    /// them in memory for speed. Never for models with MatMulNBits, which run a hundred times slower without. Default: no.</summary>
    public bool DisablePrepacking { get; init; }

    /// <summary>The folder that the locations of external weights are relative to. Null: the model's folder; for a model in
    /// memory the current one. Weights outside of this folder, by .., an absolute path or a link, are refused.</summary>
    public string? ExternalWeightsFolder { get; init; }

    /// <summary>Where to write the model as optimised at this level; above <see cref="OptimizationLevel.Extended"/> it is
    /// specific to this machine. Null: nowhere.</summary>
    public string? OptimizedModelPath { get; init; }

    /// <summary>The start of the path of a profile of all runs, to which the time and .json are added. Null: no profile.</summary>
    /// <seealso cref="InferenceSession.EndProfiling"/>
    public string? ProfilingPrefix { get; init; }

    /// <summary>Messages of this level and above are written to the standard error stream. Null: as the environment variable
    /// GPUX_ORT_LOG says; without it, only fatal ones.</summary>
    public LogLevel? LogLevel { get; init; }

    /// <summary>Graph optimizers to leave out, by ONNX Runtime's names, such as ConstantFolding. SkipLayerNormFusion is always left out of
    /// sessions on a CPU, which is slower with it.</summary>
    public ImmutableArray<string> DisabledOptimizers { get; init; } = [];

    /// <summary>Sizes for symbolic dimensions, by their names in the model, which lets ONNX Runtime plan ahead.
    /// Null: none.</summary>
    public IReadOnlyDictionary<string, long>? FreeDimensionOverrides { get; init; }

    /// <summary>Any further settings, such as session.set_denormal_as_zero. They win over the properties above.</summary>
    public IReadOnlyDictionary<string, string> ConfigEntries { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Execution providers, most preferred first. Nodes that none of them takes run on the CPU.</summary>
    public ImmutableArray<ExecutionProvider> ExecutionProviders { get; init; } = [];

    /// <summary>Whether a computation that falls back to the CPU is an error.</summary>
    /// <remarks>Runs are recorded until one succeeds, and fail with <see cref="GpuRequiredException"/> if nodes computed on the CPU,
    /// as <see cref="NodeExecution.IsCompute"/> decides. ONNX Runtime's own session.disable_cpu_ep_fallback is not used because it
    /// refuses shape computations too, which execution providers leave to the CPU on purpose.</remarks>
    public bool RequireGpu { get; init; }
}

/// <summary>Which graph optimizations ONNX Runtime applies when it loads a model; each level has those of the one before.</summary>
public enum OptimizationLevel
{
    Disabled = 0,

    /// <summary>Constant folding, removal of what has no effect.</summary>
    Basic = 1,

    /// <summary>Fusions for particular execution providers.</summary>
    Extended = 2,

    /// <summary>Data layouts for this machine.</summary>
    Layout = 3,
    All = 99,
}

/// <summary>Whether operators that do not depend on each other run one after the other or at once.</summary>
public enum ExecutionMode
{
    Sequential = 0,
    Parallel = 1,
}

/// <summary>The weight of ONNX Runtime's messages.</summary>
public enum LogLevel
{
    Verbose,
    Info,
    Warning,
    Error,
    Fatal,
}
