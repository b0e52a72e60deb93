using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers;

/// <summary>What a source says of a run. What it does not say stays null.</summary>
/// <param name="Tool">That measured, with its version: "llama-bench b5163".</param>
internal sealed record ImportedRun(string Tool, string Suite)
{
    public BenchmarkedModel? Model { get; init; }
    public string? VersionTag { get; init; }

    /// <summary>As the source names it.</summary>
    public string? Hardware { get; init; }

    public int DeviceCount { get; init; } = 1;
    public HardwareKind? HardwareKind { get; init; }
    public Workload Workload { get; init; } = new(TaskType.Inference, "unknown");
    public Engine Engine { get; init; } = new((string?)null);

    /// <summary>What else the source tells (JSON object).</summary>
    public string? EnvironmentJson { get; init; }

    public long? Seed { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public TimeSpan? Duration { get; init; }
    public RunVerdict Verdict { get; init; }
    public IReadOnlyList<string> Reasons { get; init; } = [];
    public IReadOnlyList<MetricResult> Metrics { get; init; } = [];

    /// <summary>What makes the run this one, besides its model and hardware, where two files tell of it more and less exactly. Null: all of the above.</summary>
    public IReadOnlyList<string?>? Identity { get; init; }

    /// <summary>Whether <see cref="Identity"/> alone does: it has an id that no other run has, whatever else a source says or leaves out.</summary>
    public bool HasOwnId { get; init; }
}

/// <summary>Makes runs of what the rows of one file say.</summary>
internal sealed class ImportContext(ImportOptions options, SourceFile file)
{
    /// <summary>Of keys that are made of what a run says.</summary>
    public const string KeyPrefix = "import-";

    // Below it a mean says little, so the number is told.
    private const int FewRepetitions = 30;
    private const int MaxPlatforms = 10_000;

    private readonly SortedSet<string> _notes = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, int, HardwareKind?), HardwarePlatform> _platforms = [];

    public ImportOptions Options { get; } = options;
    public SourceFile File { get; } = file;

    /// <summary>By target; see <see cref="ColumnMap"/>.</summary>
    public IReadOnlyDictionary<string, ColumnMap> Maps { get; } = ParseMaps(options.Maps);

    /// <summary>Of a table whose columns are mapped; its reader makes them with the first row.</summary>
    public MappedNames? SourceNames { get; set; }

    /// <summary>What people should know of the import, each once.</summary>
    public IReadOnlyCollection<string> Notes => _notes;

    public void Note(string text)
    {
        // A hostile file must not make a report of a million lines.
        if (_notes.Count < 100)
            _notes.Add(text);
    }

    /// <exception cref="RowRefusedException">It has no model or hardware, and no option says them.</exception>
    public BenchmarkRun Complete(ImportedRun imported)
    {
        var model = imported.Model ?? (Options.Model is { } name ? new BenchmarkedModel(name)
            : throw new RowRefusedException("model", "the file names no model: say --model"));
        var written = imported.Hardware ?? Options.Hardware ?? throw new RowRefusedException("hardware", "the file names no hardware: say --hardware");
        var hardware = Platform((written, imported.Hardware is null ? 1 : imported.DeviceCount, imported.HardwareKind));
        List<string?> identity = imported.Identity is not { } stated ? WholeIdentity(imported, model, hardware)
            : imported.HasOwnId ? [imported.Suite, .. stated] : [imported.Suite, model.Name, imported.VersionTag, hardware.Name, .. stated];
        return new BenchmarkRun
        {
            Key = KeyPrefix + Digest(identity),
            Model = model,
            VersionTag = imported.VersionTag,
            Hardware = hardware,
            Workload = imported.Workload,
            Engine = imported.Engine,
            Provenance = Provenance.Imported,
            ProvenanceSource = $"{System.IO.Path.GetFileName(File.Path)}: {imported.Tool}",
            MachineFingerprint = KeyPrefix + Digest([imported.Suite, hardware.Name, imported.Engine.Backend, imported.Engine.Version, imported.Engine.DriverVersion])[..32],
            EnvironmentJson = imported.EnvironmentJson,
            Suite = imported.Suite,
            BenchmarkVersion = "1",
            Seed = imported.Seed,
            Verdict = imported.Verdict,
            Reasons = [.. imported.Reasons, .. GeneralReasons(imported)],
            BundleSha256 = File.Sha256,
            StartedAt = imported.StartedAt ?? File.ModifiedAt,
            Duration = imported.Duration ?? TimeSpan.Zero,
            Metrics = imported.Metrics,
        };
    }

    private HardwarePlatform Platform((string Written, int Count, HardwareKind? Kind) asked)
    {
        if (_platforms.TryGetValue(asked, out var known))
            return known;
        var platform = HardwareNames.Known.Platform(asked.Written, asked.Count, asked.Kind);
        if (platform.Name != asked.Written && platform.DeviceCount == 1)
            Note($"hardware {SourceRow.Shown(asked.Written)} is kept as '{platform.Name}'");
        if (_platforms.Count < MaxPlatforms)
            _platforms.Add(asked, platform);
        return platform;
    }

    private static IEnumerable<string> GeneralReasons(ImportedRun imported)
    {
        if (imported.Metrics.Count > 0 && imported.Metrics.Max(result => result.SampleCount) is < FewRepetitions and var count)
            yield return count == 1 ? "one repetition, or how many is not said" : string.Create(CultureInfo.InvariantCulture, $"{count} repetitions");
        if (imported.Metrics.All(result => result.P50 is null && result.P90 is null && result.P99 is null))
            yield return "no percentiles";
        if (imported.StartedAt is null)
            yield return "the source does not say when it ran: the file's date";
        if (imported.Duration is null)
            yield return "the source does not say how long it ran";
    }

    private static List<string?> WholeIdentity(ImportedRun imported, BenchmarkedModel model, HardwarePlatform hardware)
    {
        var (workload, engine) = (imported.Workload, imported.Engine);
        List<string?> parts =
        [
            imported.Suite, model.Name, imported.VersionTag, hardware.Name, Names.Of(workload.TaskType), workload.Scenario, workload.Precision, Text(workload.BatchSize),
            Text(workload.InputTokens), Text(workload.OutputTokens), Text(workload.Concurrency), Text(workload.OfferedRate), engine.Backend, engine.Version,
            engine.ExecutionProvider, engine.OptionsJson, Text(engine.Threads), Text(imported.Seed), imported.StartedAt?.UtcTicks.ToString(CultureInfo.InvariantCulture),
            imported.Duration?.Ticks.ToString(CultureInfo.InvariantCulture), imported.EnvironmentJson,
        ];
        foreach (var result in imported.Metrics)
        {
            parts.AddRange([result.Metric.Name, Text(result.SampleCount), Text(result.Mean), Text(result.P50), Text(result.P90), Text(result.P95),
                Text(result.P99), Text(result.StandardDeviation)]);
        }
        return parts;
    }

    /// <summary>Of texts, so that no two lists have the same: each with its length.</summary>
    private static string Digest(List<string?> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
            text.Append(CultureInfo.InvariantCulture, $"{part?.Length ?? -1}:{part};");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static string? Text(double? number) => number?.ToString("R", CultureInfo.InvariantCulture);

    private static Dictionary<string, ColumnMap> ParseMaps(IReadOnlyList<string> texts)
    {
        var maps = new Dictionary<string, ColumnMap>(StringComparer.Ordinal);
        foreach (var map in texts.Select(ColumnMap.Parse))
            if (!maps.TryAdd(map.Target, map))
                throw new TransferOptionException($"--map names '{map.Target}' twice.", "Map one column to it.");
        return maps;
    }
}
