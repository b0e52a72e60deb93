namespace Gpux.Benchmarks.Results;

/// <summary>A benchmark of one model on one machine in one configuration: what was run, how, and what was found.</summary>
public sealed record BenchmarkRun
{
    /// <summary>A UUID that the measuring machine chose, or what an import makes of the source: the same run has the same key wherever it goes.</summary>
    public required string Key { get; init; }

    public required BenchmarkedModel Model { get; init; }

    /// <summary>The tag of the model's version that was run; null when it belongs to none yet.</summary>
    public string? VersionTag { get; init; }

    public required HardwarePlatform Hardware { get; init; }
    public required Workload Workload { get; init; }
    public required Engine Engine { get; init; }
    public required Provenance Provenance { get; init; }

    /// <summary>Of what was imported or simulated: from where, by what.</summary>
    public string? ProvenanceSource { get; init; }

    /// <summary>The same for runs whose times may be compared: a digest of the machine's hardware, system and libraries.</summary>
    public required string MachineFingerprint { get; init; }

    /// <summary>What the machine was like (JSON object): processor, flags, clocks, load, versions. Null when unknown.</summary>
    public string? EnvironmentJson { get; init; }

    /// <summary>The benchmark, such as "gpux bench", "llama-bench" or "mlperf-inference".</summary>
    public required string Suite { get; init; }

    /// <summary>Results of another version of a benchmark are not compared.</summary>
    public required string BenchmarkVersion { get; init; }

    public long? Seed { get; init; }

    /// <summary>Separate processes that measured. They, not the repetitions inside one, are what is independent.</summary>
    public int LaunchCount { get; init; } = 1;

    public required RunVerdict Verdict { get; init; }

    /// <summary>Why the verdict is not <see cref="RunVerdict.Valid"/>, and warnings.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Of the file that the run was read from, 64 hexadecimal digits; null when it was measured here.</summary>
    public string? BundleSha256 { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Zero where it is not known.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>One of a metric at most.</summary>
    public required IReadOnlyList<MetricResult> Metrics { get; init; }

    /// <summary>The raw values; null where they are not known, or were not asked for.</summary>
    public RunSamples? Samples { get; init; }

    /// <summary>Whether a user's word means the run's hardware: its name, its kind or the execution provider, which without one is the vendor's ("cuda");
    /// letter case does not count.</summary>
    public bool IsOn(string hardware) => hardware.Equals(Hardware.Name, StringComparison.OrdinalIgnoreCase)
        || hardware.Equals(Names.Of(Hardware.Kind), StringComparison.OrdinalIgnoreCase)
        || hardware.Equals(Engine.ExecutionProvider, StringComparison.OrdinalIgnoreCase)
        || Engine.ExecutionProvider is null && GpuVendor.Runs(Hardware, hardware);

    /// <returns>Null when the run did not measure it.</returns>
    public MetricResult? this[Metric metric]
    {
        get
        {
            // There is one object of each metric. Imports ask for all of them, a million times.
            for (var i = 0; i < Metrics.Count; i++)
                if (ReferenceEquals(Metrics[i].Metric, metric))
                    return Metrics[i];
            return null;
        }
    }
}

/// <summary>A model that benchmarks are about.</summary>
/// <param name="Name">As people write it, such as "google-bert/bert-base-uncased"; unique.</param>
public sealed record BenchmarkedModel(string Name)
{
    /// <summary>Where the name is resolved, such as "hf"; null for a name that no registry knows.</summary>
    public string? Registry { get; init; }

    public string? Architecture { get; init; }

    /// <summary>What the model does, such as "text-classification".</summary>
    public string? Task { get; init; }

    public long? ParameterCount { get; init; }
    public long? SizeBytes { get; init; }

    /// <summary>A JSON object.</summary>
    public string? MetadataJson { get; init; }
}

/// <summary>Hardware that a model runs on: one processor or accelerator, or several equal ones.</summary>
/// <param name="Name">Unique, such as "NVIDIA L4" or "8x NVIDIA H100 SXM".</param>
public sealed record HardwarePlatform(string Name, HardwareKind Kind)
{
    public string? Vendor { get; init; }

    /// <summary>As the driver or the system names it.</summary>
    public string? Device { get; init; }

    public int DeviceCount { get; init; } = 1;

    /// <summary>Of all devices together.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Bandwidth of all devices' memory together.</summary>
    public double? MemoryBytesPerSecond { get; init; }

    /// <summary>Operations a second, a multiply-add counting as two, of all devices together, dense, by precision ("fp32", "fp16", "int8").</summary>
    public IReadOnlyList<ArithmeticPeak> Peaks { get; init; } = [];

    /// <summary>A JSON object.</summary>
    public string? MetadataJson { get; init; }

    /// <summary>Whether its bandwidth and peaks were measured, which is done together.</summary>
    internal bool IsMeasured => Peaks.Any(peak => peak.Source == ArithmeticPeak.Measured);
}

/// <param name="Source"><see cref="Measured"/>, or where the number was published.</param>
public sealed record ArithmeticPeak(string Precision, double OperationsPerSecond, string Source)
{
    public const string Measured = "measured";
}

public enum HardwareKind
{
    Cpu,
    Gpu,
    Npu,
    Tpu,
    Other,
}

/// <summary>What was asked of the model.</summary>
/// <param name="TaskType">Whether the model was used or trained.</param>
/// <param name="Scenario">"closed-loop" (the next request when one ends), "open-loop" (requests at a rate), or a suite's own, such as "server".</param>
public sealed record Workload(TaskType TaskType, string Scenario)
{
    /// <summary>Such as "fp32", "fp16", "int8" or "q4_k_m"; null when unknown.</summary>
    public string? Precision { get; init; }

    public int? BatchSize { get; init; }
    public int? InputTokens { get; init; }
    public int? OutputTokens { get; init; }
    public int? Concurrency { get; init; }

    /// <summary>Requests a second that were due; null in a closed loop.</summary>
    public double? OfferedRate { get; init; }
}

public enum TaskType
{
    Inference,
    Training,
}

/// <summary>What ran the model.</summary>
/// <param name="Backend">Such as "onnxruntime", "llama.cpp" or "vllm".</param>
public sealed record Engine(string? Backend)
{
    public string? Version { get; init; }

    /// <summary>Such as "cpu", "cuda" or "webgpu".</summary>
    public string? ExecutionProvider { get; init; }

    /// <summary>A JSON object.</summary>
    public string? OptionsJson { get; init; }

    public string? DriverVersion { get; init; }
    public int? Threads { get; init; }
}

/// <summary>How a result came here.</summary>
public enum Provenance
{
    Measured,
    Imported,
    Simulated,
}

/// <summary>Whether a result may be relied upon. Only valid ones make scores.</summary>
public enum RunVerdict
{
    Valid,

    /// <summary>The machine or the model did not come to rest.</summary>
    Unstable,

    /// <summary>Something was wrong, such as failing requests.</summary>
    Invalid,
}

/// <summary>The raw values of a run, in order.</summary>
/// <param name="Format">Of <paramref name="Content"/>.</param>
public sealed record RunSamples(string Format, byte[] Content);

/// <summary>A run as the database has it.</summary>
/// <param name="Id">What people write for it.</param>
public sealed record StoredRun(long Id, long ModelId, long HardwareId, BenchmarkRun Run);

/// <summary>Which runs are meant: those that agree with everything that is said.</summary>
public sealed record RunFilter
{
    /// <summary>A model's name.</summary>
    public string? Model { get; init; }

    /// <summary>See <see cref="BenchmarkRun.IsOn"/>.</summary>
    public string? Hardware { get; init; }

    /// <summary>A version's tag, or "@" and an alias, which means a version of each model that has it.</summary>
    public string? VersionTag { get; init; }

    public string? Precision { get; init; }
    public TaskType? TaskType { get; init; }
    public RunVerdict? Verdict { get; init; }

    /// <summary>Null: any.</summary>
    public IReadOnlyList<long>? Ids { get; init; }

    /// <summary>At most so many of them, those with the highest ids. Null: all.</summary>
    public int? Limit { get; init; }
}
