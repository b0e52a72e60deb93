namespace Gpux.Cli.Commands.Database;

/// <summary>There is no result of an id.</summary>
internal sealed class RunNotFoundException(IReadOnlyList<long> ids, string database) : GpuxException(
    ErrorCode.RunNotFound,
    $"'{database}' has no result {string.Join(", ", ids)}.",
    "See which there are: gpux db list");
