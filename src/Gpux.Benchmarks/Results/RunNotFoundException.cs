namespace Gpux.Benchmarks.Results;

/// <summary>Results are named that the database does not have.</summary>
public sealed class RunNotFoundException(IReadOnlyList<long> runIds) : GpuxException(
    ErrorCode.RunNotFound,
    runIds.Count == 1 ? $"The database has no result {RunIds.Text(runIds)}." : $"The database has no results {RunIds.Text(runIds)}.",
    "Nothing was changed. See which there are: gpux db list.")
{
    public IReadOnlyList<long> Missing { get; } = runIds;
}
