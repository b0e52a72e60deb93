using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>A score with what it is about, and the setting to run the model with there.</summary>
/// <param name="ProviderNames">The execution providers of the runs, such as "cuda".</param>
public sealed record HardwareScore(
    long ModelId, string Model, HardwarePlatform Hardware, CompatibilityScore Score, RecommendedSetting Setting, IReadOnlyList<string> ProviderNames)
{
    public long HardwareId => Score.HardwareId;

    /// <summary>Above 0, at most 1; null where nothing makes the machine comparable with the others.</summary>
    public double? Compatibility => Score.Compatibility;

    /// <summary>Compatibility x confidence.</summary>
    public double? Suitability => Score.Suitability;

    /// <summary>What the score does not say, in sentences.</summary>
    public IReadOnlyList<string> Notes => [.. Score.Notes, .. Setting.Notes];

    /// <summary>Whether a user's word means this hardware: its name, its kind, or an execution provider of its results, or,
    /// where they do not say theirs, of its vendor's GPUs ("cuda"); letter case does not count.</summary>
    public bool IsOn(string hardware) => hardware.Equals(Hardware.Name, StringComparison.OrdinalIgnoreCase)
        || hardware.Equals(Names.Of(Hardware.Kind), StringComparison.OrdinalIgnoreCase)
        || ProviderNames.Contains(hardware, StringComparer.OrdinalIgnoreCase)
        || ProviderNames.Count == 0 && GpuVendor.Runs(Hardware, hardware);
}
