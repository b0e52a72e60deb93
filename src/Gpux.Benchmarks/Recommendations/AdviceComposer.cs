using System.Globalization;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Makes advice of what the database knows: who can, how fast, how surely, at what price, in which order.</summary>
internal sealed class AdviceComposer
{
    private const int LevelLimit = 64; // models and platforms whose effects are learnt
    private const int Seed = 20261121;
    private const double EnoughThroughput = 0.95;
    private const int LargestBatch = 128;

    private readonly RecommendationRequest _request;
    private readonly BenchmarkCells _database;
    private readonly long? _modelId;
    private readonly DateOnly _today;
    private readonly bool _measuredOnly;
    private readonly ModelFacts _model;
    private readonly Cell[] _own;
    private readonly int _runsOfOthers;
    private readonly TargetModel _latency;
    private readonly TargetModel _throughput;
    private readonly Dictionary<long, ModelFacts> _facts = [];
    private readonly double? _tail;
    private readonly string? _reference;
    private readonly int? _batch;
    private readonly TrainingModel? _training; // null: nothing can be planned
    private readonly int? _inputTokens;
    private readonly int? _outputTokens;
    private readonly List<string> _notes = [];

    /// <param name="modelId">Of the request's model; null for one that the database does not know.</param>
    /// <param name="measuredOnly">Whether only what was measured is wanted, without intervals: then nothing is held out, and nothing planned.</param>
    public AdviceComposer(RecommendationRequest request, BenchmarkCells database, long? modelId, DateOnly today, bool measuredOnly = false)
    {
        (_request, _database, _modelId, _today, _measuredOnly) = (request, database, modelId, today, measuredOnly);
        _model = modelId is { } id ? request.Model.Or(ModelFacts.Of(database.Models[id])) : request.Model;
        _own = [.. database.Cells.Where(cell => cell.ModelId == modelId)];
        var cells = Learnt();
        _runsOfOthers = cells.Where(cell => cell.ModelId != modelId).Sum(cell => cell.Runs);
        foreach (var other in cells.Select(cell => cell.ModelId).Distinct())
            _facts.Add(other, other == modelId ? _model : ModelFacts.Of(database.Models[other]));
        TargetModel? latency = null, throughput = null;
        Parallel.Invoke(() => latency = Learn(isRate: false), () => throughput = Learn(isRate: true));
        (_latency, _throughput) = (latency!, throughput!); // made above
        var tails = cells.Where(cell => cell.Tail is not null).ToArray();
        _tail = tails.Length == 0 ? null : tails.Average(cell => cell.Tail!.Value); // filtered
        _reference = request.Precision is { } asked ? WeightPrecisions.Canonical(asked) : _model.Precision
            ?? _own.Select(cell => cell.Work.Precision).OfType<string>().OrderByDescending(name => WeightPrecisions.BytesPerWeight(name) ?? 0).ThenBy(name => name, StringComparer.Ordinal).FirstOrDefault()
            ?? (_model.Generates ? "fp16" : "fp32");
        (_inputTokens, _outputTokens) = Tokens();
        _batch = request.BatchSize ?? (IsTraining ? Usual(cell => (int?)cell.Work.BatchSize) : 1);
        if (IsTraining && !measuredOnly)
            _training = request.Training ?? (_model.ParameterCount is >= TrainingModel.FewestParameters and <= TrainingModel.MostParameters and var count ? TrainingModel.OfSize(count) : null);

        TargetModel Learn(bool isRate) => new(cells, model => _facts[model], Platform, isRate, measuredOnly ? null : request.ConfidenceLevel, Seed);
    }

    public HardwareAdvice Compose()
    {
        var candidates = Platforms().Select(platform => Candidate(platform.Platform, platform.Id)).ToList();
        if (_training is not null)
            candidates.AddRange(Planned(_training, candidates));
        var able = candidates.Where(candidate => candidate.Row.Feasibility != Feasibility.Infeasible).ToList();
        var weights = UtilityWeights.Of(_request.Task, _request.IsLatencySensitive, _request.IsMemoryConstrained);
        var next = new UtilityRanking(_request, _model.Name, Seed).Rank(able, weights, _notes);
        var ranked = able.OrderBy(candidate => candidate.Row.Feasibility).ThenBy(Evidence).ThenByDescending(candidate => candidate.Row.IsOnFront)
            .ThenByDescending(candidate => candidate.Row.Utility).ThenByDescending(candidate => candidate.Row.Runs)
            .ThenBy(candidate => candidate.Row.CostPerMillion?.Typical ?? double.MaxValue).ThenBy(candidate => candidate.Row.Hardware.Name, StringComparer.Ordinal)
            .Take(_request.TopK).Select((candidate, i) => candidate.Row with { Rank = i + 1 }).ToArray();
        var infeasible = candidates.Where(candidate => candidate.Row.Feasibility == Feasibility.Infeasible)
            .OrderBy(Evidence).ThenBy(candidate => candidate.Row.Hardware.Name, StringComparer.Ordinal).Select(candidate => candidate.Row).ToArray();
        var cheapest = able.Select(candidate => candidate.Row).Where(row => row.CostPerMillion is not null && row.Feasibility == ranked[0].Feasibility)
            .OrderBy(row => row.CostPerMillion!.Value.Typical).ThenBy(row => row.Hardware.Name, StringComparer.Ordinal).FirstOrDefault(); // filtered
        NoteGaps();
        PriceNotes.Add(_notes, _request, cheapest is null ? ranked : [.. ranked, cheapest], _today);
        return new HardwareAdvice(_request with { Model = _model }, weights, ranked, infeasible)
        {
            InputTokens = _inputTokens,
            OutputTokens = _outputTokens,
            Cheapest = cheapest,
            NextExperiment = next,
            Notes = _notes,
            Coverage = _request.Explain ? Coverage() : [],
            Runs = (_own.Sum(cell => cell.Runs), _runsOfOthers),
        };
    }

    // Measured, measured there in another configuration, predicted, roofline. A plan of a training is worth as much as what another batch took.
    private int Evidence(Candidacy candidate) => (candidate.Latency ?? candidate.Throughput)?.Question switch
    {
        Question.Repeat => 0,
        _ when IsTraining => 1,
        Question.OtherWorkload => 1,
        null => 3,
        _ => 2,
    };

    // Effects are learnt of so many models and platforms as are solved in a moment: the model's own, then its relatives, then those measured most.
    private Cell[] Learnt()
    {
        var cells = _database.Cells;
        var models = Most(cell => cell.ModelId, id => id == _modelId ? 0 : _model.Family is { } family && _database.Models[id].Architecture == family ? 1 : 2);
        var ownPlatforms = _own.Select(cell => cell.HardwareId).ToHashSet();
        var platforms = Most(cell => cell.HardwareId, id => ownPlatforms.Contains(id) ? 0 : 1);
        return [.. cells.Where(cell => models.Contains(cell.ModelId) && platforms.Contains(cell.HardwareId))];

        HashSet<long> Most(Func<Cell, long> of, Func<long, int> distance) =>
            [.. cells.GroupBy(of).OrderBy(group => distance(group.Key)).ThenByDescending(group => group.Sum(cell => cell.Runs)).ThenBy(group => group.Key)
                .Take(LevelLimit).Select(group => group.Key)];
    }

    private bool IsTraining => _request.Task == TaskType.Training;

    private HardwarePlatform Platform(long id) => _database.Hardware[id];

    // Those of the database, and those that only the table knows. Of trainings those that the model was trained on: the others are planned.
    private IEnumerable<(HardwarePlatform Platform, long? Id)> Platforms()
    {
        var trainedOn = IsTraining ? _own.Select(cell => cell.HardwareId).ToHashSet() : null;
        foreach (var (id, platform) in _database.Hardware.OrderBy(entry => entry.Value.Name, StringComparer.Ordinal))
            if (trainedOn is null || (trainedOn.Contains(id) && (_request.Gpus ?? platform.DeviceCount) == platform.DeviceCount))
                yield return (platform, id);
        if (IsTraining)
            yield break;
        var known = _database.Hardware.Values.Select(platform => HardwareCatalog.Find(platform.Name)).ToHashSet();
        foreach (var row in HardwareCatalog.All)
            if (!known.Contains(row))
                yield return (row.Platform, null);
    }

    // Which GPUs would do, and how many, of those on which nothing was measured.
    private IEnumerable<Candidacy> Planned(TrainingModel model, IReadOnlyList<Candidacy> measured)
    {
        var known = measured.Select(candidate => (HardwareCatalog.FindDevice(candidate.Row.Hardware), candidate.Row.Hardware.DeviceCount)).ToHashSet();
        foreach (var row in TrainingCandidates.Of(_request with { BatchSize = _batch }, model, _inputTokens))
        {
            if (row.Plan is not null && known.Contains((HardwareCatalog.FindDevice(row.Hardware), row.Hardware.DeviceCount)))
                continue;
            List<string> reasons = [.. row.Reasons];
            var priced = Priced(row with { RestsOnUnverified = AddUnverified(row.Hardware, reasons) }, reasons);
            yield return new(priced with { Feasibility = row.Plan is null ? Feasibility.Infeasible : FeasibilityCheck.Judge(_request, priced, reasons), Reasons = reasons }, null, null);
        }
    }

    // What is asked of the model: as most of its results have it.
    private (int? Input, int? Output) Tokens()
    {
        var usual = Usual(cell => ((int?, int?)?)(cell.Work.InputTokens, cell.Work.OutputTokens));
        if (IsTraining)
            return (_request.InputTokens ?? usual?.Item1, _request.OutputTokens ?? usual?.Item2);
        var isPicture = _model.Task?.Contains("image", StringComparison.Ordinal) == true;
        var (input, output) = usual ?? (isPicture ? null : RooflineTime.UsualInput(_model), _model.Generates ? 128 : null);
        return (_request.InputTokens ?? input, _request.OutputTokens ?? output);
    }

    /// <returns>Null for a model without results.</returns>
    private T? Usual<T>(Func<Cell, T> of) =>
        _own.GroupBy(of).OrderByDescending(group => group.Sum(cell => cell.Runs)).ThenBy(group => group.Key).Select(group => group.Key).FirstOrDefault();

    private WorkPoint Work(string? precision, int batch) => new(_request.Task, precision, batch, _inputTokens, _outputTokens, 1);

    private bool CountsTokens => _outputTokens > 0;

    private Candidacy Candidate(HardwarePlatform platform, long? id)
    {
        var reasons = new List<string>();
        var (provider, precision, cell) = Configuration(platform, id, reasons);
        var work = Work(precision, _batch ?? 1);
        var latency = _latency.IsEmpty ? null : _latency.Forecast(_model, platform, provider, work, CountsTokens, cell);
        var throughput = _throughput.IsEmpty ? null : _throughput.Forecast(_model, platform, provider, work, CountsTokens, cell);
        var memory = MemoryEstimate.Of(_model, platform, id, work, _own, Platform);
        var row = new HardwareRecommendation(platform)
        {
            HardwareId = id,
            ExecutionProvider = provider,
            Precision = precision,
            ThroughputUnit = CountsTokens ? "tokens" : "inferences",
            MemoryBytes = (long?)memory.Bytes,
            IsMemoryMeasured = memory.IsMeasured,
            EnergyJoules = cell?.EnergyJoules,
            Runs = cell?.Runs ?? 0,
        };
        if (latency is null && throughput is null)
        {
            if (!RooflineTime.IsKnown(platform) || !RooflineTime.IsKnown(_model))
            {
                reasons.Insert(0, RooflineTime.IsKnown(platform) ? "nothing was measured, and the model's size is not known" : "nothing was measured, and its peaks are not known");
                return new(row with { Feasibility = Feasibility.Infeasible, Origin = EstimateOrigin.Roofline, Reasons = reasons }, null, null);
            }
            var seconds = RooflineTime.Seconds(_model, platform, work);
            row = row with
            {
                Origin = EstimateOrigin.Roofline,
                Latency = new Estimate(seconds, 0, double.PositiveInfinity),
                Throughput = new Estimate(RooflineTime.Rate(work, CountsTokens, seconds), 0, double.PositiveInfinity),
            };
            reasons.Insert(0, "roofline, not measured: from published peaks alone");
        }
        else
        {
            var (forecast, target) = latency is null ? (throughput!, _throughput) : (latency, _latency); // one of them is
            var tail = cell?.Tail ?? _tail;
            row = row with
            {
                Origin = ForecastReasons.Origin(forecast, target),
                Latency = latency is null ? null : new Estimate(latency.Typical, latency.Low, latency.High),
                LatencyP99 = latency is null || tail is not { } ratio ? null : Scaled(latency, Math.Exp(Math.Max(ratio, 0))),
                Throughput = throughput is null ? null : new Estimate(throughput.Typical, throughput.Low, throughput.High),
            };
            ForecastReasons.Add(reasons, row, forecast, target, cell, _measuredOnly ? null : _request.ConfidenceLevel);
        }
        row = row with { RestsOnUnverified = row.Runs == 0 && AddUnverified(platform, reasons) };
        if (IsTraining)
            row = InTokens(row, reasons);
        row = Priced(row, reasons);
        row = row with
        {
            Feasibility = FeasibilityCheck.Judge(_request, row, reasons),
            RecommendedBatchSize = Batch(platform, id, provider, precision),
        };
        return new(row with { Reasons = reasons }, latency, throughput);
    }

    // What no source was read for is said where numbers rest on it.
    private static bool AddUnverified(HardwarePlatform platform, List<string> reasons)
    {
        if (HardwareCatalog.FindDevice(platform) is not { IsVerified: false } known || platform.Peaks.All(peak => peak.Source != known.Source))
            return false;
        reasons.Add($"not every published number of it was verified: {known.Source}");
        return true;
    }

    // Trainings are compared by the tokens that they go through, measured ones by those of the sequences that they count.
    private HardwareRecommendation InTokens(HardwareRecommendation row, List<string> reasons)
    {
        if (CountsTokens || (_inputTokens ?? _training?.UsualSequence) is not { } sequence)
            return row;
        if (_inputTokens is null)
            reasons.Add($"its results do not say how long sequences are: {sequence} tokens are supposed");
        return row with { ThroughputUnit = "tokens", Throughput = row.Throughput is { } rate ? new Estimate(rate.Typical * sequence, rate.Low * sequence, rate.High * sequence) : null };
    }

    private static Estimate Scaled(TargetForecast forecast, double factor) => new(forecast.Typical * factor, forecast.Low * factor, forecast.High * factor);

    // Measured before predicted; then the fastest in a precision that is no worse than the published one, or was compared with it.
    private (string? Provider, string? Precision, Cell? Cell) Configuration(HardwarePlatform platform, long? id, List<string> reasons)
    {
        var here = _own.Where(cell => cell.HardwareId == id && (cell.Latency ?? cell.Throughput) is not null).ToArray();
        var exact = here.Where(cell => cell.Work.BatchSize == (_batch ?? 1) && cell.Work.InputTokens == _inputTokens
            && cell.Work.OutputTokens == _outputTokens && cell.Work.Concurrency == 1).OrderBy(Slowness).ToArray();
        var chosen = exact.FirstOrDefault(cell => IsAllowed(cell.Work.Precision));
        if (exact.FirstOrDefault(cell => !IsAllowed(cell.Work.Precision)) is { } faster && (chosen is null || Slowness(faster) < Slowness(chosen)) && _request.Precision is null)
            reasons.Add($"{faster.Work.Precision} was measured too, but nothing says that its answers are good enough");
        if (chosen is not null)
            return (chosen.Provider, chosen.Work.Precision, chosen);
        var provider = (here.Length > 0 ? here : _database.Cells.Where(cell => cell.HardwareId == id))
            .GroupBy(cell => cell.Provider).OrderByDescending(group => group.Sum(cell => cell.Runs)).ThenBy(group => group.Key, StringComparer.Ordinal).FirstOrDefault()?.Key
            ?? (platform.Kind == HardwareKind.Cpu ? "cpu" : platform.Vendor == "NVIDIA" ? "cuda" : null);
        var precision = here.Select(cell => cell.Work.Precision).FirstOrDefault(name => name is not null && IsAllowed(name)) ?? _reference;
        return (provider, precision, null);
    }

    private static double Slowness(Cell cell) => cell.Latency?.Mean ?? -cell.Throughput!.Value.Mean; // one of them is

    private bool IsAllowed(string? precision) => precision is null ? _request.Precision is null
        : precision == _reference
        || (_request.Precision is null && (WeightPrecisions.BytesPerWeight(precision) >= WeightPrecisions.BytesPerWeight(_reference)
            || _model.CheckedPrecisions.Split(',').Contains(precision)));

    private HardwareRecommendation Priced(HardwareRecommendation row, List<string> reasons)
    {
        var count = row.Hardware.DeviceCount;
        if (_request.Prices.Cheapest(HardwareCatalog.SingleName(row.Hardware), count) is not { } price || row.Throughput is not { } rate)
            return row;
        var perHour = price.PerHourOf(count);
        double At(double perSecond) => PriceList.PerMillion(perHour, perSecond, _request.PaidShare);
        var times = count == price.DeviceCount ? "" : $"{count / price.DeviceCount} x ";
        reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{perHour:0.00##} {price.Currency} an hour: {times}{price.Sku} of {price.Provider}, {price.AsOf:yyyy-MM-dd}"));
        return row with { Price = price, CostPerMillion = new Estimate(At(rate.Typical), rate.HasInterval ? At(rate.High) : 0, rate.HasInterval ? At(rate.Low) : double.PositiveInfinity) };
    }

    private int Batch(HardwarePlatform platform, long? id, string? provider, string? precision)
    {
        var rates = new List<(int Batch, double Rate)>();
        for (var batch = 1; batch <= LargestBatch; batch *= 2)
        {
            var work = Work(precision, batch);
            var cell = _own.FirstOrDefault(cell => cell.HardwareId == id && cell.Provider == provider && cell.Work == work);
            var seconds = RooflineTime.Seconds(_model, platform, work);
            var latency = _latency.IsEmpty ? seconds : _latency.Typical(_model, platform, provider, work, CountsTokens, cell);
            var memory = MemoryEstimate.Of(_model, platform, id, work, _own, Platform);
            if (latency * Math.Exp(Math.Max(_tail ?? 0, 0)) > _request.MaxLatency?.TotalSeconds || memory.Bytes > FeasibilityCheck.UsableMemory * platform.MemoryBytes || memory.Bytes > _request.MaxMemoryBytes)
                break;
            rates.Add((batch, _throughput.IsEmpty ? RooflineTime.Rate(work, CountsTokens, seconds) : _throughput.Typical(_model, platform, provider, work, CountsTokens, cell)));
        }
        if (rates.Count == 0)
            return 1;
        var best = rates.Max(each => each.Rate);
        return rates.First(each => each.Rate >= EnoughThroughput * best).Batch;
    }

    private List<HeldOutCoverage> Coverage()
    {
        var coverage = new List<HeldOutCoverage>();
        foreach (var target in (ReadOnlySpan<TargetModel>)[_latency, _throughput])
            if (!target.IsEmpty)
                foreach (var question in Enum.GetValues<Question>())
                    coverage.Add(target.Coverage(question, _request.ConfidenceLevel));
        return coverage;
    }

    private void NoteGaps()
    {
        if (IsTraining)
        {
            foreach (var note in _training?.Notes ?? ["The model's size is not known, so that nothing is planned."])
                _notes.Add(note);
            if (_own.Length == 0)
                _notes.Add($"No training of {_model.Name} was measured: what is said is planned, with a range for efficiencies of 0.30 to 0.50. 'gpux db import' adds measured ones.");
        }
        else if (_latency.IsEmpty && _throughput.IsEmpty)
        {
            _notes.Add($"Nothing was measured: these numbers are bounds from published peaks, and real ones are worse. Measure here: gpux bench {ShellWord.Of(_model.Name)} --save");
        }
        else if (_own.Length == 0)
        {
            _notes.Add($"{_model.Name} was never measured: what is said comes from models like it. Measure here: gpux bench {ShellWord.Of(_model.Name)} --save");
        }
        if (_database.RunsNotValid is > 0 and var left)
            _notes.Add($"{left} run{(left == 1 ? "" : "s")} of it {(left == 1 ? "is" : "are")} left out, not being valid: gpux db list --model {ShellWord.Of(_model.Name)} lists them, gpux db show RUN says why.");
        if (_database.RunsOfTailsAlone is > 0 and var tails)
            _notes.Add($"Of {tails} run{(tails == 1 ? "" : "s")} only the 90th or 99th percentile of the latency is known, which no median can be compared with: it is left out.");
        if (!RooflineTime.IsKnown(_model) && !IsTraining)
            _notes.Add("The model's size is not known, so that a middling one is supposed.");
    }
}
