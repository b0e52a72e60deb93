namespace Gpux.Benchmarks.Transfers;

/// <summary>How files are read.</summary>
public sealed record ImportOptions
{
    /// <summary>One of <see cref="ResultFormats.Names"/>; null finds it out file by file.</summary>
    public string? Format { get; init; }

    /// <summary>Reports what an import would do, and stores nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>A row that makes no sense refuses its whole file.</summary>
    public bool Strict { get; init; }

    /// <summary>"column=target:unit", such as "latency_ms=latency.e2e:ms".</summary>
    public IReadOnlyList<string> Maps { get; init; } = [];

    /// <summary>The model of runs whose file does not name it.</summary>
    public string? Model { get; init; }

    /// <summary>The hardware of runs whose file does not name it.</summary>
    public string? Hardware { get; init; }

    /// <summary>Of latencies whose file does not say it, such as "ms".</summary>
    public string? LatencyUnit { get; init; }

    /// <summary>Of memory whose file does not say it, such as "MB" (a million bytes) or "MiB".</summary>
    public string? MemoryUnit { get; init; }
}
