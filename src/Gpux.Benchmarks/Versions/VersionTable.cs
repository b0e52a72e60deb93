using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Versions;

/// <summary>The rows of versions.</summary>
internal static class VersionTable
{
    public const char AliasMark = '@';
    private const int LongestTag = 200;

    /// <summary>Finds the version of a tag, or adds it without content.</summary>
    /// <exception cref="InvalidVersionException">The tag is not of the form that it must have.</exception>
    public static (long Id, bool IsNew) Ensure(ISqlConnection connection, long modelId, string model, string tag, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (tag.StartsWith(AliasMark))
            return (Require(connection, modelId, model, tag, cancellationToken).Id, false);
        VersionText.Require("A version's tag", tag, LongestTag);
        if (Find(connection, modelId, tag, cancellationToken) is { } known)
            return (known, false);
        using (var inserted = connection.Query(
            """
            INSERT INTO model_registry_versions (model_id, version_tag, created_at, updated_at) VALUES ($1, $2, $3, $3)
            ON CONFLICT (model_id, version_tag) DO NOTHING RETURNING id
            """, [modelId, tag, now], cancellationToken))
        {
            if (inserted.Read())
                return (inserted.Int64(0), true);
        }
        // Another writer of a server came between.
        return (Require(connection, modelId, model, tag, cancellationToken).Id, false);
    }

    /// <param name="tag">A tag, or "@" and an alias.</param>
    /// <exception cref="VersionNotFoundException">There is no such version.</exception>
    public static (long Id, string Tag) Require(ISqlConnection connection, long modelId, string model, string tag, CancellationToken cancellationToken)
    {
        if (tag.StartsWith(AliasMark))
        {
            if (AliasTable.Meaning(connection, modelId, tag[1..], cancellationToken) is { } meant)
                return meant;
        }
        else if (Find(connection, modelId, tag, cancellationToken) is { } id)
        {
            return (id, tag);
        }
        throw new VersionNotFoundException(model, VersionText.Shown(tag), Tags(connection, modelId, cancellationToken));
    }

    /// <summary>As <see cref="Require"/>, where a text that is no tag may also be an alias without its mark, as in "bert@champion".</summary>
    /// <exception cref="VersionNotFoundException">There is no such version.</exception>
    public static (long Id, string Tag) RequireTagOrAlias(ISqlConnection connection, long modelId, string model, string text, CancellationToken cancellationToken) =>
        !text.StartsWith(AliasMark) && Find(connection, modelId, text, cancellationToken) is null && AliasTable.Meaning(connection, modelId, text, cancellationToken) is { } meant
            ? meant : Require(connection, modelId, model, text, cancellationToken);

    private static long? Find(ISqlConnection connection, long modelId, string tag, CancellationToken cancellationToken)
    {
        using var rows = connection.Query("SELECT id FROM model_registry_versions WHERE model_id = $1 AND version_tag = $2", [modelId, tag], cancellationToken);
        return rows.Read() ? rows.Int64(0) : null;
    }

    private static List<string> Tags(ISqlConnection connection, long modelId, CancellationToken cancellationToken)
    {
        using var rows = connection.Query("SELECT version_tag FROM model_registry_versions WHERE model_id = $1 ORDER BY id DESC LIMIT 10", [modelId], cancellationToken);
        List<string> tags = [];
        while (rows.Read())
            tags.Add(VersionText.Shown(rows.Text(0)));
        return tags;
    }
}
