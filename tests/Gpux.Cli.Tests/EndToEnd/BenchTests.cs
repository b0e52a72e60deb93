using System.Diagnostics;
using System.Text.Json;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>The benchmarks run, and their answers equal those of the peers; their numbers are nobody's concern here.</summary>
[Trait("Category", "Slow")]
public sealed class BenchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15); // restores the peers, and builds two programs

    [Fact]
    public async Task Every_bench_measures_something()
    {
        var start = new ProcessStartInfo(Path.Combine(Corpus.Repository, "bench", "run"), ["--quick", "--json"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!; // a new process each time
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(Limit);
            Assert.True(process.ExitCode == 0, $"{await output}\n{await error}");
            using var benches = JsonDocument.Parse(await output);
            Assert.Equal(["conversion", "session-open", "encoder", "shapes", "cold-start", "pull", "embed", "images", "tokenize", "insights", "advice"],
                benches.RootElement.EnumerateArray().Select(bench => bench.GetProperty("bench").GetString()));
            Assert.All(benches.RootElement.EnumerateArray(), bench => Assert.All(bench.GetProperty("rows").EnumerateArray(),
                row => Assert.True(row.GetProperty("ours").GetDouble() > 0, row.GetRawText())));
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
