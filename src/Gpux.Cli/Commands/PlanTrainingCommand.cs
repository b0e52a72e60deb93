using System.CommandLine;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Training;
using Gpux.Benchmarks.Training.Launch;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands;

internal sealed class PlanTrainingCommand : GpuxCommand
{
    public const string Summary = "Advise how to split a training over GPUs: what fits, how fast, and why.";
    private const int ConfigLimitBytes = 16 << 20;

    private readonly Argument<string?> _model = new("model")
    {
        Description = "What is trained: a model as for other commands, or a config.json. Without it: --parameters.", Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> _parameters = new("--parameters") { Description = "How many, such as 70B: of a model that is not published.", HelpName = "number" };
    private readonly Option<int?> _layers = new("--layers") { Description = "With --parameters or --hidden: how many layers." };
    private readonly Option<int?> _hidden = new("--hidden") { Description = "Width of the layers." };
    private readonly Option<int?> _heads = new("--heads") { Description = "Heads of the attention; default: of 128 each." };
    private readonly Option<int?> _keyValueHeads = new("--kv-heads") { Description = "Heads of keys and values, where queries share them." };
    private readonly Option<int?> _feedForward = new("--ffn") { Description = "Width inside the feed-forward networks; default: four times --hidden. Other widths mean gated networks (SwiGLU)." };
    private readonly Option<int?> _vocabulary = new("--vocabulary") { Description = "Tokens of the vocabulary; default: 50304." };
    private readonly Option<long> _gpus = new("--gpus") { Description = "How many GPUs.", Required = true };
    private readonly Option<string> _gpu = new("--gpu") { Description = $"Which: {string.Join(", ", Accelerator.Known.Select(known => known.Name))}." };
    private readonly Option<string> _memory = new("--gpu-memory") { Description = "Memory of a GPU, such as 80GiB, if not what --gpu has.", HelpName = "size" };
    private readonly Option<double?> _peak = new("--gpu-tflops") { Description = "Dense peak of a GPU in TFLOP/s, if not what --gpu has." };
    private readonly Option<double?> _link = new("--gpu-link") { Description = "What a GPU sends within its node, in GB/s and one direction, if not what --gpu has." };
    private readonly Option<double?> _network = new("--network") { Description = "What a GPU has of the network between nodes, in Gbit/s, if not what is usual for --gpu." };
    private readonly Option<int> _perNode = new("--gpus-per-node") { Description = "GPUs of a node; default: 8.", DefaultValueFactory = _ => 8 };
    private readonly Option<int?> _sequence = new("--sequence") { Description = "Tokens of a sequence; default: what the model takes, at most 4096." };
    private readonly Option<long?> _batch = new("--global-batch") { Description = "Sequences of a step; default: 512, rounded up to a multiple of --gpus." };
    private readonly Option<string> _tokens = new("--tokens") { Description = "Tokens of the whole training, such as 300B: for days and cost.", HelpName = "number" };
    private readonly Option<string> _precision = new("--precision") { Description = "bf16, the default; fp16, tf32, fp32." };
    private readonly Option<string> _optimizer = new("--optimizer") { Description = "adam, the default; adamw8bit, sgd (with momentum), adafactor (without)." };
    private readonly Option<string> _recompute = new("--recompute") { Description = "auto, the default: as little as fits. none, selective (attention's scores), full (all but the layers' inputs)." };
    private readonly Option<bool> _flash = new("--flash-attention") { Description = "Attention that does not keep its scores." };
    private readonly Option<bool> _sequenceParallel = new("--sequence-parallel") { Description = "Split what tensor parallelism leaves whole along the sequence." };
    private readonly Option<bool> _memoryConstrained = new("--memory-constrained") { Description = "Let the memory that a plan takes count besides its speed." };
    private readonly Option<string> _convention = new("--convention") { Description = "Bytes for each parameter as counted by megatron (18, the default), zero (16: the ZeRO paper), or deepspeed (its estimators)." };
    private readonly Option<double> _efficiency = new("--efficiency") { Description = "Share of the peak at which a GPU computes, 0.01 to 1; default: 0.40. Times have a range of a quarter of it.", DefaultValueFactory = _ => 0.40 };
    private readonly Option<double?> _price = new("--price-per-gpu-hour") { Description = "What a GPU costs in an hour, in your currency." };
    private readonly Option<int> _top = new("--top-k") { Description = "How many plans to show; default: 5.", DefaultValueFactory = _ => 5 };
    private readonly Option<bool> _explain = new("--explain") { Description = "Say of each technique whether it fits, and why it is not the plan." };
    private readonly Option<string> _emit = new("--emit") { Description = "Print the plan as a framework reads it: deepspeed (JSON), megatron (arguments), fsdp (accelerate's YAML)." };

    public PlanTrainingCommand(Services services) : base(services, "plan-training", Summary,
        "gpux plan-training samples/storyteller --gpus 1 --gpu L4", "gpux plan-training --parameters 70B --gpus 64 --gpu \"H100 SXM\" --tokens 1.5T --explain",
        "gpux plan-training ./config.json --gpus 16 --gpu \"A100 80GB\" --sequence 4096 --flash-attention --emit deepspeed")
    {
        Add(_model);
        foreach (var option in (Option[])[_gpus, _gpu, _perNode, _sequence, _batch, _tokens, _precision, _optimizer, _recompute, _flash, _sequenceParallel, _memoryConstrained, _price, _top, _explain, _emit,
            _parameters, _layers, _hidden, _heads, _keyValueHeads, _feedForward, _vocabulary, _memory, _peak, _link, _network, _convention, _efficiency])
            Add(option);
        _precision.AcceptOnlyFromAmong("bf16", "fp16", "tf32", "fp32");
        _optimizer.AcceptOnlyFromAmong("adam", "adamw8bit", "sgd", "adafactor");
        _recompute.AcceptOnlyFromAmong("auto", "none", "selective", "full");
        _convention.AcceptOnlyFromAmong("megatron", "zero", "deepspeed");
        _emit.AcceptOnlyFromAmong("deepspeed", "megatron", "fsdp");
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var model = await ModelAsync(parsed, cancellationToken);
        var job = new TrainingJob(model, new TrainingCluster(Gpu(parsed), parsed.GetValue(_gpus), parsed.GetValue(_perNode)))
        {
            Sequence = parsed.GetValue(_sequence) ?? model.UsualSequence,
            GlobalBatch = parsed.GetValue(_batch),
            Tokens = parsed.GetValue(_tokens) is { } tokens ? Count.Parse("--tokens", tokens) : null,
            Precision = parsed.GetValue(_precision) switch
            {
                "fp16" => TrainingPrecision.Float16, "tf32" => TrainingPrecision.TensorFloat32, "fp32" => TrainingPrecision.Float32, _ => TrainingPrecision.BrainFloat16,
            },
            Optimizer = parsed.GetValue(_optimizer) switch
            {
                "adamw8bit" => TrainingOptimizer.Adam8Bit, "sgd" => TrainingOptimizer.Sgd, "adafactor" => TrainingOptimizer.Adafactor, _ => TrainingOptimizer.Adam,
            },
            Recompute = parsed.GetValue(_recompute) switch { "none" => Recompute.None, "selective" => Recompute.Selective, "full" => Recompute.Full, _ => null },
            HasFlashAttention = parsed.GetValue(_flash),
            IsSequenceParallel = parsed.GetValue(_sequenceParallel),
            IsMemoryConstrained = parsed.GetValue(_memoryConstrained),
            Convention = parsed.GetValue(_convention) switch { "zero" => StateConvention.ZeroPaper, "deepspeed" => StateConvention.DeepSpeed, _ => StateConvention.Megatron },
            Efficiency = parsed.GetValue(_efficiency),
            PricePerGpuHour = parsed.GetValue(_price),
        };
        var advice = TrainingPlanner.Plan(job);
        var text = new TrainingAdviceText(Terminal, advice);
        if (advice.Best is null)
        {
            text.Print(plans: 0, explain: true, launch: null);
            throw new NoTrainingPlanException(advice);
        }
        foreach (var note in model.Notes)
            Terminal.Note($"note: {note}");
        if (parsed.GetValue(_gpu) is { } named && HardwareCatalog.Find(named) is { IsVerified: false } unverified)
            Terminal.Note($"note: not every published number of the {job.Cluster.Accelerator.Name} was verified: {unverified.Source}.");
        var launch = parsed.GetValue(_emit) is { } framework ? LaunchSettings.Of(framework switch
        {
            "deepspeed" => TrainingFramework.DeepSpeed, "megatron" => TrainingFramework.Megatron, _ => TrainingFramework.Fsdp,
        }, advice) : null;
        if (launch is not null)
        {
            Terminal.Note($"note: for {TrainingAdvice.Describe(launch.Plan.Parallelism)}{(launch.Plan == advice.Best ? "" : ", the best plan that it runs")}.");
            foreach (var note in launch.Notes)
                Terminal.Note($"note: {note}");
        }
        text.Print(Math.Max(1, parsed.GetValue(_top)), parsed.GetValue(_explain), launch);
        return ExitCode.Done;
    }

    private async Task<TrainingModel> ModelAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var described = parsed.GetValue(_parameters) is { } text ? Count.Parse("--parameters", text) : (double?)null;
        var (layers, hidden) = (parsed.GetValue(_layers), parsed.GetValue(_hidden));
        if (parsed.GetValue(_model) is not { } name)
            return Described(parsed, described, layers, hidden);
        if (described is not null || layers is not null || hidden is not null)
            throw new UsageException("--parameters, --layers and --hidden describe a model, and one is named besides.", "Leave out one of the two.");
        if (!name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || !File.Exists(name))
            return await TrainingModel.LoadAsync(Services.Library, Services.Reference(name), Terminal.Progress, cancellationToken);
        if (new FileInfo(name).Length > ConfigLimitBytes)
            throw new UnknownTrainingModelException(name, "it is longer than 16 MiB.");
        return TrainingModel.OfConfig(name, await File.ReadAllBytesAsync(name, cancellationToken));
    }

    private TrainingModel Described(ParseResult parsed, double? parameters, int? layers, int? hidden)
    {
        if (hidden is not { } width)
        {
            return parameters is { } size ? TrainingModel.OfSize(size, layers)
                : throw new UsageException("No model is named.", "Name one, or say what it is like: --parameters 70B, or --layers 80 --hidden 8192.");
        }
        if (layers is not { } depth)
            throw new UsageException("--hidden is given without --layers.", "Give both.");
        var heads = parsed.GetValue(_heads) ?? Math.Max(1, width / 128);
        var gpt = TrainingModel.Plain(depth, width, heads);
        gpt = gpt with { VocabularySize = parsed.GetValue(_vocabulary) ?? gpt.VocabularySize };
        var shape = gpt with { KeyValueHeads = parsed.GetValue(_keyValueHeads) ?? heads };
        if (parsed.GetValue(_feedForward) is { } inner && inner != gpt.FeedForwardSize)
            shape = shape with { FeedForwardSize = inner, IsGated = true, HasNormBias = false, HasQueryKeyValueBias = false, HasOtherBiases = false, TiesEmbeddings = false };
        shape.Validate();
        const string described = "A model of this shape";
        return parameters is { } known ? new TrainingModel(described, shape, known) : new TrainingModel(described, shape);
    }

    private Accelerator Gpu(ParseResult parsed)
    {
        var (memory, peak) = (parsed.GetValue(_memory), parsed.GetValue(_peak));
        var bytes = memory is null ? (long?)null
            : ByteSize.Parse(memory) ?? throw new UsageException($"--gpu-memory is '{memory}', where a size such as 80GiB was expected.", "Write a number and a unit.");
        Accelerator gpu;
        if (parsed.GetValue(_gpu) is { } name)
            gpu = Accelerator.Find(name);
        else if (bytes is { } own && peak is not null)
            gpu = new Accelerator("GPU", own, 32e9, 3.125e9); // PCIe 4, and 100 Gbit/s for each four
        else
            throw new UsageException("No GPU is named.", "Name one with --gpu, or describe it with --gpu-memory and --gpu-tflops. Which would do, and how many: gpux recommend MODEL --task training.");
        if (bytes is { } size)
            gpu = gpu with { MemoryBytes = size };
        if (peak is { } teraflops)
            gpu = gpu with { BrainFloat16Flops = teraflops * 1e12, Float16Flops = teraflops * 1e12, TensorFloat32Flops = teraflops * 1e12, Float32Flops = teraflops * 1e12 };
        if (parsed.GetValue(_link) is { } link)
            gpu = gpu with { IntraNodeBytesPerSecond = link * 1e9 };
        return parsed.GetValue(_network) is { } network ? gpu with { InterNodeBytesPerSecond = network * 1e9 / 8 } : gpu;
    }
}
