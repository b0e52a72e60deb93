using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Database;
using Gpux.Models.Precision;

namespace Gpux.Benchmarks.Scoring;

/// <summary>What precisions cost in accuracy, by model: without a proof none but fp32 is recommended.</summary>
internal static class PrecisionProofs
{
    /// <returns>The precisions whose proof is within its bound.</returns>
    public static CheckedPrecisions Read(ISqlConnection connection, CancellationToken cancellationToken)
    {
        using var rows = connection.Query("SELECT model_id, precision_name FROM precision_proofs WHERE within_bound ORDER BY model_id, precision_name", [], cancellationToken);
        var proven = new CheckedPrecisions();
        while (rows.Read())
            proven.Add(rows.Int64(0), rows.Text(1));
        return proven;
    }

    /// <summary>In place of an earlier one.</summary>
    public static void Store(ISqlConnection connection, long modelId, PrecisionProof proof, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            proof.WriteTo(json);
        connection.Execute(
            """
            INSERT INTO precision_proofs (model_id, precision_name, cosine, within_bound, proof, created_at, updated_at)
            VALUES ($1, $2, $3, $4, CAST($5 AS JSON), $6, $6)
            ON CONFLICT (model_id, precision_name) DO UPDATE SET cosine = excluded.cosine, within_bound = excluded.within_bound, proof = excluded.proof,
                updated_at = excluded.updated_at
            """,
            // A cosine may miss 1 by a rounding.
            [modelId, PrecisionNames.Of(proof.Precision), Math.Clamp(proof.Cosine, -1, 1), proof.IsWithinBound,
                Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length)), now], cancellationToken);
    }
}

/// <summary>The precisions of models that were compared with fp32 and found good enough.</summary>
internal sealed class CheckedPrecisions
{
    private readonly Dictionary<long, List<string>> _ofModel = [];

    /// <summary>None of a model that nobody knows.</summary>
    public IReadOnlyList<string> this[long? modelId] => modelId is { } id && _ofModel.TryGetValue(id, out var precisions) ? precisions : [];

    public void Add(long modelId, string precision)
    {
        if (!_ofModel.TryGetValue(modelId, out var precisions))
            _ofModel.Add(modelId, precisions = []);
        precisions.Add(precision);
    }
}
