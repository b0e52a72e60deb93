using System.Text.Json;

namespace Gpux.Benchmarks.Tests.Statistics;

/// <summary>What real launches of models that did not change scattered by, as "gpux bench" recorded it: tests/Golden/benchmarks/launch-noise.json.</summary>
/// <param name="Workload">Those of one name ran the same.</param>
/// <param name="Launches">In order; of each the median latencies of its windows, in seconds.</param>
internal sealed record RecordedSession(string Workload, double[][] Launches)
{
    public static RecordedSession[] All { get; } = Read();

    private static RecordedSession[] Read()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Repository, "tests", "Golden", "benchmarks", "launch-noise.json")));
        return [.. file.RootElement.GetProperty("sessions").EnumerateArray().Select(session => new RecordedSession(session.GetProperty("workload").GetString() ?? "",
            [.. session.GetProperty("launches").EnumerateArray().Select(launch => launch.EnumerateArray().Select(window => window.GetDouble()).ToArray())]))];
    }
}
