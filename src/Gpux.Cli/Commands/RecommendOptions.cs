using System.CommandLine;
using System.Globalization;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands;

/// <summary>What gpux recommend and gpux db recommend can be asked.</summary>
internal sealed class RecommendOptions
{
    private readonly Option<string> _task = TaskOption();
    private readonly Option<int?> _batch = new("--batch-size") { Description = "Inputs of a request; default: 1. Training: sequences of a step; default: as measured, else 512.", HelpName = "n" };
    private readonly Option<int?> _sequence = new("--sequence") { Description = "Tokens of an input; default: as measured, else 128. Training: what the model takes, at most 4096.", HelpName = "n" };
    private readonly Option<string> _tokens = new("--tokens") { Description = "Tokens that a model writes; default: as measured, else 128. Training: of the whole training, such as 300B, for days and cost.", HelpName = "number" };
    private readonly Option<bool> _latency = new("--latency-sensitive") { Description = "Let latency count twice." };
    private readonly Option<bool> _memory = new("--memory-constrained") { Description = "Let memory count twice." };
    private readonly Option<int> _top = new("--top-k") { Description = "How many to list. Default: 5.", DefaultValueFactory = _ => 5, HelpName = "n" };
    private readonly Option<string> _maxLatency = new("--max-latency") { Description = "Bound of the 99th percentile, such as 50ms, 2s or 800us. Training: of a step.", HelpName = "time" };
    private readonly Option<string> _maxMemory = new("--max-memory") { Description = "Bound of the memory that the model takes, such as 16GB. Training: of each GPU.", HelpName = "size" };
    private readonly Option<double?> _maxCost = new("--max-cost") { Description = "Bound of the price of a million tokens or inferences, in US dollars or the currency of --prices.", HelpName = "price" };
    private readonly Option<string> _precision = new("--precision") { Description = "Such as fp16 or int8. Default: as published, or a lower one whose outputs were checked.", HelpName = "name" };
    private readonly Option<string> _prices = new("--prices")
    {
        Description = "Your prices of an hour: a file with the line hardware,price,as_of,source and a line for each, such as NVIDIA L4,0.71,2026-11-20,our invoice.", HelpName = "file",
    };
    private readonly Option<double?> _utilisation = new("--utilisation") { Description = "Share of the paid time in which the hardware has work. Default: 0.5; training: 1.", HelpName = "share" };
    private readonly Option<long?> _gpus = new("--gpus") { Description = "Training: on how many GPUs. Default: the fewest that hold it in the time that it may take.", HelpName = "n" };
    private readonly Option<double?> _maxDays = new("--max-days") { Description = "Training: bound of what all of --tokens take, in days.", HelpName = "days" };
    private readonly Option<int> _version = new("--score-version")
    {
        Description = "2: measured before predicted, with intervals (the default). 1: the scores that 'gpux db calculate-scores' stored.", DefaultValueFactory = _ => 2, HelpName = "1|2",
    };
    private readonly Option<bool> _explain = new("--explain") { Description = "Give every reason, the weights, and how often the intervals held for results that were held out." };

    public static Option<string> TaskOption()
    {
        var task = new Option<string>("--task") { Description = "inference (the default) or training.", DefaultValueFactory = _ => "inference" };
        task.AcceptOnlyFromAmong("inference", "training");
        return task;
    }

    public static TaskType Task(string? name) => name == "training" ? TaskType.Training : TaskType.Inference;

    public void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_task, _batch, _latency, _memory, _top, _sequence, _tokens, _maxLatency, _maxMemory, _maxCost, _precision, _prices, _utilisation,
            _gpus, _maxDays, _explain, _version])
            command.Add(option);
    }

    public bool IsForTraining(ParseResult parsed) => Task(parsed.GetValue(_task)) == TaskType.Training;

    /// <summary>Tokens of an input; null where nothing was said.</summary>
    public int? InputTokens(ParseResult parsed) => parsed.GetValue(_sequence);

    /// <summary>Whether the stored scores are asked for, and nothing else.</summary>
    public bool WantsStoredScores(ParseResult parsed) => parsed.GetValue(_version) switch
    {
        1 => Ignored(parsed) is not { } option ? true
            : throw new UsageException($"{option.Name} changes nothing in scores that are stored.", $"Leave it out, or leave out --score-version 1: the advice by measurements takes it. 'gpux db calculate-scores' makes the scores anew."),
        2 => false,
        var version => throw new UsageException($"There is no score version {version}.", "Write --score-version 1 or 2."),
    };

    // What the rows of stored scores do not depend on.
    private Option? Ignored(ParseResult parsed) =>
        ((Option[])[_batch, _latency, _memory, _sequence, _tokens, _maxLatency, _maxMemory, _maxCost, _precision, _prices, _utilisation, _gpus, _maxDays, _explain])
            .FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });

    public RecommendationRequest Request(ParseResult parsed, ModelFacts model)
    {
        var (batch, top, cost, utilisation) = (parsed.GetValue(_batch), parsed.GetValue(_top), parsed.GetValue(_maxCost), parsed.GetValue(_utilisation));
        var (sequence, gpus, days, isTraining) = (parsed.GetValue(_sequence), parsed.GetValue(_gpus), parsed.GetValue(_maxDays), IsForTraining(parsed));
        void Require(bool isFine, string option, double? value, string range)
        {
            if (!isFine)
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option} cannot be {value}: a number {range} was expected."), $"See: gpux {HelpText.FullName(parsed.CommandResult.Command)} --help");
        }
        var tokens = parsed.GetValue(_tokens) is { } text ? Count.Parse("--tokens", text) : (double?)null;
        Require(batch is null or >= 1, "--batch-size", batch, "from 1 on");
        Require(sequence is null or >= 1, "--sequence", sequence, "from 1 on");
        Require(gpus is null or >= 1, "--gpus", gpus, "from 1 on");
        Require(tokens is null || (tokens >= 1 && (isTraining || tokens <= int.MaxValue)), "--tokens", tokens, isTraining ? "from 1 on" : $"from 1 to {int.MaxValue}");
        Require(days is null or (> 0 and < 1e6), "--max-days", days, "above 0 and below 1000000");
        if (!isTraining && (gpus ?? days) is not null)
            throw new UsageException($"{(gpus is null ? "--max-days" : "--gpus")} is about a training.", "Add --task training.");
        if (days is not null && tokens is null)
            throw new UsageException("--max-days bounds a training whose tokens are known.", "Add --tokens, such as --tokens 300B.");
        Require(top >= 1, "--top-k", top, "from 1 on");
        Require(cost is null or > 0 and < double.PositiveInfinity, "--max-cost", cost, "above 0");
        Require(utilisation is null or (> 0 and <= 1), "--utilisation", utilisation, "above 0 and at most 1: half of the time is 0.5");
        var precision = parsed.GetValue(_precision);
        if (precision is not null && WeightPrecisions.BytesPerWeight(precision) is null)
            throw new UsageException($"'{precision}' is no precision of weights.", "Write fp32, fp16, bf16, int8, int4, or as llama.cpp has it, such as q4_k_m.");
        return new RecommendationRequest(model)
        {
            Task = Task(parsed.GetValue(_task)),
            BatchSize = batch,
            InputTokens = sequence,
            OutputTokens = isTraining ? null : (int?)tokens,
            TrainingTokens = isTraining ? tokens : null,
            Gpus = gpus,
            MaxDuration = days is { } bound ? TimeSpan.FromDays(bound) : null,
            IsLatencySensitive = parsed.GetValue(_latency),
            IsMemoryConstrained = parsed.GetValue(_memory),
            TopK = top,
            MaxLatency = parsed.GetValue(_maxLatency) is { } time ? Duration(time) : null,
            MaxMemoryBytes = parsed.GetValue(_maxMemory) is { } size
                ? (size.Trim() is [.., var last] && char.IsAsciiLetter(last) ? ByteSize.Parse(size) : null) ?? throw new UsageException($"'{size}' is no size.", "Write --max-memory 16GB.") : null,
            MaxCost = cost,
            Precision = precision,
            Prices = parsed.GetValue(_prices) is { } prices ? LoadPrices(prices) : PriceList.BuiltIn,
            Utilisation = utilisation,
            Explain = parsed.GetValue(_explain),
        };
    }

    private static TimeSpan Duration(string text)
    {
        const double Longest = 1e6;
        var ticks = TimeText.Ticks(text);
        return ticks is not { } some || double.IsNaN(some) ? throw new UsageException($"--max-latency is '{text}', which is no time.", "Write --max-latency 50ms, 2s or 800us.")
            : Math.Round(some) is >= 1 and <= Longest * TimeSpan.TicksPerSecond and var whole ? TimeSpan.FromTicks((long)whole)
            : throw new UsageException($"--max-latency is '{text}', where a time above 0 and up to {Longest:0} s was expected.", "Write --max-latency 50ms, 2s or 800us.");
    }

    private static PriceList LoadPrices(string path) => File.Exists(path) ? PriceList.Load(path) : throw new PriceFileMissingException(path);
}

/// <summary>What --prices names is no file.</summary>
internal sealed class PriceFileMissingException(string path) : GpuxException(
    ErrorCode.PriceList,
    $"The prices in '{path}' cannot be used: {(Directory.Exists(path) ? "it is a folder" : "there is no such file")}.",
    "Check the path, or leave --prices out for the prices that come along.");
