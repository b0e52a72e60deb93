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
    private readonly Dictionary<long, List<Cell>> _ownOf = []; // by platform
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
        _checked = [.. _model.CheckedPrecisions.Split(',', StringSplitOptions.RemoveEmptyEntries).Concat(database.CheckedPrecisions[modelId]).Select(WeightPrecisions.Canonical)];
        _own = [.. database.Cells.Where(cell => cell.ModelId == modelId && cell.Runs > 0)];
        foreach (var cell in _own)
        {
            if (!_ownOf.TryGetValue(cell.HardwareId, out var here))
                _ownOf.Add(cell.HardwareId, here = []);
            here.Add(cell);
        }
        _reference = request.Precision is { } asked ? WeightPrecisions.Canonical(asked) : _model.Precision
            ?? WeightPrecisions.Widest(_own.Select(cell => cell.Work.Precision))
            ?? (_model.Generates ? "fp16" : "fp32");
        // A version that was measured in nothing but what may not be used says less than an older one.
        var (allowed, others) = (Array.FindAll(_own, cell => IsAllowed(cell.Work.Precision)), Array.FindAll(_own, cell => !IsAllowed(cell.Work.Precision)));
        _bases = [.. Basis.InOrder(allowed, database.Versions).Union(Basis.InOrder(others, database.Versions))];
        _usual = Results(_bases.Length > 0 ? _bases[0] : Basis.InOrder(database.Cells, database.Versions) is [var best, ..] ? best with { VersionId = null } : null);
        _runners = new Runners(_usual.Cells);
        (_inputTokens, _outputTokens) = Tokens();
        _batch = request.BatchSize ?? (IsTraining || measuredOnly ? Usual((a, b) => a.BatchSize.CompareTo(b.BatchSize))?.BatchSize : 1);
        if (IsTraining && !measuredOnly)
            _training = request.Training ?? (_model.ParameterCount is >= TrainingModel.FewestParameters and <= TrainingModel.MostParameters and var count ? TrainingModel.OfSize(count) : null);
    }

    /// <exception cref="NothingKnownException">Neither was anything measured, nor does anything tell the model's size.</exception>
    public HardwareAdvice Compose()
    {
        var candidates = Platforms().Select(platform => Candidate(platform.Value, platform.Id)).ToList();
        if (_training is not null)
            candidates.AddRange(Planned(_training, candidates));
        if (!_measuredOnly && candidates.TrueForAll(candidate => candidate.Row is { Feasibility: Feasibility.Unknown, Latency: null, Throughput: null }))
            throw new NothingKnownException(_model.Name, _request.Task);
        var weights = UtilityWeights.Of(_request.Task, _request.IsLatencySensitive, _request.IsMemoryConstrained);
        var (able, next) = Ranked(candidates.Where(candidate => candidate.Row.Feasibility <= Feasibility.Unproven), weights);
        var ranked = able.Order(Comparer<Candidacy>.Create(CompareRanks)).Take(_request.TopK).Select((candidate, i) => candidate.Row with { Rank = i + 1 }).ToArray();
        HardwareRecommendation[] Others(Feasibility feasibility) => [.. candidates.Where(candidate => candidate.Row.Feasibility == feasibility)
            .Order(Comparer<Candidacy>.Create((a, b) => Evidence(a).CompareTo(Evidence(b)) is not 0 and var order ? order : CompareNames(a.Row, b.Row))).Select(candidate => candidate.Row)];
        var cheapest = able.Select(candidate => candidate.Row).Where(row => row.CostPerMillion is not null && row.Feasibility == ranked[0].Feasibility && row.Method == ranked[0].Method && row.VersionTag == ranked[0].VersionTag)
            .Order(Comparer<HardwareRecommendation>.Create((a, b) => a.CostPerMillion!.Value.Typical.CompareTo(b.CostPerMillion!.Value.Typical) is not 0 and var order ? order : CompareNames(a, b)))
            .FirstOrDefault(); // filtered
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

    // The best first.
    private int CompareRanks(Candidacy a, Candidacy b)
    {
        var (one, two) = (a.Row, b.Row);
        var order = one.Feasibility - two.Feasibility;
        order = order != 0 ? order : Evidence(a).CompareTo(Evidence(b));
        order = order != 0 ? order : two.IsOnFront.CompareTo(one.IsOnFront);
        order = order != 0 ? order : two.Utility.CompareTo(one.Utility);
        order = order != 0 ? order : two.Runs.CompareTo(one.Runs);
        order = order != 0 ? order : (one.CostPerMillion?.Typical ?? double.MaxValue).CompareTo(two.CostPerMillion?.Typical ?? double.MaxValue);
        return order != 0 ? order : CompareNames(one, two);
    }

    private static int CompareNames(HardwareRecommendation one, HardwareRecommendation two) => string.CompareOrdinal(one.Hardware.Name, two.Hardware.Name);

    // Those that were measured in another way, or of an older version, compete among themselves.
    private (List<Candidacy> Able, string? Next) Ranked(IEnumerable<Candidacy> candidates, UtilityWeights weights)
    {
        var (able, next, ranking) = (new List<Candidacy>(), (string?)null, new UtilityRanking(_request, _model, Seed));
        var groups = candidates.GroupBy(candidate => candidate.Basis).ToList();
        foreach (var group in groups.Where(group => group.Key == _usual.Basis).Concat(groups.Where(group => group.Key != _usual.Basis)))
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

    // Those of the database, and those that only the table knows. Of trainings those that the model was trained on: the others are planned.
    private List<KnownPlatform> Platforms()
    {
        var (platforms, rows) = (new List<KnownPlatform>(), new HashSet<KnownHardware>(ReferenceEqualityComparer.Instance));
        foreach (var (id, platform) in _database.Hardware)
        {
            if (HardwareCatalog.Find(platform.Name) is { } row)
                rows.Add(row);
            if (!IsTraining || ((_request.Gpus ?? platform.DeviceCount) == platform.DeviceCount && Own(id).Count > 0))
                platforms.Add(new KnownPlatform(id, platform));
        }
        platforms.Sort((a, b) => string.CompareOrdinal(a.Value.Name, b.Value.Name));
        if (!IsTraining)
            foreach (var row in HardwareCatalog.All)
                if (!rows.Contains(row))
                    platforms.Add(new KnownPlatform(null, row.Platform));
        return platforms;
    }

    private sealed record KnownPlatform(long? Id, HardwarePlatform Value);

    // Of the model, on a platform, however they were measured.
    private List<Cell> Own(long? platform) => platform is { } id && _ownOf.TryGetValue(id, out var cells) ? cells : [];

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
        var usual = Usual((a, b) => (a.InputTokens ?? -1).CompareTo(b.InputTokens ?? -1) is not 0 and var order ? order : (a.OutputTokens ?? -1).CompareTo(b.OutputTokens ?? -1)); // none is negative
        if (IsTraining)
            return (_request.InputTokens ?? usual?.InputTokens, _request.OutputTokens ?? usual?.OutputTokens);
        var isPicture = _model.Task?.Contains("image", StringComparison.Ordinal) == true;
        var (input, output) = usual is { } known ? (known.InputTokens, known.OutputTokens) : (isPicture ? null : RooflineTime.UsualInput(_model), _model.Generates ? 128 : null);
        return (_request.InputTokens ?? input, _request.OutputTokens ?? output);
    }

    // One that most of the model's runs are like, in what is compared; of several the least.
    /// <returns>Null for a model without results.</returns>
    private WorkPoint? Usual(Comparison<WorkPoint> compare)
    {
        var own = _usual.Own.Order(Comparer<Cell>.Create((a, b) => compare(a.Work, b.Work))).ToArray();
        var (usual, most) = ((WorkPoint?)null, 0L);
        for (var (first, i, runs) = (0, 0, 0L); i < own.Length; i++)
        {
            if (compare(own[first].Work, own[i].Work) != 0)
                (first, runs) = (i, 0);
            runs += own[i].Runs;
            if (runs > most || usual is null)
                (usual, most) = (own[i].Work, runs);
        }
        return usual;
    }

    private WorkPoint Work(string? precision, int batch) => new(_request.Task, precision, batch, _inputTokens, _outputTokens, 1);

    private bool CountsTokens => _outputTokens > 0 || _usual.CountsTokensAlone;

    private Candidacy Candidate(HardwarePlatform platform, long? id)
    {
        var reasons = new List<string>();
        var (results, runner, precision, cell) = Configuration(platform, id, reasons);
        var work = Work(precision, _batch ?? 1);
        var latency = results.Latency.IsEmpty ? null : results.Latency.Forecast(_model, platform, runner, work, CountsTokens, cell);
        var throughput = results.Throughput.IsEmpty ? null : results.Throughput.Forecast(_model, platform, runner, work, CountsTokens, cell);
        var memory = results.Memory.Of(_model, platform, id, runner, work);
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
            if (Own(id).Find(cell => cell.Basis != basis) is { } other)
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
        var exact = Own(id).Where(cell => cell.Work.BatchSize == (_batch ?? 1) && cell.Work.InputTokens == _inputTokens
            && cell.Work.OutputTokens == _outputTokens && cell.Work.Concurrency == 1).Order(BySlowness).ToArray();
        var chosen = _bases.Select(basis => Array.Find(exact, cell => cell.Basis == basis && IsAllowed(cell.Work.Precision))).FirstOrDefault(cell => cell is not null);
        if (_request.Precision is null && Array.Find(exact, cell => !IsAllowed(cell.Work.Precision)
            && (chosen is null || (cell.Method == chosen.Method && Slowness(cell) < Slowness(chosen)))) is { } faster)
            reasons.Add($"{faster.Work.Precision} was measured too, but nothing says that its answers are good enough");
        if (chosen is not null)
            return (Results(chosen.Basis), chosen.Runner, chosen.Work.Precision, chosen);
        var here = Own(id).Where(cell => cell.Basis == _usual.Basis).ToArray();
        var runner = (here.Length > 0 ? Runners.Most(here) : _runners.Here(id)) ?? _runners.Elsewhere(platform);
        var precision = here.Select(cell => cell.Work.Precision).FirstOrDefault(name => name is not null && IsAllowed(name)) ?? _reference;
        return (_usual, runner, precision, null);
    }

    private static readonly IComparer<Cell> BySlowness = Comparer<Cell>.Create((a, b) => Slowness(a).CompareTo(Slowness(b)));

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
        var (platform, rates, best) = (row.Hardware, new List<double>(), 0.0); // by powers of two
        // How far what --max-latency bounds lies above the typical latency, in every batch as in this one.
        var here = Own(row.HardwareId).Where(cell => cell.Basis == results.Basis).ToList();
        var tail = row is { Latency: { } usual, LatencyP99: { } slow } ? (slow.HasInterval ? slow.High : slow.Typical) / usual.Typical : 1;
        for (var batch = 1; batch <= LargestBatch; batch *= 2)
        {
            var work = Work(row.Precision, batch);
            var cell = here.Find(cell => cell.Runner == runner && cell.Work == work);
            var seconds = RooflineTime.Seconds(_model, platform, work);
            var latency = results.Latency.IsEmpty ? seconds : results.Latency.Typical(_model, platform, runner, work, CountsTokens, cell);
            var memory = results.Memory.Of(_model, platform, row.HardwareId, runner, work);
            if (latency * tail > _request.MaxLatency?.TotalSeconds || memory.Bytes > FeasibilityCheck.UsableMemory * platform.MemoryBytes || memory.Bytes > _request.MaxMemoryBytes)
                break;
            rates.Add(results.Throughput.IsEmpty ? RooflineTime.Rate(work, CountsTokens, seconds) : results.Throughput.Typical(_model, platform, runner, work, CountsTokens, cell));
            best = Math.Max(best, rates[^1]);
        }
        return 1 << Math.Max(0, rates.FindIndex(rate => rate >= EnoughThroughput * best));
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
