using System.Globalization;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Makes advice of what the database knows: who can, how fast, how surely, at what price, in which order.</summary>
internal sealed class AdviceComposer
{
    private const int Seed = 20261121;
    private const double EnoughThroughput = 0.95;
    private const int LargestBatch = 128;

    private readonly RecommendationRequest _request;
    private readonly BenchmarkCells _database;
    private readonly long? _modelId;
    private readonly DateOnly _today;
    private readonly bool _measuredOnly;
    private readonly ModelFacts _model;
    private readonly HashSet<string> _checked; // precisions that are as good as the reference
    private readonly Cell[] _own; // however they were measured
    private readonly Basis[] _bases; // of those, the best first
    private readonly Dictionary<Basis, ComparableResults> _results = [];
    private readonly ComparableResults _usual; // what predictions and the order are about
    private readonly Runners _runners;
    private readonly string? _reference;
    private readonly int? _batch;
    private readonly TrainingModel? _training; // null: nothing can be planned
    private readonly int? _inputTokens;
    private readonly int? _outputTokens;
    private readonly List<string> _notes = [];

    /// <param name="modelId">Of the request's model; null for one that the database does not know.</param>
    /// <param name="measuredOnly">Whether only what was measured is wanted, in batches as most of it has them and without intervals: then nothing is held out, and nothing planned.</param>
    public AdviceComposer(RecommendationRequest request, BenchmarkCells database, long? modelId, DateOnly today, bool measuredOnly = false)
    {
        (_request, _database, _modelId, _today, _measuredOnly) = (request, database, modelId, today, measuredOnly);
        _model = modelId is { } id ? request.Model.Or(ModelFacts.Of(database.Models[id])) : request.Model;
        IEnumerable<string> proven = modelId is { } known ? database.CheckedPrecisions[known] : [];
        _checked = [.. _model.CheckedPrecisions.Split(',', StringSplitOptions.RemoveEmptyEntries).Concat(proven).Select(WeightPrecisions.Canonical)];
        _own = [.. database.Cells.Where(cell => cell.ModelId == modelId && cell.Runs > 0)];
        _reference = request.Precision is { } asked ? WeightPrecisions.Canonical(asked) : _model.Precision
            ?? WeightPrecisions.Widest(_own.Select(cell => cell.Work.Precision))
            ?? (_model.Generates ? "fp16" : "fp32");
        // A version that was measured in nothing but what may not be used says less than an older one.
        var (allowed, others) = (Array.FindAll(_own, cell => IsAllowed(cell.Work.Precision)), Array.FindAll(_own, cell => !IsAllowed(cell.Work.Precision)));
        _bases = [.. Basis.InOrder(allowed, database.Versions).Union(Basis.InOrder(others, database.Versions))];
        _usual = Results(_bases.Length > 0 ? _bases[0] : Basis.InOrder(database.Cells, database.Versions) is [var best, ..] ? best with { VersionId = null } : null);
        _runners = new Runners(_usual.Cells);
        (_inputTokens, _outputTokens) = Tokens();
        _batch = request.BatchSize ?? (IsTraining || measuredOnly ? Usual(cell => (int?)cell.Work.BatchSize) : 1);
        if (IsTraining && !measuredOnly)
            _training = request.Training ?? (_model.ParameterCount is >= TrainingModel.FewestParameters and <= TrainingModel.MostParameters and var count ? TrainingModel.OfSize(count) : null);
    }

    /// <exception cref="NothingKnownException">Neither was anything measured, nor does anything tell the model's size.</exception>
    public HardwareAdvice Compose()
    {
        var candidates = Platforms().Select(platform => Candidate(platform.Platform, platform.Id)).ToList();
        if (_training is not null)
            candidates.AddRange(Planned(_training, candidates));
        if (!_measuredOnly && candidates.TrueForAll(candidate => candidate.Row is { Feasibility: Feasibility.Unknown, Latency: null, Throughput: null }))
            throw new NothingKnownException(_model.Name, _request.Task);
        var weights = UtilityWeights.Of(_request.Task, _request.IsLatencySensitive, _request.IsMemoryConstrained);
        var (able, next) = Ranked(candidates.Where(candidate => candidate.Row.Feasibility <= Feasibility.Unproven), weights);
        var ranked = able.OrderBy(candidate => candidate.Row.Feasibility).ThenBy(Evidence).ThenByDescending(candidate => candidate.Row.IsOnFront)
            .ThenByDescending(candidate => candidate.Row.Utility).ThenByDescending(candidate => candidate.Row.Runs)
            .ThenBy(candidate => candidate.Row.CostPerMillion?.Typical ?? double.MaxValue).ThenBy(candidate => candidate.Row.Hardware.Name, StringComparer.Ordinal)
            .Take(_request.TopK).Select((candidate, i) => candidate.Row with { Rank = i + 1 }).ToArray();
        HardwareRecommendation[] Others(Feasibility feasibility) => [.. candidates.Where(candidate => candidate.Row.Feasibility == feasibility)
            .OrderBy(Evidence).ThenBy(candidate => candidate.Row.Hardware.Name, StringComparer.Ordinal).Select(candidate => candidate.Row)];
        var cheapest = able.Select(candidate => candidate.Row).Where(row => row.CostPerMillion is not null && row.Feasibility == ranked[0].Feasibility && row.Method == ranked[0].Method && row.VersionTag == ranked[0].VersionTag)
            .OrderBy(row => row.CostPerMillion!.Value.Typical).ThenBy(row => row.Hardware.Name, StringComparer.Ordinal).FirstOrDefault(); // filtered
        NoteGaps(ranked);
        PriceNotes.Add(_notes, _request, cheapest is null ? ranked : [.. ranked, cheapest], _today);
        return new HardwareAdvice(_request with { Model = _model }, weights, ranked, Others(Feasibility.Infeasible))
        {
            Unknown = Others(Feasibility.Unknown),
            Method = _usual.Basis?.Method,
            VersionTag = _usual.Basis is { } basis ? Tag(basis) : null,
            InputTokens = _inputTokens,
            OutputTokens = _outputTokens,
            Cheapest = cheapest,
            NextExperiment = next,
            Notes = _notes,
            Coverage = _request.Explain ? Coverage() : [],
            Runs = (_usual.Own.Sum(cell => cell.Runs), _usual.RunsOfOthers),
        };
    }

    // Those that were measured in another way, or of an older version, compete among themselves.
    private (List<Candidacy> Able, string? Next) Ranked(IEnumerable<Candidacy> candidates, UtilityWeights weights)
    {
        var (able, next, ranking) = (new List<Candidacy>(), (string?)null, new UtilityRanking(_request, _model, Seed));
        foreach (var group in candidates.GroupBy(candidate => candidate.Basis).OrderBy(group => group.Key == _usual.Basis ? 0 : 1))
        {
            var rows = group.ToList();
            var isUsual = group.Key == _usual.Basis;
            var advised = ranking.Rank(rows, weights, isUsual ? _notes : []);
            next ??= isUsual ? advised : null;
            able.AddRange(rows);
        }
        return (able, next);
    }

    // Measured, measured there in another configuration or in another way, predicted, roofline. A plan of a training is worth as much as what another batch took.
    private int Evidence(Candidacy candidate) => (candidate.Latency ?? candidate.Throughput)?.Question switch
    {
        Question.Repeat => candidate.Basis == _usual.Basis ? 0 : 1,
        _ when IsTraining => 1,
        Question.OtherWorkload => 1,
        null => 3,
        _ => 2,
    };

    private ComparableResults Results(Basis? basis)
    {
        if (basis is null)
            return new ComparableResults(_database, _model, _modelId, null, null, Seed);
        if (!_results.TryGetValue(basis, out var results))
            _results.Add(basis, results = new ComparableResults(_database, _model, _modelId, basis, _measuredOnly ? null : _request.ConfidenceLevel, Seed));
        return results;
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
            yield return new(priced with { Feasibility = row.Plan is null ? Feasibility.Infeasible : FeasibilityCheck.Judge(_request, priced, reasons), Reasons = reasons }, _usual.Basis);
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
        _usual.Own.GroupBy(of).OrderByDescending(group => group.Sum(cell => cell.Runs)).ThenBy(group => group.Key).Select(group => group.Key).FirstOrDefault();

    private WorkPoint Work(string? precision, int batch) => new(_request.Task, precision, batch, _inputTokens, _outputTokens, 1);

    private bool CountsTokens => _outputTokens > 0 || _usual.CountsTokensAlone;

    private Candidacy Candidate(HardwarePlatform platform, long? id)
    {
        var reasons = new List<string>();
        var (results, runner, precision, cell) = Configuration(platform, id, reasons);
        var work = Work(precision, _batch ?? 1);
        var latency = results.Latency.IsEmpty ? null : results.Latency.Forecast(_model, platform, runner, work, CountsTokens, cell);
        var throughput = results.Throughput.IsEmpty ? null : results.Throughput.Forecast(_model, platform, runner, work, CountsTokens, cell);
        var memory = MemoryEstimate.Of(_model, platform, id, runner, work, results.Own, Platform);
        var row = new HardwareRecommendation(platform)
        {
            HardwareId = id,
            ExecutionProvider = runner.Provider,
            Backend = runner.Backend,
            Precision = precision,
            ThroughputUnit = CountsTokens ? "tokens" : "inferences",
            MemoryBytes = (long?)memory.Bytes,
            IsMemoryMeasured = memory.IsMeasured,
            EnergyJoules = cell?.Energy?.Mean,
            Runs = cell?.Runs ?? 0,
        };
        if (latency is null && throughput is null)
        {
            if (!RooflineTime.IsKnown(platform) || !RooflineTime.IsKnown(_model))
            {
                reasons.Insert(0, RooflineTime.IsKnown(platform) ? "nothing was measured, and the model's size is not known" : "nothing was measured, and its peaks are not known");
                return new(row with { Feasibility = Feasibility.Unknown, Origin = EstimateOrigin.Roofline, Reasons = reasons }, _usual.Basis);
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
            var (forecast, target) = latency is null ? (throughput!, results.Throughput) : (latency, results.Latency); // one of them is
            var typical = latency is null ? (Estimate?)null : new Estimate(latency.Typical, latency.Low, latency.High);
            row = row with
            {
                Origin = ForecastReasons.Origin(forecast, target),
                Method = results.Basis!.Method, // something was learnt
                VersionTag = Tag(results.Basis),
                Latency = typical,
                LatencyP99 = typical is { } known ? results.Tails.Of(cell)?.Of(known) : null,
                Throughput = throughput is null ? null : new Estimate(throughput.Typical, throughput.Low, throughput.High),
            };
            ForecastReasons.Add(reasons, row, forecast, target, cell, _measuredOnly ? null : _request.ConfidenceLevel);
            AddWay(reasons, row, results, id);
            if (row.LatencyP99 is { } slow && !_measuredOnly)
                reasons.Add(ForecastReasons.OfTail(slow, results.Tails.Of(cell)!)); // it made it
        }
        row = row with { RestsOnUnverified = row.Runs == 0 && AddUnverified(platform, reasons) };
        if (IsTraining)
            row = InTokens(row, reasons);
        if (row.Runs == 0 && platform.DeviceCount > 1)
            reasons.Add($"as if its {platform.DeviceCount} devices shared the work evenly");
        row = Priced(row, reasons);
        row = row with
        {
            Feasibility = FeasibilityCheck.Judge(_request, row, reasons),
            RecommendedBatchSize = Batch(row, results, runner),
        };
        return new(row with { Reasons = reasons }, results.Basis, latency, throughput, results.Tails.Of(cell));
    }

    // In which way it was measured, where that is not what everybody supposes.
    private void AddWay(List<string> reasons, HardwareRecommendation row, ComparableResults results, long? id)
    {
        var (basis, usual) = (results.Basis!, _usual.Basis!); // something was learnt
        if (row.Runs == 0)
        {
            if (!basis.Method.IsUsual)
                reasons.Add($"from results of {basis.Method}");
            if (Array.Find(_own, cell => cell.HardwareId == id && cell.Basis != basis) is { } other)
                reasons.Add($"what was measured here is {Way(other.Basis)}, {(other.Method == basis.Method ? "" : "which is not compared with this, ")}in another configuration");
            return;
        }
        if (basis != usual)
            reasons.Insert(0, $"measured here is {Way(basis)} alone, which is not compared with {Way(usual)} elsewhere");
        else if (row.VersionTag is not null || !basis.Method.IsUsual)
            reasons.Insert(1, Way(basis));
        if (basis.Method.IsOffered)
            reasons.Add("its requests came at a rate that was chosen, so that its throughput says nothing of what it can do");
    }

    // Such as "gpux bench 1, closed-loop, of version v1.0.0".
    private string Way(Basis basis) => Tag(basis) is { } tag ? $"{basis.Method}, of version {tag}" : $"{basis.Method}";

    private string? Tag(Basis basis) => _database.Versions.Tag(basis.VersionId);

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

    // Measured before predicted, in the best way; then the fastest in a precision that is no worse than the published one, or was compared with it.
    private (ComparableResults Results, Runner Runner, string? Precision, Cell? Cell) Configuration(HardwarePlatform platform, long? id, List<string> reasons)
    {
        var exact = _own.Where(cell => cell.HardwareId == id && cell.Work.BatchSize == (_batch ?? 1) && cell.Work.InputTokens == _inputTokens
            && cell.Work.OutputTokens == _outputTokens && cell.Work.Concurrency == 1).OrderBy(Slowness).ToArray();
        var chosen = _bases.Select(basis => Array.Find(exact, cell => cell.Basis == basis && IsAllowed(cell.Work.Precision))).FirstOrDefault(cell => cell is not null);
        if (_request.Precision is null && Array.Find(exact, cell => !IsAllowed(cell.Work.Precision)
            && (chosen is null || (cell.Method == chosen.Method && Slowness(cell) < Slowness(chosen)))) is { } faster)
            reasons.Add($"{faster.Work.Precision} was measured too, but nothing says that its answers are good enough");
        if (chosen is not null)
            return (Results(chosen.Basis), chosen.Runner, chosen.Work.Precision, chosen);
        var here = _usual.Own.Where(cell => cell.HardwareId == id && cell.Runs > 0).ToArray();
        var runner = (here.Length > 0 ? Runners.Most(here) : _runners.Here(id)) ?? _runners.Elsewhere(platform);
        var precision = here.Select(cell => cell.Work.Precision).FirstOrDefault(name => name is not null && IsAllowed(name)) ?? _reference;
        return (_usual, runner, precision, null);
    }

    private static double Slowness(Cell cell) => cell.Latency?.Mean ?? -cell.Throughput!.Value.Mean; // one of them is

    private bool IsAllowed(string? precision) => precision is null ? _request.Precision is null
        : precision == _reference
        || (_request.Precision is null && (WeightPrecisions.BytesPerWeight(precision) >= WeightPrecisions.BytesPerWeight(_reference)
            || _checked.Contains(precision)));

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

    private int Batch(HardwareRecommendation row, ComparableResults results, Runner runner)
    {
        var (platform, rates) = (row.Hardware, new List<(int Batch, double Rate)>());
        // How far what --max-latency bounds lies above the typical latency, in every batch as in this one.
        var tail = row is { Latency: { } usual, LatencyP99: { } slow } ? (slow.HasInterval ? slow.High : slow.Typical) / usual.Typical : 1;
        for (var batch = 1; batch <= LargestBatch; batch *= 2)
        {
            var work = Work(row.Precision, batch);
            var cell = results.Own.FirstOrDefault(cell => cell.HardwareId == row.HardwareId && cell.Runner == runner && cell.Work == work);
            var seconds = RooflineTime.Seconds(_model, platform, work);
            var latency = results.Latency.IsEmpty ? seconds : results.Latency.Typical(_model, platform, runner, work, CountsTokens, cell);
            var memory = MemoryEstimate.Of(_model, platform, row.HardwareId, runner, work, results.Own, Platform);
            if (latency * tail > _request.MaxLatency?.TotalSeconds || memory.Bytes > FeasibilityCheck.UsableMemory * platform.MemoryBytes || memory.Bytes > _request.MaxMemoryBytes)
                break;
            rates.Add((batch, results.Throughput.IsEmpty ? RooflineTime.Rate(work, CountsTokens, seconds) : results.Throughput.Typical(_model, platform, runner, work, CountsTokens, cell)));
        }
        if (rates.Count == 0)
            return 1;
        var best = rates.Max(each => each.Rate);
        return rates.First(each => each.Rate >= EnoughThroughput * best).Batch;
    }

    private List<HeldOutCoverage> Coverage()
    {
        var coverage = new List<HeldOutCoverage>();
        foreach (var target in (ReadOnlySpan<TargetModel>)[_usual.Latency, _usual.Throughput])
            if (!target.IsEmpty)
                foreach (var question in Enum.GetValues<Question>())
                    coverage.Add(target.Coverage(question, _request.ConfidenceLevel));
        return coverage;
    }

    private void NoteGaps(HardwareRecommendation[] ranked)
    {
        var hasOwn = _usual.Own.Any(cell => cell.Runs > 0);
        var measure = _model.IsRunnable ? $" Measure here: gpux bench {ShellWord.Of(_model.Name)} --save" : " gpux bench cannot measure it, for GPUX does not convert it: see gpux info.";
        if (IsTraining)
        {
            foreach (var note in _training?.Notes ?? ["The model's size is not known, so that nothing is planned."])
                _notes.Add(note);
            if (!hasOwn)
                _notes.Add($"No training of {_model.Name} was measured: what is said is planned, with a range for efficiencies of 0.30 to 0.50. 'gpux db import' adds measured ones.");
        }
        else if (_usual.IsEmpty)
        {
            if (ranked.Length > 0)
                _notes.Add($"Nothing was measured: these numbers are bounds from published peaks, and real ones are worse.{measure}");
        }
        else if (!hasOwn)
        {
            _notes.Add($"{(_database.RunsNotValid + _database.RunsOfTailsAlone > 0 ? $"No result of {_model.Name} can be used" : $"{_model.Name} was never measured")}: what is said comes from other models.{measure}");
        }
        NoteOtherWays();
        if (_database.RunsNotValid is > 0 and var left)
            _notes.Add($"{left} run{(left == 1 ? "" : "s")} of it {(left == 1 ? "is" : "are")} left out, not being valid: gpux db list --model {ShellWord.Of(_model.Name)} lists them, gpux db show RUN says why.");
        if (_database.RunsOfTailsAlone is > 0 and var tails)
            _notes.Add($"Of {tails} run{(tails == 1 ? "" : "s")} only the 90th or 99th percentile of the latency is known, which no median can be compared with: it is left out.");
        if (!RooflineTime.IsKnown(_model) && !IsTraining && ranked.Any(row => row.Runs == 0))
            _notes.Add("The model's size is not known, so that a middling one is supposed.");
    }

    // What is kept apart is said, lest somebody miss results.
    private void NoteOtherWays()
    {
        const int Named = 3;
        if (_bases.Length == 0)
            return;
        if (!_bases[0].Method.IsUsual || _bases[0].VersionId is not null || _bases.Length > 1)
            _notes.Add($"All that is said is of {Way(_bases[0])}, unless a row says otherwise.");
        if (_bases.Length == 1)
            return;
        var runs = _own.GroupBy(cell => cell.Basis).ToDictionary(group => group.Key, group => group.Sum(cell => cell.Runs));
        var named = _bases.Skip(1).Take(Named).Select(basis => $"{runs[basis]} of {Way(basis)}");
        _notes.Add($"Never mixed with them are runs that were measured otherwise: {string.Join("; ", named)}{(_bases.Length > Named + 1 ? $"; and {_bases.Length - 1 - Named} more ways" : "")}.");
    }
}
