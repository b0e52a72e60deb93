namespace Gpux.Benchmarks.Recommendations;

/// <summary>Says what a forecast rests on.</summary>
internal static class ForecastReasons
{
    private const double MeasuredWeight = 0.9;

    public static EstimateOrigin Origin(TargetForecast forecast, TargetModel target) => forecast.Question != Question.Repeat ? EstimateOrigin.Predicted
        : Weight(forecast, target) >= MeasuredWeight ? EstimateOrigin.Measured : EstimateOrigin.Shrunk;

    // n / (n + k), k = noise / variance of what is peculiar to the configuration.
    private static double Weight(TargetForecast forecast, TargetModel target) =>
        forecast.Runs / (forecast.Runs + target.Variances.Noise / (target.Variances.Pair + target.Variances.Cell));

    /// <param name="row">What the forecast gave.</param>
    /// <param name="cell">What was measured of it.</param>
    /// <param name="confidence">Of the intervals; null where none are wanted.</param>
    public static void Add(List<string> reasons, HardwareRecommendation row, TargetForecast forecast, TargetModel target, Cell? cell, double? confidence)
    {
        reasons.Insert(0, forecast.Question switch
        {
            Question.Repeat => $"{Count(forecast.Runs, "run")} of this configuration, which {(forecast.Runs == 1 ? "weighs" : "weigh")} {Weight(forecast, target):0%} against what others say",
            Question.OtherWorkload => "measured here in another configuration, not in this one",
            Question.NewPair => "never measured together: from the model elsewhere and from others here",
            Question.NewModel => "from other models on this platform",
            Question.NewHardware => "from the model on other platforms, and this one's published peaks",
            _ => "from other models on other platforms, and this one's published peaks",
        });
        if (cell is { SimulatedRuns: > 0 })
            reasons.Add(cell.SimulatedRuns >= cell.Runs ? "all of its results are simulated" : $"{cell.SimulatedRuns} of its {cell.Runs} runs are simulated");
        if (confidence is { } level && (row.Latency ?? row.Throughput) is not { HasInterval: true })
        {
            var (groups, needed) = (target.Groups(forecast.Question), ConformalBand.Needed(level));
            reasons.Add($"no interval: at {level:0%} it takes {needed} {Held(forecast.Question)} that can be held out; there {(groups == 1 ? "is" : "are")} {groups}");
        }
    }

    /// <summary>What the 99th percentile is, and what its interval rests on.</summary>
    public static string OfTail(Estimate slow, TailForecast tail)
    {
        var of = tail.Runs > 0 ? $"by {Count(tail.Runs, "run")} of this configuration" : "by how far it lies above the typical latency elsewhere";
        return slow.HasInterval ? $"99 of 100 requests within {Quantity.Seconds(slow.Typical)} [{Quantity.Seconds(slow.Low)}, {Quantity.Seconds(slow.High)}], {of}"
            : $"99 of 100 requests within {Quantity.Seconds(slow.Typical)}, {of}, without an interval"
                + (double.IsInfinity(tail.HalfWidth) ? ": no configuration has two runs with a 99th percentile, so that nothing shows how it scatters" : "");
    }

    private static string Held(Question question) => question switch
    {
        Question.NewModel => "models",
        Question.NewHardware => "platforms",
        Question.NewModelAndHardware => "models and platforms",
        Question.Repeat => "repeated configurations",
        Question.OtherWorkload => "pairs in several configurations",
        _ => "pairs",
    };

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}
