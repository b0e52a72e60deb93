using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gpux.Benchmarks.Training.Launch;

/// <summary>Who trains.</summary>
public enum TrainingFramework
{
    /// <summary>Data parallelism with ZeRO, and tensor parallelism: a DeepSpeed configuration (JSON).</summary>
    DeepSpeed,

    /// <summary>Every split of a decoder: the arguments of Megatron-LM's pretrain_gpt.py under torchrun.</summary>
    Megatron,

    /// <summary>PyTorch's DDP or fully sharded data parallelism (FSDP2): a configuration of accelerate (YAML).</summary>
    Fsdp,
}

/// <summary>A plan in a framework's own words.</summary>
/// <param name="Text">The whole file, or the command.</param>
/// <param name="Notes">What is left to the training script, as sentences.</param>
public sealed record LaunchSettings(TrainingPlan Plan, string Text, IReadOnlyList<string> Notes)
{
    /// <summary>The best of the plans that the framework can run, in its words.</summary>
    /// <exception cref="UnsupportedLaunchException">It can run none.</exception>
    public static LaunchSettings Of(TrainingFramework framework, TrainingAdvice advice)
    {
        var runnable = TrainingPlanner.Ranked(advice.Fitting.Where(plan => Refusal(framework, plan) is null));
        return runnable.Count > 0 ? Of(framework, runnable[0])
            : throw new UnsupportedLaunchException(NameOf(framework), advice.Best is { } best && Refusal(framework, best) is { } refusal ? refusal : "there is none.");
    }

    /// <exception cref="UnsupportedLaunchException">The framework cannot run the plan.</exception>
    public static LaunchSettings Of(TrainingFramework framework, TrainingPlan plan) => Refusal(framework, plan) is { } refusal
        ? throw new UnsupportedLaunchException(NameOf(framework), refusal)
        : framework switch
        {
            TrainingFramework.DeepSpeed => DeepSpeedConfiguration.Write(plan),
            TrainingFramework.Megatron => MegatronArguments.Write(plan),
            _ => AccelerateConfiguration.Write(plan),
        };

    /// <returns>Null if the framework can run the plan, else why not, as a sentence.</returns>
    public static string? Refusal(TrainingFramework framework, TrainingPlan plan) => framework switch
    {
        TrainingFramework.DeepSpeed => DeepSpeedConfiguration.Refusal(plan),
        TrainingFramework.Megatron => MegatronArguments.Refusal(plan),
        _ => AccelerateConfiguration.Refusal(plan),
    };

    private static string NameOf(TrainingFramework framework) => framework switch
    {
        TrainingFramework.DeepSpeed => "DeepSpeed", TrainingFramework.Megatron => "Megatron-LM", _ => "accelerate with FSDP",
    };

    // What both configurations leave to the script.
    internal static IEnumerable<string> ScriptNotes(TrainingPlan plan)
    {
        if (plan.Job.Precision == TrainingPrecision.TensorFloat32)
            yield return "TensorFloat-32 is switched on in the script: torch.set_float32_matmul_precision(\"high\").";
        if (plan.Job.HasFlashAttention)
            yield return "Flash attention is chosen where the model is made: attn_implementation=\"flash_attention_2\" in transformers.";
        yield return plan.Job.Optimizer switch
        {
            TrainingOptimizer.Adam => "The optimizer is the script's: AdamW was planned for.",
            TrainingOptimizer.Adam8Bit => "The optimizer is the script's: 8-bit AdamW was planned for, such as bitsandbytes.optim.AdamW8bit.",
            TrainingOptimizer.Sgd => "The optimizer is the script's: SGD with momentum was planned for.",
            _ => "The optimizer is the script's: Adafactor without momentum was planned for.",
        };
    }
}

/// <summary>The JSON that <c>deepspeed --deepspeed_config</c> reads.</summary>
/// <remarks>Source: docs/_pages/config-json.md and deepspeed/runtime/zero/config.py of DeepSpeed, August 2026.</remarks>
internal static class DeepSpeedConfiguration
{
    public static string? Refusal(TrainingPlan plan) => plan.Parallelism switch
    {
        { PipelineParallel: > 1 } => "its pipelines are made in the model's code, not in its configuration.",
        { Recompute: Recompute.Selective } => "it recomputes whole layers or nothing.",
        _ => null,
    };

    public static LaunchSettings Write(TrainingPlan plan)
    {
        var split = plan.Parallelism;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("train_batch_size", plan.Job.Batch);
            json.WriteNumber("train_micro_batch_size_per_gpu", split.MicroBatch);
            json.WriteNumber("gradient_accumulation_steps", plan.MicroBatches);
            if (plan.Job.Precision.ElementBytes() == 2)
            {
                json.WriteStartObject(plan.Job.Precision.Name());
                json.WriteBoolean("enabled", true);
                json.WriteEndObject();
            }
            json.WriteStartObject("zero_optimization");
            json.WriteNumber("stage", split.ZeroStage);
            if (split.ZeroStage > 0)
            {
                json.WriteBoolean("overlap_comm", true);
                json.WriteBoolean("contiguous_gradients", true);
                json.WriteNumber("reduce_bucket_size", 500_000_000);
            }
            json.WriteEndObject();
            if (split.ZeroStage > 0 && plan.Job.Optimizer != TrainingOptimizer.Adam)
                json.WriteBoolean("zero_allow_untested_optimizer", true);
            if (split.TensorParallel > 1)
            {
                json.WriteStartObject("tensor_parallel");
                json.WriteNumber("autotp_size", split.TensorParallel);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        var notes = LaunchSettings.ScriptNotes(plan).ToList();
        if (split.Recompute == Recompute.Full)
            notes.Add("Recomputation is switched on in the script: model.gradient_checkpointing_enable() in transformers.");
        return new LaunchSettings(plan, Encoding.UTF8.GetString(stream.ToArray()) + "\n", notes);
    }
}

/// <summary>The YAML that <c>accelerate launch --config_file</c> reads, which starts torchrun's agents.</summary>
/// <remarks>Source: src/accelerate/commands/config/cluster.py of accelerate, July 2026.</remarks>
internal static class AccelerateConfiguration
{
    public static string? Refusal(TrainingPlan plan) => plan.Parallelism switch
    {
        { PipelineParallel: > 1 } or { TensorParallel: > 1 } => "it shards data-parallel replicas alone, without tensor or pipeline parallelism.",
        { ZeroStage: 1 } => "it shards the optimizer together with the gradients, not alone.",
        { Recompute: Recompute.Selective } => "it recomputes whole layers or nothing.",
        { ZeroStage: 0, Recompute: Recompute.Full } => "it recomputes only where it shards.",
        _ => null,
    };

    public static LaunchSettings Write(TrainingPlan plan)
    {
        var (split, cluster) = (plan.Parallelism, plan.Job.Cluster);
        var isSharded = split.ZeroStage > 0;
        var text = new StringBuilder();
        Line($"# accelerate launch --config_file fsdp.yaml train.py");
        Line($"# {split.MicroBatch} sequences for each GPU at a time, {plan.MicroBatches} steps of gradient accumulation: {plan.Job.Batch} in all.");
        Line($"compute_environment: LOCAL_MACHINE");
        Line($"distributed_type: {(isSharded ? "FSDP" : cluster.GpuCount > 1 ? "MULTI_GPU" : "'NO'")}");
        Line($"mixed_precision: '{(plan.Job.Precision.ElementBytes() == 2 ? plan.Job.Precision.Name() : "no")}'");
        Line($"num_machines: {cluster.NodeCount}");
        Line($"num_processes: {cluster.GpuCount}");
        Line($"machine_rank: 0");
        Line($"main_training_function: main");
        Line($"rdzv_backend: static");
        Line($"same_network: true");
        if (isSharded)
        {
            Line($"fsdp_config:");
            Line($"  fsdp_version: 2");
            Line($"  fsdp_reshard_after_forward: {(split.ZeroStage == 3 ? "true" : "false")}");
            Line($"  fsdp_auto_wrap_policy: TRANSFORMER_BASED_WRAP");
            if (plan.Job.Model.LayerClass is { } layer)
                Line($"  fsdp_transformer_layer_cls_to_wrap: {layer}");
            Line($"  fsdp_activation_checkpointing: {(split.Recompute == Recompute.Full ? "true" : "false")}");
            Line($"  fsdp_state_dict_type: SHARDED_STATE_DICT");
            Line($"  fsdp_cpu_ram_efficient_loading: true");
            Line($"  fsdp_offload_params: false");
        }
        var notes = LaunchSettings.ScriptNotes(plan).ToList();
        if (cluster.NodeCount > 1)
            notes.Add("On every node add main_process_ip and main_process_port of the first, and its own machine_rank.");
        return new LaunchSettings(plan, text.ToString(), notes);

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
