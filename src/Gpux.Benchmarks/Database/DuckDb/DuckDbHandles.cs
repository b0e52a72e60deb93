using System.Runtime.InteropServices;
using static Gpux.Benchmarks.Database.DuckDb.DuckDbApi;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>A native object, freed when its last user is done. It keeps what it was made from: DuckDB's results and statements
/// hold their database open, so that a database is closed, and its file another's to open, when the last of them is.</summary>
internal abstract class DuckDbHandle : SafeHandle
{
    private readonly DuckDbHandle? _parent;

    protected DuckDbHandle(nint value, DuckDbHandle? parent) : base(0, ownsHandle: true)
    {
        if (parent is not null)
        {
            var referenced = false;
            parent.DangerousAddRef(ref referenced);
            _parent = parent;
        }
        SetHandle(value);
    }

    public override bool IsInvalid => handle == 0;

    protected abstract void Free();

    protected sealed override bool ReleaseHandle()
    {
        Free();
        _parent?.DangerousRelease();
        return true;
    }
}

/// <param name="database">From duckdb_open_ext.</param>
/// <param name="readOnly">Whether nothing can change it.</param>
/// <param name="claim">Given up when the file is closed.</param>
internal sealed class DatabaseHandle(nint database, bool readOnly, DatabaseClaim? claim) : DuckDbHandle(database, parent: null)
{
    private int _connections;

    public bool IsReadOnly => readOnly;

    /// <summary>Held while a connection is made, and by one that must be the only one while it works.</summary>
    public Lock Connecting { get; } = new();

    public int Connections => Volatile.Read(ref _connections);

    public void CountConnection(int change) => Interlocked.Add(ref _connections, change);

    protected override void Free()
    {
        duckdb_close(ref handle);
        claim?.Dispose();
    }
}

internal sealed class ConnectionHandle : DuckDbHandle
{
    public ConnectionHandle(nint connection, DatabaseHandle database) : base(connection, database)
    {
        Database = database;
        database.CountConnection(1);
    }

    public DatabaseHandle Database { get; }

    protected override void Free()
    {
        duckdb_disconnect(ref handle);
        Database.CountConnection(-1);
    }
}

internal sealed class StatementHandle(nint statement, ConnectionHandle connection) : DuckDbHandle(statement, connection)
{
    protected override void Free() => duckdb_destroy_prepare(ref handle);
}

/// <summary>A result, which lies in memory of its own so that it has an address.</summary>
internal sealed unsafe class ResultHandle(ConnectionHandle connection)
    : DuckDbHandle((nint)NativeMemory.AllocZeroed((nuint)sizeof(Result)), connection)
{
    /// <summary>For the owner, which keeps the handle alive over the call.</summary>
    public Result* Pointer => (Result*)handle;

    protected override void Free()
    {
        duckdb_destroy_result(Pointer);
        NativeMemory.Free(Pointer);
    }
}

internal sealed class ChunkHandle(nint chunk) : DuckDbHandle(chunk, parent: null)
{
    protected override void Free() => duckdb_destroy_data_chunk(ref handle);
}

internal sealed class AppenderHandle(nint appender, ConnectionHandle connection) : DuckDbHandle(appender, connection)
{
    protected override void Free()
    {
        _ = duckdb_appender_clear(handle); // else destroying it would store the rows that nobody completed
        _ = duckdb_appender_destroy(ref handle);
    }
}
