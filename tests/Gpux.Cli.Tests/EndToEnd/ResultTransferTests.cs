using System.Diagnostics;
using System.Globalization;

namespace Gpux.Cli.Tests.EndToEnd;

public sealed class ResultTransferTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Results_are_imported_exported_and_imported_again()
    {
        var golden = Path.Combine(Corpus.Repository, "tests", "Golden", "benchmarks");
        var dry = await _user.RunAsync("db", "import", Path.Combine(golden, "llama-bench.json"), "--db-path", "a.duckdb", "--dry-run", "--json");
        Assert.Equal(2, dry.Json.GetProperty("files")[0].GetProperty("new").GetInt32());
        Assert.False(File.Exists(Path.Combine(_user.Folder, "a.duckdb")));

        Assert.Equal(0, (await _user.RunAsync("db", "import", Path.Combine(golden, "llama-bench.json"), "--db-path", "a.duckdb")).ExitCode);
        Assert.Equal(2, (await _user.RunAsync("db", "export", "-o", "a.parquet", "--db-path", "a.duckdb", "--json")).Json.GetProperty("runs").GetInt32());
        var again = await _user.RunAsync("db", "import", "a.parquet", "--db-path", "b.duckdb", "--json");
        Assert.Equal((0, "gpux", 2), (again.ExitCode, again.Json.GetProperty("files")[0].GetProperty("format").GetString(), again.Json.GetProperty("files")[0].GetProperty("new").GetInt32()));
    }

    [Theory]
    [InlineData(1, 5000)] // its log does not fit
    [InlineData(6, 20_000)] // nor does what is written back into the file
    public async Task Full_disk_ends_an_import_with_nothing_of_it_and_a_database_that_can_be_read(int megabytes, int runs)
    {
        WriteRuns(runs);
        var watch = Stopwatch.StartNew();
        _user.Variables["TMPDIR"] = Path.Combine(_user.Folder, "disk", "tmp"); // full as well
        var full = await _user.RunOnDiskAsync(megabytes, "ls; ls tmp; \"$gpux\" db list --db-path a.duckdb --json; echo list $?",
            "db", "import", "runs.csv", "--db-path", "disk/a.duckdb");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60); // seconds, on a machine that has other work
        Assert.True(full.ExitCode == 1 && full.Error.Contains("GPUX6003", StringComparison.Ordinal), full.ToString());
        Assert.DoesNotContain("gpux-", full.Output, StringComparison.Ordinal); // no temporary folder is left
        Assert.EndsWith("[]\nlist 0\n", full.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_temporary_folder_does_not_keep_a_table_from_being_imported()
    {
        WriteRuns(3000);
        _user.Variables["TMPDIR"] = Path.Combine(_user.Folder, "disk", "tmp");
        var done = await _user.RunOnDiskAsync(1, "ls tmp", "db", "import", "runs.csv", "--db-path", "a.duckdb", "--json");
        Assert.True(done.ExitCode == 0, done.ToString());
        Assert.Equal("", done.Output[(done.Output.LastIndexOf('}') + 1)..].Trim());
    }

    [Fact]
    public async Task What_fails_is_told_and_fails_the_command()
    {
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "a.csv"), "model,ms\nm,1\nm,-1\n");
        var unknown = await _user.RunAsync("db", "import", "a.csv", "--db-path", "a.duckdb", "--json");
        Assert.Equal((1, "GPUX6030"), (unknown.ExitCode, unknown.Json.GetProperty("files")[0].GetProperty("error").GetProperty("code").GetString()));
        var refused = await _user.RunAsync("db", "import", "a.csv", "--map", "ms=latency.e2e:ms", "--hardware", "L4", "--db-path", "a.duckdb");
        Assert.Equal(0, refused.ExitCode);
        Assert.Contains("a.csv: row 2, latency.e2e.mean: -0.001 s", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await _user.RunAsync("db", "import", "a.csv", "--strict", "--map", "ms=latency.e2e:ms", "--hardware", "L4", "--db-path", "a.duckdb")).ExitCode);
        // A file of which every row is refused gave nothing.
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "none.csv"), "model,ms\nm,-1\nm,-2\n");
        var none = await _user.RunAsync("db", "import", "a.csv", "none.csv", "--map", "ms=latency.e2e:ms", "--hardware", "L4", "--db-path", "a.duckdb");
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("none.csv: row 2, latency.e2e.mean: -0.002 s", none.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await _user.RunAsync("db", "export", "-o", "a.xlsx", "--db-path", "a.duckdb")).ExitCode);
    }

    // In the columns of an export, with keys that no compression makes small.
    private void WriteRuns(int count)
    {
        var random = new Random(1);
        File.WriteAllLines(Path.Combine(_user.Folder, "runs.csv"), Enumerable.Range(-1, count + 1).Select(i => i < 0
            ? "gpux_results,run_key,model,hardware,hardware_kind,provenance,machine_fingerprint,suite,benchmark_version,task_type,scenario,verdict,started_at,duration,latency.e2e.mean,energy.mean"
            : string.Create(CultureInfo.InvariantCulture, $"1,{random.NextInt64():x16}{random.NextInt64():x16},m{i % 200},h{i % 50},gpu,simulated,machine,s,1,inference,x,valid,2026-01-02T03:04:05Z,1,{random.NextDouble():R},{random.NextDouble():R}")));
    }
}
