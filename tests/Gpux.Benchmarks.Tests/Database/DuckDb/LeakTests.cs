using System.Diagnostics;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Tests.Database.DuckDb;

/// <summary>Alone in the process, whose memory it watches.</summary>
[CollectionDefinition(nameof(LeakTests), DisableParallelization = true)]
[Collection(nameof(LeakTests))]
public sealed class LeakTests
{
    [Fact]
    public void Openings_leave_no_memory_behind() => OpenAndWatchMemory(100);

    [Fact]
    [Trait("Category", "Slow")]
    public void Thousand_openings_leave_no_memory_behind() => OpenAndWatchMemory(1000);

    private static void OpenAndWatchMemory(int openings)
    {
        OpenAndQuery(25); // what the library and the runtime take once
        var before = ResidentBytes();
        OpenAndQuery(openings);
        var grown = ResidentBytes() - before;
        Assert.True(grown < 40 << 20, $"{grown / 1e6:0} MB more after {openings} openings.");

        void OpenAndQuery(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var database = DuckDbDatabase.OpenInMemory();
                using var connection = database.Connect();
                if (i % 5 == 0)
                    AppendAndFail(connection);
                using var rows = connection.Query("SELECT $1", ["a text that is longer than twelve bytes"], default);
                Assert.True(rows.Read());
            }
        }

        static void AppendAndFail(DuckDbConnection connection)
        {
            connection.ExecuteScript("CREATE TABLE t (i BIGINT, s VARCHAR)", default);
            using (var appender = connection.Append("t", [], default))
            {
                for (long row = 0; row < 100; row++)
                {
                    appender.Add(row);
                    appender.Add("a text that is longer than twelve bytes");
                    appender.EndRow();
                }
                appender.Complete();
            }
            Assert.Throws<DatabaseStatementException>(() => connection.Prepare("SELECT missing FROM t"));
        }
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
