using System.Diagnostics;
using static Gpux.Benchmarks.Database.DuckDb.DuckDbApi;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>A DuckDB database: a file that one process may write, or several may read, or memory.</summary>
/// <remarks>The file is closed when the database and all that came from it are disposed of. Source: DuckDB 1.5, duckdb.h.</remarks>
public sealed unsafe class DuckDbDatabase : IDisposable
{
    /// <summary>What a database is called that has no file.</summary>
    internal const string InMemory = ":memory:";

    private readonly DatabaseHandle _handle;

    private DuckDbDatabase(DatabaseHandle handle, string name) => (_handle, Name) = (handle, name);

    /// <summary>The full path, or <see cref="InMemory"/>.</summary>
    public string Name { get; }

    /// <summary>Such as "v1.5.5".</summary>
    public static string LibraryVersion => DuckDbError.Text(duckdb_library_version());

    /// <param name="path">Created if it does not exist and may be written.</param>
    /// <param name="readOnly">Other processes may read meanwhile; else none may open it.</param>
    /// <param name="lockWait">How long to wait while another process has it. Zero tries once.</param>
    /// <exception cref="DatabaseLockedException">Another process, or this one, has it open still.</exception>
    /// <exception cref="NotDatabaseException">The file is of another kind, such as CSV.</exception>
    /// <exception cref="DatabaseDamagedException">The file is no database, is damaged, or is of a newer DuckDB.</exception>
    /// <exception cref="DatabaseUnavailableException">The file cannot be opened.</exception>
    /// <exception cref="DuckDbLibraryException">DuckDB itself is missing.</exception>
    public static DuckDbDatabase Open(string path, bool readOnly, TimeSpan lockWait, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(lockWait, TimeSpan.Zero);
        var file = Resolve(path);
        if (readOnly && !Path.Exists(file))
            throw new DatabaseUnavailableException(file, "there is no such file.");
        var watch = Stopwatch.StartNew();
        var pauses = new RetryPauses();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var claim = DatabaseClaim.TryTake(file)
                    ?? throw new DatabaseLockedException(file, $"this process (PID {Environment.ProcessId})");
                return new(OpenOnce(file, readOnly, claim), file);
            }
            catch (DatabaseLockedException) when (watch.Elapsed < lockWait)
            {
                cancellationToken.WaitHandle.WaitOne(pauses.Next(lockWait - watch.Elapsed));
            }
        }
    }

    /// <summary>A database that lives as long as this object and what comes from it.</summary>
    public static DuckDbDatabase OpenInMemory() => new(OpenOnce(InMemory, readOnly: false, claim: null), InMemory);

    /// <summary>A connection, for one thread at a time. Several see each other's committed rows.</summary>
    public DuckDbConnection Connect()
    {
        lock (_handle.Connecting)
        {
            if (duckdb_connect(_handle, out var connection) != 0)
                throw new DatabaseOutOfMemoryException($"'{Name}' gives no further connection.");
            return new DuckDbConnection(new ConnectionHandle(connection, _handle), Name);
        }
    }

    public void Dispose() => _handle.Dispose();

    private static DatabaseHandle OpenOnce(string path, bool readOnly, DatabaseClaim? claim)
    {
        nint config = 0;
        var isNew = claim is not null && !File.Exists(path);
        try
        {
            if (claim is not null)
                FileSignature.Require(path);
            if (duckdb_create_config(out config) != 0)
                throw new DatabaseOutOfMemoryException("DuckDB cannot make its configuration.");
            Set(config, "access_mode", readOnly ? "READ_ONLY" : "READ_WRITE");
            // Nothing is fetched or loaded behind the user's back; what is needed is linked into the library.
            Set(config, "autoinstall_known_extensions", "false");
            Set(config, "autoload_known_extensions", "false");
            // Rows that wait for their transaction to end go to the file when 122,880 of a table are there, and not five times as many.
            Set(config, "write_buffer_row_group_count", "1");
            if (duckdb_open_ext(path, out var database, config, out var error) != 0)
            {
                var text = DuckDbError.Text(error);
                duckdb_free(error);
                var failure = DuckDbError.OfOpening(text, path);
                // Else what a full disk took of it would be a damaged database to the next.
                if (isNew && failure is DatabaseStorageFullException)
                    File.Delete(path);
                throw failure is not DatabaseLockedException && new FileInfo(path) is { Exists: true, Length: 0 } ? NotDatabaseException.Empty(path) : failure;
            }
            // Only the size is asked for: to close the file here would drop its lock.
            if (claim is not null && new FileInfo(path) is not { Exists: true, Length: > 0 })
            {
                duckdb_close(ref database);
                throw new NotDatabaseException(path, FileSignature.EmptyTable); // DuckDB would keep in memory what is to be stored
            }
            return new DatabaseHandle(database, readOnly, claim);
        }
        catch
        {
            claim?.Dispose();
            throw;
        }
        finally
        {
            if (config != 0)
                duckdb_destroy_config(ref config);
        }
    }

    private static void Set(nint config, string name, string value)
    {
        if (duckdb_set_config(config, name, value) != 0)
            throw new DuckDbLibraryException($"The DuckDB at '{DuckDbLibrary.Location}' does not know its setting {name}.");
    }

    /// <summary>The file itself, so that two names of it are one to the process.</summary>
    private static string Resolve(string path)
    {
        if (path.Contains('\0'))
            throw new ArgumentException("A path has no NUL.", nameof(path));
        // A full path also keeps DuckDB from taking names such as "md:x" for services of its extensions.
        var full = Path.GetFullPath(path);
        try
        {
            var folder = ResolveFolder(Path.GetDirectoryName(full) ?? full);
            var file = new FileInfo(Path.Join(folder, Path.GetFileName(full)));
            return file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseUnavailableException(full, exception.Message);
        }
    }

    private static string ResolveFolder(string full)
    {
        var resolved = Path.GetPathRoot(full) ?? "";
        foreach (var part in full[resolved.Length..].Split(Path.DirectorySeparatorChar))
        {
            var folder = new DirectoryInfo(Path.Join(resolved, part));
            resolved = folder.LinkTarget is null
                ? folder.FullName : folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder.FullName;
        }
        return resolved;
    }
}
