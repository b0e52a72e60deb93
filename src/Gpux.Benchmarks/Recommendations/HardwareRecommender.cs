using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Versions;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Says which hardware suits a model and a task: measured before predicted, each number with its interval and its origin.</summary>
/// <remarks>
/// <para>An instance answers the same question at once as long as the database has the same runs; it serves one thread at a time.</para>
/// <example>
/// <code>
/// using var store = BenchmarkStore.OpenToRead("benchmarks.duckdb", lockWait: TimeSpan.FromSeconds(10), cancellationToken);
/// var recommender = new HardwareRecommender(store.Connection);
/// foreach (var row in recommender.RecommendHardware("bert-base-uncased", TaskType.Inference, latencySensitive: true))
///     Console.WriteLine($"{row.Rank}. {row.Hardware.Name}: {row.Latency?.Typical} s, {row.Origin}");
/// </code>
/// </example>
/// </remarks>
/// <param name="connection">The benchmark database; null for none: then only published peaks speak.</param>
public sealed class HardwareRecommender(ISqlConnection? connection, TimeProvider? clock = null)
{
    private const long SampledRuns = 5_000;
    private const int RememberedAnswers = 256;

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Dictionary<RecommendationRequest, HardwareAdvice> _answers = [];
    private DatabaseStamp _stamp;

    /// <summary>Recommends hardware for a model, by what the database knows of it.</summary>
    /// <param name="modelName">As the database has it; of "org/name" also the name alone, where only one model has it.</param>
    /// <param name="batchSize">Inputs of a request, or sequences of a training step, at least 1; null: 1, and for training as most of the model's results
    /// have it, else 512.</param>
    /// <param name="latencySensitive">Whether latency counts twice.</param>
    /// <param name="memoryConstrained">Whether memory counts twice.</param>
    /// <param name="topK">How many at most, at least 1.</param>
    /// <returns>The best first; empty when nothing can do it. For training: what it was measured on, then GPUs, as many as hold it, with their plan.</returns>
    /// <exception cref="UnknownBenchmarkModelException">The database has no such model.</exception>
    /// <exception cref="NothingKnownException">Neither was anything measured, nor does anything tell the model's size.</exception>
    public IReadOnlyList<HardwareRecommendation> RecommendHardware(string modelName, TaskType taskType = TaskType.Inference, int? batchSize = null,
        bool latencySensitive = false, bool memoryConstrained = false, int topK = 5, CancellationToken cancellationToken = default)
    {
        if (ModelId(modelName, cancellationToken) is not { } id)
            throw Unknown(modelName, cancellationToken);
        return Recommend(new RecommendationRequest(ModelFacts.Of(Model(id, cancellationToken)))
        {
            Task = taskType, BatchSize = batchSize, IsLatencySensitive = latencySensitive, IsMemoryConstrained = memoryConstrained, TopK = topK,
        }, id, cancellationToken).Ranked;
    }

    /// <summary>As <see cref="RecommendHardware"/>, with all that can be asked and said.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number of the request is out of its range.</exception>
    /// <exception cref="NothingKnownException">Neither was anything measured, nor does anything tell the model's size.</exception>
    public HardwareAdvice Recommend(RecommendationRequest request, CancellationToken cancellationToken) =>
        Recommend(request, ModelId(request.Model.Name, cancellationToken), cancellationToken);

    private HardwareAdvice Recommend(RecommendationRequest request, long? modelId, CancellationToken cancellationToken)
    {
        request.Check();
        var stamp = connection is null ? default : BenchmarkCells.Stamp(connection, cancellationToken);
        if (stamp != _stamp || _answers.Count >= RememberedAnswers)
            _answers.Clear();
        _stamp = stamp;
        if (_answers.TryGetValue(request, out var known))
            return known;
        var cells = connection is null ? BenchmarkCells.Empty : BenchmarkCells.Read(connection, request.Task, modelId, stamp.Runs, SampledRuns, cancellationToken);
        var today = DateOnly.FromDateTime(_clock.GetUtcNow().UtcDateTime);
        var advice = new AdviceComposer(request, cells, modelId, today).Compose();
        _answers.Add(request, advice);
        return advice;
    }

    /// <summary>Stores, for every model that was measured in a task, how useful each platform is that it was measured on, with inputs in
    /// batches as most of its runs have them: the table task_recommendations. All of it or nothing.</summary>
    /// <returns>How many models and rows were written.</returns>
    /// <exception cref="InvalidOperationException">There is no database.</exception>
    public (int Models, int Rows) UpdateTaskRecommendations(TaskType taskType, CancellationToken cancellationToken = default)
    {
        if (connection is null)
            throw new InvalidOperationException("Recommendations are stored in a database, and there is none.");
        var cells = BenchmarkCells.Read(connection, taskType, modelId: null, BenchmarkCells.Stamp(connection, cancellationToken).Runs, long.MaxValue, cancellationToken);
        var (task, now) = (taskType == TaskType.Training ? "training" : "inference", _clock.GetUtcNow());
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var (models, rows) = (0, 0);
        using var transaction = connection.BeginTransaction();
        foreach (var modelId in cells.Cells.Select(cell => cell.ModelId).Distinct())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var request = new RecommendationRequest(ModelFacts.Of(cells.Models[modelId])) { Task = taskType, TopK = int.MaxValue };
            var advice = new AdviceComposer(request, cells, modelId, today, measuredOnly: true).Compose();
            var measured = advice.Ranked.Where(row => row is { HardwareId: not null, Runs: > 0 } && row.Method == advice.Method && row.VersionTag == advice.VersionTag).ToArray();
            models++;
            foreach (var row in measured)
            {
                connection.Execute(
                    """
                    INSERT INTO task_recommendations (task_type, model_id, hardware_id, suitability_score, last_updated) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (task_type, model_id, hardware_id) DO UPDATE SET suitability_score = excluded.suitability_score, last_updated = excluded.last_updated
                    """, [task, modelId, row.HardwareId!.Value, row.Utility / measured.Max(each => each.Utility), now], cancellationToken); // filtered
                rows++;
            }
        }
        // Those of before, also where the clock was set back since.
        connection.Execute("DELETE FROM task_recommendations WHERE task_type = $1 AND last_updated <> $2", [task, now], cancellationToken);
        transaction.Commit();
        return (models, rows);
    }

    /// <summary>The platforms of a model by their stored scores of version 1, the best compatibility first.</summary>
    /// <exception cref="UnknownBenchmarkModelException">The database has no such model.</exception>
    /// <exception cref="ScoresMissingException">None were stored.</exception>
    public IReadOnlyList<StoredScore> StoredScores(string modelName, int topK, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(topK, 1);
        var id = ModelId(modelName, cancellationToken) ?? throw Unknown(modelName, cancellationToken);
        var scores = new List<StoredScore>();
        using var rows = connection!.Query( // it has the model
            """
            SELECT h.name, c.compatibility_score, coalesce(c.suitability_score, c.compatibility_score), c.recommended_batch_size, c.recommended_precision, c.memory_requirement
            FROM hardware_model_compatibility c JOIN hardware_platforms h ON h.id = c.hardware_id
            WHERE c.model_id = $1 AND c.compatibility_score IS NOT NULL
            ORDER BY c.compatibility_score DESC, coalesce(c.suitability_score, c.compatibility_score) DESC, h.name LIMIT $2
            """, [id, (long)topK], cancellationToken);
        while (rows.Read())
        {
            scores.Add(new StoredScore(rows.Text(0), rows.Double(1), rows.Double(2), rows.IsNull(3) ? null : rows.Int64(3),
                rows.IsNull(4) ? null : rows.Text(4), rows.IsNull(5) ? null : rows.Double(5)));
        }
        return scores.Count > 0 ? scores : throw new ScoresMissingException(modelName);
    }

    /// <summary>Finds the model that is meant by a name.</summary>
    /// <param name="name">As the database has it; of "org/name" also the name alone, where only one model has it.</param>
    public BenchmarkedModel? FindModel(string name, CancellationToken cancellationToken) => ModelId(name, cancellationToken) is { } id ? Model(id, cancellationToken) : null;

    private BenchmarkedModel Model(long id, CancellationToken cancellationToken)
    {
        using var rows = connection!.Query("SELECT name, registry, architecture, task, parameter_count, size_bytes FROM models WHERE id = $1", [id], cancellationToken); // it has the model
        rows.Read();
        return new BenchmarkedModel(rows.Text(0))
        {
            Registry = rows.IsNull(1) ? null : rows.Text(1),
            Architecture = rows.IsNull(2) ? null : rows.Text(2),
            Task = rows.IsNull(3) ? null : rows.Text(3),
            ParameterCount = rows.IsNull(4) ? null : rows.Int64(4),
            SizeBytes = rows.IsNull(5) ? null : rows.Int64(5),
        };
    }

    /// <summary>What to say of a name that <see cref="FindModel"/> does not find.</summary>
    public UnknownBenchmarkModelException Unknown(string name, CancellationToken cancellationToken) =>
        new(name, connection is null ? [] : ModelNames.Candidates(connection, name, cancellationToken));

    /// <summary>The platform on which a model was fastest, of all valid runs of the model itself with a batch of one, but those at a rate that was chosen: a fact, no forecast.</summary>
    /// <returns>Null for a model without such runs.</returns>
    public FastestRun? FindFastest(string name, CancellationToken cancellationToken)
    {
        if (ModelId(name, cancellationToken) is not { } id)
            return null;
        using var rows = connection!.Query( // it has the model
            """
            SELECT h.name, coalesce(p.p50, p.mean), r.precision_name, r.execution_provider
            FROM test_runs r
            JOIN metric_results p ON p.test_run_id = r.id AND p.metric = 'latency.e2e' AND coalesce(p.p50, p.mean) IS NOT NULL
            JOIN hardware_platforms h ON h.id = r.hardware_id
            WHERE r.model_id = $1 AND r.verdict = 'valid' AND r.task_type = 'inference' AND coalesce(r.batch_size, 1) = 1 AND r.provenance <> 'simulated'
                AND r.suite <> $2 AND r.offered_rate IS NULL
            ORDER BY coalesce(p.p50, p.mean), h.name LIMIT 1
            """, [id, RunSummary.EndToEndSuite], cancellationToken);
        return rows.Read() ? new FastestRun(rows.Text(0), TimeSpan.FromSeconds(rows.Double(1)), rows.IsNull(2) ? null : rows.Text(2), rows.IsNull(3) ? null : rows.Text(3)) : null;
    }

    private long? ModelId(string name, CancellationToken cancellationToken)
    {
        if (connection is null)
            return null;
        using var rows = connection.Query(
            "SELECT id, name FROM models WHERE name = $1 OR right(name, CAST($2 AS INTEGER)) = $3 ORDER BY id LIMIT 3",
            [name, name.Length + 1L, $"/{name}"], cancellationToken);
        var (id, count) = ((long?)null, 0);
        while (rows.Read())
        {
            if (rows.Text(1) == name)
                return rows.Int64(0);
            (id, count) = (rows.Int64(0), count + 1);
        }
        return count == 1 ? id : null;
    }
}

/// <summary>Where a model was fastest.</summary>
/// <param name="Latency">Of a typical request of one input.</param>
public sealed record FastestRun(string Hardware, TimeSpan Latency, string? Precision, string? ExecutionProvider);

/// <summary>The benchmark database has no model of a name, or several whose names end so.</summary>
/// <param name="candidates">What may be meant; see <see cref="ModelNames.Candidates"/>.</param>
public sealed class UnknownBenchmarkModelException(string model, IReadOnlyList<string> candidates) : GpuxException(
    ErrorCode.UnknownBenchmarkModel,
    $"The benchmark database has no model '{model}'{(candidates.Count == 0 ? "." : $", or several whose names end so; it has {string.Join(", ", candidates)}.")}",
    $"Write the whole name, or measure it: gpux bench {ShellWord.Of(model)} --save. The command gpux recommend needs no results.")
{
    public string Model { get; } = model;
}

/// <summary>Nothing can be said of a model: it was not measured, and its size is not known.</summary>
public sealed class NothingKnownException(string model, TaskType task) : GpuxException(
    ErrorCode.NothingKnown,
    $"Nothing is known of '{model}' that would say which hardware suits it: {(task == TaskType.Training ? "no training of it" : "it")} was not measured, and nothing tells its size.",
    task == TaskType.Training ? "Add measured trainings (gpux db import FILE), or plan by its size: gpux plan-training --parameters 7B --gpus 8 --gpu H100"
        : $"Name a folder or a repository with its config.json and weights, or add results: gpux bench {ShellWord.Of(model)} --save, or gpux db import FILE.")
{
    public string Model { get; } = model;
}
