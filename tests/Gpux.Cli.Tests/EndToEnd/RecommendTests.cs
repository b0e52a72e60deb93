using System.Text.Json;
using System.Text.RegularExpressions;
using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Advice on hardware, asked for as users do, with results and without.</summary>
[Trait("Category", "Slow")]
public sealed class RecommendTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Without_results_published_peaks_speak_and_say_so()
    {
        var answer = await _user.RunAsync("recommend", "samples/storyteller", "--batch-size", "8", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var rows = answer.Json.GetProperty("recommendations").EnumerateArray().ToArray();
        Assert.Equal(5, rows.Length);
        Assert.All(rows, row =>
        {
            Assert.Equal("roofline", row.GetProperty("origin").GetString());
            Assert.Equal(System.Text.Json.JsonValueKind.Null, row.GetProperty("latency_seconds").GetProperty("high").ValueKind);
            Assert.True(row.GetProperty("tokens_per_second").GetProperty("typical").GetDouble() > 1);
        });
        Assert.Contains("gpux bench samples:storyteller --save", (await _user.RunAsync("recommend", "samples/storyteller")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_seed_s_lines_work_in_our_spelling()
    {
        Fill();
        var answer = await _user.RunAsync("db", "recommend", "--model", "bert-base-uncased", "--task", "inference", "--latency-sensitive", "--db-path", "benchmark_db.duckdb", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var first = answer.Json.GetProperty("recommendations")[0];
        Assert.Equal(("NVIDIA L4", "measured"), (first.GetProperty("hardware").GetString(), first.GetProperty("origin").GetString()));
        Assert.InRange(first.GetProperty("latency_seconds").GetProperty("typical").GetDouble(), 0.0019, 0.0021);
        var update = await _user.RunAsync("db", "update-task", "--task", "training", "--db-path", "benchmark_db.duckdb");
        Assert.Equal((0, "0 recommendations of 0 models for training.\n"), (update.ExitCode, update.Output));
        update = await _user.RunAsync("db", "update-task", "--task", "inference", "--db-path", "benchmark_db.duckdb");
        Assert.Equal((0, "2 recommendations of 1 model for inference.\n"), (update.ExitCode, update.Output));
    }

    [Fact]
    public async Task The_short_way_takes_what_the_seed_wrote()
    {
        Fill();
        var answer = await _user.RunAsync("recommend", "--model", "bert-base-uncased", "--task", "inference", "--latency-sensitive", "--top-k", "1", "--db-path", "benchmark_db.duckdb", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal("NVIDIA L4", Assert.Single(answer.Json.GetProperty("recommendations").EnumerateArray()).GetProperty("hardware").GetString());
        await _user.RunAsync("db", "calculate-scores", "--model", "bert-base-uncased", "--db-path", "benchmark_db.duckdb");
        foreach (var command in (string[][])[["recommend", "bert-base-uncased"], ["db", "recommend", "--model", "bert-base-uncased"]])
        {
            var scores = await _user.RunAsync([.. command, "--score-version", "1", "--db-path", "benchmark_db.duckdb", "--json"]);
            Assert.True(scores.ExitCode == 0, scores.ToString());
            Assert.Equal(1, scores.Json.GetProperty("score_version").GetInt32());
            Assert.Equal("NVIDIA L4", scores.Json.GetProperty("recommendations")[0].GetProperty("hardware").GetString());
        }
    }

    [Fact]
    public async Task Training_is_advised_as_plan_training_plans_it()
    {
        var answer = await _user.RunAsync("recommend", "samples/storyteller", "--task", "training", "--tokens", "1B", "--batch-size", "64", "--gpus", "4", "--top-k", "3", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var row = answer.Json.GetProperty("recommendations")[0];
        Assert.Equal(("planned", "feasible", 4), (row.GetProperty("origin").GetString(), row.GetProperty("feasibility").GetString(), row.GetProperty("device_count").GetInt32()));
        // The command that it names says the same.
        var command = Regex.Matches(answer.Json.GetProperty("command").GetString()!, "'([^']*)'|\\S+").Select(match => match.Value.Trim('\'')).ToArray(); // there is one
        Assert.Equal(("gpux", "plan-training"), (command[0], command[1]));
        var plan = (await _user.RunAsync([.. command[1..], "--json"])).Json.GetProperty("plans")[0];
        foreach (var name in (string[])["plan", "micro_batch", "recompute", "memory_bytes", "step_seconds", "tokens_per_second", "days"])
            Assert.True(JsonElement.DeepEquals(plan.GetProperty(name), row.GetProperty("plan").GetProperty(name)), name);
        var text = await _user.RunAsync("recommend", "samples/storyteller", "--task", "training", "--top-k", "1");
        Assert.Matches("^[^\n]* tokens/s[^\n]* Planned, not measured\\.", text.Output);
        Assert.Contains("gpux plan-training samples:storyteller", text.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_training_that_cannot_be_planned_says_how_measured_ones_are_added()
    {
        var answer = await _user.RunAsync("recommend", _user.Copy("models", "resnet-basic"), "--task", "training");
        Assert.Equal((1, ""), (answer.ExitCode, answer.Output));
        Assert.Contains("GPUX6102", answer.Error, StringComparison.Ordinal);
        Assert.Contains("gpux db import FILE --db-path DATABASE", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_not_converted_is_advised_by_the_size_of_its_weights()
    {
        var folder = _user.Copy("models", "llama");
        var config = await File.ReadAllTextAsync(Path.Combine(folder, "config.json"));
        File.Delete(Path.Combine(folder, "config.json")); // the copy is not writable
        await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), config.Replace("\"llama\"", "\"nobody-converts-this\"", StringComparison.Ordinal));
        var answer = await _user.RunAsync("recommend", folder, "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var row = answer.Json.GetProperty("recommendations")[0];
        Assert.Equal("roofline", row.GetProperty("origin").GetString());
        Assert.True(row.GetProperty("tokens_per_second").GetProperty("typical").GetDouble() > 1); // a language model, by its class
        Assert.InRange(row.GetProperty("memory_bytes").GetInt64(), 1, new FileInfo(Path.Combine(folder, "model.safetensors")).Length * 100);
        Assert.Empty(answer.Json.GetProperty("unknown").EnumerateArray());
        var text = await _user.RunAsync("recommend", folder);
        Assert.Contains("gpux bench cannot measure it", text.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("size is not known", text.Output + text.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_of_which_nothing_is_known_is_an_error_and_no_table_of_blanks()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_user.Folder, "riddle")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), """{"model_type": "riddle"}""");
        var answer = await _user.RunAsync("recommend", folder);
        Assert.Equal((1, ""), (answer.ExitCode, answer.Output));
        Assert.Contains("GPUX6088", answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bounds", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_measured_in_another_way_is_kept_apart_and_named()
    {
        Fill();
        Fill("gpux bench --end-to-end");
        var answer = await _user.RunAsync("db", "recommend", "--model", "bert-base-uncased", "--db", "benchmark_db.duckdb", "--json");
        var rows = answer.Json.GetProperty("recommendations").EnumerateArray().ToArray();
        Assert.Equal(("NVIDIA L4", 6, "a test"), (rows[0].GetProperty("hardware").GetString(), rows[0].GetProperty("runs").GetInt32(), rows[0].GetProperty("measured_by").GetProperty("suite").GetString()));
        Assert.Contains(answer.Json.GetProperty("notes").EnumerateArray(), note => note.GetString()!.Contains("12 of gpux bench --end-to-end 1, closed-loop", StringComparison.Ordinal)); // a text
    }

    [Fact]
    public async Task People_get_a_table_with_reasons()
    {
        Fill();
        var answer = await _user.RunAsync("db", "recommend", "--model", "bert-base-uncased", "--explain", "--db", "benchmark_db.duckdb");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Contains("6 runs of this configuration", answer.Output, StringComparison.Ordinal);
        Assert.Contains("weights: throughput 0.435, latency 0.391, memory 0.174", answer.Output, StringComparison.Ordinal);
        Assert.Contains("too few: more than 9 are needed", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_are_named()
    {
        Fill();
        async Task Refused(int exitCode, string message, params string[] arguments)
        {
            var answer = await _user.RunAsync(arguments);
            Assert.True(answer.ExitCode == exitCode && answer.Error.Contains(message, StringComparison.Ordinal), answer.ToString());
        }
        await Refused(1, "GPUX6086", "db", "recommend", "--model", "nobody", "--db-path", "benchmark_db.duckdb");
        await Refused(1, "GPUX6087", "db", "recommend", "--model", "bert-base-uncased", "--score-version", "1", "--db-path", "benchmark_db.duckdb");
        await Refused(1, "GPUX6009", "recommend", "samples/digits", "--db-path", "no-such.duckdb");
        await Refused(1, "GPUX6085", "recommend", "samples/digits", "--prices", "no-such.csv");
        await Refused(1, "there is no such file.\n  Check the path", "recommend", "samples/digits", "--prices", "no-such.csv");
        await Refused(1, "it is a folder.", "recommend", "samples/digits", "--prices", ".");
        await Refused(2, "is no time", "recommend", "samples/digits", "--max-latency", "soon");
        await Refused(2, "a time above 0 and up to 1000000 s", "recommend", "samples/digits", "--max-latency", "0us");
        await Refused(2, "--utilisation cannot be 1.5: a number above 0 and at most 1", "recommend", "samples/digits", "--utilisation", "1.5");
        await Refused(2, "--top-k cannot be 0: a number from 1 on was expected.\n  See: gpux recommend --help", "recommend", "samples/digits", "--top-k", "0");
        await Refused(2, "See: gpux db recommend --help", "db", "recommend", "--model", "bert-base-uncased", "--top-k", "0", "--db-path", "benchmark_db.duckdb");
        await Refused(2, "is no size", "recommend", "samples/digits", "--max-memory", "much");
        await Refused(2, "is no precision", "recommend", "samples/digits", "--precision", "ternary");
        await Refused(2, "--batch-size cannot be 0", "recommend", "samples/digits", "--batch-size", "0");
        await Refused(2, "--max-cost cannot be", "recommend", "samples/digits", "--max-cost", "-1");
        await Refused(2, "--gpus is about a training", "recommend", "samples/digits", "--gpus", "8");
        await Refused(2, "--max-days bounds a training whose tokens are known", "recommend", "samples/storyteller", "--task", "training", "--max-days", "8");
        await Refused(2, "No model is named", "recommend");
        await Refused(2, "Two models are named", "recommend", "samples/digits", "--model", "samples/digits");
        await Refused(2, "There is no score version 3", "recommend", "samples/digits", "--score-version", "3");
        await Refused(1, "GPUX6086", "recommend", "samples/digits", "--score-version", "1");
        await Refused(1, "GPUX6087", "recommend", "bert-base-uncased", "--score-version", "1", "--db-path", "benchmark_db.duckdb");
        await Refused(1, "GPUX6100", "recommend", "samples/storyteller", "--task", "training", "--precision", "int8");
        await Refused(2, "sleeping", "recommend", "samples/digits", "--task", "sleeping");
    }

    [Fact]
    public async Task A_price_of_one_s_own_counts()
    {
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "prices.csv"), "hardware,price,as_of,source\nNVIDIA L4,0.71,2026-11-20,our invoice\n");
        var answer = await _user.RunAsync("recommend", "samples/digits", "--prices", "prices.csv", "--max-cost", "100", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var row = Assert.Single(answer.Json.GetProperty("recommendations").EnumerateArray());
        Assert.Equal(("NVIDIA L4", 0.71), (row.GetProperty("hardware").GetString(), row.GetProperty("price").GetProperty("per_hour").GetDouble()));
        Assert.Equal("unproven", row.GetProperty("feasibility").GetString());
    }

    [Fact]
    public async Task Info_says_what_the_fastest_time_is_of()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_user.Folder, ".local", "share", "gpux")).FullName;
        Fill();
        using (var made = BenchmarkStore.OpenToRead(Path.Combine(_user.Folder, "benchmark_db.duckdb"), TimeSpan.Zero, default))
        using (var store = BenchmarkStore.Open(Path.Combine(folder, "benchmarks.duckdb"), TimeSpan.Zero, default))
        {
            var runs = made.Find(new RunFilter(), default).Select(found => found.Run with { Key = $"own {found.Run.Key}", Model = new BenchmarkedModel("samples/language-id") }).ToArray();
            store.AddAll(runs, default);
            // Faster, but in another precision, or by another benchmark.
            var t4 = runs[0] with { Hardware = new HardwarePlatform("NVIDIA T4", HardwareKind.Gpu), Metrics = [new MetricResult(Metric.Latency, 1000, 0.0001)] };
            store.AddAll([t4 with { Key = "half", Workload = t4.Workload with { Precision = "fp16" } }, t4 with { Key = "other", Suite = "another test" }], default);
        }
        var json = (await _user.RunAsync("info", "samples/language-id", "--json")).Json.GetProperty("fastest");
        Assert.Equal(("NVIDIA L4", "fp32", 1, 128, 2, "a test", "closed-loop"), (json.GetProperty("hardware").GetString(), json.GetProperty("precision").GetString(), json.GetProperty("batch_size").GetInt32(),
            json.GetProperty("input_tokens").GetInt32(), json.GetProperty("platforms").GetInt32(), json.GetProperty("suite").GetString(), json.GetProperty("scenario").GetString()));
        Assert.Contains("fastest of 2 on NVIDIA L4: 2.00 ms (fp32, batch 1, 128 tokens; a test 1, closed-loop)", (await _user.RunAsync("info", "samples/language-id")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_price_of_a_day_to_come_is_noted()
    {
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "prices.csv"), "hardware,price,as_of,source\nNVIDIA L4,0.71,2999-01-31,our contract\nNVIDIA T4,0.35,2026-01-01,our invoice\n");
        var answer = await _user.RunAsync("recommend", "samples/digits", "--prices", "prices.csv", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Contains(answer.Json.GetProperty("notes").EnumerateArray(), note => note.GetString() is { } text && text.StartsWith("1 price is dated after today", StringComparison.Ordinal)
            && text.Contains("NVIDIA L4 (2999-01-31, our contract)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_latency_may_be_bounded_in_the_unit_that_tables_print()
    {
        Fill();
        foreach (var time in (string[])["100us", "100 \u00b5s", "100\u03bcs"]) // either letter that looks so
        {
            var answer = await _user.RunAsync("recommend", "bert-base-uncased", "--max-latency", time, "--json", "--db-path", "benchmark_db.duckdb");
            Assert.True(answer.ExitCode == 0, answer.ToString());
            Assert.DoesNotContain(answer.Json.GetProperty("recommendations").EnumerateArray(), row => row.GetProperty("origin").GetString() == "measured"); // the fastest took 2 ms
        }
    }

    private void Fill(string suite = "a test")
    {
        using var store = BenchmarkStore.Open(Path.Combine(_user.Folder, "benchmark_db.duckdb"), TimeSpan.Zero, default);
        foreach (var (hardware, kind, seconds) in ((string, HardwareKind, double)[])[("NVIDIA L4", HardwareKind.Gpu, 0.002), ("EPYC 7763", HardwareKind.Cpu, 0.020)])
        {
            for (var i = 0; i < 6; i++)
            {
                store.Add(new BenchmarkRun
                {
                    Key = $"{hardware} {suite} {i}",
                    Model = new BenchmarkedModel("bert-base-uncased") { Architecture = "bert", ParameterCount = 110_000_000 },
                    Hardware = new HardwarePlatform(hardware, kind) { MemoryBytes = 24_000_000_000 },
                    Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = "fp32", BatchSize = 1, InputTokens = 128, Concurrency = 1 },
                    Engine = new Engine("onnxruntime") { ExecutionProvider = kind == HardwareKind.Cpu ? "cpu" : "cuda" },
                    Provenance = Provenance.Imported,
                    MachineFingerprint = hardware,
                    Suite = suite,
                    BenchmarkVersion = "1",
                    Verdict = RunVerdict.Valid,
                    StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
                    Duration = TimeSpan.FromSeconds(1),
                    Metrics = [new MetricResult(Metric.Latency, 1000, seconds), new MetricResult(Metric.Throughput, 1000, 1 / seconds)],
                }, default);
            }
        }
    }
}
