using Gpux.Benchmarks.Database.Migrations;

namespace Gpux.Benchmarks.Tests.Database;

/// <summary>Two migrations, of which the second takes long enough to be killed at any point of it.</summary>
internal static class SlowMigration
{
    /// <summary>Of the table that the second makes.</summary>
    public const long Rows = 2_000_000;

    public static readonly Migration First = Migration.Named("0001-first", "CREATE TABLE a AS SELECT i FROM range(1000) r(i);");

    private static readonly Migration Second = Migration.Named("0002-second",
        "CREATE TABLE b AS SELECT i, hash(i) AS h FROM range(2000000) r(i); DELETE FROM a WHERE i >= 500;");

    public static IReadOnlyList<Migration> Both { get; } = [First, Second];
}
