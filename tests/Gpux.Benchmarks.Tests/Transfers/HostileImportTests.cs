using System.IO.Compression;
using System.Text;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Transfers;

namespace Gpux.Benchmarks.Tests.Transfers;

public sealed class HostileImportTests : IDisposable
{
    private static readonly ImportOptions Mapped = new() { Maps = ["ms=latency.e2e:ms"], Hardware = "NVIDIA L4" };

    private readonly Importer _importer = new();

    public void Dispose() => _importer.Dispose();

    [Theory]
    [InlineData("NaN", "is no finite number")]
    [InlineData("Infinity", "is no finite number")]
    [InlineData("1e999", "is no finite number")]
    [InlineData("-1", "-0.001 s, and the least is 0 s")]
    [InlineData("1e12", "1000000000 s, and the most is 1000000 s")]
    [InlineData("fast", "'fast' is no number")]
    [InlineData("12,5", "'12,5' is no number")]
    [InlineData("0x10", "'0x10' is no number")]
    public void A_number_that_makes_no_sense_refuses_its_row_alone(string number, string reason)
    {
        var file = _importer.ImportText("a.csv", $"model,ms\nm,1\nm,\"{number}\"\nm,3\n", Mapped);
        Assert.Null(file.Error);
        Assert.Equal((3L, 2, 1L), (file.Rows, file.New, file.RefusedCount));
        Assert.Equal(2, file.Refused[0].Row);
        Assert.Contains(reason, file.Refused[0].Reason, StringComparison.Ordinal);
        Assert.NotNull(file.Refused[0].Column);
    }

    [Fact]
    public void Strict_refuses_the_file_and_leaves_nothing()
    {
        var file = _importer.ImportText("a.csv", "model,ms\nm,1\nm,-1\nm,3\n", Mapped with { Strict = true });
        Assert.IsType<RefusedRowsException>(file.Error);
        Assert.Contains("row 2", file.Error.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0L), (file.New, file.AlreadyThere));
        Assert.Empty(_importer.Runs);
        Assert.Null(_importer.Store.ModelId("m", default));
    }

    [Fact]
    public void Lines_that_are_no_rows_are_named_by_their_place()
    {
        var file = _importer.ImportText("a.csv", "model,ms\nm,1\nm,2,3\nm\nm,4\nm,fast\n", Mapped);
        Assert.Null(file.Error);
        Assert.Equal((5L, 2, 3L), (file.Rows, file.New, file.RefusedCount));
        Assert.Equal([2L, 3L, 5L], file.Refused.Select(refused => refused.Row));
    }

    [Fact]
    public void Quotes_line_ends_and_empty_lines_are_those_of_tables()
    {
        var long_ = new string('x', 2000);
        var file = _importer.ImportText("a.csv", $"model,ms,note\r\n\"a \"\"b\"\", c\",1,\"two\nlines\"\r\n\r\n12\" rack,2,\n\"{long_}\",\"3\",\"\"\r\"cut\"off,4,\nm,5,\"no end\n", Mapped);
        Assert.Equal((5L, 3, 2L), (file.Rows, file.New, file.RefusedCount));
        Assert.Equal([new RefusedRow(4, null, "text stands behind a closing quote"), new RefusedRow(5, null, "a quoted text has no end")], file.Refused);
        Assert.Equal(["a \"b\", c", "12\" rack", long_], _importer.Runs.Select(run => run.Model.Name));
    }

    [Fact]
    public void Rows_that_lie_across_what_is_read_at_a_time_are_whole()
    {
        // Rows of every length up to some thousand, so that every part of one meets the end of a buffer.
        var lines = Enumerable.Range(0, 1500).Select(i => (Name: $"m{i}", Note: $"{new string('y', i)} \"{i}\", é")).ToArray();
        var options = Mapped with { Maps = ["ms=latency.e2e:ms", "note=environment"] };
        static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        static string Note(string text) => System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string> { ["a"] = text });
        var csv = _importer.ImportText("a.csv", "model,ms,note\n" + string.Join("\r\n", lines.Select(line => $"{line.Name},1,{Quoted(Note(line.Note))}")), options);
        Assert.Equal((1500, 0L), (csv.New, csv.RefusedCount));
        Assert.All(_importer.Runs.Zip(lines), pair => Assert.Equal((pair.Second.Name, Note(pair.Second.Note)), (pair.First.Model.Name, pair.First.EnvironmentJson)));
        var rows = lines.Select(line => $"{{\"model\": \"{line.Name}\", \"ms\": 2, \"note\": {System.Text.Json.JsonSerializer.Serialize(Note(line.Note))}}}").ToArray();
        Assert.Equal((1500, 0L), _importer.ImportText("a.jsonl", string.Join("\n", rows), options) switch { var file => (file.New, file.RefusedCount) });
        Assert.Equal((0, 1500L), _importer.ImportText("a.json", $"[{string.Join(" , ", rows)}]", options) switch { var file => (file.New, file.AlreadyThere) });
    }

    [Fact]
    public void Quotes_are_doubled_in_quoted_fields_alone()
    {
        var file = _importer.ImportText("a.csv", "model,ms\n\"a\"\"b\",1\na\"\"b,2\n\"a\"\"b\",3\n", Mapped);
        Assert.Equal((3, 0L), (file.New, file.RefusedCount));
        Assert.Equal(["a\"b", "a\"\"b", "a\"b"], _importer.Runs.Select(run => run.Model.Name));
    }

    [Fact]
    public void Objects_may_have_their_properties_in_any_order_and_place()
    {
        var file = _importer.ImportText("a.jsonl", """
            {"model": "m1", "stats": {"ms": 1, "p.99": {"x": 2}}, "note": "{\"a\": 1}", "batch_size": 1}
            { "batch_size":2 ,"stats":{"p.99":{"x":4},"ms":"3"},"mo\u0064el":"m\u00e9 \ud83d\ude00 \\","note":{"a": 1} }
            {"stats.ms": 5, "model": "m3"}
            {"stats": {"ms": null}, "stats.ms": null, "model": "m4"}
            {"stats": [1], "model": "m5"}
            {"batch_size": 1.6e1, "model": "m6", "stats": {"ms": 7e0}}
            """, Mapped with { Maps = ["stats.ms=latency.e2e:ms", "stats.p.99.x=latency.e2e.p99:ms", "note=environment"] });
        Assert.Equal((6L, 4, 2L), (file.Rows, file.New, file.RefusedCount));
        Assert.Equal([4L, 5L], file.Refused.Select(refused => refused.Row));
        var runs = _importer.Runs;
        Assert.Equal(["m1", "mé 😀 \\", "m3", "m6"], runs.Select(run => run.Model.Name));
        Assert.Equal([1, 2, null, 16], runs.Select(run => run.Workload.BatchSize));
        Assert.Equal([0.001, 0.003, 0.005, 0.007], runs.Select(run => run.Metrics[0].Mean));
        Assert.Equal([0.002, 0.004, null, null], runs.Select(run => run.Metrics[0].P99));
        Assert.Equal(["{\"a\": 1}", "{\"a\": 1}", null, null], runs.Select(run => run.EnvironmentJson));
    }

    [Theory]
    [InlineData("""{"model": "m", "ms": 1, "mode\u006c": "n"}""", "it has 'model' twice")]
    [InlineData("""{"model": "m", "ms": 1, "x": [{"y": 1, "z": 2, "y": 3}]}""", "it is no JSON")]
    [InlineData("""{"model": "m", "ms": 1} 7""", "it is no JSON")]
    [InlineData("""{"model": "m", "ms": 1,}""", "it is no JSON")]
    [InlineData("""{"model": "m", "ms": 01}""", "it is no JSON")]
    [InlineData("""{"model": "m", "ms": NaN}""", "it is no JSON")]
    [InlineData("""{"model": "m", "ms": 1""", "it is no JSON")]
    [InlineData("""[{"model": "m", "ms": 1}]""", "is no JSON object")]
    [InlineData("\"text\"", "'\"text\"' is no JSON object")]
    public void A_line_that_is_no_object_is_told_why(string line, string reason)
    {
        var file = _importer.ImportText("a.jsonl", $"{{\"model\": \"m\", \"ms\": 1}}\n{line}\n{{\"ms\": 2, \"model\": \"m\"}}\n", Mapped);
        Assert.Equal((3L, 2, 1L), (file.Rows, file.New, file.RefusedCount));
        Assert.Equal((2L, null), (file.Refused[0].Row, file.Refused[0].Column));
        Assert.Contains(reason, file.Refused[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_whose_names_are_never_the_same_do_not_pile_up()
    {
        static string Named(int count, int from) => string.Join(", ", Enumerable.Range(from, count).Select(i => $"\"n{i}\": {i}"));
        var lines = Enumerable.Range(0, 50).Select(i => $"{{{Named(100, 100 * i)}, \"model\": \"m\", \"ms\": {i + 1}}}")
            .Append($"{{\"model\": \"m\", \"ms\": 51, {Named(9_998, 0)}}}").Append($"{{\"model\": \"m\", \"ms\": 52, {Named(9_999, 0)}}}");
        var file = _importer.ImportText("a.jsonl", string.Join('\n', lines), Mapped);
        Assert.Equal((52L, 51, 1L), (file.Rows, file.New, file.RefusedCount));
        Assert.Equal(new RefusedRow(52, null, "it has more than 10,000 properties"), Assert.Single(file.Refused));
    }

    [Theory]
    [InlineData("a.csv", "model,ms\n", "1,2,3\n")]
    [InlineData("a.jsonl", "{\"model\":\"m\",\"ms\":1}\n", "[]\n")]
    public void A_file_with_too_many_lines_that_are_no_rows_is_no_table(string name, string beginning, string line)
    {
        var file = _importer.ImportText(name, beginning + new StringBuilder().Insert(0, line, 100_001), Mapped);
        Assert.Contains("more than 100,000 of its lines are no rows of the table", Assert.IsType<UnreadableResultFileException>(file.Error).Message, StringComparison.Ordinal);
        Assert.Empty(_importer.Runs);
    }

    [Fact]
    public void A_row_beyond_all_bounds_is_no_row()
    {
        var endless = new string('z', 17 << 20);
        foreach (var (name, text) in (ReadOnlySpan<(string, string)>)[("a.csv", $"model,ms\nm,1\n\"{endless}"), ("a.jsonl", $"{{\"model\":\"m\",\"ms\":1}}\n{{\"model\":\"{endless}"),
            ("a.json", $"[{{\"model\":\"m\",\"ms\":1}},{{\"model\":\"{endless}")])
            Assert.Contains("more than 16,777,216 bytes", Assert.IsType<UnreadableResultFileException>(_importer.ImportText(name, text, Mapped).Error).Message, StringComparison.Ordinal);
        Assert.Empty(_importer.Runs);
    }

    [Theory]
    [InlineData("{\"model\":\"\\ud800\",\"ms\":1}\n{\"model\":\"m\",\"ms\":2}\n")]
    [InlineData("{\"\\udfff\":\"m\",\"ms\":1}\n{\"model\":\"m \\ud83d\\ude00\",\"ms\":2}\n")]
    [InlineData("[{\"model\":\"m\",\"ms\":1,\"verdict_reasons\":\"\\uDC00\"},{\"model\":\"m\",\"ms\":2}]")]
    public void Half_a_surrogate_pair_refuses_its_row(string text)
    {
        var file = _importer.ImportText("a.json", text, Mapped);
        Assert.Equal((1, 1L), (file.New, file.RefusedCount));
        Assert.Equal("a text in it has half a surrogate pair", file.Refused[0].Reason);
    }

    [Theory]
    [InlineData("[{\"model\":\"m\",\"ms\":1}")]
    [InlineData("[{\"model\":\"m\",\"ms\":1},")]
    [InlineData("[{\"model\":\"m\",\"ms\":1} {\"model\":\"m\",\"ms\":2}]")]
    [InlineData("[{\"model\":\"m\",\"ms\":1}] 7")]
    [InlineData("[{\"model\":\"m\",\"ms\":1}, \"no end")]
    public void Arrays_that_are_damaged_between_their_rows_are_refused_as_a_whole(string text)
    {
        Assert.IsType<UnreadableResultFileException>(_importer.ImportText("a.json", text, Mapped).Error);
        Assert.Empty(_importer.Runs);
    }

    [Fact]
    public void Parquet_that_is_damaged_in_the_middle_is_refused_as_a_whole()
    {
        _importer.Store.AddAll(Enumerable.Range(0, 5000).Select(i => ExampleRun.Of($"run {i}", latencySeconds: 0.001 * (i + 1))), default);
        var bytes = File.ReadAllBytes(_importer.Export("a.parquet"));
        using var to = new Importer();
        for (var part = 1; part < 8; part++)
        {
            var damaged = bytes.ToArray();
            damaged.AsSpan(bytes.Length * part / 10, 64).Fill(0xa5);
            File.WriteAllBytes(to.Folder["damaged.parquet"], damaged);
            var file = Assert.Single(to.ImportAll(to.Folder["damaged.parquet"]));
            Assert.True(file.Error is UnreadableResultFileException || file is { New: 0 } or { RefusedCount: > 0 } || file.New == 5000, $"{part}: {file.Error} {file.New}");
            to.Store.Delete([.. to.Store.Find(new RunFilter(), default).Select(run => run.Id)], default);
        }
    }

    [Fact]
    public void Columns_that_come_twice_are_refused()
    {
        Assert.IsType<ResultColumnsException>(_importer.ImportText("a.csv", "model,ms,MS\nm,1,2\n", Mapped).Error);
        var json = _importer.ImportText("a.json", """[{"model": "m", "ms": 1, "ms": 2}, {"model": "m", "ms": 3}]""", Mapped);
        Assert.Equal((1, 1L), (json.New, json.RefusedCount));
    }

    [Fact]
    public void A_missing_column_is_told_with_the_closest()
    {
        var file = _importer.ImportText("a.csv", "model,latency_ms\nm,1\n", new ImportOptions { Maps = ["latncy_ms=latency.e2e:ms"], Hardware = "x" });
        Assert.Contains("closest: latency_ms", Assert.IsType<ResultColumnsException>(file.Error).Message, StringComparison.Ordinal);
        file = _importer.ImportText("b.csv", "gpux_results,run_ky,model\n1,a,m\n");
        Assert.Contains("'run_key' is missing; closest: run_ky", Assert.IsType<ResultColumnsException>(file.Error).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ms=latency.e2e", "does not say the unit")]
    [InlineData("ms=latency.e2e:MB", "does not convert")]
    [InlineData("ms=latency.e2:ms", "latency.e2e")]
    [InlineData("ms=batch_size:ms", "has none")]
    [InlineData("ms", "no column map")]
    [InlineData("x=run_key", "neither a metric nor a field")]
    public void A_map_that_says_what_cannot_be_is_refused(string map, string message)
    {
        var exception = Assert.Throws<TransferOptionException>(() => _importer.ImportText("a.csv", "model,ms\nm,1\n", new ImportOptions { Maps = [map] }));
        Assert.Contains(message, exception.Message + exception.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_names_are_kept_to_a_limit()
    {
        var file = _importer.ImportText("a.csv", $"model,ms\n{new string('é', 1000)},1\n{new string('模', 1000)},2\nm,3\n", Mapped);
        Assert.Null(file.Error);
        Assert.Equal([1000, 1], _importer.Runs.Select(run => run.Model.Name.Length));
        Assert.Equal(new RefusedRow(2, "model", "it has 3000 bytes in UTF-8, and may have 2600"), Assert.Single(file.Refused));
    }

    [Fact]
    public void Sql_in_names_is_text()
    {
        const string Name = "'); DROP TABLE test_runs; --";
        _importer.ImportText("a.csv", $"model,ms,precision\n\"{Name}\",1,\"{Name}\"\n", Mapped);
        Assert.Equal((Name, Name), Assert.Single(_importer.Runs) switch { var run => (run.Model.Name, run.Workload.Precision) });
    }

    [Fact]
    public void Byte_order_marks_line_ends_and_gzip_are_taken()
    {
        File.WriteAllText(_importer.Folder["a.csv"], "model;ms\r\n\"m\";1\r\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal(1, _importer.Import(_importer.Folder["a.csv"], Mapped).New);
        using (var stream = new GZipStream(File.Create(_importer.Folder["packed"]), CompressionLevel.Fastest))
            stream.Write("model\tms\nm\t2\n"u8);
        Assert.Equal(1, _importer.Import(_importer.Folder["packed"], Mapped).New);
        File.WriteAllBytes(_importer.Folder["b.json"], [.. Encoding.UTF8.Preamble, .. "{\"model\":\"m\",\"ms\":3}"u8]);
        Assert.Equal(1, _importer.Import(_importer.Folder["b.json"], Mapped).New);
    }

    [Fact]
    public void Other_encodings_are_refused_and_bad_lines_named()
    {
        File.WriteAllText(_importer.Folder["a.csv"], "model,ms\nm,1\n", Encoding.Unicode);
        Assert.Contains("UTF-16", Assert.Single(_importer.ImportAll(_importer.Folder["a.csv"], Mapped)).Error!.Message, StringComparison.Ordinal);
        File.WriteAllBytes(_importer.Folder["b.csv"], [.. "model,ms\nm,1\n\xff"u8[..^2], 0xff, .. ",2\nm,3\n"u8]);
        var file = Assert.Single(_importer.ImportAll(_importer.Folder["b.csv"], Mapped));
        Assert.Equal((2, 1L), (file.New, file.RefusedCount));
        Assert.Contains("utf-8", file.Refused[0].Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Json_bombs_are_refused()
    {
        var deep = new string('[', 100_000) + new string(']', 100_000);
        Assert.Equal((0, 1L), _importer.ImportText("a.json", deep, Mapped) switch { var file => (file.New, file.RefusedCount) });
        var rows = _importer.ImportText("b.jsonl", $"{{\"model\":\"m\",\"ms\":1,\"x\":{deep}}}\n{{\"model\":\"m\",\"ms\":2}}\n", Mapped);
        Assert.Equal((1, 1L), (rows.New, rows.RefusedCount));
        // Attachments are checked as well.
        var attached = _importer.ImportText("c.jsonl", $"{{\"model\":\"m\",\"ms\":3,\"environment\":\"{new string('[', 100)}{new string(']', 100)}\"}}\n{{\"model\":\"m\",\"ms\":4}}\n", Mapped);
        Assert.Equal((1, "environment"), (attached.New, Assert.Single(attached.Refused).Column));
    }

    [Fact]
    public void Json_lines_that_are_none_are_refused_alone()
    {
        var file = _importer.ImportText("a.jsonl", "{\"model\":\"m\",\"ms\":1}\n{\"model\":\n[1]\n{\"model\":\"m\",\"ms\":\"2\"}\n", Mapped);
        Assert.Equal((4L, 2, 2L), (file.Rows, file.New, file.RefusedCount));
        Assert.IsType<UnreadableResultFileException>(_importer.ImportText("b.json", "[{\"model\":\"m\",\"ms\":1}, {]", Mapped).Error);
        Assert.IsType<UnreadableResultFileException>(_importer.ImportText("c.json", "{\"model\":\"m\",\n\"ms\":", Mapped).Error);
    }

    [Fact]
    public void Damaged_files_of_every_kind_end_in_an_error_of_the_file()
    {
        _importer.Store.AddAll([ExampleRun.Of("a")], default);
        foreach (var name in (string[])["a.parquet", "a.csv.gz", "a.json", "a.csv"])
        {
            var bytes = File.ReadAllBytes(_importer.Export(name));
            for (var cut = 1; cut < 20; cut++)
            {
                File.WriteAllBytes(_importer.Folder["cut"], bytes[..(bytes.Length * cut / 20)]);
                var file = Assert.Single(_importer.ImportAll(_importer.Folder["cut"]));
                Assert.True(file.Error is TransferException || file is { New: 0 }, $"{name} cut at {cut}: {file.Error}");
            }
        }
        Assert.Equal("a", Assert.Single(_importer.Runs).Key);
    }

    [Fact]
    public void Files_that_hold_no_results_are_named()
    {
        Assert.IsType<UnknownResultFormatException>(_importer.ImportText("a.csv", "a,b\n1,2\n").Error);
        Assert.IsType<UnknownResultFormatException>(_importer.ImportText("empty", "").Error);
        Assert.Contains("it is empty", _importer.ImportText("empty", "").Error!.Message, StringComparison.Ordinal); // as above
        Assert.Contains("nests deeper than 64", _importer.ImportText("deep.json", new string('[', 200_000)).Error!.Message, StringComparison.Ordinal); // it fails
        Assert.IsType<UnknownResultFormatException>(_importer.ImportText("binary", "ab\0c").Error);
        Assert.IsType<UnreadableResultFileException>(Assert.Single(_importer.ImportAll(_importer.Folder["missing.csv"])).Error);
        Assert.Throws<TransferOptionException>(() => _importer.ImportText("a.csv", "a\n", new ImportOptions { Format = "excel" }));
        Assert.Throws<TransferOptionException>(() => _importer.ImportText("a.csv", "model,ms\nm,1\n", new ImportOptions { Format = "table" }));
    }

    [Fact]
    public void A_file_of_the_wrong_format_is_told()
    {
        foreach (var format in ResultFormats.Names.Where(name => name != "table"))
        {
            var file = _importer.ImportText("a.csv", "model,ms\nm,1\n", new ImportOptions { Format = format });
            Assert.True(file.Error is TransferException, $"{format}: {file.Error} {file.New}");
        }
    }

    [Fact]
    public void Own_rows_with_values_that_cannot_be_are_refused_by_column()
    {
        _importer.Store.AddAll([ExampleRun.Of("a")], default);
        var heading = File.ReadAllLines(_importer.Export("a.csv"))[0];
        using var to = new Importer();
        void Refuses(string column, string from, string with)
        {
            var text = File.ReadAllLines(_importer.Folder["a.csv"])[1];
            Assert.Contains(from, text, StringComparison.Ordinal);
            var file = to.ImportText("b.csv", $"{heading}\n{text.Replace(from, with, StringComparison.Ordinal)}\n");
            Assert.Equal((0, column), (file.New, Assert.Single(file.Refused).Column));
        }
        Refuses("verdict", ",valid,", ",good,");
        Refuses("verdict", ",valid,", ",1,");
        Refuses("hardware_kind", ",gpu,", ",7,");
        Refuses("provenance", "simulated", "invented");
        Refuses("gpux_results", "1,a,", "2,a,");
        Refuses("started_at", "2026-01-02", "1926-01-02");
        Refuses("started_at", "2026-01-02", "2926-01-02");
        Refuses("started_at", "2026-01-02", "yesterday");
    }

    [Fact]
    public void A_folder_with_a_thousand_files_is_read_and_links_are_not_followed()
    {
        using var outside = new Importer();
        File.WriteAllText(outside.Folder["secret.csv"], "model,ms\nsecret,1\n");
        var folder = Directory.CreateDirectory(_importer.Folder["many"]).FullName;
        for (var i = 0; i < 1000; i++)
            File.WriteAllText(Path.Combine(folder, $"{i}.csv"), $"model,ms\nm{i % 900},1\n");
        File.WriteAllText(Path.Combine(folder, "README.md"), "a\0b");
        File.CreateSymbolicLink(Path.Combine(folder, "link.csv"), outside.Folder["secret.csv"]);
        Directory.CreateSymbolicLink(Path.Combine(folder, "linked"), Path.GetDirectoryName(outside.Folder["secret.csv"])!); // a file's folder
        File.SetLastWriteTimeUtc(Path.Combine(folder, "5.csv"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var files = _importer.ImportAll(folder, Mapped with { DryRun = true });
        Assert.Equal((1001, 1000, 900), (files.Count, files.Count(file => file.Format == "table"), files.Sum(file => file.New)));
        Assert.Empty(_importer.Runs);
    }

    [Fact]
    public void A_file_that_changes_meanwhile_is_noticed()
    {
        using var scratch = new ScratchDatabase();
        File.WriteAllText(_importer.Folder["a.csv"], "model,ms\nm,1\n");
        using var file = SourceFile.Open(_importer.Folder["a.csv"], scratch, default);
        file.VerifyUnchanged(default);
        File.AppendAllText(_importer.Folder["a.csv"], "m,2\n");
        Assert.Throws<UnreadableResultFileException>(() => file.VerifyUnchanged(default));
        File.Delete(_importer.Folder["a.csv"]);
        Assert.Throws<UnreadableResultFileException>(() => file.VerifyUnchanged(default));
    }

    [Fact]
    public void A_file_that_fails_leaves_those_before_and_after()
    {
        File.WriteAllText(_importer.Folder["1.csv"], "model,ms\na,1\n");
        File.WriteAllText(_importer.Folder["2.csv"], "model,ms\nb,1\nb,-1\n");
        File.WriteAllText(_importer.Folder["3.csv"], "model,ms\nc,1\n");
        var files = _importer.ImportAll([_importer.Folder["1.csv"], _importer.Folder["2.csv"], _importer.Folder["3.csv"]], Mapped with { Strict = true });
        Assert.Equal([1, 0, 1], files.Select(file => file.New));
        Assert.Equal(["a", "c"], _importer.Runs.Select(run => run.Model.Name));
    }

    [Fact]
    public void A_dry_run_tells_what_is_there_and_stores_nothing()
    {
        Assert.Equal(1, _importer.ImportText("a.csv", "model,ms\nm,1\n", Mapped).New);
        var file = _importer.ImportText("a.csv", "model,ms\nm,1\nm,2\nm,2\n", Mapped with { DryRun = true });
        Assert.Equal((3L, 1, 1L, 1L), (file.Runs, file.New, file.AlreadyThere, file.Repeated));
        Assert.Single(_importer.Runs);
    }

    [Fact]
    public void The_same_run_in_two_files_is_stored_once()
    {
        Assert.Equal(1, _importer.ImportText("a.csv", "model,ms\nm,1\nm,1\n", Mapped).New);
        var other = _importer.ImportText("b.jsonl", "{\"ms\":1,\"model\":\"m\"}\n{\"ms\":1.5,\"model\":\"m\"}\n", Mapped);
        Assert.Equal((1, 1L), (other.New, other.AlreadyThere));
    }

    [Fact]
    public void A_database_without_units_is_refused_until_they_are_said()
    {
        var path = SeedDatabase("CREATE TABLE performance_results (id INTEGER, model_id INTEGER, hardware_id INTEGER, batch_size INTEGER, precision VARCHAR, latency FLOAT, throughput FLOAT, memory FLOAT, created_at TIMESTAMP)",
            "INSERT INTO performance_results VALUES (1, 1, 2, 8, 'fp16', 12.3, 640.5, 512, '2025-03-07 01:02:03'), (2, 9, 2, 1, 'fp32', 1, 1, 1, NULL), (3, 1, 1, 1, 'fp32', NULL, 20, NULL, NULL)");
        Assert.Contains("--latency-unit", Assert.Throws<TransferOptionException>(() => _importer.ImportAll(path)).Remedy, StringComparison.Ordinal);
        Assert.Contains("--memory-unit", Assert.Throws<TransferOptionException>(() => _importer.ImportAll(path, new ImportOptions { LatencyUnit = "ms" })).Remedy, StringComparison.Ordinal);
        Assert.Empty(_importer.Runs);
        var file = _importer.Import(path, new ImportOptions { LatencyUnit = "ms", MemoryUnit = "MB" });
        Assert.Equal(("duckdb", 3L, 2, 1L), (file.Format, file.Rows, file.New, file.RefusedCount));
        Assert.Equal((2L, "model_id"), (file.Refused[0].Row, file.Refused[0].Column));
        var run = _importer.Runs[0];
        Assert.Equal(("bert-base-uncased", "cuda", HardwareKind.Gpu, 8, "fp16"), (run.Model.Name, run.Hardware.Name, run.Hardware.Kind, run.Workload.BatchSize, run.Workload.Precision));
        Assert.Equal([new MetricResult(Metric.Latency, 1, 0.0123), new MetricResult(Metric.Throughput, 1, 640.5), new MetricResult(Metric.PeakDeviceMemory, 1, 512e6)], run.Metrics);
        Assert.Equal(new DateTimeOffset(2025, 3, 7, 1, 2, 3, TimeSpan.Zero), run.StartedAt);
        Assert.Equal([new MetricResult(Metric.Throughput, 1, 20)], _importer.Runs[1].Metrics);
    }

    [Fact]
    public void A_database_whose_columns_say_their_units_needs_none()
    {
        var path = SeedDatabase("CREATE TABLE test_results (model_id INTEGER, hardware_id INTEGER, average_latency_ms DOUBLE, throughput_items_per_second DOUBLE, memory_peak_mb DOUBLE)",
            "INSERT INTO test_results VALUES (1, 2, 12.5, 80, NULL)");
        Assert.Equal(1, _importer.Import(path).New);
        Assert.Equal([new MetricResult(Metric.Latency, 1, 0.0125), new MetricResult(Metric.Throughput, 1, 80)], Assert.Single(_importer.Runs).Metrics);
    }

    [Fact]
    public void Other_databases_and_views_are_refused()
    {
        var path = SeedDatabase("CREATE VIEW performance_results AS SELECT * FROM read_csv('/etc/passwd')", "SELECT 1");
        Assert.IsType<UnknownResultFormatException>(Assert.Single(_importer.ImportAll(path)).Error);
    }

    private string SeedDatabase(params string[] statements)
    {
        var path = _importer.Folder["seed.duckdb"];
        using var database = DuckDbDatabase.Open(path, readOnly: false, TimeSpan.Zero, default);
        using var connection = database.Connect();
        connection.Execute("CREATE TABLE models (id INTEGER PRIMARY KEY, model_name VARCHAR)", [], default);
        connection.Execute("INSERT INTO models VALUES (1, 'bert-base-uncased')", [], default);
        connection.Execute("CREATE TABLE hardware_platforms (id INTEGER PRIMARY KEY, hardware_type VARCHAR)", [], default);
        connection.Execute("INSERT INTO hardware_platforms VALUES (1, 'cpu'), (2, 'cuda')", [], default);
        foreach (var statement in statements)
            connection.Execute(statement, [], default);
        return path;
    }
}
