using System.Globalization;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>MLflow runs: folders of an mlruns file store, and replies of the REST call runs/search.</summary>
/// <remarks>
/// Source: mlflow/store/tracking/file_store.py and protos/service.proto, MLflow 2.22 to 3. A run is the row "metrics.NAME", "params.NAME",
/// "tags.NAME" and "info.NAME", as MLflow's search_runs names them. Of a metric with a history, the value at the last step counts, as in MLflow.
/// Metrics have any name and no unit: those with our names ("latency.e2e.p50") are in SI units, the others need --map metrics.latency_ms=latency.e2e:ms.
/// </remarks>
internal sealed class MlflowReader : IResultReader
{
    private const string History = "tags.mlflow.log-model.history";
    private const int MaxValueBytes = 1 << 20;
    private const long MaxMetricBytes = 64L << 20;

    public string Format => "mlflow";

    public bool Recognizes(SourceFile file) => file.Kind == SourceKind.RunFolder
        || file.Kind == SourceKind.Json && file.Columns.Contains("runs") && file.Head.Contains("\"info\"", StringComparison.Ordinal);

    /// <summary>Whether a folder is of a run: meta.yaml beside at least one of metrics, params and tags.</summary>
    public static bool IsRunFolder(string path) => new FileInfo(Path.Combine(path, "meta.yaml")) is { Exists: true, LinkTarget: null }
        && (Directory.Exists(Path.Combine(path, "metrics")) || Directory.Exists(Path.Combine(path, "params")) || Directory.Exists(Path.Combine(path, "tags")));

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        if (file.Kind == SourceKind.RunFolder)
            return [OfFolder(file)];
        if (file.Kind != SourceKind.Json)
            throw new UnknownResultFormatException(file.Path, "it is neither a run's folder nor a reply of runs/search.");
        return OfReply(file, refuse);
    }

    public BenchmarkRun Run(SourceRow row, ImportContext context)
    {
        // Maps come first; our own names are taken as they are.
        var mapped = new MappedRow(row, new MappedNames(context.Maps, column => ColumnMap.MetricOf(column, out _) is not { } metric ? $"params.{column}"
            : column.EndsWith(".mean", StringComparison.Ordinal) && !row.Has($"metrics.{column}") ? $"metrics.{metric.Name}" : $"metrics.{column}"));
        var status = row.Text("info.status");
        if (status is "RUNNING" or "1" or "SCHEDULED" or "2")
            throw new RowRefusedException("info.status", "the run has not ended");
        var isFinished = status is "FINISHED" or "3";
        var (model, version) = ModelOf(row, mapped, context);
        var imported = MappedReader.Imported(mapped, "MLflow") with
        {
            Model = model,
            VersionTag = mapped.Text("version_tag") ?? version,
            StartedAt = Instant(row, "info.start_time"),
            Duration = Instant(row, "info.end_time") - Instant(row, "info.start_time") is { } duration && duration >= TimeSpan.Zero ? duration : null,
            Verdict = isFinished ? RunVerdict.Valid : RunVerdict.Invalid,
            Reasons = isFinished ? [] : [$"MLflow says that the run ended as {status ?? "unknown"}"],
            EnvironmentJson = RunColumns.Json(json =>
            {
                json.WriteStartObject();
                json.WriteString("mlflow_run_id", row.RequiredText("info.run_id"));
                if ((row.Text("info.run_name") ?? row.Text("tags.mlflow.runName")) is { } name)
                    json.WriteString("mlflow_run_name", name);
                if (row.Text("registered.name") is { } registered)
                    json.WriteString("mlflow_registered_model", $"{registered}/{row.Text("registered.version")}");
                json.WriteEndObject();
            }),
        };
        if (imported.Metrics.Count == 0)
        {
            var names = row.Columns.Where(column => column.StartsWith("metrics.", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Take(10).ToList();
            throw new RowRefusedException(null, names.Count == 0 ? "it has no metrics"
                : $"none of its metrics has a name of ours; say which is what: --map {names[0]}=latency.e2e:ms (it has {string.Join(", ", names)})");
        }
        // A run may be imported once with each map.
        var means = imported.Metrics.Select(result => string.Create(CultureInfo.InvariantCulture, $"{result.Metric.Name}={result.Mean:R}"));
        return context.Complete(imported with { Identity = [row.RequiredText("info.run_id"), .. means], HasOwnId = true });
    }

    /// <summary>The model by a map, by the models that the run logged, or by the registered version that it made, of which only the folders tell.</summary>
    private static (BenchmarkedModel? Model, string? Version) ModelOf(SourceRow row, MappedRow mapped, ImportContext context)
    {
        if (context.Maps.ContainsKey("model") && mapped.Text("model") is { } name)
            return (new BenchmarkedModel(name), null);
        if (row.Text(History) is { } history && Logged(history) is { Name: { } logged } last)
            return (new BenchmarkedModel(logged) { Registry = "mlflow" }, last.Version);
        return row.Text("registered.name") is { } registered ? (new BenchmarkedModel(registered) { Registry = "mlflow" }, row.Text("registered.version")) : (null, null);
    }

    private static (string? Name, string? Version)? Logged(string history)
    {
        using var document = JsonReader.ParseValue(Encoding.UTF8.GetBytes(history), History);
        if (document.RootElement is not { ValueKind: JsonValueKind.Array } models || models.GetArrayLength() == 0)
            return null;
        var last = models[models.GetArrayLength() - 1];
        return (Text(last, "flavors", "transformers", "source_model_name") ?? Text(last, "artifact_path") ?? Text(last, "name"), Text(last, "model_uuid") ?? Text(last, "model_id"));
    }

    private static string? Text(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return null;
        return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
    }

    /// <summary>The latest version in the file store's registry (mlruns/models/NAME/version-N/meta.yaml) that came from the run.</summary>
    private static (string Name, string Version)? Registered(string runFolder, string runId)
    {
        // mlruns / experiment / run
        var models = new DirectoryInfo(Path.Combine(Path.GetFullPath(runFolder), "..", "..", "models"));
        if (!models.Exists || models.LinkTarget is not null)
            return null;
        (string Name, string Version)? found = null;
        var latest = -1L;
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var meta in models.EnumerateFiles("meta.yaml", options))
        {
            if (meta.Directory?.Name.StartsWith("version-", StringComparison.Ordinal) != true || meta.Length > MaxValueBytes)
                continue;
            var values = FlatYaml(File.ReadAllText(meta.FullName));
            if (values.GetValueOrDefault("run_id") == runId && values.GetValueOrDefault("name") is { Length: > 0 } name
                && values.GetValueOrDefault("version") is { } version
                && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > latest)
                (found, latest) = ((name, version), number);
        }
        return found;
    }

    private static NamedRow OfFolder(SourceFile file)
    {
        try
        {
            var row = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, value) in FlatYaml(ReadSmall(file, Path.Combine(file.Path, "meta.yaml"))))
                row[$"info.{name}"] = value;
            if (!row.ContainsKey("info.run_id") && row.TryGetValue("info.run_uuid", out var uuid))
                row["info.run_id"] = uuid;
            foreach (var part in (ReadOnlySpan<string>)["params", "tags"])
                foreach (var path in SourceFile.RunFiles(file.Path, part))
                    row[$"{part}.{NameOf(file, part, path)}"] = ReadSmall(file, path).TrimEnd('\n', '\r');
            foreach (var path in SourceFile.RunFiles(file.Path, "metrics"))
                if (LastValue(file, path) is { } value)
                    row[$"metrics.{NameOf(file, "metrics", path)}"] = value;
            if (row.TryGetValue("info.run_id", out var runId) && Registered(file.Path, runId) is { } registered)
                (row["registered.name"], row["registered.version"]) = registered;
            return new NamedRow(1, row);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UnreadableResultFileException(file.Path, exception.Message, "Import it when nobody writes it.", exception);
        }
    }

    private static string NameOf(SourceFile file, string part, string path) =>
        Path.GetRelativePath(Path.Combine(file.Path, part), path).Replace(Path.DirectorySeparatorChar, '/');

    private static string ReadSmall(SourceFile file, string path) => new FileInfo(path).Length <= MaxValueBytes
        ? File.ReadAllText(path) : throw new UnreadableResultFileException(file.Path, $"'{path}' is larger than {MaxValueBytes:N0} bytes.", "Remove it.");

    /// <summary>Of lines "timestamp value step": the value that MLflow shows, which is the greatest of (step, timestamp, value).</summary>
    private static string? LastValue(SourceFile file, string path)
    {
        if (new FileInfo(path).Length > MaxMetricBytes)
            throw new UnreadableResultFileException(file.Path, $"'{path}' is larger than {MaxMetricBytes:N0} bytes.", "Remove it.");
        (long Step, long Time, double Value)? last = null;
        string? text = null;
        foreach (var line in File.ReadLines(path))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 0)
                continue;
            var step = 0L;
            if (fields.Length < 2 || !long.TryParse(fields[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var time)
                || fields.Length > 2 && !long.TryParse(fields[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out step))
                throw new UnreadableResultFileException(file.Path, $"'{path}' has the line {SourceRow.Shown(line)}, which is no time, value and step.",
                    "Check the run's folder.");
            var value = double.TryParse(fields[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
            if (last is null || (step, time, value).CompareTo(last.Value) >= 0)
                (last, text) = ((step, time, value), fields[1]);
        }
        return text;
    }

    private static IEnumerable<SourceRow> OfReply(SourceFile file, Action<long, string?, string> refuse)
    {
        JsonDocument document;
        try
        {
            document = JsonReader.ParseValue(file.ReadBytes());
        }
        catch (RowRefusedException exception)
        {
            throw new UnreadableResultFileException(file.Path, exception.Message, "Check the file: it is damaged.", exception);
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("runs", out var runs) || runs.ValueKind != JsonValueKind.Array)
                throw new UnknownResultFormatException(file.Path, "it is no reply of runs/search.");
            var number = 0L;
            foreach (var run in runs.EnumerateArray())
            {
                number++;
                if (OfReply(run, number) is { } row)
                    yield return row;
                else
                    refuse(number, null, "it has no info and data");
            }
        }
    }

    private static NamedRow? OfReply(JsonElement run, long number)
    {
        if (run.ValueKind != JsonValueKind.Object || !run.TryGetProperty("info", out var info) || info.ValueKind != JsonValueKind.Object)
            return null;
        var row = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in info.EnumerateObject())
            row[$"info.{property.Name}"] = Shown(property.Value);
        if (run.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object)
            foreach (var part in (ReadOnlySpan<string>)["metrics", "params", "tags"])
                if (data.TryGetProperty(part, out var pairs) && pairs.ValueKind == JsonValueKind.Array)
                    foreach (var pair in pairs.EnumerateArray())
                        if (pair.ValueKind == JsonValueKind.Object && pair.TryGetProperty("key", out var key) && pair.TryGetProperty("value", out var value))
                            row[$"{part}.{Shown(key)}"] = Shown(value);
        return new NamedRow(number, row);
    }

    private static string Shown(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() ?? "" : element.GetRawText();

    private static DateTimeOffset? Instant(SourceRow row, string column) => row.Int64(column) switch
    {
        null => null,
        { } milliseconds and >= 0 and < 253_402_300_800_000 => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds),
        var other => throw new RowRefusedException(column, $"{other} is no time in milliseconds"),
    };

    /// <summary>Lines "name: value", which is all that MLflow writes of what is wanted here; blocks below a name are left out.</summary>
    private static Dictionary<string, string> FlatYaml(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || char.IsWhiteSpace(line[0]) || line[0] == '-')
                continue;
            var value = line[(colon + 1)..].Trim();
            if (value.Length >= 2 && value[0] == '\'' && value[^1] == '\'')
                value = value[1..^1].Replace("''", "'", StringComparison.Ordinal);
            else if (value.Length >= 2 && value[0] == '"' && value[^1] == '"')
                value = value[1..^1];
            values[line[..colon]] = value is "null" or "~" ? "" : value;
        }
        return values;
    }
}
