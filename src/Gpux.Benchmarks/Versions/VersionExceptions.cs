namespace Gpux.Benchmarks.Versions;

/// <summary>The model has no version of that tag.</summary>
public sealed class VersionNotFoundException(string model, string version, IReadOnlyList<string> known) : GpuxException(
    ErrorCode.VersionNotFound,
    $"{model} has no version '{version}'.",
    (known.Count == 0 ? "It has none yet. " : $"It has {string.Join(", ", known)}. ") + $"Add it: gpux db add-version --model {ShellWord.Of(model)} --version {ShellWord.Of(version)}");

/// <summary>A version's content never changes: under its tag something else was to be stored.</summary>
public sealed class VersionChangedException(string model, string version, string what) : GpuxException(
    ErrorCode.VersionChanged,
    $"Version '{version}' of {model} exists, and {what}.",
    "A version does not change: give the new content a new tag. Nothing was stored.");

/// <summary>A tag, hash, alias or the metadata of a version is not of the form that it must have.</summary>
public sealed class InvalidVersionException(string problem, string remedy) : GpuxException(ErrorCode.InvalidVersion, problem, remedy);

/// <summary>A version is compared of which no snapshot was made.</summary>
public sealed class SnapshotNotFoundException(string model, string version) : GpuxException(
    ErrorCode.SnapshotNotFound,
    $"There is no snapshot of version '{version}' of {model}.",
    $"Make one: gpux db create-snapshot --model {ShellWord.Of(model)} --version {ShellWord.Of(version)}");

/// <summary>A snapshot would be compared with itself.</summary>
/// <param name="count">How many snapshots the version has.</param>
public sealed class SameSnapshotException(string model, string version, int count) : GpuxException(
    ErrorCode.SameSnapshot,
    $"Version '{version}' of {model} is named on both sides, whose last snapshot would be compared with itself.",
    (count > 1 ? $"Of its {count} snapshots the last alone is compared. To tell later results from earlier ones, compare the runs (gpux bench compare 1,2,3 4,5,6; gpux db list --model {ShellWord.Of(model)} --version {ShellWord.Of(version)} has their ids), "
        + "or move the later ones to a version of their own (gpux db link-tests --relink) and make a snapshot of it." : $"Name another version: gpux db version-history --model {ShellWord.Of(model)}"));

/// <summary>An alias means another version than the caller believed.</summary>
public sealed class AliasMovedException(string model, string alias, string? actual, string? expected) : GpuxException(
    ErrorCode.AliasMoved,
    $"Alias '{alias}' of {model} means {actual ?? "no version"}, where {expected ?? "no version"} was expected: somebody else has moved it.",
    "Nothing was changed. See who moved it, and decide again: gpux db version-history.");
