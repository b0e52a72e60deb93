using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A DuckDB in memory that reads and writes the files of a transfer, one after the other. It is opened when a file needs it.</summary>
/// <param name="spills">Whether what does not fit into memory goes to a temporary folder; else it is an error. Files are read without.</param>
internal sealed class ScratchDatabase(bool spills = false) : IDisposable
{
    private DirectoryInfo? _spill;
    private DuckDbDatabase? _database;
    private DuckDbConnection? _connection;

    public DuckDbConnection Connection => _connection ?? Open();

    public void Dispose()
    {
        _connection?.Dispose();
        _database?.Dispose();
        _spill?.Delete(recursive: true);
    }

    private DuckDbConnection Open()
    {
        if (spills)
            _spill = Directory.CreateTempSubdirectory("gpux-transfer-");
        _database = DuckDbDatabase.OpenInMemory();
        _connection = _database.Connect();
        _connection.Execute("SET memory_limit = $1", [spills ? "1GB" : "256MB"], default);
        _connection.Execute("SET max_temp_directory_size = '32GB'", [], default);
        _connection.Execute("SET temp_directory = $1", [_spill?.FullName ?? ""], default);
        _connection.Execute("SET TimeZone = 'UTC'", [], default);
        // A second thread would read ahead into memory what the first has no use for yet.
        if (!spills)
            _connection.Execute("SET threads = 1", [], default);
        return _connection;
    }
}
