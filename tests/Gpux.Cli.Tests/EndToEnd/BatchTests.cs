using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Files of rows, answered by the built program.</summary>
[Trait("Category", "Slow")]
public sealed class BatchTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task A_killed_run_goes_on_to_the_same_file()
    {
        var rows = Write("rows.csv", $"id,text\n{string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i},Where is railway station number {i}?\n"))}");
        var (whole, killed) = (Path.Combine(_user.Folder, "whole.csv"), Path.Combine(_user.Folder, "killed.csv"));
        string[] command = ["run", "samples/language-id", "--file", rows, "--column", "text", "--json", "-o"];
        var answer = await _user.RunAsync([.. command, whole]);
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(20_000, answer.Json.GetProperty("rows").GetInt32());

        // Wherever it is killed, and if it is quicker than that it begins again.
        for (var wait = 300; wait < 3000; wait *= 2)
            await _user.KillAsync(TimeSpan.FromMilliseconds(wait), [.. command, killed]);
        answer = await _user.RunAsync([.. command, killed]);

        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(20_000, answer.Json.GetProperty("rows").GetInt32());
        Assert.Equal(await File.ReadAllBytesAsync(whole), await File.ReadAllBytesAsync(killed));
        Assert.False(File.Exists($"{killed}.partial"));
    }

    [Fact]
    public async Task A_bad_row_makes_the_exit_code_one_and_the_file_complete()
    {
        var rows = Write("rows.csv", "id,text\n1,Where is the railway station?\n2\n3,Wo ist denn hier bitte der Bahnhof?\n");
        var answer = await _user.RunAsync("run", "samples/language-id", "--file", rows, "-o", "out.csv");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("rows.csv:3: the row has 1 fields", answer.Error, StringComparison.Ordinal);
        Assert.Contains("1 without an answer", answer.Error, StringComparison.Ordinal);
        Assert.Equal(4, (await File.ReadAllLinesAsync(Path.Combine(_user.Folder, "out.csv"))).Length);
    }

    [Fact]
    public async Task Rows_of_Parquet_are_answered_as_those_of_a_table()
    {
        using (var database = DuckDbDatabase.OpenInMemory())
        using (var connection = database.Connect())
        {
            connection.ExecuteScript("CREATE TABLE reviews AS SELECT i AS id, 'Where is railway station number ' || i || '?' AS text FROM range(3000) AS t(i)", default);
            connection.Execute("COPY reviews TO $1 (FORMAT parquet)", [Path.Combine(_user.Folder, "reviews.parquet")], default);
            connection.Execute("COPY reviews TO $1 (FORMAT csv, HEADER)", [Path.Combine(_user.Folder, "reviews.csv")], default);
        }
        foreach (var format in (string[])["parquet", "csv"])
        {
            var answer = await _user.RunAsync("run", "samples/language-id", "--file", $"reviews.{format}", "-o", $"from-{format}.csv");
            Assert.True(answer.ExitCode == 0, answer.ToString());
        }
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(_user.Folder, "from-csv.csv")), await File.ReadAllTextAsync(Path.Combine(_user.Folder, "from-parquet.csv")));
    }

    [Fact]
    public async Task Vectors_are_written_and_searched()
    {
        var model = _user.Copy("models", "sentence-bert-mean-normalize");
        var corpus = Write("corpus.txt", "Alice lives in Paris.\nBob reads a book.\nThe train is late.\n");
        var answer = await _user.RunAsync("embed", model, corpus, "-o", "vectors.npy", "--precision", "int8");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.True(File.Exists(Path.Combine(_user.Folder, "vectors.npy")));
        answer = await _user.RunAsync("similar", model, "Bob reads a book.", "--in", corpus, "--top", "1", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(2, answer.Json[0].GetProperty("line").GetInt32());
        Assert.Equal(1, answer.Json[0].GetProperty("score").GetSingle(), 1e-5f);
        answer = await _user.RunAsync("embed", "samples/language-id", corpus, "-o", "vectors.npy");
        Assert.Contains("GPUX4025", answer.Error, StringComparison.Ordinal);
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_user.Folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
