using Gpux.Benchmarks.Recommendations;

namespace Gpux.Benchmarks.Training;

/// <summary>Finds how a model is best trained on given GPUs: what fits, how fast each way is, and why.</summary>
/// <remarks>Analytic: nothing is run. Memory follows arXiv:1910.02054 and arXiv:2205.05198, time arXiv:2104.04473 with communication as this page's parts say; the guide
/// docs/guides/training-plans.md has the results beside the papers' figures.</remarks>
public static class TrainingPlanner
{
    /// <summary>The share of a GPU's memory that a plan may take: allocators cannot use all.</summary>
    public const double UsableShare = 0.9;

    private const double Gibibyte = 1L << 30;
    // Between ways to split, an estimate does not tell a tenth; between variants of one way most of its errors are the same.
    private const double SameSpeed = 0.10, SameSpeedOfVariants = 0.02;
    // Of the weights for training, with that of memory doubled: 0.4 for memory to 0.6 for what goes with speed.
    private const double MemoryExponent = 0.4 / 0.6;
    private static readonly int[] MicroBatchSizes = [1, 2, 4, 8];
    private static readonly int[] ChunkCounts = [1, 2, 3, 4];

    /// <summary>Every split that fits, the best of its kind, in order; why; and what would fit where nothing does.</summary>
    /// <exception cref="TrainingInputException">A value is out of its range.</exception>
    /// <exception cref="TrainingPrecisionException">The GPU does not compute in the precision.</exception>
    public static TrainingAdvice Plan(TrainingJob job)
    {
        var advice = Search(job);
        return advice.Plans.Count > 0 ? advice : advice with { WhatWouldFit = WhatWouldFit(job, advice.Techniques.Where(technique => technique.Least is not null).Select(technique => (technique.Least!, technique.LeastBytes))) }; // filtered
    }

    /// <summary>As <see cref="Plan"/>, but does not look for what else would fit, which takes as long again several times.</summary>
    internal static TrainingAdvice Search(TrainingJob job)
    {
        job.Validate();
        var usable = UsableShare * job.Cluster.Accelerator.MemoryBytes;
        var (fitting, least) = (new List<TrainingPlan>(), new Dictionary<ParallelismKind, (Parallelism Split, double Bytes)>());
        (Parallelism Split, MemoryBreakdown Memory)? nearest = null;
        foreach (var split in Splits(job))
        {
            var memory = Memory(job, split);
            if (!least.TryGetValue(split.Kind, out var known) || memory.TotalBytes < known.Bytes)
                least[split.Kind] = (split, memory.TotalBytes);
            if (memory.TotalBytes <= usable)
                fitting.Add(new TrainingPlan(job, split, memory, Time(job, split)));
            else if (nearest is not { } candidate || memory.TotalBytes < candidate.Memory.TotalBytes)
                nearest = (split, memory);
        }
        var plans = Ranked(fitting);
        var techniques = Enum.GetValues<ParallelismKind>().Select(kind => least.TryGetValue(kind, out var found)
            ? new TechniqueFit(kind, found.Split, found.Bytes, plans.FirstOrDefault(plan => plan.Parallelism.Kind == kind))
            : new TechniqueFit(kind, null, 0, null)).ToArray();
        return new TrainingAdvice(job, plans, techniques, nearest) { Fitting = fitting };
    }

    /// <summary>Bytes of the fullest GPU: the first pipeline stage, which has the most micro-batches under way, or the last, which has the logits.</summary>
    public static MemoryBreakdown Memory(TrainingJob job, Parallelism split)
    {
        var shape = job.Model.Shape;
        var layout = Layout(job, split);
        var bytes = BytesOf(job, split);
        var (microBatches, fullest) = (MicroBatches(job, split), default(MemoryBreakdown));
        for (var stage = 0; stage < split.PipelineParallel; stage += Math.Max(1, split.PipelineParallel - 1))
        {
            var parameters = PartOf(job, split, stage);
            var states = ModelStates.Of(parameters, split.ZeroStage, split.DataParallel, bytes);
            var activations = ActivationMemory.OfStage(shape, layout, stage, split.PipelineParallel, microBatches, split.Chunks);
            var (least, most) = Buffers(job, split, parameters);
            var memory = new MemoryBreakdown(states.Weights, states.Gradients, states.Optimizer, activations, least, most);
            if (fullest is null || memory.TotalBytes > fullest.TotalBytes)
                fullest = memory;
        }
        return fullest!; // there is at least one stage
    }

    /// <summary>What a step takes: computation, bubble, and the communication that nothing hides.</summary>
    /// <remarks>Of pipelines the bubble is (p - 1)/m of the computation, with c chunks (p - 1)/(c m): arXiv:2104.04473, 2.2.</remarks>
    public static StepTime Time(TrainingJob job, Parallelism split)
    {
        var (cluster, shape) = (job.Cluster, job.Model.Shape);
        var layout = Layout(job, split);
        var microBatches = MicroBatches(job, split);
        // A checkpoint's own count, where config.json does not tell everything, stands for work too.
        var flops = TrainingFlops.Hardware(shape, job.TokensPerStep, job.Sequence, split.Recompute) * job.Model.Scale;
        var compute = flops / (cluster.GpuCount * job.PeakFlops() * job.Efficiency);
        var bubble = compute * (split.PipelineParallel - 1) / (split.Chunks * microBatches);
        var communication = new Communication(cluster);
        var layers = (double)shape.Layers / split.PipelineParallel;
        var parameters = PartOf(job, split, stage: 0);
        // Ranks count tensor parallelism first, then replicas, then stages: replicas share what is left of a node.
        var inNode = Math.Max(1, cluster.NodeSize / split.TensorParallel);
        var element = job.Precision.ElementBytes();
        var gradient = Math.Max(element, BytesOf(job, split).Gradients);
        return new StepTime(compute, bubble,
            communication.TensorParallel(shape, layout, layers, microBatches),
            split.PipelineParallel == 1 ? 0 : communication.Pipeline(shape, layout, split.Chunks, microBatches, isInNode: split.TensorParallel * split.DataParallel < cluster.NodeSize),
            communication.DataParallel(split.ZeroStage, split.DataParallel, inNode, parameters * element, parameters * gradient, microBatches, layers, compute / microBatches));
    }

    // Every split that numbers allow. TP stays in nodes; stages have as many layers each; ZeRO beyond 1 and pipelines exclude each other, since a pipeline's micro-batches
    // would each reduce or gather everything.
    private static IEnumerable<Parallelism> Splits(TrainingJob job)
    {
        var (shape, gpus) = (job.Model.Shape, job.Cluster.GpuCount);
        foreach (var tensor in Divisors(job.Cluster.NodeSize))
        {
            if (shape.Heads % tensor != 0 || shape.KeyValueHeads % tensor != 0)
                continue;
            foreach (var pipeline in Divisors(shape.Layers))
            {
                if (gpus % ((long)tensor * pipeline) != 0)
                    continue;
                var replicas = gpus / tensor / pipeline;
                if (job.Batch % replicas != 0)
                    continue;
                foreach (var microBatch in MicroBatchSizes)
                {
                    if (job.Batch / replicas % microBatch != 0)
                        continue;
                    foreach (var chunks in ChunkCounts)
                    {
                        if (chunks > 1 && (pipeline == 1 || shape.Layers % (pipeline * chunks) != 0 || job.Batch / replicas / microBatch % pipeline != 0))
                            continue;
                        for (var stage = 0; stage <= (replicas == 1 ? 0 : pipeline > 1 ? 1 : 3); stage++)
                            foreach (var recompute in Recomputations(job))
                                yield return new Parallelism(tensor, pipeline, replicas, stage, microBatch, recompute, chunks);
                    }
                }
            }
        }
    }

    // Flash attention leaves nothing to recompute selectively.
    private static Recompute[] Recomputations(TrainingJob job) => job.Recompute is { } chosen ? [chosen]
        : job.HasFlashAttention ? [Recompute.None, Recompute.Full] : [Recompute.None, Recompute.Selective, Recompute.Full];

    /// <summary>One plan of each way to split, in the order of <see cref="TrainingAdvice.Plans"/>.</summary>
    internal static IReadOnlyList<TrainingPlan> Ranked(IEnumerable<TrainingPlan> plans) => Ordered(
        plans.GroupBy(plan => (plan.Parallelism.TensorParallel, plan.Parallelism.PipelineParallel, plan.Parallelism.ZeroStage))
            // Larger micro-batches first among equals: they fill the matrices better than the model of time knows.
            .Select(way => Ordered(way, SameSpeedOfVariants, plan => (plan.Parallelism.Chunks, plan.Parallelism.Recompute, -plan.Parallelism.MicroBatch))[0]),
        SameSpeed, plan => Complexity(plan.Parallelism));

    // The best first, which are the fastest as a rule; of those that are as good as the first of them the simplest first.
    private static List<TrainingPlan> Ordered<TKey>(IEnumerable<TrainingPlan> plans, double sameSpeed, Func<TrainingPlan, TKey> complexity)
    {
        (TrainingPlan Plan, double Merit)[] sorted = [.. plans.Select(plan => (plan, Merit(plan))).OrderByDescending(each => each.Item2)];
        var ordered = new List<TrainingPlan>(sorted.Length);
        for (var start = 0; start < sorted.Length; start = ordered.Count)
            ordered.AddRange(sorted.Skip(start).TakeWhile(each => each.Merit >= sorted[start].Merit * (1 - sameSpeed)).Select(each => each.Plan).OrderBy(complexity));
        return ordered;
    }

    private static double Merit(TrainingPlan plan) =>
        plan.Job.IsMemoryConstrained ? plan.TokensPerSecond / Math.Pow(plan.Memory.TotalBytes, MemoryExponent) : plan.TokensPerSecond;

    private static (ParallelismKind, int, int, int) Complexity(Parallelism split) => (split.Kind, split.PipelineParallel, split.TensorParallel, split.ZeroStage);

    private static string WhatWouldFit(TrainingJob job, IEnumerable<(Parallelism Split, double Bytes)> least)
    {
        var ways = new List<string>();
        for (var gpus = job.Cluster.GpuCount * 2; gpus <= TrainingCluster.MostGpus; gpus *= 2)
        {
            // The batch grows with the GPUs where it must.
            var larger = job with { Cluster = job.Cluster with { GpuCount = gpus }, GlobalBatch = job.GlobalBatch is { } batch ? (batch + gpus - 1) / gpus * gpus : null };
            if (gpus > job.Cluster.GpusPerNode && gpus % job.Cluster.GpusPerNode != 0)
                continue;
            var usable = UsableShare * job.Cluster.Accelerator.MemoryBytes;
            if (Splits(larger).Where(split => Memory(larger, split).TotalBytes <= usable).MinBy(Complexity) is { } split)
            {
                ways.Add($"{gpus} of these GPUs would do ({split})");
                break;
            }
        }
        var needed = least.Select(found => found.Bytes).DefaultIfEmpty(double.PositiveInfinity).Min() / UsableShare;
        if (double.IsFinite(needed))
        {
            var larger = Accelerator.Known.Where(known => known.MemoryBytes >= needed && known.PeakFlops(job.Precision) is not null)
                .OrderBy(known => known.MemoryBytes).Take(3).Select(known => known.Name).ToArray();
            ways.Add($"as many GPUs of {Quantity.Bytes(needed)} each would do{(larger.Length > 0 ? $", such as {string.Join(", ", larger)}" : "")}");
        }
        foreach (var (change, text) in (ReadOnlySpan<(TrainingJob?, string)>)
        [
            (job.HasFlashAttention ? null : job with { HasFlashAttention = true }, "--flash-attention would do"),
            (job.Recompute is null ? null : job with { Recompute = null }, "--recompute auto would do"),
            (job.Sequence < 1024 ? null : job with { Sequence = job.Sequence / 2 }, $"sequences of {job.Sequence / 2} would do"),
            (job.Optimizer == TrainingOptimizer.Adam ? job with { Optimizer = TrainingOptimizer.Adam8Bit } : null, "--optimizer adamw8bit would do"),
        ])
        {
            if (change is not null && Splits(change).Any(split => Memory(change, split).TotalBytes <= UsableShare * job.Cluster.Accelerator.MemoryBytes))
                ways.Add(text);
        }
        var sentence = ways.Count == 0 ? "no number of these GPUs would do: name GPUs with more memory" : string.Join("; ", ways);
        return $"{char.ToUpperInvariant(sentence[0])}{sentence[1..]}.";
    }

    private static ActivationLayout Layout(TrainingJob job, Parallelism split) =>
        new(job.Sequence, split.MicroBatch, split.TensorParallel, job.Precision.ElementBytes())
        {
            Recompute = split.Recompute, HasFlashAttention = job.HasFlashAttention, IsSequenceParallel = job.IsSequenceParallel && split.TensorParallel > 1,
        };

    private static BytesPerParameter BytesOf(TrainingJob job, Parallelism split) =>
        BytesPerParameter.Of(job.Convention, job.Precision, job.Optimizer, job.Model.Shape.HiddenSize, split.ZeroStage);

    private static double MicroBatches(TrainingJob job, Parallelism split) => (double)job.Batch / split.DataParallel / split.MicroBatch;

    // Parameters of one GPU's part. The first stage has the embeddings besides its layers, the last the matrix that writes tokens: a copy of the embeddings where it is the same.
    private static double PartOf(TrainingJob job, Parallelism split, int stage)
    {
        var shape = job.Model.Shape;
        if (split.PipelineParallel == 1)
            return job.Model.Parameters / split.TensorParallel;
        var part = (shape.LayerParameters + shape.OuterParameters) / split.PipelineParallel;
        if (stage == 0)
            part += shape.EmbeddingParameters;
        if (stage == split.PipelineParallel - 1 && shape.WritesTokens)
            part += (double)shape.VocabularySize * shape.HiddenSize;
        return part * job.Model.Scale / split.TensorParallel;
    }

    // The runtime's context, 0.5 to 1 GiB; DDP's two buckets of 25 MiB, up to DeepSpeed's bucket of 5e8 elements; of ZeRO-3 one gathered layer with its gradients, up to two with the one that is fetched ahead.
    private static (double Least, double Most) Buffers(TrainingJob job, Parallelism split, double parameters)
    {
        var (least, most) = (0.5 * Gibibyte, Gibibyte);
        if (split.DataParallel > 1)
        {
            var gradients = parameters * job.Precision.ElementBytes();
            least += Math.Min(gradients, 50 << 20);
            most += Math.Min(gradients, 5e8 * job.Precision.ElementBytes());
        }
        if (split.ZeroStage == 3)
        {
            var shape = job.Model.Shape;
            var layer = Math.Max(shape.LargestLayerParameters, shape.EmbeddingParameters) / split.TensorParallel * 2 * job.Precision.ElementBytes();
            least += layer;
            most += 2 * layer;
        }
        return (least, most);
    }

    private static IEnumerable<int> Divisors(int number)
    {
        for (var divisor = 1; divisor <= number; divisor++)
            if (number % divisor == 0)
                yield return divisor;
    }
}
