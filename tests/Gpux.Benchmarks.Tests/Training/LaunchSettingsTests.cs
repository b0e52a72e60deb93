using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Training;
using Gpux.Benchmarks.Training.Launch;

namespace Gpux.Benchmarks.Tests.Training;

public sealed class LaunchSettingsTests
{
    private static readonly TrainingModel Llama = TrainingModel.OfConfig("llama-3-8b", Encoding.UTF8.GetBytes(
        """{"model_type":"llama","hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":128256,"max_position_embeddings":8192,"tie_word_embeddings":false}"""));

    private static TrainingPlan Plan(Parallelism split, TrainingModel? model = null) => Plan(
        new TrainingJob(model ?? Llama, new TrainingCluster(Accelerator.Find("H100 SXM"), split.TensorParallel * split.PipelineParallel * split.DataParallel))
        {
            Sequence = 8192, GlobalBatch = 512, Tokens = 1e9, HasFlashAttention = true, IsSequenceParallel = true,
        }, split);

    private static TrainingPlan Plan(TrainingJob job, Parallelism split) => new(job, split, TrainingPlanner.Memory(job, split), TrainingPlanner.Time(job, split));

    [Fact]
    public void DeepSpeed_reads_batch_stage_and_precision()
    {
        var settings = LaunchSettings.Of(TrainingFramework.DeepSpeed, Plan(new Parallelism(2, 1, 16, 3, 2, Recompute.Full)));
        using var json = JsonDocument.Parse(settings.Text);
        var root = json.RootElement;
        Assert.Equal(512, root.GetProperty("train_batch_size").GetInt64());
        Assert.Equal(2, root.GetProperty("train_micro_batch_size_per_gpu").GetInt32());
        Assert.Equal(16, root.GetProperty("gradient_accumulation_steps").GetInt64());
        Assert.Equal(3, root.GetProperty("zero_optimization").GetProperty("stage").GetInt32());
        Assert.Equal(2, root.GetProperty("tensor_parallel").GetProperty("autotp_size").GetInt32());
        Assert.True(root.GetProperty("bf16").GetProperty("enabled").GetBoolean());
        Assert.Contains(settings.Notes, note => note.Contains("gradient_checkpointing_enable", StringComparison.Ordinal));
    }

    [Fact]
    public void Megatron_reads_the_shape_and_the_split()
    {
        var text = LaunchSettings.Of(TrainingFramework.Megatron, Plan(new Parallelism(2, 4, 4, 1, 1, Recompute.Full, 2))).Text;
        Assert.StartsWith("torchrun --nnodes 4 --nproc-per-node 8 pretrain_gpt.py \\\n", text, StringComparison.Ordinal);
        foreach (var argument in (string[])["--num-layers 32", "--hidden-size 4096", "--ffn-hidden-size 14336", "--num-attention-heads 32", "--group-query-attention", "--num-query-groups 8",
            "--seq-length 8192", "--max-position-embeddings 8192", "--position-embedding-type rope", "--normalization RMSNorm", "--swiglu", "--disable-bias-linear",
            "--untie-embeddings-and-output-weights", "--attention-dropout 0", "--hidden-dropout 0", "--micro-batch-size 1", "--global-batch-size 512", "--train-iters 239", "--bf16",
            "--tensor-model-parallel-size 2", "--pipeline-model-parallel-size 4", "--num-virtual-stages-per-pipeline-rank 2", "--sequence-parallel", "--use-distributed-optimizer",
            "--recompute-granularity full", "--recompute-method uniform", "--recompute-num-layers 1", "--attention-backend flash"])
            Assert.Matches($@" {argument}( \\)?\n", text);
        Assert.DoesNotContain("--add-qkv-bias", text, StringComparison.Ordinal);
        Assert.DoesNotContain("--num-experts", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Megatron_shards_weights_by_its_own_FSDP()
    {
        var text = LaunchSettings.Of(TrainingFramework.Megatron, Plan(new Parallelism(1, 1, 8, 3, 1, Recompute.None))).Text;
        Assert.Contains("--use-megatron-fsdp", text, StringComparison.Ordinal);
        Assert.Contains("--data-parallel-sharding-strategy optim_grads_params", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "true")]
    [InlineData(2, "false")]
    public void Accelerate_reads_what_FSDP_keeps(int stage, string reshards)
    {
        var lines = LaunchSettings.Of(TrainingFramework.Fsdp, Plan(new Parallelism(1, 1, 16, stage, 1, Recompute.Full))).Text.Split('\n');
        foreach (var line in (string[])["distributed_type: FSDP", "mixed_precision: 'bf16'", "num_machines: 2", "num_processes: 16", "  fsdp_version: 2",
            $"  fsdp_reshard_after_forward: {reshards}", "  fsdp_transformer_layer_cls_to_wrap: LlamaDecoderLayer", "  fsdp_activation_checkpointing: true"])
            Assert.Contains(line, lines);
    }

    [Fact]
    public void Without_sharding_accelerate_replicates() =>
        Assert.Contains("distributed_type: MULTI_GPU\n", LaunchSettings.Of(TrainingFramework.Fsdp, Plan(new Parallelism(1, 1, 8, 0, 1, Recompute.None))).Text, StringComparison.Ordinal);

    [Theory]
    [InlineData(TrainingFramework.DeepSpeed, 1, 4, 0, Recompute.None)]
    [InlineData(TrainingFramework.DeepSpeed, 1, 1, 1, Recompute.Selective)]
    [InlineData(TrainingFramework.Fsdp, 2, 1, 3, Recompute.None)]
    [InlineData(TrainingFramework.Fsdp, 1, 1, 1, Recompute.None)]
    [InlineData(TrainingFramework.Fsdp, 1, 1, 0, Recompute.Full)]
    public void What_a_framework_does_not_do_is_refused(TrainingFramework framework, int tensor, int pipeline, int stage, Recompute recompute) =>
        Assert.Throws<UnsupportedLaunchException>(() => LaunchSettings.Of(framework, Plan(new Parallelism(tensor, pipeline, 8, stage, 1, recompute))));

    [Fact]
    public void Megatron_refuses_what_its_arguments_cannot_say()
    {
        var split = new Parallelism(1, 1, 8, 0, 1, Recompute.None);
        var bert = TrainingModel.OfConfig("bert", Encoding.UTF8.GetBytes("""{"model_type":"bert"}"""));
        Assert.Throws<UnsupportedLaunchException>(() => LaunchSettings.Of(TrainingFramework.Megatron, Plan(split, bert)));
        var job = Plan(split).Job with { Optimizer = TrainingOptimizer.Adafactor };
        Assert.Throws<UnsupportedLaunchException>(() => LaunchSettings.Of(TrainingFramework.Megatron, Plan(job, split)));
    }

    [Fact]
    public void The_best_plan_that_a_framework_runs_is_taken()
    {
        // On 64 GPUs for 7 G parameters the optimizer is sharded, which FSDP does not do alone.
        var advice = TrainingPlanner.Plan(new TrainingJob(TrainingModel.OfSize(7e9), new TrainingCluster(Accelerator.Find("H100 SXM"), 64)));
        Assert.Equal(1, advice.Best?.Parallelism.ZeroStage);
        var settings = LaunchSettings.Of(TrainingFramework.Fsdp, advice);
        Assert.InRange(settings.Plan.Parallelism.ZeroStage, 2, 3);
        Assert.NotEqual(Recompute.Selective, settings.Plan.Parallelism.Recompute);
        Assert.True(settings.Plan.Memory.TotalBytes <= advice.UsableBytes);
    }
}
