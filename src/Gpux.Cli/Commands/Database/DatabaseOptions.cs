using System.CommandLine;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Commands.Database;

/// <summary>--db-path: which database of benchmark results a command means.</summary>
internal static class DatabaseOptions
{
    /// <summary>Names the database where --db-path does not.</summary>
    public const string Variable = "GPUX_DB";

    // As long as a person waits without a word, and longer than any write but an import's takes.
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(10);

    public static Option<string> Path() => new("--db-path", "--db")
    {
        Description = $"Database of results: a DuckDB file, or postgresql://user@host/database. Default: ${Variable}, else $GPUX_HOME/benchmarks.duckdb.",
        HelpName = "path",
    };

    public static BenchmarkStore Open(this Services services, string? path, CancellationToken cancellationToken)
    {
        var location = Location(services, path);
        if (location == services.Library.BenchmarksFile)
            services.Library.Store.Write(() => Directory.CreateDirectory(System.IO.Path.GetDirectoryName(location)!)); // a file's path
        return BenchmarkStore.Open(location, LockWait, cancellationToken);
    }

    /// <summary>As <see cref="Open"/>, for reading.</summary>
    public static BenchmarkStore OpenToRead(this Services services, string? path, CancellationToken cancellationToken)
    {
        var location = Location(services, path);
        // The default one is there, and empty, before anything was stored.
        return location == services.Library.BenchmarksFile && !File.Exists(location)
            ? services.Open(path, cancellationToken) : BenchmarkStore.OpenToRead(location, LockWait, cancellationToken);
    }

    /// <summary>Whether a database is named, or the default one is there.</summary>
    public static bool HasDatabase(this Services services, string? path) => Location(services, path) is var location && (location != services.Library.BenchmarksFile || File.Exists(location));

    /// <summary>What messages may say of the database.</summary>
    public static string Name(Services services, string? path) => BenchmarkDatabase.NameOf(Location(services, path));

    /// <summary>Copies the database beside itself.</summary>
    public static string Backup(this Services services, string? path, CancellationToken cancellationToken) =>
        BenchmarkDatabase.Backup(Location(services, path), LockWait, cancellationToken);

    /// <exception cref="UsageException">--db-path is blank, such as for a variable that is not set.</exception>
    public static string Location(Services services, string? path)
    {
        if (path is not null)
            return !string.IsNullOrWhiteSpace(path) ? path : throw new UsageException("--db-path names no database.", $"Name one, or leave it out for ${Variable} or the default.");
        return services.Environment.Variable(Variable) is { } location && !string.IsNullOrWhiteSpace(location) ? location : services.Library.BenchmarksFile;
    }
}
