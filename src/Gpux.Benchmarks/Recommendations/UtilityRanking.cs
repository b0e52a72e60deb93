using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;
using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Hardware that is looked at, and what its estimates rest on.</summary>
/// <param name="Basis">Candidates of another one are not compared with it.</param>
internal sealed record Candidacy(HardwareRecommendation Row, Basis? Basis, TargetForecast? Latency = null, TargetForecast? Throughput = null, TailForecast? Tail = null);

/// <summary>How useful each platform is, and how likely the most useful one: over draws of what is not known.</summary>
internal sealed class UtilityRanking(RecommendationRequest request, ModelFacts model, int seed)
{
    private const int DrawCount = 1000;
    private const double WorthMeasuring = 0.01; // a gain of a hundredth
    private const double NinetyPercent = 1.645; // of a normal distribution, in deviations to both sides

    private bool IsTraining => request.Task == TaskType.Training;

    /// <summary>Fills in who is on the front, how useful each is and with what chance the most useful; says what to measure next.</summary>
    /// <param name="able">All of one basis.</param>
    /// <param name="notes">Given what the order leaves out.</param>
    public string? Rank(List<Candidacy> able, UtilityWeights weights, List<string> notes)
    {
        if (able.Count == 0)
            return null;
        double[][] latencies = [], rates = [];
        Parallel.Invoke(() => latencies = Draws(able, candidate => candidate.Latency, candidate => candidate.Row.Latency, seed + 1),
            () => rates = Draws(able, candidate => candidate.Throughput, candidate => candidate.Row.Throughput, seed + 2));
        var hasLatency = able.TrueForAll(candidate => candidate.Row.Latency is not null);
        var hasRate = able.TrueForAll(candidate => candidate.Row.Throughput is not null);
        var isHost = able[0].Row.Hardware.Kind == HardwareKind.Cpu;
        var hasMemory = able.TrueForAll(candidate => candidate.Row.MemoryBytes is not null && candidate.Row.Hardware.Kind == HardwareKind.Cpu == isHost);
        if (!hasMemory && request.IsMemoryConstrained)
            notes.Add("Memory is no part of the order: it is not known of all, or main memory would be compared with devices' own. --max-memory bounds it.");
        // Trainings by the device: twice as many that are twice as fast are no better.
        var devices = new double[able.Count]; // logarithms
        if (IsTraining)
            for (var i = 0; i < devices.Length; i++)
                devices[i] = Math.Log(able[i].Row.Hardware.DeviceCount);
        var axes = Axes(able, latencies, rates, devices);
        var front = ParetoFront.Of(axes);
        var latencyWeight = hasLatency ? weights.Latency : 0;
        var rateWeight = hasRate ? weights.Throughput : 0;
        var certain = new double[able.Count]; // what is no draw's to say
        var useful = new double[able.Count];
        for (var i = 0; i < able.Count; i++)
        {
            var row = able[i].Row;
            certain[i] = -rateWeight * devices[i] - (hasMemory ? weights.Memory * Math.Log(row.MemoryBytes!.Value) : 0); // of all
            useful[i] = certain[i] + rateWeight * Math.Log(row.Throughput?.Typical ?? 1) - latencyWeight * Math.Log(row.Latency?.Typical ?? 1);
        }
        var (best, first) = (double.NegativeInfinity, able[0].Row.Feasibility);
        for (var i = 0; i < able.Count; i++)
            (best, first) = (Math.Max(best, useful[i]), able[i].Row.Feasibility < first ? able[i].Row.Feasibility : first);
        var wins = new int[able.Count];
        var gains = new double[able.Count];
        var mayWin = new bool[able.Count];
        var incumbent = -1; // the best of those that were measured
        for (var i = 0; i < able.Count; i++)
        {
            mayWin[i] = able[i].Row.Feasibility == first;
            if (mayWin[i] && able[i].Row.Runs > 0 && (incumbent < 0 || useful[i] > useful[incumbent]))
                incumbent = i;
        }
        var drawn = new double[able.Count];
        for (var draw = 0; draw < DrawCount; draw++)
        {
            for (var i = 0; i < drawn.Length; i++)
                drawn[i] = certain[i] + rateWeight * rates[i][draw] - latencyWeight * latencies[i][draw];
            var toBeat = incumbent >= 0 ? drawn[incumbent] : best;
            var winner = -1;
            for (var i = 0; i < drawn.Length; i++)
            {
                gains[i] += Math.Max(0, drawn[i] - toBeat) / DrawCount;
                if (mayWin[i] && (winner < 0 || drawn[i] > drawn[winner]))
                    winner = i;
            }
            wins[winner]++;
        }
        for (var i = 0; i < able.Count; i++)
        {
            able[i] = able[i] with
            {
                Row = able[i].Row with { IsOnFront = front[i], ChanceOfBest = (double)wins[i] / DrawCount, Utility = Math.Exp(useful[i] - best) },
            };
        }
        return IsTraining ? null : Next(able, gains, incumbent >= 0, useful); // gpux bench measures no trainings
    }

    private string? Next(List<Candidacy> able, double[] gains, bool hasMeasured, double[] useful)
    {
        var unmeasured = able.FindAll(candidate => candidate.Row.Runs == 0);
        if (unmeasured.Count == 0)
            return null;
        // By the dollar where every price is known, else by the gain alone.
        var isPriced = unmeasured.TrueForAll(candidate => candidate.Row.Price is not null);
        var (next, most) = (-1, 0.0);
        for (var i = 0; i < able.Count; i++)
        {
            if (able[i].Row.Runs > 0)
                continue;
            var worth = !hasMeasured ? useful[i] : isPriced ? gains[i] / able[i].Row.CostPerHour!.Value : gains[i]; // checked
            if (next < 0 || worth > most || (worth == most && string.CompareOrdinal(able[i].Row.Hardware.Name, able[next].Row.Hardware.Name) < 0))
                (next, most) = (i, worth);
        }
        if (!hasMeasured)
            return $"Nothing tells more than a measurement: {able[next].Row.Hardware.Name} promises most.";
        return gains[next] < WorthMeasuring ? null
            : $"Measure on {able[next].Row.Hardware.Name} next{(model.IsRunnable ? $" (gpux bench {ShellWord.Of(model.Name)} --save)" : "")}: it may be {Gain(Math.Exp(gains[next]))} the best that was measured.";
    }

    private static string Gain(double ratio) => ratio < 2 ? $"{ratio - 1:0%} more useful than" : $"{Quantity.Digits(ratio, 2)} times as useful as";

    // The draws are logarithms.
    private List<Axis[]> Axes(List<Candidacy> able, double[][] latencies, double[][] rates, double[] devices)
    {
        var (random, normals) = (new Random(seed + 3), new double[DrawCount]);
        var axes = new List<Axis[]>(able.Count);
        for (var i = 0; i < able.Count; i++)
        {
            var (row, slow) = (able[i].Row, latencies[i]);
            if (row.LatencyP99 is not null && able[i].Tail is { } tail)
            {
                if (tail.MeanDeviation > 0)
                    Normal.Samples(random, normals, 0, tail.MeanDeviation);
                else
                    Array.Clear(normals);
                slow = new double[DrawCount];
                for (var draw = 0; draw < DrawCount; draw++)
                    slow[draw] = latencies[i][draw] + Math.Max(0, tail.Mean + normals[draw]);
            }
            var (times, costs) = (new double[DrawCount], new double[DrawCount]); // of one input
            var perInput = Math.Log(row.CostPerHour is { } perHour ? PriceList.PerMillion(perHour, 1, request.PaidShare) : 1);
            for (var draw = 0; draw < DrawCount; draw++)
                (times[draw], costs[draw]) = (devices[i] - rates[i][draw], perInput - rates[i][draw]);
            axes.Add(
            [
                new((row.LatencyP99 ?? row.Latency)?.Typical, slow),
                new(Math.Exp(devices[i]) / row.Throughput?.Typical, times),
                new(row.MemoryBytes, null),
                new(row.CostPerMillion?.Typical, row.CostPerHour is null ? null : costs),
                new(row.EnergyJoules, null),
            ]);
        }
        return axes;
    }

    // Logarithms. Shared effects are drawn once for all, so that platforms rise and fall together where they do.
    private static double[][] Draws(List<Candidacy> able, Func<Candidacy, TargetForecast?> forecastOf, Func<Candidacy, Estimate?> estimateOf, int seed)
    {
        var (typical, scatter, loadings) = (new double[able.Count], new double[able.Count], new double[able.Count][]);
        var (draws, size) = (new double[able.Count][], 0);
        for (var i = 0; i < draws.Length; i++)
        {
            var (estimate, target) = (estimateOf(able[i]), forecastOf(able[i]));
            typical[i] = Math.Log(estimate?.Typical ?? 1);
            // A plan's range is taken for nine tenths of what may come; a roofline is as wrong as is supposed before anything was measured.
            scatter[i] = target is not null ? Math.Sqrt(target.Forecast.OwnVariance)
                : estimate is { HasInterval: true } range ? Math.Log(range.High / range.Low) / 2 / NinetyPercent
                : Math.Sqrt(EffectVariances.Prior.Groups[(int)EffectGroup.Hardware]);
            loadings[i] = target?.Forecast.Loading ?? [];
            size = Math.Max(size, loadings[i].Length);
            draws[i] = new double[DrawCount];
        }
        var (random, normals) = (new Random(seed), new double[size + draws.Length]);
        for (var draw = 0; draw < DrawCount; draw++)
        {
            Normal.Samples(random, normals, 0, 1);
            for (var i = 0; i < draws.Length; i++)
                draws[i][draw] = typical[i] + scatter[i] * normals[size + i] + CholeskyFactor.Dot(loadings[i], normals);
        }
        return draws;
    }
}
