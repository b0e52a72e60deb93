using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Versions;

/// <summary>Aliases of versions. Their moves are only added, so that their history is whole.</summary>
internal static class AliasTable
{
    private const int LongestAlias = 100;

    /// <returns>The version that an alias means now; null for none.</returns>
    public static (long Id, string Tag)? Meaning(ISqlConnection connection, long modelId, string alias, CancellationToken cancellationToken)
    {
        using var rows = connection.Query(
            """
            SELECT v.id, v.version_tag
            FROM model_alias_moves a LEFT JOIN model_registry_versions v ON v.id = a.version_id
            WHERE a.model_id = $1 AND a.alias = $2
            ORDER BY a.id DESC LIMIT 1
            """, [modelId, alias], cancellationToken);
        return rows.Read() && !rows.IsNull(0) ? (rows.Int64(0), rows.Text(1)) : null;
    }

    public static void Move(ISqlConnection connection, long modelId, string alias, long? versionId, string? reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.Execute("INSERT INTO model_alias_moves (model_id, alias, version_id, reason, created_at) VALUES ($1, $2, $3, $4, $5)",
            [modelId, alias, SqlValue.From(versionId), reason, now], cancellationToken);

    /// <returns>The oldest first.</returns>
    public static IReadOnlyList<AliasMove> History(ISqlConnection connection, long modelId, CancellationToken cancellationToken)
    {
        using var rows = connection.Query(
            """
            SELECT a.alias, v.version_tag, a.reason, a.created_at
            FROM model_alias_moves a LEFT JOIN model_registry_versions v ON v.id = a.version_id
            WHERE a.model_id = $1 ORDER BY a.id
            """, [modelId], cancellationToken);
        Dictionary<string, string?> meant = [];
        List<AliasMove> moves = [];
        while (rows.Read())
        {
            var alias = rows.Text(0);
            var to = rows.IsNull(1) ? null : rows.Text(1);
            moves.Add(new AliasMove(alias, meant.GetValueOrDefault(alias), to, rows.IsNull(2) ? null : rows.Text(2), rows.Time(3)));
            meant[alias] = to;
        }
        return moves;
    }

    /// <exception cref="InvalidVersionException">No alias can be called so.</exception>
    public static void RequireForm(string alias)
    {
        if (alias.Length is 0 or > LongestAlias || !alias.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || !char.IsAsciiLetterOrDigit(alias[0]))
            throw new InvalidVersionException($"'{VersionText.Shown(alias)}' is no alias.",
                $"Write 1 to {LongestAlias} letters, digits, '-', '_' and '.', the first of them a letter or digit, such as champion.");
    }
}
