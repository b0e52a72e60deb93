using System.Globalization;

namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>Tells once that other processes take so much of the processors that the results will be invalid, as soon as that is seen.</summary>
internal sealed class BusyNotice(Action<string>? tell)
{
    private bool _isTold;

    /// <param name="seen">Before the first launch, or of a launch.</param>
    public void Look(Disturbances seen)
    {
        if (_isTold || seen.OtherProcesses is not { } share || share < Disturbances.BusyShare)
            return;
        _isTold = true;
        var load = seen.LoadBefore is { } before ? string.Create(CultureInfo.InvariantCulture, $" (load {before:0.0})") : "";
        tell?.Invoke(string.Create(CultureInfo.InvariantCulture,
            $"note: busy machine: other processes take {share * 100:0}% of the processors{load}. From {Disturbances.BusyShare * 100:0}% on results are invalid. Ctrl-C stops."));
    }
}
