using System.Globalization;
using System.Text;

namespace Gpux.Benchmarks.Training.Launch;

/// <summary>The command line of Megatron-LM's pretrain_gpt.py.</summary>
/// <remarks>Source: megatron/training/arguments.py, megatron/training/config and megatron/core/transformer/transformer_config.py of Megatron-LM, August 2026.</remarks>
internal static class MegatronArguments
{
    // Of other families something cannot be said in arguments: parallel residuals, the kind of gate, encoders.
    private static readonly string[] Families = ["gpt2", "llama", "mistral", "mixtral", "phi3", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe"];

    public static string? Refusal(TrainingPlan plan)
    {
        var model = plan.Job.Model;
        if (model.Family is { } family && !Families.Contains(family))
            return $"its arguments do not describe the family {family}.";
        if (plan.Job.Optimizer is TrainingOptimizer.Adam8Bit or TrainingOptimizer.Adafactor)
            return "it has neither 8-bit Adam nor Adafactor.";
        return model.Shape is { Experts.DenseLayers: > 0 } ? "its arguments do not describe these layers without experts." : null;
    }

    public static LaunchSettings Write(TrainingPlan plan)
    {
        var (job, split, shape) = (plan.Job, plan.Parallelism, plan.Job.Model.Shape);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"torchrun --nnodes {job.Cluster.NodeCount} --nproc-per-node {job.Cluster.NodeSize} pretrain_gpt.py");
        Say("num-layers", shape.Layers);
        Say("hidden-size", shape.HiddenSize);
        if (shape.FeedForwardSize > 0)
            Say("ffn-hidden-size", shape.FeedForwardSize);
        Say("num-attention-heads", shape.Heads);
        if (shape.QueryWidth != shape.HiddenSize)
            Say("kv-channels", shape.HeadSize);
        if (shape.KeyValueHeads < shape.Heads)
        {
            Flag("group-query-attention");
            Say("num-query-groups", shape.KeyValueHeads);
        }
        Say("seq-length", job.Sequence);
        Say("max-position-embeddings", Math.Max(job.Sequence, job.Model.ContextLength ?? shape.LearnedVectors));
        Word("position-embedding-type", shape.LearnedVectors > 0 ? "learned_absolute" : "rope");
        if (!shape.HasNormBias)
            Word("normalization", "RMSNorm");
        if (shape.IsGated)
            Flag("swiglu");
        if (!shape.HasOtherBiases)
            Flag("disable-bias-linear");
        if (shape.HasQueryKeyValueBias && !shape.HasOtherBiases)
            Flag("add-qkv-bias");
        if (shape.HasQueryKeyNorm)
            Flag("qk-layernorm");
        if (!shape.TiesEmbeddings)
            Flag("untie-embeddings-and-output-weights");
        if (!shape.HasAttentionDropout)
            Say("attention-dropout", 0);
        if (!shape.HasResidualDropout)
            Say("hidden-dropout", 0);
        if (shape.Experts is { } experts)
        {
            Say("num-experts", experts.Count);
            Say("moe-router-topk", experts.Active);
            Say("moe-ffn-hidden-size", experts.FeedForwardSize);
            if (experts.SharedFeedForwardSize > 0)
                Say("moe-shared-expert-intermediate-size", experts.SharedFeedForwardSize);
            if (experts.GatesShared)
                Flag("moe-shared-expert-gate");
        }
        Say("micro-batch-size", split.MicroBatch);
        Say("global-batch-size", job.Batch);
        if (job.Tokens is { } tokens)
            Say("train-iters", Math.Ceiling(tokens / job.TokensPerStep));
        if (job.Precision.ElementBytes() == 2)
            Flag(job.Precision.Name());
        Word("optimizer", job.Optimizer == TrainingOptimizer.Sgd ? "sgd" : "adam");
        Say("tensor-model-parallel-size", split.TensorParallel);
        Say("pipeline-model-parallel-size", split.PipelineParallel);
        if (split.Chunks > 1)
            Say("num-virtual-stages-per-pipeline-rank", split.Chunks);
        if (job.IsSequenceParallel && split.TensorParallel > 1)
            Flag("sequence-parallel");
        if (split.DataParallel > 1)
            Flag("overlap-grad-reduce");
        if (split.ZeroStage > 0)
        {
            Flag("use-distributed-optimizer");
            Flag("overlap-param-gather");
        }
        if (split.ZeroStage > 1)
        {
            Flag("use-megatron-fsdp");
            Word("data-parallel-sharding-strategy", split.ZeroStage == 2 ? "optim_grads" : "optim_grads_params");
        }
        if (split.Recompute == Recompute.Selective)
            Word("recompute-granularity", "selective");
        if (split.Recompute == Recompute.Full)
        {
            Word("recompute-granularity", "full");
            Word("recompute-method", "uniform");
            Say("recompute-num-layers", 1);
        }
        if (job.HasFlashAttention)
            Word("attention-backend", "flash");
        text.Append('\n');
        var notes = new List<string> { "Data, tokenizer, learning rate and checkpoints are yours to add." };
        if (job.Cluster.NodeCount > 1)
            notes.Add("On every node add --rdzv-endpoint and --rdzv-backend, or --master-addr and --node-rank, to torchrun.");
        return new LaunchSettings(plan, text.ToString(), notes);

        void Flag(string name) => text.Append(" \\\n    --").Append(name);
        void Say(string name, IFormattable value) => text.Append(" \\\n    --").Append(name).Append(' ').Append(value.ToString(null, CultureInfo.InvariantCulture));
        void Word(string name, string value) => text.Append(" \\\n    --").Append(name).Append(' ').Append(value);
    }
}
