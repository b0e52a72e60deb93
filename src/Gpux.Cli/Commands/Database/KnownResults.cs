using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Commands.Database;

/// <summary>What the benchmark database says of a model, for commands that are about something else.</summary>
internal static class KnownResults
{
    /// <returns>Null without a database or results, and when another process has it: nobody is kept waiting for this.</returns>
    public static FastestRun? FindFastest(this Services services, ModelReference model, CancellationToken cancellationToken)
    {
        var location = DatabaseOptions.Location(services, path: null);
        if (!File.Exists(location))
            return null;
        try
        {
            using var store = BenchmarkStore.OpenToRead(location, TimeSpan.Zero, cancellationToken);
            return ModelVersionOptions.Recommender(services, store).FindFastest(model.ToString(), cancellationToken);
        }
        catch (DatabaseException)
        {
            return null;
        }
    }
}
