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
        Assert.Equal(2, (await _user.RunAsync("db", "export", "-o", "a.xlsx", "--db-path", "a.duckdb")).ExitCode);
    }
}
