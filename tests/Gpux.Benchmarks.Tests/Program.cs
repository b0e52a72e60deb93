using Gpux;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Transfers;

// What the tests start as another process, to lock a database, to be killed while it writes, or to fill what it may.
try
{
    switch (args[0])
    {
        case "append":
            AppendRows(args[1], long.Parse(args[2]));
            break;
        case "score" or "score-on":
            Score(args[1], again: args[0] == "score-on");
            break;
        case "runs":
            AddRuns(args[1], int.Parse(args[2]));
            break;
        case "import":
            Import(args[1], args[2]);
            break;
        case "migrate":
            Console.WriteLine(Kills.Begin);
            BenchmarkDatabase.Open(args[1], TimeSpan.Zero, SlowMigration.Both, TimeProvider.System, CancellationToken.None).Dispose();
            Console.WriteLine(Kills.End);
            Console.ReadLine();
            break;
        default:
            using (var database = DuckDbDatabase.Open(args[1], readOnly: args[0] == "read", TimeSpan.Zero, CancellationToken.None))
            using (database.Connect())
            {
                Console.WriteLine("open");
                Console.ReadLine();
            }
            break;
    }
    return 0;
}
catch (GpuxException exception)
{
    Console.WriteLine($"GPUX{(int)exception.Code}: {exception.Message}");
    return 1;
}

static void AppendRows(string path, long firstBatch)
{
    const int BatchRows = 1000;
    using var database = DuckDbDatabase.Open(path, readOnly: false, TimeSpan.Zero, CancellationToken.None);
    using var connection = database.Connect();
    connection.ExecuteScript("CREATE TABLE IF NOT EXISTS rows (batch BIGINT, row BIGINT, name VARCHAR)", CancellationToken.None);
    for (var batch = firstBatch; ; batch++)
    {
        Console.WriteLine(Kills.Begin);
        using (var appender = connection.Append("rows", [], CancellationToken.None))
        {
            for (var row = 0; row < BatchRows; row++)
            {
                appender.Add(batch);
                appender.Add((long)row);
                appender.Add("a name that does not lie in twelve bytes");
                appender.EndRow();
            }
            appender.Complete();
        }
        Console.WriteLine(batch); // committed
        Console.WriteLine(Kills.End);
    }
}

// One, and many at a time, in turn; says how many there are. Then all is written from the log into the file.
static void AddRuns(string path, int stored)
{
    using var store = BenchmarkStore.Open(path, TimeSpan.Zero, CancellationToken.None);
    static BenchmarkRun Run(int number) => ExampleRun.Of($"run {number}", model: $"model {number % 10}", version: "v1") with
    {
        Samples = number % 20 == 0 ? new RunSamples("float64", new byte[20_000]) : null,
    };
    while (true)
    {
        Console.WriteLine(Kills.Begin);
        store.Add(Run(stored), CancellationToken.None);
        Console.WriteLine(++stored);
        store.Append(Enumerable.Range(stored, StoreFaultTests.ManyRuns).Select(Run), CancellationToken.None);
        Console.WriteLine(stored += StoreFaultTests.ManyRuns);
        store.Connection.Execute("CHECKPOINT", [], CancellationToken.None);
        Console.WriteLine(Kills.End);
    }
}

static void Import(string path, string file)
{
    using var store = BenchmarkStore.Open(path, TimeSpan.Zero, CancellationToken.None);
    Console.WriteLine(Kills.Begin);
    var report = new ResultImport(store, new ImportOptions(), TimeProvider.System).Import([file], null, CancellationToken.None)[0];
    Console.WriteLine(report.New);
    Console.WriteLine(Kills.End);
    Console.ReadLine();
}

// Says when the scores are of that it has stored.
static void Score(string path, bool again)
{
    using var store = BenchmarkStore.Open(path, TimeSpan.Zero, CancellationToken.None);
    var integration = new ModelRegistryIntegration(store);
    do
    {
        Console.WriteLine(Kills.Begin);
        integration.CalculateSuitabilityScores();
        using (var rows = store.Connection.Query("SELECT max(last_updated) FROM hardware_model_compatibility", [], CancellationToken.None))
            Console.WriteLine(rows.Read() ? rows.Time(0).UtcTicks : 0);
        Console.WriteLine(Kills.End);
    }
    while (again);
    Console.ReadLine();
}
