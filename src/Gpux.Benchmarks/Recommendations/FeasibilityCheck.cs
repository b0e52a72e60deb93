using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Whether hardware can do what is asked, within the bounds that were set: by memory, latency, time and cost.</summary>
internal static class FeasibilityCheck
{
    /// <summary>Of a device's memory: the rest is the driver's and the allocator's.</summary>
    public const double UsableMemory = 0.9;

    /// <param name="reasons">Those of the row, to which the verdict's are added: what refuses it first, what was seen last.</param>
    public static Feasibility Judge(RecommendationRequest request, HardwareRecommendation row, List<string> reasons)
    {
        var (platform, isTraining, verdict) = (row.Hardware, request.Task == TaskType.Training, Feasibility.Feasible);
        void Refuse(string reason)
        {
            verdict = Feasibility.Infeasible;
            reasons.Insert(0, reason);
        }
        void Doubt(string reason)
        {
            verdict = verdict == Feasibility.Feasible ? Feasibility.Unproven : verdict;
            reasons.Add(reason);
        }
        void NotKnow(string reason)
        {
            verdict = verdict == Feasibility.Infeasible ? verdict : Feasibility.Unknown;
            reasons.Insert(0, reason);
        }
        // Of each device, for a part that is too large for one finds no room on another.
        var (count, each) = (platform.DeviceCount, platform.DeviceCount > 1 ? " on each" : "");
        if (row.Runs > 0)
            reasons.Add(row.IsMemoryMeasured && row.MemoryBytes is { } taken && platform.MemoryBytes is { } held
                ? $"{Quantity.Bytes((double)taken / count)} of {Quantity.Bytes((double)held / count)} memory{each}, measured" : "it ran here, so that its memory is enough");
        else if (row.MemoryBytes is not { } need)
            Doubt("what memory it takes is not known");
        else if (platform.MemoryBytes is not { } capacity)
            Doubt("its memory is not known");
        else if (need > UsableMemory * capacity)
            Refuse($"it takes {Quantity.Bytes((double)need / count)}{each}, and {UsableMemory:0%} of its {Quantity.Bytes((double)capacity / count)} may be used");
        else
            reasons.Add($"{Quantity.Bytes((double)need / count)} of {Quantity.Bytes((double)capacity / count)} memory{each}, estimated");
        var bounded = row.MemoryBytes / (isTraining ? count : 1);
        if (bounded > request.MaxMemoryBytes)
            Refuse($"it takes {Quantity.Bytes(bounded.Value)}{(isTraining ? each : "")}, more than {Quantity.Bytes(request.MaxMemoryBytes!.Value)}"); // compared
        else if (bounded is null && request.MaxMemoryBytes is not null)
            NotKnow("what memory it takes is not known, so that nothing shows whether it keeps the bound");
        if (request.MaxLatency is { } bound)
        {
            Bound(row.LatencyP99 ?? row.Latency, bound.TotalSeconds, "latency",
                isTraining ? "step" : row.LatencyP99 is null ? "typical latency" : "99th percentile", seconds => Quantity.Seconds(seconds));
            if (!isTraining && row is { LatencyP99: null, Latency: not null })
                Doubt("no 99th percentile is known, which is what is bounded");
        }
        if (request is { MaxDuration: { } duration, TrainingTokens: { } tokens })
        {
            var time = row is { Throughput: { } speed, ThroughputUnit: "tokens" } ? new Estimate(tokens / speed.Typical, tokens / speed.High, tokens / speed.Low) : (Estimate?)null;
            Bound(time, duration.TotalSeconds, "speed", "time", seconds => Quantity.LongTime(seconds));
        }
        if (request.MaxCost is { } budget)
            Bound(row.CostPerMillion, budget, "price", $"price of a million {row.ThroughputUnit}", cost => $"{Quantity.Three(cost)} {request.Prices.Currency}");
        return verdict;

        void Bound(Estimate? estimate, double limit, string unknown, string what, Func<double, string> show)
        {
            if (estimate is not { } known)
                NotKnow($"its {unknown} is not known, so that nothing shows whether it keeps the bound");
            else if (known.Typical > limit && row is { Runs: 0, Origin: EstimateOrigin.Predicted } && !known.HasInterval)
                NotKnow($"its {what} is predicted at {show(known.Typical)}, above {show(limit)}, without an interval");
            else if (known.Typical > limit)
                Refuse($"its {what} is {show(known.Typical)}, above {show(limit)}");
            else if (!known.HasInterval)
                Doubt($"its {what} of {show(known.Typical)} has no interval that would show that it stays below {show(limit)}");
            else if (known.High > limit)
                Refuse($"its {what} may be up to {show(known.High)}, above {show(limit)}");
        }
    }
}
