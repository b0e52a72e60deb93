using System.Globalization;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Whether what launches found may be relied upon.</summary>
/// <remarks>Each reason begins with a word that tells its kind; they are listed in docs/guides/benchmarking.md.</remarks>
/// <param name="Reasons">Also those that leave a run valid, such as that it was short.</param>
internal sealed record RunJudgement(RunVerdict Verdict, IReadOnlyList<string> Reasons)
{
    private const double MostFailures = 0.01;
    private const int MostFailureKinds = 10; // that are told: a run has room for a hundred reasons
    private const double LeastAchieved = 0.99;
    private const double MostStolen = 0.05;
    private const double MostMemoryStalled = 0.01;
    private const double MostClockStep = 0.05; // seconds; network time slews far less in a minute

    // A slope that chance rarely gives, and that matters.
    private const double DriftPValue = 0.01;
    private const double MostDrift = 0.05;
    private const int WindowsForDrift = 10;

    // Launches that scatter are what an interval is made of. To keep those runs alone whose launches happen to agree makes them look surer than they are:
    // at 1.1 and a scatter of 5 %, unchanged models were called different in 18 % of pairs of five launches, at 1.2 in 5 %.
    private const double MostLaunchSpread = 1.2;

    public static RunJudgement Of(LaunchRequest request, IReadOnlyList<LaunchReport> launches, IReadOnlyList<GpuxException> failures)
    {
        var invalid = new List<string>();
        var unstable = new List<string>();
        var notes = new List<string>();
        foreach (var failure in failures.GroupBy(failure => failure.Message).Take(MostFailureKinds))
            invalid.Add($"failed launch: {failure.Key}{(failure.Count() > 1 ? $" ({failure.Count()} times)" : "")}");
        Requests(launches, request, invalid);
        Machine(launches, invalid, notes);
        Steadiness(launches, request.Limits, unstable);
        if (request.Limits.IsStrict)
            Strictness(launches, request, invalid);
        if (request.Limits.Name == MeasurementLimits.Quick.Name)
            notes.Add(Text($"quick: measured for {launches.Sum(launch => launch.Seconds):0.#} s in {launches.Count} {(launches.Count == 1 ? "launch" : "launches")}, where the usual is {LogRatio.UsualLaunches * MeasurementLimits.Default.Least.TotalSeconds:0} s or more in {LogRatio.UsualLaunches}; bounds are lowered."));
        return new RunJudgement(invalid.Count > 0 ? RunVerdict.Invalid : unstable.Count > 0 ? RunVerdict.Unstable : RunVerdict.Valid, [.. invalid, .. unstable, .. notes]);
    }

    private static void Requests(IReadOnlyList<LaunchReport> launches, LaunchRequest request, List<string> invalid)
    {
        var succeeded = launches.Sum(launch => launch.Count);
        var failures = launches.SelectMany(launch => launch.Failures).GroupBy(failure => failure.Key)
            .Select(group => (Name: group.Key, Count: group.Sum(failure => failure.Value))).OrderByDescending(failure => failure.Count).ToList();
        var failed = failures.Sum(failure => failure.Count);
        if (failed > 0 && failed > MostFailures * (succeeded + failed))
            invalid.Add(Text($"errors: {failed} of {succeeded + failed} requests failed ({string.Join(", ", failures.Select(failure => $"{failure.Name}: {failure.Count}"))})."));
        else if (succeeded == 0)
            invalid.Add("errors: no request was answered in the measured time.");
        foreach (var launch in launches)
        {
            // Those that were being answered at the end are no arrears.
            if (launch.Due is { } due && launch.Count + launch.Failures.Values.Sum() + request.Concurrency < LeastAchieved * due)
            {
                invalid.Add(Text($"saturated: {launch.Count} requests were answered of {due} that were due ({request.Rate:0.##} a second): the latency grows for as long as one measures."));
                break;
            }
        }
    }

    private static void Machine(IReadOnlyList<LaunchReport> launches, List<string> invalid, List<string> notes)
    {
        var seen = launches.Select(launch => launch.Disturbances).ToList();
        if (seen.Max(each => each.OtherProcesses) is >= Disturbances.BusyShare and var others)
            invalid.Add(Text($"busy machine: other processes took {others:P0} of the processors."));
        if (seen.Max(each => each.Stolen) is >= MostStolen and var stolen)
            invalid.Add(Text($"stolen time: the hypervisor gave {stolen:P0} of the processors to others."));
        if (seen.Any(each => each.Throttled > 0))
            invalid.Add("throttled: processors or cards were slowed down, for heat or power.");
        if (seen.Max(each => each.MemoryStalled) is >= MostMemoryStalled and var stalled)
            invalid.Add(Text($"memory pressure: in {stalled:P0} of the time something waited for memory."));
        if (seen.Any(each => each.OtherGpuProcesses > 0))
            invalid.Add("shared card: other processes used a graphics card.");
        if (seen.MaxBy(each => Math.Abs(each.ClockStep))!.ClockStep is var step && Math.Abs(step) > MostClockStep) // there are launches
            notes.Add(Text($"clock step: the wall clock was changed by {step:0.###} s; times are measured by another."));
        if (seen.Any(each => each.OnBattery == true))
            notes.Add("battery: the machine ran on its battery, which may slow it down.");
    }

    private static void Steadiness(IReadOnlyList<LaunchReport> launches, MeasurementLimits limits, List<string> unstable)
    {
        if (launches.Count(launch => !launch.IsWarm) is > 0 and var cold)
            unstable.Add(Text($"not warm: in {cold} of {launches.Count} launches windows still differed by more than {limits.Agreement - 1:P0} after {launches.Max(launch => launch.WarmUpSeconds):0.#} s of warm-up."));
        foreach (var launch in launches)
        {
            double[] medians = [.. launch.Windows.Where(window => window.Count > 0).Select(window => window.Median)];
            if (medians.Length >= WindowsForDrift && Trend.Of(medians) is { PValue: < DriftPValue } trend && Math.Abs(trend.Change) > MostDrift)
            {
                unstable.Add(Text($"drifting: the median {(trend.Change > 0 ? "rose" : "fell")} by {Math.Abs(trend.Change):P0} from the first window to the last."));
                break;
            }
        }
        if (launches.Any(launch => !launch.IsPrecise))
        {
            var half = launches.Max(launch => LoadRecording.HalfInterval(launch.Windows));
            unstable.Add(half is { } known ? Text($"imprecise: the median is known within {known:P1}, where {limits.Precision:P0} was asked for.")
                : "imprecise: too few windows to bound the median.");
        }
        double[] each = [.. launches.Select(launch => Percentiles.Median([.. launch.Windows.Where(window => window.Count > 0).Select(window => window.Median).DefaultIfEmpty().Order()])).Where(median => median > 0)];
        if (each.Length > 1 && each.Max() > each.Min() * Math.Max(limits.Agreement, MostLaunchSpread))
            unstable.Add(Text($"launches differ: the median of one is {each.Max() / each.Min():0.##} times that of another."));
    }

    private static void Strictness(IReadOnlyList<LaunchReport> launches, LaunchRequest request, List<string> invalid)
    {
        var share = request.Concurrency == 1 && request.Rate is null ? 0.9 : 0.99;
        if (launches.Min(launch => launch.Count) is var count && count < EarlyStopping.LeastSamples(1, share))
            invalid.Add(Text($"strict: {count} requests are fewer than the {EarlyStopping.LeastSamples(1, share)} that p{share * 100:0} needs at least, by early stopping ({FixedSamples.Count(share):#,##0} where the number is fixed beforehand)."));
        if (launches.Min(launch => launch.Seconds) is var seconds && seconds < MeasurementLimits.Strict.Least.TotalSeconds)
            invalid.Add(Text($"strict: {seconds:0.#} s are less than the {MeasurementLimits.Strict.Least.TotalSeconds:0} s of the profile."));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
