namespace Gpux.Cli.Tests.EndToEnd;

[Trait("Category", "Slow")]
public sealed class PlanTrainingTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task A_sample_is_planned_from_its_checkpoint()
    {
        var answer = await _user.RunAsync("plan-training", "samples/storyteller", "--gpus", "8", "--gpu", "L4", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(1_219_328, answer.Json.GetProperty("model").GetProperty("parameters").GetInt64());
        Assert.Equal(256, answer.Json.GetProperty("sequence").GetInt32());
        var plan = answer.Json.GetProperty("plans")[0];
        Assert.Equal(8, plan.GetProperty("data_parallel").GetInt32());
        Assert.Equal(0, plan.GetProperty("zero_stage").GetInt32());
    }

    [Fact]
    public async Task A_configuration_is_enough_and_flags_of_a_framework_are_all_that_is_printed()
    {
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "config.json"),
            """{"model_type":"llama","hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":128256}""");
        var answer = await _user.RunAsync("plan-training", "./config.json", "--gpus", "16", "--gpu", "a100-80gb", "--flash-attention", "--emit", "deepspeed");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(512, answer.Json.GetProperty("train_batch_size").GetInt32());
        Assert.Contains("note: for ", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_fit_is_shown_and_ends_with_1()
    {
        var answer = await _user.RunAsync("plan-training", "--parameters", "175B", "--gpus", "8", "--gpu", "A100 40GB");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("ZeRO-3 (FSDP), sharded weights too: does not fit.", answer.Output, StringComparison.Ordinal);
        Assert.Contains("GPUX6104", answer.Error, StringComparison.Ordinal);
        Assert.Contains("of these GPUs would do", answer.Error, StringComparison.Ordinal);
        // In the units of all other sizes: 40 GiB.
        Assert.Contains("8 x A100 40GB: 42.9 GB, ", answer.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("iB", answer.Output + answer.Error, StringComparison.Ordinal);
        var json = await _user.RunAsync("plan-training", "--parameters", "175B", "--gpus", "8", "--gpu", "A100 40GB", "--json");
        Assert.Equal(0, json.Json.GetProperty("plans").GetArrayLength());
    }

    [Theory]
    [InlineData(1, "GPUX6100", "--parameters", "7B", "--gpus", "0", "--gpu", "H200")]
    [InlineData(1, "GPUX6100", "--parameters", "7B", "--gpus", "1000000000", "--gpu", "H200")]
    [InlineData(1, "GPUX6100", "--parameters", "1000T", "--gpus", "8", "--gpu", "H200")]
    [InlineData(1, "GPUX6100", "--parameters", "-7B", "--gpus", "8", "--gpu", "H200")]
    [InlineData(1, "GPUX6101", "--parameters", "7B", "--gpus", "8", "--gpu", "H100")]
    [InlineData(1, "GPUX6103", "--parameters", "7B", "--gpus", "8", "--gpu", "T4")]
    [InlineData(1, "GPUX6105", "--parameters", "1B", "--gpus", "8", "--gpu", "H200", "--optimizer", "adafactor", "--emit", "megatron")]
    [InlineData(2, "GPUX5001", "--gpus", "8", "--gpu", "H200")]
    [InlineData(2, "GPUX5001", "--parameters", "many", "--gpus", "8", "--gpu", "H200")]
    [InlineData(2, "GPUX5001", "--parameters", "7B", "--gpus", "8")]
    [InlineData(2, "GPUX5001", "samples/storyteller", "--parameters", "7B", "--gpus", "8", "--gpu", "H200")]
    [InlineData(2, "GPUX5001", "--parameters", "7B", "--gpus", "8", "--gpu-memory", "much", "--gpu-tflops", "100")]
    public async Task What_makes_no_sense_is_refused_by_its_code(int exitCode, string code, params string[] arguments)
    {
        var answer = await _user.RunAsync(["plan-training", .. arguments]);
        Assert.Equal(exitCode, answer.ExitCode);
        Assert.Contains(code, answer.Error, StringComparison.Ordinal);
        Assert.Equal("", answer.Output);
    }

    [Fact]
    public async Task A_model_without_sizes_is_refused()
    {
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "config.json"), """{"model_type":"mamba"}""");
        var answer = await _user.RunAsync("plan-training", "config.json", "--gpus", "8", "--gpu", "H200");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("GPUX6102", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_GPU_may_be_described()
    {
        var answer = await _user.RunAsync("plan-training", "--layers", "32", "--hidden", "4096", "--heads", "32", "--kv-heads", "8", "--ffn", "14336", "--vocabulary", "128256",
            "--gpus", "16", "--gpu-memory", "96GiB", "--gpu-tflops", "500", "--gpu-link", "200", "--network", "200", "--tokens", "1T", "--price-per-gpu-hour", "2", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(8_030_261_248, answer.Json.GetProperty("model").GetProperty("parameters").GetInt64());
        Assert.Equal(25e9, answer.Json.GetProperty("cluster").GetProperty("inter_node_bytes_per_second").GetDouble());
        var plan = answer.Json.GetProperty("plans")[0];
        var (days, cost) = (plan.GetProperty("days").GetProperty("expected").GetDouble(), plan.GetProperty("cost").GetProperty("expected").GetDouble());
        Assert.Equal(days * 24 * 16 * 2, cost, 1e-6 * cost);
    }
}
