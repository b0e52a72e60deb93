using Gpux.Benchmarks.Database;
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
/// <param name="forms">How references of registries besides the Hub's are written; null for none.</param>
public sealed class HardwareRecommender(ISqlConnection? connection, IReferenceForms? forms = null, TimeProvider? clock = null)
{
    internal const long SampledRuns = 5_000;
    private const int RememberedAnswers = 256;

    private readonly ModelNames _names = new(forms);
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Dictionary<RecommendationRequest, HardwareAdvice> _answers = [];
    private DatabaseStamp _stamp;

    /// <summary>Recommends hardware for a model, by what the database knows of it.</summary>
    /// <param name="modelName">As the database has it, or a reference such as "hf:org/name"; of "org/name" also the name alone, where only one model has it.</param>
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
        return Answer(new RecommendationRequest(ModelFacts.Of(Model(id, cancellationToken)))
        {
            Task = taskType, BatchSize = batchSize, IsLatencySensitive = latencySensitive, IsMemoryConstrained = memoryConstrained, TopK = topK,
        }, id, cancellationToken).Ranked;
    }

    /// <summary>As <see cref="RecommendHardware"/>, with all that can be asked and said.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number of the request is out of its range.</exception>
    /// <exception cref="NothingKnownException">Neither was anything measured, nor does anything tell the model's size.</exception>
    public HardwareAdvice Recommend(RecommendationRequest request, CancellationToken cancellationToken) =>
        Answer(request, ModelId(request.Model.Name, cancellationToken), cancellationToken);

    private HardwareAdvice Answer(RecommendationRequest request, long? modelId, CancellationToken cancellationToken)
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
    /// <param name="name">As the database has it, or a reference such as "hf:org/name"; of "org/name" also the name alone, where only one model has it.</param>
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

    /// <summary>The platform on which a model was fastest with a batch of one: a fact, no forecast. Only valid runs count that may be compared, as <see cref="Recommend"/> has it:
    /// of one benchmark in one scenario, of one version of the model, in one precision that is the widest or was found good enough, and of one size of the work; of these the ones that the most platforms have, and then the most runs.</summary>
    /// <returns>Null for a model without such runs; what was simulated, whole answers, and requests at a rate that was chosen do not count.</returns>
    public FastestRun? FindFastest(string name, CancellationToken cancellationToken)
    {
        if (ModelId(name, cancellationToken) is not { } id)
            return null;
        var database = BenchmarkCells.Read(connection!, TaskType.Inference, id, runs: 0, sampleSize: 0, cancellationToken, simulatedToo: false); // it has the model
        var measured = database.Cells.Where(cell => cell is { Latency: not null, Work.BatchSize: 1, Method: { IsOffered: false, IsEndToEnd: false } }).ToArray();
        // Answers in a precision that nothing proves may be worse.
        var widest = WeightPrecisions.Widest(measured.Select(cell => cell.Work.Precision));
        var proven = database.CheckedPrecisions[id].Select(WeightPrecisions.Canonical).ToHashSet();
        var cells = Array.FindAll(measured, cell => cell.Work.Precision is not { } precision || precision == widest || proven.Contains(precision));
        if (Basis.InOrder(cells, database.Versions) is not [var basis, ..])
            return null;
        var alike = cells.Where(cell => cell.Basis == basis).GroupBy(cell => cell.Work).OrderByDescending(Platforms).ThenByDescending(group => group.Sum(cell => (long)cell.Runs))
            .ThenBy(group => group.Key.Concurrency).ThenBy(group => group.Key.InputTokens).ThenBy(group => group.Key.OutputTokens).ThenBy(group => group.Key.Precision, StringComparer.Ordinal).First(); // there is a basis
        var fastest = alike.OrderBy(cell => cell.Latency!.Value.Mean).ThenBy(cell => database.Hardware[cell.HardwareId].Name, StringComparer.Ordinal).First(); // filtered
        return new FastestRun(database.Hardware[fastest.HardwareId].Name, TimeSpan.FromSeconds(Math.Exp(fastest.Latency!.Value.Mean)), basis.Method) // as above
        {
            Precision = fastest.Work.Precision,
            InputTokens = fastest.Work.InputTokens,
            OutputTokens = fastest.Work.OutputTokens,
            Concurrency = fastest.Work.Concurrency,
            ExecutionProvider = fastest.Runner.Provider,
            VersionTag = database.Versions.Tag(basis.VersionId),
            Platforms = Platforms(alike),
        };

        static int Platforms(IEnumerable<Cell> cells) => cells.Select(cell => cell.HardwareId).Distinct().Count();
    }

    private long? ModelId(string name, CancellationToken cancellationToken) => connection is null ? null : _names.Find(connection, name, cancellationToken)?.Id;
}

/// <summary>Where a model was fastest with a batch of one, among the platforms on which it was measured in the same way.</summary>
/// <param name="Latency">Of a typical request: the geometric mean over the runs.</param>
/// <param name="Method">How it was measured.</param>
public sealed record FastestRun(string Hardware, TimeSpan Latency, MeasuringMethod Method)
{
    /// <summary>Null where the runs do not say it.</summary>
    public string? Precision { get; init; }

    /// <summary>Null where the runs do not say it, or the model reads none.</summary>
    public int? InputTokens { get; init; }

    /// <summary>Null where the runs do not say it, or the model writes none.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>Requests at a time.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Null where the runs do not say it.</summary>
    public string? ExecutionProvider { get; init; }

    /// <summary>Of the model; null: of runs that belong to no version.</summary>
    public string? VersionTag { get; init; }

    /// <summary>How many were compared, this one among them: at least 1.</summary>
    public required int Platforms { get; init; }
}

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
