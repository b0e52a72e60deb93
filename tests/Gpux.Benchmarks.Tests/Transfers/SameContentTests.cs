using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Transfers;

namespace Gpux.Benchmarks.Tests.Transfers;

/// <summary>One table, written by DuckDB as a file of each format: the runs, their keys and what is refused must not depend on the format.</summary>
public sealed class SameContentTests
{
    private static readonly ImportOptions Mapped = new() { Maps = ["ms=latency.e2e:ms", "p99_ms=latency.e2e.p99:ms", "note=environment"] };

    private static readonly string[] Columns = ["model", "hardware", "started_at", "precision", "batch_size", "seed", "ms", "p99_ms", "note"];

    /// <summary>Rows in the order of <see cref="Columns"/>, which any type of column can hold.</summary>
    private static readonly string?[][] Rows =
    [
        ["bert", "NVIDIA L4", "2025-02-03 04:05:06+00", "fp16", "8", "7", "12.5", "20.25", """{"a": "é \"q\", \\ /", "b": [1, {}]}"""],
        ["bert", "NVIDIA A100-SXM4-80GB", "2025-02-03 04:05:06+00", null, null, null, "12.5", null, null],
        ["bert", "NVIDIA L4", "2025-02-03 04:05:06+00", "fp16", "8", "7", "12.5", "20.25", """{"a": "é \"q\", \\ /", "b": [1, {}]}"""],
        ["a \"b\", c;\td 模", "'4x' x", "2025-02-03 04:05:06+00", "", "1", "-7", "0.001", null, "{}"],
        ["4x", "2x NVIDIA T4", "2025-02-03 04:05:06+00", "true", "1", "9007199254740993", "123456.789", "123456.79", null],
        [null, "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, "1", null, null],
        ["", "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, "1", null, null],
        ["m", null, "2025-02-03 04:05:06+00", null, null, null, "1", null, null],
        ["two\nlines", "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, "1", null, null],
        ["m", "NVIDIA L4", "2025-02-03 04:05:06+00", null, "0", null, "1", null, null],
        ["m", "NVIDIA L4", "2025-02-03 04:05:06+00", null, "-1", null, "1", null, null],
        ["m", "NVIDIA L4", "1990-02-03 04:05:06+00", null, null, null, "1", null, null],
        ["m", "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, "-1", null, null],
        ["m", "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, "10000000000", null, null],
        ["m", "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, null, null, null],
        ["m", "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, "1", null, "[1]"],
        ["m", "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, "1", null, "{"],
        ["m", "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, null, "3", null],
        [new string('模', 1000), "NVIDIA L4", "2025-02-03 04:05:06+00", null, null, null, "1", null, null],
    ];

    /// <summary>Which only columns of texts can hold.</summary>
    private static readonly string?[][] Texts =
    [
        ["m", "NVIDIA L4", "2025-02-03T04:05:06Z", null, " 8", "8.0", " 1.5 ", "2E0", null],
        ["m", "NVIDIA L4", "31/01/2025", null, "", "", "1.5", "", ""],
        ["m", "NVIDIA L4", "01/02/2025", null, null, null, "1", null, null],
        ["m", "NVIDIA L4", "2025-02-03T04:05:06Z", null, "8.5", null, "1", null, null],
        ["m", "NVIDIA L4", "2025-02-03T04:05:06Z", null, "many", null, "1", null, null],
        .. ((string[])["fast", "NaN", "-Infinity", "1e999", "0x10", "12,5", "1 ms", "٣", "true"]).Select(number =>
            (string?[])["m", "NVIDIA L4", "2025-02-03T04:05:06Z", null, null, null, number, null, null]),
    ];

    [Theory]
    [InlineData("VARCHAR, VARCHAR, TIMESTAMPTZ, VARCHAR, BIGINT, BIGINT, DOUBLE, DOUBLE, VARCHAR", false)]
    [InlineData("VARCHAR, VARCHAR, TIMESTAMP, VARCHAR, INTEGER, BIGINT, DECIMAL(18;6), DECIMAL(18;6), VARCHAR", false)]
    [InlineData("VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR", false)]
    [InlineData("VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR", true)]
    public void The_same_rows_give_the_same_runs_and_refusals_in_every_format(string types, bool haveTexts)
    {
        string?[][] rows = haveTexts ? [Rows[0], Rows[0], .. Texts] : Rows;
        Told? expected = null;
        foreach (var (name, copy) in (ReadOnlySpan<(string, string)>)[("a.csv", "FORMAT csv, HEADER"), ("b.csv", "FORMAT csv, HEADER, DELIMITER '|', FORCE_QUOTE *"), ("a.jsonl", "FORMAT json"),
            ("a.json", "FORMAT json, ARRAY true"), ("a.parquet", "FORMAT parquet")])
        {
            using var importer = new Importer();
            Write(importer.Folder[name], [.. types.Split(", ").Select(type => type.Replace(';', ','))], rows, copy);
            var import = new ResultImport(importer.Store, Mapped, new StoppedClock());
            var file = Assert.Single(import.Import([importer.Folder[name]], null, default));
            Assert.Null(file.Error);
            var told = new Told(file.Rows, file.Runs, file.New, file.Repeated, file.RefusedCount, file.Notes, file.Refused,
                [.. importer.Runs.Select(run => run with { ProvenanceSource = null, BundleSha256 = null })]);
            Assert.Equal((rows.Length, 1L), (told.Rows, told.Repeated));
            Assert.InRange(told.New, 3, rows.Length - 5);
            Assert.Equivalent(expected ??= told, told, strict: true);
            Assert.Equal(expected.Stored.Select(RunDigest.Of), told.Stored.Select(RunDigest.Of));
        }
    }

    private static void Write(string path, string[] types, string?[][] rows, string copy)
    {
        using var database = DuckDbDatabase.OpenInMemory();
        using var connection = database.Connect();
        connection.ExecuteScript("SET TimeZone = 'UTC'", default);
        connection.ExecuteScript($"CREATE TABLE t ({string.Join(", ", Columns.Zip(types, (column, type) => $"{column} {type}"))})", default);
        foreach (var row in rows)
            connection.Execute($"INSERT INTO t VALUES ({string.Join(", ", types.Select((type, i) => $"CAST(${i + 1} AS {type})"))})",
                [.. row.Select(text => (Gpux.Benchmarks.Database.SqlValue)text)], default);
        connection.Execute($"COPY t TO $1 ({copy})", [path], default);
    }

    private sealed record Told(long Rows, long Runs, int New, long Repeated, long RefusedCount, IReadOnlyCollection<string> Notes, IList<RefusedRow> Refused, IReadOnlyList<BenchmarkRun> Stored);

    /// <summary>Messages tell the time.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    }
}
