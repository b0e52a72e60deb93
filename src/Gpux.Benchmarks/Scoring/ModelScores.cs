using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>Scores of a model's machines from what a database has.</summary>
internal static class ModelScores
{
    /// <param name="observations">All valid runs of the model that count.</param>
    /// <returns>The best first; equal scores by launches, then by the hardware's name.</returns>
    public static IReadOnlyList<HardwareScore> Of(long modelId, string model, IReadOnlyList<RunObservation> observations,
        IReadOnlyDictionary<long, HardwarePlatform> hardware, IReadOnlySet<string> provenPrecisions, ScoreOptions options)
    {
        var runs = observations.ToLookup(run => run.HardwareId);
        return [.. CompatibilityScorer.Score(observations, options)
            .Select(score => new HardwareScore(modelId, model, hardware[score.HardwareId], score,
                RecommendedSetting.Of(hardware[score.HardwareId], runs[score.HardwareId], provenPrecisions),
                [.. runs[score.HardwareId].Select(run => run.Engine.ExecutionProvider).OfType<string>().Distinct().Order(StringComparer.Ordinal)]))
            .OrderByDescending(score => score.Compatibility ?? -1).ThenByDescending(score => score.Score.LaunchCount)
            .ThenBy(score => score.Hardware.Name, StringComparer.Ordinal)];
    }

    /// <summary>Takes the scores that are stored back. Their rows stay, and say that no result is left, until <see cref="Store"/> says more.</summary>
    /// <param name="modelId">Null for all models.</param>
    public static void Reset(ISqlConnection connection, long? modelId, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.Execute(
            """
            UPDATE hardware_model_compatibility SET compatibility_score = NULL, suitability_score = NULL, recommended_batch_size = NULL,
                recommended_precision = NULL, memory_requirement = NULL, partial = NULL, run_count = 0, launch_count = 0, confidence = 0, details = NULL,
                notes = 'No valid result is left.', last_updated = $2
            WHERE CAST($1 AS BIGINT) IS NULL OR model_id = $1
            """, [SqlValue.From(modelId), now], cancellationToken);

    public static void Store(ISqlConnection connection, long modelId, IEnumerable<HardwareScore> scores, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // In one order, so that two that write at a time wait for each other instead of each for the other's next row.
        foreach (var score in scores.OrderBy(score => score.HardwareId))
        {
            connection.Execute(
                """
                INSERT INTO hardware_model_compatibility (model_id, hardware_id, compatibility_score, suitability_score, recommended_batch_size,
                    recommended_precision, memory_requirement, created_at, last_updated, notes, score_version, score_form, partial, run_count, launch_count,
                    confidence, details)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, $14, $15, CAST($16 AS JSON))
                ON CONFLICT (model_id, hardware_id) DO UPDATE SET compatibility_score = excluded.compatibility_score,
                    suitability_score = excluded.suitability_score, recommended_batch_size = excluded.recommended_batch_size,
                    recommended_precision = excluded.recommended_precision, memory_requirement = excluded.memory_requirement,
                    last_updated = excluded.last_updated, notes = excluded.notes, score_version = excluded.score_version, score_form = excluded.score_form,
                    partial = excluded.partial, run_count = excluded.run_count, launch_count = excluded.launch_count, confidence = excluded.confidence,
                    details = excluded.details
                """,
                [modelId, score.HardwareId, SqlValue.From(score.Compatibility), SqlValue.From(score.Suitability), SqlValue.From(score.Setting.BatchSize),
                    score.Setting.Precision, SqlValue.From(score.Setting.MemoryBytes), now, score.Notes.Count == 0 ? null : string.Join(' ', score.Notes),
                    (long)CompatibilityScore.ScoreVersion, Names.Of(score.Score.Form), score.Score.IsPartial, (long)score.Score.RunIds.Count,
                    (long)score.Score.LaunchCount, score.Score.Confidence, Details(score.Score)], cancellationToken);
        }
    }

    public static string Details(CompatibilityScore score)
    {
        using var stream = new MemoryStream();
        using (var json = new System.Text.Json.Utf8JsonWriter(stream))
            score.WriteDetails(json);
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }
}
