using Gpux;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;

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
        case "migrate":
            Console.WriteLine("ready");
            BenchmarkDatabase.Open(args[1], TimeSpan.Zero, SlowMigration.Both, TimeProvider.System, CancellationToken.None).Dispose();
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
    }
}

// Run by run and many at a time in turn; says how many there are.
static void AddRuns(string path, int stored)
{
    using var store = BenchmarkStore.Open(path, TimeSpan.Zero, CancellationToken.None);
    static BenchmarkRun Run(int number) => ExampleRun.Of($"run {number}", model: $"model {number}", version: "v1") with { Samples = new RunSamples("float64", new byte[20_000]) };
    while (true)
    {
        store.Add(Run(stored), CancellationToken.None);
        Console.WriteLine(++stored);
        store.Append(Enumerable.Range(stored, 20).Select(Run), CancellationToken.None);
        Console.WriteLine(stored += 20);
    }
}

static void Score(string path, bool again)
{
    using var store = BenchmarkStore.Open(path, TimeSpan.Zero, CancellationToken.None);
    var integration = new ModelRegistryIntegration(store);
    do
    {
        integration.CalculateSuitabilityScores();
        Console.WriteLine("scored"); // committed
    }
    while (again);
    Console.ReadLine();
}
