using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>gpux bench measures real models. How fast they are, and whether this machine is quiet enough, is nobody's concern here.</summary>
[Trait("Category", "Slow")]
public sealed class BenchCommandTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Two_batches_are_measured_and_kept()
    {
        var answer = await _user.RunAsync("bench", "samples/language-id", "--batch", "1,4", "--sequence", "16", "--quick", "--launches", "2", "--version", "v1", "--seed", "5", "--db-path", "b.duckdb", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var runs = answer.Json.GetProperty("runs");
        Assert.Equal([1, 4], runs.EnumerateArray().Select(run => run.GetProperty("workload").GetProperty("batch_size").GetInt32()));
        Assert.Equal([1, 2], runs.EnumerateArray().Select(run => run.GetProperty("id").GetInt32()));
        Assert.All(runs.EnumerateArray(), run =>
        {
            Assert.Equal("samples/language-id", run.GetProperty("model").GetProperty("name").GetString());
            Assert.Equal("v1", run.GetProperty("version").GetString());
            Assert.Equal(16, run.GetProperty("workload").GetProperty("input_tokens").GetInt32());
            Assert.Equal(2, run.GetProperty("launches").GetInt32());
            Assert.Equal(5, run.GetProperty("seed").GetInt32());
            var reasons = run.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString() ?? "").ToArray();
            Assert.Contains(reasons, reason => reason.StartsWith("quick:", StringComparison.Ordinal));
            var metrics = run.GetProperty("metrics").EnumerateArray().ToDictionary(metric => metric.GetProperty("name").GetString() ?? "");
            Assert.Superset(
                new HashSet<string>(["latency.e2e", "latency.first_inference", "load_time", "conversion_time", "throughput.samples", "throughput.tokens_in", "error_rate", "memory.peak_rss", "memory.weights"]),
                metrics.Keys.ToHashSet());
            // On a busy machine it is left out, and that is said.
            Assert.NotEqual(metrics.ContainsKey("roofline_share"), reasons.Any(reason => reason.StartsWith("roofline:", StringComparison.Ordinal)));
            Assert.All(metrics.Values.Where(metric => metric.GetProperty("name").GetString() != "error_rate"), metric => Assert.True(metric.GetProperty("mean").GetDouble() > 0, metric.GetRawText()));
            // Rows a second at one request at a time are the batch over the mean latency.
            var expected = run.GetProperty("workload").GetProperty("batch_size").GetInt32() / metrics["latency.e2e"].GetProperty("mean").GetDouble();
            Assert.InRange(metrics["throughput.samples"].GetProperty("mean").GetDouble(), expected * 0.7, expected * 1.3);
            Assert.Contains(run.GetProperty("environment").GetProperty("providers").EnumerateArray(), share => share.GetProperty("name").GetString() == "CPUExecutionProvider" && share.GetProperty("time_share").GetDouble() > 0.9);
        });
    }

    [Theory]
    [InlineData("--batch", "2"), InlineData("--end-to-end")]
    public async Task A_generated_text_has_times_of_its_tokens(params string[] how)
    {
        var answer = await _user.RunAsync(["bench", "samples/storyteller", "--sequence", "8", "--tokens", "6", .. how, "--quick", "--no-save", "--json"]);
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var run = answer.Json.GetProperty("runs")[0];
        Assert.InRange(run.GetProperty("workload").GetProperty("input_tokens").GetInt32(), how.Length > 1 ? 8 : 1, 8); // of a text, whole words
        Assert.Equal(6, run.GetProperty("workload").GetProperty("output_tokens").GetInt32());
        var metrics = run.GetProperty("metrics").EnumerateArray().ToDictionary(metric => metric.GetProperty("name").GetString() ?? "", metric => metric.GetProperty("mean").GetDouble());
        // A text is its first token and five further ones.
        Assert.InRange(metrics["latency.ttft"] + 5 * metrics["latency.tpot"], metrics["latency.e2e"] * 0.95, metrics["latency.e2e"] * 1.05);
        Assert.Equal(how.Length > 1, metrics.ContainsKey("memory.cache"));
        Assert.False(run.TryGetProperty("id", out _));
    }

    [Theory]
    [InlineData("vit-image-classification")]
    [InlineData("bert-nsp")] // no pipeline has its task
    public async Task Models_of_other_kinds_are_measured(string name)
    {
        var answer = await _user.RunAsync("bench", _user.Copy("models", name), "--batch", "1,2", "--quick", "--no-save", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.All(answer.Json.GetProperty("runs").EnumerateArray(), run => Assert.Equal(JsonValueKind.Array, run.GetProperty("metrics").ValueKind));
    }

    [Fact]
    public async Task Whole_answers_at_a_rate_are_a_suite_of_their_own()
    {
        var answer = await _user.RunAsync("bench", "samples/language-id", "--end-to-end", "--rate", "20", "--concurrency", "2", "--quick", "--no-save", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var run = answer.Json.GetProperty("runs")[0];
        Assert.Equal("gpux bench --end-to-end", run.GetProperty("suite").GetString());
        Assert.Equal("open-loop", run.GetProperty("workload").GetProperty("scenario").GetString());
        Assert.Equal(20, run.GetProperty("workload").GetProperty("offered_rate").GetDouble());
    }

    [Fact]
    public async Task Requests_that_keep_their_bounds_are_counted()
    {
        var answer = await _user.RunAsync("bench", "samples/storyteller", "--sequence", "8", "--tokens", "6", "--rate", "20", "--goodput", "ttft=100s", "--goodput", "tpot=100s,latency=1us", "--quick", "--html", "page.html", "--no-save", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var run = answer.Json.GetProperty("runs")[0];
        var goodput = run.GetProperty("environment").GetProperty("goodput");
        Assert.Equal([("latency", 1e-6), ("ttft", 100.0), ("tpot", 100.0)], goodput.GetProperty("objectives").EnumerateObject().Select(bound => (bound.Name, bound.Value.GetDouble())));
        Assert.Equal(0, goodput.GetProperty("good").GetInt64()); // nobody answers in a microsecond
        var metrics = run.GetProperty("metrics").EnumerateArray().ToDictionary(metric => metric.GetProperty("name").GetString() ?? "");
        Assert.Equal(0, metrics["goodput"].GetProperty("mean").GetDouble());
        Assert.Equal(metrics["latency.e2e"].GetProperty("n").GetInt64(), goodput.GetProperty("requests").GetInt64());
        Assert.False(metrics.ContainsKey("roofline_share")); // of an open loop
        // Prompts of 8 tokens for each text of 6.
        Assert.Equal(8.0 / 6, metrics["throughput.tokens_in"].GetProperty("mean").GetDouble() / metrics["throughput.tokens_out"].GetProperty("mean").GetDouble(), 1e-9);
        Assert.Contains("latency &lt;= 0.001 ms, ttft &lt;= 100 s, tpot &lt;= 100 s; kept by 0 of", await File.ReadAllTextAsync(Path.Combine(_user.Folder, "page.html")), StringComparison.Ordinal);
        var misplaced = await _user.RunAsync("bench", "samples/language-id", "--goodput", "ttft=1s", "--quick", "--no-save", "--json");
        Assert.Equal(1, misplaced.ExitCode);
        Assert.Contains("GPUX6046", misplaced.Json.GetProperty("failures")[0].GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_launch_that_cannot_be_is_told_and_fails()
    {
        var answer = await _user.RunAsync("bench", "samples/storyteller", "--sequence", "100000", "--quick", "--no-save", "--json");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("GPUX6046", answer.Json.GetProperty("failures")[0].GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--batch", "0")]
    [InlineData("--batch", "1,x")]
    [InlineData("--precision", "fp7")]
    [InlineData("--rate", "NaN")]
    [InlineData("--threads", "0")]
    [InlineData("--duration", "1e9")]
    [InlineData("--goodput", "latency=50")]
    [InlineData("--goodput", "itl=5ms")]
    [InlineData("--launches", "257")]
    public async Task Wrong_numbers_are_wrong_usage(string option, string value)
    {
        var answer = await _user.RunAsync("bench", "samples/language-id", option, value);
        Assert.True(answer.ExitCode == 2, answer.ToString());
    }

    [Theory]
    [InlineData("GPUX3342", "--task", "nope")]
    [InlineData("GPUX6046", "--task", "text-generation")]
    [InlineData("GPUX6046", "--sequence", "16")]
    [InlineData("GPUX6046", "--tokens", "16")]
    [InlineData("GPUX5001", "--version", "v1")]
    public async Task What_has_no_meaning_for_a_model_is_refused(string code, string option, string value)
    {
        var answer = await _user.RunAsync("bench", "samples/digits", "--quick", "--no-save", option, value);
        Assert.True(answer.ExitCode is 1 or 2, answer.ToString());
        Assert.Contains(code, answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_kept_is_refused_before_it_is_measured()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_user.Folder, "folder")).FullName;
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "notes.txt"), "no database");
        foreach (var options in (string[][])[["--db-path", folder], ["--db-path", "missing/results.duckdb"], ["--db-path", "notes.txt"], ["--html", folder], ["--html", "notes.txt/page.html"]])
        {
            var answer = await _user.RunAsync(["bench", "samples/digits", "--duration", "3600", .. options]);
            Assert.True(answer.ExitCode is 1 or 2, answer.ToString());
            Assert.Equal("", answer.Output);
            Assert.DoesNotContain("GPUX5099", answer.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Results_are_shown_though_their_page_finds_a_full_disk()
    {
        File.CreateSymbolicLink(Path.Combine(_user.Folder, "page.html"), "/dev/full");
        var answer = await _user.RunAsync("bench", "samples/digits", "--quick", "--no-save", "--html", "page.html");
        Assert.True(answer.ExitCode == 1 && answer.Error.Contains("error GPUX4001: 'page.html' cannot be written: ", StringComparison.Ordinal), answer.ToString());
        Assert.Contains("fp32, batch 1", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_outlive_a_database_that_refuses_them()
    {
        BenchmarkStore? other = null;
        var file = Path.Combine(_user.Folder, "busy.duckdb");
        Answer answer;
        try
        {
            answer = await _user.RunAndMeanwhileAsync(() => other = BenchmarkStore.Open(file, TimeSpan.Zero, default), "bench", "samples/digits", "--quick", "--db-path", "busy.duckdb");
        }
        finally
        {
            other?.Dispose();
        }
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("p50", answer.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Kept as", answer.Output, StringComparison.Ordinal);
        Assert.Contains("GPUX6002", answer.Error, StringComparison.Ordinal);
        // What it says to do does it.
        var command = answer.Error[answer.Error.IndexOf("gpux db import ", StringComparison.Ordinal)..].Split('\n')[0];
        var imported = await _user.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..], "--json"]);
        Assert.True(imported.ExitCode == 0, imported.ToString());
        Assert.Single((await _user.RunAsync("db", "list", "--db-path", "busy.duckdb", "--json")).Json.EnumerateArray());
    }

    [Fact]
    public async Task Ctrl_C_ends_the_launches_too()
    {
        var (answer, child) = await _user.InterruptWithChildAsync("bench", "samples/language-id", "--no-save");
        Assert.True(answer.ExitCode == 130, answer.ToString());
        Assert.False(Directory.Exists($"/proc/{child}"), $"Process {child} is left.");
    }

    [Fact]
    public async Task Launches_end_when_their_starter_is_killed()
    {
        var child = await _user.KillWithChildAsync("bench", "samples/language-id", "--no-save");
        for (var i = 0; i < 200 && Directory.Exists($"/proc/{child}"); i++)
            await Task.Delay(100);
        Assert.False(Directory.Exists($"/proc/{child}"), $"Process {child} is left.");
    }
}
