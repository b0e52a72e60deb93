using System.Diagnostics;
using Npgsql;

namespace Gpux.Benchmarks.Tests.Database.Postgres;

/// <summary>A real PostgreSQL server of the tests' own: its files in a temporary folder, which has its socket, and no port.</summary>
/// <remarks>In another time zone and with other forms of dates than the tests' machine has. It ends with the tests: a shell waits for the
/// end of its input, which comes when the tests' process ends, however that may be.</remarks>
public sealed class PostgresServer : IDisposable
{
    // $1 folder, $2 programs. A line of input names the signal that ends the server; at the end of input it is INT, and the folder goes.
    private const string Script =
        """
        as=""
        [ "$(id -u)" != 0 ] || { chown postgres "$1"; as="setpriv --reuid=postgres --regid=postgres --clear-groups"; }
        [ -d "$1/data" ] || $as "$2/initdb" -D "$1/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$1/initdb.log" 2>&1 || exit 1
        $as "$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c timezone=Pacific/Chatham -c "datestyle=SQL, DMY" \
            -c intervalstyle=sql_standard >>"$1/server.log" 2>&1 </dev/null &
        server=$!
        trap : TERM INT HUP
        until "$2/pg_isready" -q -h "$1"; do kill -0 $server 2>/dev/null || exit 1; sleep 0.02; done
        echo ready
        if read -r signal; then kill -"$signal" $server; wait $server; else kill -INT $server; wait $server; rm -rf "$1"; fi
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-postgres-").FullName;
    private readonly string _programs = Programs();
    private Process _shell;
    private int _databases;

    public PostgresServer() => _shell = Start();

    public string LocationOf(string database) => $"postgresql://postgres@/{database}?host={_folder}";

    /// <summary>An empty database.</summary>
    public ITestDatabase Create()
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        Administrate($"CREATE DATABASE {name}");
        return new TestDatabase(this, name);
    }

    /// <summary>Runs a statement as the server's owner, beside the connections that tests have.</summary>
    public void Administrate(string sql, string database = "postgres")
    {
        using var source = NpgsqlDataSource.Create($"Host={_folder};Username=postgres;Database={database};Pooling=false");
        using var command = source.CreateCommand(sql);
        command.ExecuteNonQuery();
    }

    /// <summary>Ends the server without a word, as a loss of power does.</summary>
    public void Crash()
    {
        _shell.StandardInput.WriteLine("QUIT");
        _shell.StandardInput.Flush();
        _shell.WaitForExit();
        _shell.Dispose();
    }

    public void StartAgain() => _shell = Start();

    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit();
        _shell.Dispose();
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("sh", ["-c", Script, "sh", _folder, _programs]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var shell = Process.Start(start)!; // null only where a running process is reused, which no shell execution does
        return shell.StandardOutput.ReadLine() == "ready" ? shell
            : throw new InvalidOperationException($"PostgreSQL did not start: see the logs in {_folder}.");
    }

    private static string Programs()
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        return versions.Select(version => Path.Combine(version, "bin")).Where(folder => File.Exists(Path.Combine(folder, "initdb"))).Order(StringComparer.Ordinal)
            .LastOrDefault() ?? throw new InvalidOperationException("These tests need PostgreSQL, which eng/test-tools.sh installs.");
    }

    private sealed class TestDatabase(PostgresServer server, string name) : ITestDatabase
    {
        public string Location => server.LocationOf(name);

        public void Dispose() => server.Administrate($"DROP DATABASE {name} WITH (FORCE)");
    }
}

/// <summary>The tests that share the one server.</summary>
[CollectionDefinition(nameof(PostgresServer))]
public sealed class PostgresTests : ICollectionFixture<PostgresServer>;
