using System.Text;

namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>What rows are copied into.</summary>
/// <param name="CopyStatement">COPY with the names of the table and its columns, quoted.</param>
/// <param name="Types">Of the columns.</param>
internal sealed record PostgresTable(string CopyStatement, IReadOnlyList<PostgresType> Types)
{
    /// <param name="columns">None: all of the table, in its order.</param>
    /// <exception cref="DatabaseStatementException">There is no such table or column.</exception>
    public static PostgresTable Find(PostgresConnection connection, string table, ReadOnlySpan<string> columns, CancellationToken cancellationToken)
    {
        List<(string Name, PostgresType Type)> known = [];
        using (var rows = connection.Query(
            """
            SELECT attname, CAST(atttypid AS BIGINT) FROM pg_attribute
            WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """, [table], cancellationToken))
        {
            while (rows.Read())
                known.Add((rows.Text(0), (PostgresType)rows.Int64(1)));
        }
        if (known.Count == 0)
            throw new DatabaseStatementException($"there is no table '{table}'.");
        var named = new (string Name, PostgresType Type)[columns.Length];
        for (var i = 0; i < named.Length; i++)
        {
            var name = columns[i];
            var found = known.FindIndex(column => column.Name == name);
            named[i] = found >= 0 ? known[found] : throw new DatabaseStatementException($"the table '{table}' has no column '{name}'.");
        }
        var targets = named.Length > 0 ? named : [.. known];
        return new(Statement(table, targets), [.. targets.Select(target => target.Type)]);
    }

    // COPY takes no parameters for names: these are quoted, and known to be a table's and its columns'.
    private static string Statement(string table, (string Name, PostgresType Type)[] columns)
    {
        var statement = new StringBuilder("COPY ");
        AppendQuoted(statement, table);
        statement.Append(" (");
        for (var i = 0; i < columns.Length; i++)
        {
            if (i > 0)
                statement.Append(", ");
            AppendQuoted(statement, columns[i].Name);
        }
        return statement.Append(") FROM STDIN (FORMAT BINARY)").ToString();
    }

    private static void AppendQuoted(StringBuilder statement, string name) =>
        statement.Append('"').Append(name.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
}
