using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A DuckDB in memory that reads and writes the files of a transfer, one after the other. What does not fit goes to a temporary folder.</summary>
internal sealed class ScratchDatabase : IDisposable
{
    private readonly DirectoryInfo _spill = Directory.CreateTempSubdirectory("gpux-transfer-");
    private readonly DuckDbDatabase _database;

    public ScratchDatabase()
    {
        _database = DuckDbDatabase.OpenInMemory();
        Connection = _database.Connect();
        Connection.Execute("SET memory_limit = '1GB'", [], default);
        Connection.Execute("SET max_temp_directory_size = '32GB'", [], default);
        Connection.Execute("SET TimeZone = 'UTC'", [], default);
        Connection.Execute("SET temp_directory = $1", [_spill.FullName], default);
    }

    public DuckDbConnection Connection { get; }

    public void Dispose()
    {
        Connection.Dispose();
        _database.Dispose();
        _spill.Delete(recursive: true);
    }
}
