using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Tests.EndToEnd;

[Trait("Category", "Slow")]
public sealed class DatabaseTests : IDisposable
{
    private readonly User _user = new();

    private string File_ => Path.Combine(_user.Folder, "results.duckdb");

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Results_are_listed_shown_and_deleted()
    {
        Fill("bert-base-uncased", "llama-7b", "bert-base-uncased");
        var list = await _user.RunAsync("db", "list", "--db-path", File_, "--model", "bert-base-uncased");
        Assert.True(list.ExitCode == 0, list.ToString());
        var lines = list.Output.Trim().Split('\n');
        Assert.Equal("bert-base-uncased@v1.0.0, NVIDIA L4, cuda, fp16, batch 1", lines[0]);
        Assert.Equal(["ID  LATENCY  THROUGHPUT  VERDICT  WHEN", " 1  12.5 ms      80.0/s  valid    2026-01-02 03:04", " 3  12.5 ms      80.0/s  valid    2026-01-02 03:04"], lines[1..]);

        var listed = await _user.RunAsync("db", "list", "--db-path", File_, "--hardware", "cuda", "--version", "v1.0.0", "--limit", "2", "--json");
        Assert.Equal([2, 3], listed.Json.EnumerateArray().Select(run => run.GetProperty("id").GetInt64()));

        var shown = await _user.RunAsync("db", "show", "2", "--db-path", File_);
        Assert.Equal(0, shown.ExitCode);
        foreach (var text in (string[])["llama-7b", "closed-loop", "onnxruntime", "measured", "latency.e2e", "12.5 ms", "12.0 ms to 13.0 ms at 95", "float64, 24 B"])
            Assert.Contains(text, shown.Output, StringComparison.Ordinal);
        var json = (await _user.RunAsync("db", "show", "2", "--db-path", File_, "--json")).Json;
        Assert.Equal("EPYC", json.GetProperty("environment").GetProperty("cpu").GetString());
        Assert.Equal(0.0125, json.GetProperty("metrics")[0].GetProperty("p50").GetDouble());

        var asked = await _user.RunAsync("db", "delete", "1,2", "--db-path", File_);
        Assert.Contains("Would delete 2 results", asked.Output, StringComparison.Ordinal);
        Assert.Contains("--yes", asked.Error, StringComparison.Ordinal);
        var missing = await _user.RunAsync("db", "delete", "1", "99", "--yes", "--db-path", File_);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("GPUX6020", missing.Error, StringComparison.Ordinal);
        var deleted = await _user.RunAsync("db", "delete", "1,2", "--yes", "--db-path", File_);
        Assert.Contains("Deleted 2 results", deleted.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await _user.RunAsync("db", "list", "--db-path", File_, "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Schema_is_told_to_be_made_or_found()
    {
        async Task Told(string file, string said, params string[] options)
        {
            var answer = await _user.RunAsync(["db", "create-schema", "--db-path", Path.Combine(_user.Folder, file), .. options]);
            Assert.True(answer.ExitCode == 0 && answer.Output.Contains(said, StringComparison.Ordinal), answer.ToString());
        }
        await Told("a.duckdb", "is new, and has the schema of this GPUX.");
        await Told("a.duckdb", "already. Nothing was changed.");
        await Told("a.duckdb", "\"schema\": \"unchanged\"", "--json");
        await Told("b.duckdb", "\"schema\": \"made\"", "--json");
    }

    [Fact]
    public async Task Tokens_a_second_are_listed_where_a_source_counts_nothing_else()
    {
        var imported = await _user.RunAsync("db", "import", Path.Combine(Corpus.Repository, "tests", "Golden", "benchmarks", "llama-bench.json"), "--db-path", File_);
        Assert.True(imported.ExitCode == 0, imported.ToString());
        var list = await _user.RunAsync("db", "list", "--db-path", File_);
        Assert.Contains(" tokens/s  ", list.Output, StringComparison.Ordinal);
        Assert.Contains(" tokens/s in  ", list.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_do_not_widen_the_list_nor_turn_its_writing_around()
    {
        var (wide, turned) = (new string('x', 1000), "bert\u202edesacnu");
        Fill(wide, turned, "bert\u200b-base-uncased");
        var list = await _user.RunAsync("db", "list", "--db-path", File_);
        Assert.All(list.Output.Split('\n'), line => Assert.True(line.Length <= 160, line));
        foreach (var text in (string[])["xxx…", "bert\\u202edesacnu", "bert\\u200b-base-uncased"])
            Assert.Contains(text, list.Output, StringComparison.Ordinal);
        var json = await _user.RunAsync("db", "list", "--db-path", File_, "--json");
        Assert.Equal([wide, turned], json.Json.EnumerateArray().Take(2).Select(run => run.GetProperty("model").GetProperty("name").GetString()));
        var refused = await _user.RunAsync("db", "version-history", "--model", turned + "x", "--db-path", File_);
        Assert.True(refused.ExitCode == 1 && refused.Error.Contains("\\u202e", StringComparison.Ordinal) && !refused.Error.Contains('\u202e', StringComparison.Ordinal), refused.ToString());
    }

    [Fact]
    public async Task A_file_of_runs_that_is_missing_is_told_so()
    {
        Fill("bert-base-uncased");
        foreach (var (source, said) in ((string, string)[])[("nofile.json", "There is no file 'nofile.json'"), ("./runs/b", "There is no file './runs/b'"), ("latest", "names no runs, and there is no such file"), (".", "is a folder")])
        {
            var refused = await _user.RunAsync("bench", "compare", "1", source, "--db-path", File_);
            Assert.True(refused.ExitCode == 2 && refused.Error.Contains(said, StringComparison.Ordinal), refused.ToString());
        }
    }

    [Fact]
    public async Task Backup_is_put_beside_the_file()
    {
        Fill("bert-base-uncased");
        var backup = await _user.RunAsync("db", "backup", "--db-path", File_, "--json");
        var path = backup.Json.GetProperty("backup").GetString();
        Assert.StartsWith(File_ + ".0", path, StringComparison.Ordinal);
        Assert.Equal(1, (await _user.RunAsync("db", "list", "--db-path", path!, "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task List_shows_what_tells_runs_apart()
    {
        var run = RunOf("bert-base-uncased");
        using (var store = BenchmarkStore.Open(File_, TimeSpan.Zero, default))
        {
            foreach (var other in (BenchmarkRun[])
            [
                run, run with { Key = "8", Workload = run.Workload with { Concurrency = 8 } }, run with { Key = "rate", Workload = run.Workload with { Scenario = "open-loop", OfferedRate = 40 } },
                run with { Key = "whole", Suite = "gpux bench --end-to-end" },
            ])
                store.Add(other, default);
        }
        var list = await _user.RunAsync("db", "list", "--db-path", File_);
        Assert.Equal(["bert-base-uncased@v1.0.0, NVIDIA L4, cuda, fp16, batch 1", "ID  CALLERS  OFFERED  BENCHMARK   LATENCY  THROUGHPUT  VERDICT  WHEN"], list.Output.Split('\n')[..2]);
        foreach (var text in (string[])[" 2        8  ", "40/s", "end to end"])
            Assert.Contains(text, list.Output, StringComparison.Ordinal);
        Assert.All(list.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public async Task Password_of_an_address_is_never_shown()
    {
        foreach (var command in (string[])["create-schema", "list", "backup"])
        {
            var refused = await _user.RunAsync("db", command, "--db-path", "postgresql://ada:secret@127.0.0.1:1/results?connect_timeout=1");
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("127.0.0.1:1/results", refused.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", refused.Output + refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_file_of_another_kind_is_no_database_to_any_command()
    {
        var (table, golden) = (Path.Combine(_user.Folder, "keep.csv"), Path.Combine(Corpus.Repository, "tests", "Golden", "benchmarks"));
        File.Copy(Path.Combine(golden, "table.csv"), table);
        foreach (var command in (string[][])[["create-schema"], ["list"], ["backup"], ["import", Path.Combine(golden, "llama-bench.json")], ["export", "-o", "a.csv"], ["version-history", "--model", "m"]])
        {
            var refused = await _user.RunAsync(["db", .. command, "--db-path", "keep.csv"]);
            Assert.True(refused.ExitCode == 1 && refused.Error.Contains("GPUX6022", StringComparison.Ordinal) && refused.Output.Length == 0, $"{command[0]}: {refused}");
        }
        Assert.Equal(File.ReadAllText(Path.Combine(golden, "table.csv")), File.ReadAllText(table));
        Assert.Equal(["keep.csv"], Directory.GetFiles(_user.Folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("", 2, "GPUX5001")]
    [InlineData("   ", 2, "GPUX5001")]
    [InlineData(".", 1, "it is a folder")]
    public async Task A_path_that_names_no_file_is_told(string path, int exitCode, string said)
    {
        foreach (var command in (string[])["list", "create-schema", "backup"])
        {
            var refused = await _user.RunAsync("db", command, "--db-path", path);
            Assert.True(refused.ExitCode == exitCode && refused.Error.Contains(said, StringComparison.Ordinal), $"{command}: {refused}");
        }
    }

    [Fact]
    public async Task Results_that_standard_output_has_no_room_for_are_an_error()
    {
        Fill([.. Enumerable.Repeat("bert-base-uncased", 500)]);
        // The program is run again with its output on the small disk, which a file fills.
        var full = await _user.RunOnDiskAsync(1, $"head -c 2000000 /dev/zero >fill 2>../error; \"$gpux\" db list --limit 500 --db-path '{File_}' >out 2>../error; echo $?; cat ../error", "version");
        Assert.True(full.Output.EndsWith("Free space there, or send it elsewhere, and run the command again. What was written is not whole.\n", StringComparison.Ordinal)
            && full.Output.Contains("\n1\nerror GPUX4001: ", StringComparison.Ordinal), full.ToString());
        // A reader that has seen enough is no failure.
        var gone = await _user.RunOnDiskAsync(1, $"(\"$gpux\" db list --limit 500 --json --db-path '{File_}'; echo $? >&2) | head -n 1", "version");
        Assert.True(gone.Output.EndsWith("\n[\n", StringComparison.Ordinal) && gone.Error.Trim() == "0", gone.ToString());
    }

    [Theory]
    [InlineData("export", "-o", "named.csv")]
    [InlineData("report", "-o", "named.html")]
    [InlineData("plot", "bars", "-o", "named.svg")]
    [InlineData("plot", "bars", "-o", "named.png")]
    public async Task What_is_named_as_output_is_written_to_and_not_replaced(params string[] command)
    {
        Fill("bert-base-uncased");
        var (name, target) = (Path.Combine(_user.Folder, command[^1]), Path.Combine(_user.Folder, "target"));
        File.WriteAllText(target, "old");
        File.CreateSymbolicLink(name, "target");
        var linked = await _user.RunAsync(["db", .. command, "--db-path", File_]);
        Assert.True(linked.ExitCode == 0 && new FileInfo(name).LinkTarget == "target", linked.ToString());
        var whole = File.ReadAllBytes(target);
        Assert.NotEqual("old"u8.ToArray(), whole);
        File.Delete(name);
        using (var make = System.Diagnostics.Process.Start("mkfifo", [name]))
            await make.WaitForExitAsync();
        var read = Task.Run(() => File.ReadAllBytes(name)); // it waits for a writer to open it
        var piped = await _user.RunAsync(["db", .. command, "--db-path", File_]);
        Assert.True(piped.ExitCode == 0, piped.ToString());
        Assert.Equal(whole, await read.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.True(OutputFile.IsSpecial(name));
    }

    [Theory]
    [InlineData("GPUX6035", "export", "-o", "full.csv")]
    [InlineData("GPUX6035", "export", "-o", "full.parquet")]
    [InlineData("GPUX6035", "export", "-o", "missing/a.csv")]
    [InlineData("GPUX4001", "report", "-o", "full.html")]
    [InlineData("GPUX4001", "report", "-o", "missing/a.html")]
    [InlineData("GPUX4001", "plot", "bars", "-o", "full.svg")]
    [InlineData("GPUX4001", "plot", "bars", "-o", "full.png")]
    [InlineData("GPUX4001", "plot", "bars", "-o", "full.html")]
    public async Task Full_disk_is_a_failure_that_names_the_file_and_no_wrong_usage(string code, params string[] command)
    {
        Fill("bert-base-uncased");
        if (!command[^1].Contains('/', StringComparison.Ordinal))
            File.CreateSymbolicLink(Path.Combine(_user.Folder, command[^1]), "/dev/full");
        var refused = await _user.RunAsync(["db", .. command, "--db-path", File_]);
        Assert.True(refused.ExitCode == 1 && refused.Error.StartsWith($"error {code}: '{command[^1]}' cannot be written: ", StringComparison.Ordinal), refused.ToString());
        Assert.DoesNotContain(":memory:", refused.Error, StringComparison.Ordinal);
    }

    private void Fill(params ReadOnlySpan<string> models)
    {
        using var store = BenchmarkStore.Open(File_, TimeSpan.Zero, default);
        foreach (var model in models)
            store.Add(RunOf(model), default);
    }

    private static BenchmarkRun RunOf(string model) => new()
    {
        Key = Guid.NewGuid().ToString(),
        Model = new BenchmarkedModel(model),
        VersionTag = "v1.0.0",
        Hardware = new HardwarePlatform("NVIDIA L4", HardwareKind.Gpu),
        Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = "fp16", BatchSize = 1 },
        Engine = new Engine("onnxruntime") { ExecutionProvider = "cuda" },
        Provenance = Provenance.Measured,
        MachineFingerprint = "machine",
        EnvironmentJson = """{"cpu": "EPYC"}""",
        Suite = "gpux bench",
        BenchmarkVersion = "1",
        Verdict = RunVerdict.Valid,
        StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Duration = TimeSpan.FromSeconds(10),
        Metrics =
        [
            new MetricResult(Metric.Latency, 1000, 0.013) { P50 = 0.0125, ConfidenceLow = 0.012, ConfidenceHigh = 0.013, ConfidenceLevel = 0.95 },
            new MetricResult(Metric.Throughput, 1, 80),
        ],
        Samples = new RunSamples("float64", new byte[24]),
    };
}
