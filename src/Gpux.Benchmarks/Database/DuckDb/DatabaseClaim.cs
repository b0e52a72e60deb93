namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>This process's right to open a database file once.</summary>
/// <remarks>The locks of POSIX are a process's: they would not keep a second opening in this process from writing over the first,
/// and closing either would drop the lock of both.</remarks>
internal sealed class DatabaseClaim : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Claimed = new(StringComparer.Ordinal);
    private readonly string _file;

    private DatabaseClaim(string file) => _file = file;

    /// <returns>Null if the file is open in this process.</returns>
    public static DatabaseClaim? TryTake(string file)
    {
        lock (Gate)
            return Claimed.Add(file) ? new DatabaseClaim(file) : null;
    }

    public void Dispose()
    {
        lock (Gate)
            Claimed.Remove(_file);
    }
}
