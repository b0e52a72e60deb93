using System.CommandLine;
using System.Globalization;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands;

/// <summary>What gpux recommend and gpux db recommend can be asked.</summary>
internal sealed class RecommendOptions
{
    private readonly Option<string> _task = TaskOption();
    private readonly Option<int> _batch = new("--batch-size") { Description = "Inputs of a request. Default: 1.", DefaultValueFactory = _ => 1, HelpName = "n" };
    private readonly Option<bool> _latency = new("--latency-sensitive") { Description = "Let latency count twice." };
    private readonly Option<bool> _memory = new("--memory-constrained") { Description = "Let memory count twice." };
    private readonly Option<int> _top = new("--top-k") { Description = "How many to list. Default: 5.", DefaultValueFactory = _ => 5, HelpName = "n" };
    private readonly Option<string> _maxLatency = new("--max-latency") { Description = "Bound of the 99th percentile, such as 50ms or 2s.", HelpName = "time" };
    private readonly Option<string> _maxMemory = new("--max-memory") { Description = "Bound of the memory that the model takes, such as 16GB.", HelpName = "size" };
    private readonly Option<double?> _maxCost = new("--max-cost") { Description = "Bound of the price of a million tokens or inferences, in US dollars.", HelpName = "dollars" };
    private readonly Option<string> _precision = new("--precision") { Description = "Such as fp16 or int8. Default: as published, or a lower one whose outputs were checked.", HelpName = "name" };
    private readonly Option<string> _prices = new("--prices") { Description = "Your prices: a file of comma-separated values, hardware,price,as_of,source.", HelpName = "file" };
    private readonly Option<double> _utilisation = new("--utilisation") { Description = "Share of the paid time in which the hardware has work. Default: 0.5.", DefaultValueFactory = _ => 0.5, HelpName = "share" };
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
        foreach (var option in (ReadOnlySpan<Option>)[_task, _batch, _latency, _memory, _top, _maxLatency, _maxMemory, _maxCost, _precision, _prices, _utilisation, _explain])
            command.Add(option);
    }

    public bool Explains(ParseResult parsed) => parsed.GetValue(_explain);

    public RecommendationRequest Request(ParseResult parsed, ModelFacts model)
    {
        var (batch, top, cost, utilisation) = (parsed.GetValue(_batch), parsed.GetValue(_top), parsed.GetValue(_maxCost), parsed.GetValue(_utilisation));
        Require(batch >= 1, "--batch-size", batch);
        Require(top >= 1, "--top-k", top);
        Require(cost is null or > 0 and < double.PositiveInfinity, "--max-cost", cost);
        Require(utilisation is > 0 and <= 1, "--utilisation", utilisation);
        var precision = parsed.GetValue(_precision);
        if (precision is not null && WeightPrecisions.BytesPerWeight(precision) is null)
            throw new UsageException($"'{precision}' is no precision of weights.", "Write fp32, fp16, bf16, int8, int4, or as llama.cpp has it, such as q4_k_m.");
        return new RecommendationRequest(model)
        {
            Task = Task(parsed.GetValue(_task)),
            BatchSize = batch,
            IsLatencySensitive = parsed.GetValue(_latency),
            IsMemoryConstrained = parsed.GetValue(_memory),
            TopK = top,
            MaxLatency = parsed.GetValue(_maxLatency) is { } time ? Duration(time) : null,
            MaxMemoryBytes = parsed.GetValue(_maxMemory) is { } size
                ? ByteSize.Parse(size) ?? throw new UsageException($"'{size}' is no size.", "Write --max-memory 16GB.") : null,
            MaxCost = cost,
            Precision = precision,
            Prices = parsed.GetValue(_prices) is { } prices ? PriceList.Load(prices) : PriceList.BuiltIn,
            Utilisation = utilisation,
            Explain = Explains(parsed),
        };
    }

    private static void Require(bool isFine, string option, double? value)
    {
        if (!isFine)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option} cannot be {value}."), "See: gpux recommend --help");
    }

    private static TimeSpan Duration(string text)
    {
        text = text.Trim();
        var (digits, scale) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 1e-3) : text.EndsWith('s') ? (text[..^1], 1.0) : ("", 0.0);
        return double.TryParse(digits.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * scale is > 1e-7 and < 1e6
            ? TimeSpan.FromSeconds(number * scale) : throw new UsageException($"'{text}' is no time.", "Write --max-latency 50ms, or 2s.");
    }
}
