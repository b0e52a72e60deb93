using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Recommendations;

/// <summary>Models on platforms whose true times are known: rooflines, effects of both, pairs that are peculiar in a way that no model expects
/// (heavy tails), and runs with noise, of which one in twenty is wild.</summary>
internal sealed class SimulatedFleet
{
    public static readonly Runner Cuda = new("onnxruntime", "cuda");
    private static readonly MeasuringMethod Method = new("gpux bench", "1", "closed-loop", null);
    private readonly Random _random;
    private readonly Dictionary<long, ModelFacts> _models = [];
    private readonly Dictionary<long, HardwarePlatform> _platforms = [];
    private readonly double[] _modelEffects;
    private readonly double[] _platformEffects;
    private readonly double[] _familyEffects;
    private readonly Dictionary<(long, long, int), double> _truths = [];
    private readonly Dictionary<(long, long), double> _pairEffects = [];

    public SimulatedFleet(int seed, int models, int platforms)
    {
        _random = new Random(seed);
        _familyEffects = [.. Enumerable.Range(0, 6).Select(_ => 0.4 * Gauss())];
        _modelEffects = [.. Enumerable.Range(0, models).Select(_ => 0.2 * Gauss())];
        _platformEffects = [.. Enumerable.Range(0, platforms).Select(_ => 0.4 * Gauss())];
        for (var i = 0; i < models; i++)
            _models.Add(i, new ModelFacts($"model-{i}") { Family = $"family-{i % 6}", ParameterCount = (long)(1e7 * Math.Exp(4 * _random.NextDouble())), Precision = "fp16" });
        for (var i = 0; i < platforms; i++)
        {
            var scale = Math.Exp(3 * _random.NextDouble());
            _platforms.Add(i, new HardwarePlatform($"platform-{i}", HardwareKind.Gpu)
            {
                MemoryBytes = 80_000_000_000, MemoryBytesPerSecond = 1e11 * scale * Math.Exp(0.3 * Gauss()), Peaks = [new ArithmeticPeak("fp16", 2e13 * scale, "made up")],
            });
        }
    }

    public ModelFacts Model(long id) => _models[id];

    public HardwarePlatform Platform(long id) => _platforms[id];

    public static WorkPoint Work(int batch) => new(TaskType.Inference, "fp16", batch, 128, null, 1);

    /// <summary>Results of a share of the pairs, in one to three batch sizes, of one to five runs each.</summary>
    public List<Cell> Measure(double share, Func<long, long, bool> isHeldOut)
    {
        var cells = new List<Cell>();
        foreach (var model in _models.Keys)
        {
            foreach (var platform in _platforms.Keys)
            {
                if (_random.NextDouble() > share || isHeldOut(model, platform))
                    continue;
                foreach (var batch in (int[])[1, 8, 32])
                    if (batch == 1 || _random.NextDouble() < 0.3)
                        cells.Add(Measured(model, platform, batch));
            }
        }
        return cells;
    }

    // Of one caller, whose requests come one after another.
    private Cell Measured(long model, long platform, int batch)
    {
        var latency = Runs(model, platform, batch, 1 + _random.Next(5));
        return new Cell(model, platform, Cuda, Method, Work(batch))
        {
            Latency = latency, Throughput = latency with { Mean = Math.Log(batch) - latency.Mean, Last = Math.Log(batch) - latency.Last },
        };
    }

    /// <summary>The logarithm that one further run shows.</summary>
    public double Run(long model, long platform, int batch) => Truth(model, platform, batch) + 0.08 * (_random.NextDouble() < 0.05 ? 4 : 1) * Gauss();

    private LogMean Runs(long model, long platform, int batch, int count)
    {
        var values = Enumerable.Range(0, count).Select(_ => Run(model, platform, batch)).ToArray();
        var mean = values.Average();
        return new LogMean(count, mean, values.Sum(value => (value - mean) * (value - mean)), values[^1]);
    }

    private double Truth(long model, long platform, int batch)
    {
        if (!_pairEffects.TryGetValue((model, platform), out var pair))
            _pairEffects.Add((model, platform), pair = 0.15 * Laplace());
        if (!_truths.TryGetValue((model, platform, batch), out var truth))
        {
            truth = Math.Log(RooflineTime.Seconds(_models[model], _platforms[platform], Work(batch))) + 0.5 + _modelEffects[model] + _platformEffects[platform]
                + _familyEffects[model % 6] + pair + 0.1 * Gauss();
            _truths.Add((model, platform, batch), truth);
        }
        return truth;
    }

    private double Gauss() => MathNet.Numerics.Distributions.Normal.Sample(_random, 0, 1);

    private double Laplace() => MathNet.Numerics.Distributions.Laplace.Sample(_random, 0, 1 / Math.Sqrt(2));
}
