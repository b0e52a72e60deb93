using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>There is no valid run that a score or a snapshot could be made of.</summary>
public sealed class NothingMeasuredException(string what, string measureWith) : GpuxException(
    ErrorCode.NothingMeasured,
    $"Nothing valid was measured of {what}.",
    $"Measure it: {measureWith}; or import results: gpux db import.");

/// <summary>Results are named that are another model's.</summary>
public sealed class RunOfOtherModelException(string model, IReadOnlyList<(long RunId, string Model)> others) : GpuxException(
    ErrorCode.RunOfOtherModel,
    $"Not every result is of {model}: {string.Join(", ", others.Take(RunIds.Shown).Select(other => $"{other.RunId} is of {other.Model}"))}"
        + (others.Count > RunIds.Shown ? $" and {others.Count - RunIds.Shown} more." : "."),
    $"Nothing was linked. See the results of the model: gpux db list --model {ShellWord.Of(model)}");

/// <summary>Results are named that are linked to another version.</summary>
public sealed class RunOfOtherVersionException(string version, IReadOnlyList<(long RunId, string Version)> others) : GpuxException(
    ErrorCode.RunOfOtherVersion,
    $"Not every result can be linked to {version}: {string.Join(", ", others.Take(RunIds.Shown).Select(other => $"{other.RunId} is linked to {other.Version}"))}"
        + (others.Count > RunIds.Shown ? $" and {others.Count - RunIds.Shown} more." : "."),
    "Nothing was linked. A result belongs to one version: leave these out, or move them with --relink.");

/// <summary>The database knows no such model, or several whose names end so.</summary>
/// <param name="candidates">What may be meant; see <see cref="Versions.ModelNames.Candidates"/>.</param>
public sealed class ModelNotMeasuredException(string model, IReadOnlyList<string> candidates) : GpuxException(
    ErrorCode.ModelNotMeasured,
    $"The database has neither results nor versions of a model '{model}'{(candidates.Count == 0 ? "." : $"; it has {string.Join(", ", candidates)}.")}",
    $"Write the whole name (gpux db list), measure it (gpux bench {ShellWord.Of(model)} --save), or add a version: gpux db add-version --model {ShellWord.Of(model)} --version v1.0.0");

/// <summary>The database knows no such hardware.</summary>
public sealed class HardwareNotKnownException(string hardware, IReadOnlyList<string> known) : GpuxException(
    ErrorCode.HardwareNotKnown,
    $"No result is from hardware '{hardware}': it is neither a platform's name, nor its kind, nor an execution provider.",
    known.Count == 0 ? "There are no results yet: gpux bench <model> --save." : $"There is: {string.Join(", ", known)}.");
