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
        var hasMemory = able.TrueForAll(candidate => candidate.Row.MemoryBytes is not null)
            && able.Select(candidate => candidate.Row.Hardware.Kind == HardwareKind.Cpu).Distinct().Count() == 1;
        if (!hasMemory && request.IsMemoryConstrained)
            notes.Add("Memory is no part of the order: it is not known of all, or main memory would be compared with devices' own. --max-memory bounds it.");
        // Trainings by the device: twice as many that are twice as fast are no better.
        var random = new Random(seed + 3);
        var devices = able.ConvertAll(candidate => IsTraining ? Math.Log(candidate.Row.Hardware.DeviceCount) : 0);
        var axes = new List<Axis[]>();
        for (var i = 0; i < able.Count; i++)
        {
            var row = able[i].Row;
            var (tail, scatter) = row.LatencyP99 is null || able[i].Tail is not { } known ? (0, 0) : (known.Mean, known.MeanDeviation);
            axes.Add(
            [
                new((row.LatencyP99 ?? row.Latency)?.Typical, Array.ConvertAll(latencies[i], draw => Math.Exp(draw + Math.Max(0, tail + (scatter > 0 ? scatter * Normal.Sample(random, 0, 1) : 0))))),
                new(Math.Exp(devices[i]) / row.Throughput?.Typical, Array.ConvertAll(rates[i], draw => Math.Exp(devices[i] - draw))),
                new(row.MemoryBytes, null),
                new(row.CostPerMillion?.Typical, row.CostPerHour is { } perHour ? Array.ConvertAll(rates[i], draw => PriceList.PerMillion(perHour, Math.Exp(draw), request.PaidShare)) : null),
                new(row.EnergyJoules, null),
            ]);
        }
        var front = ParetoFront.Of(axes);
        double Useful(double lnLatency, double lnRate, int i) => (hasRate ? weights.Throughput * (lnRate - devices[i]) : 0) - (hasLatency ? weights.Latency * lnLatency : 0)
            - (hasMemory ? weights.Memory * Math.Log(able[i].Row.MemoryBytes!.Value) : 0); // of all
        var useful = able.Select((candidate, i) => Useful(Math.Log(candidate.Row.Latency?.Typical ?? 1), Math.Log(candidate.Row.Throughput?.Typical ?? 1), i)).ToArray();
        var best = useful.Max();
        var wins = new int[able.Count];
        var gains = new double[able.Count];
        var first = able.Min(candidate => candidate.Row.Feasibility);
        var incumbent = Enumerable.Range(0, able.Count).Where(i => able[i].Row.Runs > 0 && able[i].Row.Feasibility == first).OrderByDescending(i => useful[i]).Select(i => (int?)i).FirstOrDefault();
        for (var draw = 0; draw < DrawCount; draw++)
        {
            var (winner, most) = (-1, double.NegativeInfinity);
            var toBeat = incumbent is { } known ? Useful(latencies[known][draw], rates[known][draw], known) : best;
            for (var i = 0; i < able.Count; i++)
            {
                var value = Useful(latencies[i][draw], rates[i][draw], i);
                gains[i] += Math.Max(0, value - toBeat) / DrawCount;
                if (value > most && able[i].Row.Feasibility == first)
                    (winner, most) = (i, value);
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
        return IsTraining ? null : Next(able, gains, incumbent is not null, useful); // gpux bench measures no trainings
    }

    private string? Next(List<Candidacy> able, double[] gains, bool hasMeasured, double[] useful)
    {
        var unmeasured = Enumerable.Range(0, able.Count).Where(i => able[i].Row.Runs == 0).ToArray();
        if (unmeasured.Length == 0)
            return null;
        if (!hasMeasured)
        {
            var promising = unmeasured.OrderByDescending(i => useful[i]).ThenBy(i => able[i].Row.Hardware.Name, StringComparer.Ordinal).First();
            return $"Nothing tells more than a measurement: {able[promising].Row.Hardware.Name} promises most.";
        }
        // By the dollar where every price is known, else by the gain alone.
        var isPriced = unmeasured.All(i => able[i].Row.Price is not null);
        var next = unmeasured.OrderByDescending(i => gains[i] / (isPriced ? able[i].Row.CostPerHour!.Value : 1)).ThenBy(i => able[i].Row.Hardware.Name, StringComparer.Ordinal).First(); // checked
        return gains[next] < WorthMeasuring ? null
            : $"Measure on {able[next].Row.Hardware.Name} next{(model.IsRunnable ? $" (gpux bench {ShellWord.Of(model.Name)} --save)" : "")}: it may be {Gain(Math.Exp(gains[next]))} the best that was measured.";
    }

    private static string Gain(double ratio) => ratio < 2 ? $"{ratio - 1:0%} more useful than" : $"{Quantity.Digits(ratio, 2)} times as useful as";

    // Shared effects are drawn once for all, so that platforms rise and fall together where they do.
    private static double[][] Draws(List<Candidacy> able, Func<Candidacy, TargetForecast?> forecastOf, Func<Candidacy, Estimate?> estimateOf, int seed)
    {
        var random = new Random(seed);
        var size = able.Max(candidate => forecastOf(candidate)?.Forecast.Loading.Length ?? 0);
        var draws = able.Select(_ => new double[DrawCount]).ToArray();
        var shared = new double[size];
        for (var draw = 0; draw < DrawCount; draw++)
        {
            for (var i = 0; i < size; i++)
                shared[i] = Normal.Sample(random, 0, 1);
            for (var i = 0; i < able.Count; i++)
            {
                var own = Normal.Sample(random, 0, 1);
                var estimate = estimateOf(able[i]);
                var typical = Math.Log(estimate?.Typical ?? 1);
                draws[i][draw] = typical + (forecastOf(able[i]) is { } target
                    ? CholeskyFactor.Dot(target.Forecast.Loading, shared) + Math.Sqrt(target.Forecast.OwnVariance) * own
                    // A plan's range is taken for nine tenths of what may come; a roofline is as wrong as is supposed before anything was measured.
                    : own * (estimate is { HasInterval: true } range ? Math.Log(range.High / range.Low) / 2 / NinetyPercent
                        : Math.Sqrt(EffectVariances.Prior.Groups[(int)EffectGroup.Hardware])));
            }
        }
        return draws;
    }
}
