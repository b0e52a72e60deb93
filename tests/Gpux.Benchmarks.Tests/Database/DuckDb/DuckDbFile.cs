namespace Gpux.Benchmarks.Tests.Database.DuckDb;

internal sealed class DuckDbFile : ITestDatabase
{
    private readonly TemporaryFolder _folder = new();

    public string Location => _folder["results.duckdb"];

    public void Dispose() => _folder.Dispose();
}
