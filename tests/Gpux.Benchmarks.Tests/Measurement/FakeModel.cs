using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Measurement;

/// <summary>Takes as long as it is told to, by a clock that is not real.</summary>
/// <param name="serviceSeconds">Of the next request.</param>
internal sealed class FakeModel(FakeClock clock, Func<double> serviceSeconds) : IRequests
{
    public Answered Answer(int caller, CancellationToken cancellationToken)
    {
        clock.Work(serviceSeconds());
        return default;
    }

    /// <summary>Measures it in so many launches, and judges.</summary>
    public static BenchmarkOutcome Measure(Func<FakeClock, Random, Func<double>> service, int seed = 1, int launches = 3, double? rate = null, long step = 0, MeasurementLimits? limits = null, GoodputObjectives? objectives = null) =>
        Measure((clock, chance) => new FakeModel(clock, service(clock, chance)), seed, launches, rate, step, limits, objectives);

    public static BenchmarkOutcome Measure(Func<FakeClock, Random, IRequests> make, int seed = 1, int launches = 3, double? rate = null, long step = 0, MeasurementLimits? limits = null, GoodputObjectives? objectives = null,
        bool hasTokens = false)
    {
        var request = new LaunchRequest { Model = "fake", Rate = rate, Seed = seed, Objectives = objectives, Limits = limits ?? MeasurementLimits.Default };
        var reports = Enumerable.Range(0, launches).Select(launch =>
        {
            var clock = new FakeClock(step);
            var load = new LoadGenerator(make(clock, new Random(seed * 1000 + launch)), request.Limits, clock) { Objectives = objectives }.Run(1, rate, hasTokens, seed * 31 + launch, CancellationToken.None);
            // As it comes from another process.
            return LaunchReport.Parse((Launch.Report(load, objectives) with { LoadSeconds = 0.1, FirstInferenceSeconds = 0.2, WeightBytes = 1, Threads = 1 }).ToJson());
        }).ToList();
        return Summarise(request, reports);
    }

    public static BenchmarkOutcome Summarise(LaunchRequest request, IReadOnlyList<LaunchReport> reports, IReadOnlyList<GpuxException>? failures = null, string? graph = null, HardwarePlatform? hardware = null) =>
        new RunSummary(request, new BenchmarkSubject(new BenchmarkedModel("fake"), new string('0', 40), null) { GraphPath = graph }, Machine, hardware ?? new HardwarePlatform("a machine", HardwareKind.Cpu))
        {
            StartedAt = DateTimeOffset.UtcNow,
        }.Of(reports, failures ?? []);

    public static MachineDescription Machine { get; } = new()
    {
        Processor = "a processor", Architecture = "X64", Flags = [], Processors = 2, Caches = [], MemoryBytes = 1L << 34, OperatingSystem = "a system", Kernel = "1.0", Devices = [], Libraries = [],
    };
}
