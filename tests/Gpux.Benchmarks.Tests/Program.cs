using Gpux;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;

// What the tests start as another process, to lock a database, to be killed while it writes, or to fill what it may.
const int BatchRows = 1000;
try
{
    if (args[0] is "score" or "score-on")
    {
        using var store = BenchmarkStore.Open(args[1], TimeSpan.Zero, CancellationToken.None);
        var integration = new ModelRegistryIntegration(store);
        do
        {
            integration.CalculateSuitabilityScores();
            Console.WriteLine("scored"); // committed
        }
        while (args[0] == "score-on");
        Console.ReadLine();
        return 0;
    }
    using var database = DuckDbDatabase.Open(args[1], readOnly: args[0] == "read", TimeSpan.Zero, CancellationToken.None);
    using var connection = database.Connect();
    if (args[0] != "append")
    {
        Console.WriteLine("open");
        Console.ReadLine();
        return 0;
    }
    connection.ExecuteScript("CREATE TABLE IF NOT EXISTS rows (batch BIGINT, row BIGINT, name VARCHAR)", CancellationToken.None);
    for (var batch = long.Parse(args[2]); ; batch++)
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
catch (GpuxException exception)
{
    Console.WriteLine($"GPUX{(int)exception.Code}: {exception.Message}");
    return 1;
}
