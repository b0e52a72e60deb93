using System.Diagnostics;
using System.Globalization;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Results;
using Gpux.Models;
using Gpux.Models.Projects;
using Gpux.Registries.Store;
using Gpux.Runtime.Generation;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;

namespace Gpux.Benchmarks.Measurement;

/// <summary>One launch: in a process of its own, a model is loaded, asked once, warmed up and measured.</summary>
/// <param name="read">What a user calls a model, and the gpux.yml of the folder where there is one.</param>
public sealed class Launch(ModelLibrary library, Func<string, (ModelReference Reference, ProjectFile? Project)> read, TimeProvider clock)
{
    // Long enough for a counter that is updated every millisecond, and for what the start of the process left to do.
    private static readonly TimeSpan IdleTime = TimeSpan.FromMilliseconds(500);

    /// <summary>Measures what a request says, and says what was found, both as JSON in one line.</summary>
    /// <exception cref="GpuxException">The model cannot be opened, or does not answer.</exception>
    public async Task<string> MeasureAsync(string request, CancellationToken cancellationToken) =>
        (await MeasureAsync(LaunchRequest.Parse(request), cancellationToken)).ToJson();

    internal async Task<LaunchReport> MeasureAsync(LaunchRequest request, CancellationToken cancellationToken)
    {
        var (named, project) = read(request.Model);
        if (request.Provider is { } asked && ExecutionProvider.AreSame(asked, ExecutionProvider.Cpu))
        {
            // Every session has it; what the project prefers is left out.
            request = request with { Provider = null };
            project = project is null ? null : project with { Runtime = project.Runtime with { Backend = null, MemoryBytes = null } };
        }
        var onGpu = (request.Provider ?? project?.Runtime.Backend) is not null;
        // Its environment is the process's, and takes time but once.
        await OnnxRuntimeLibrary.Preload();
        var idleWatts = IdleWatts(onGpu);
        var model = project?.Model ?? named;
        var options = new PrepareOptions(Lookup.PreferStore) { Precision = request.Precision, AllowsDamage = request.AllowsDamage, Weights = project?.Weights };
        var prepared = await library.PrepareAsync(model, options, progress: null, cancellationToken);

        var started = clock.GetTimestamp();
        using var opened = request.IsEndToEnd ? await OpenPipelineAsync(model, options, project, request, cancellationToken) : OpenSession(prepared, project, request, cancellationToken);
        var loadSeconds = clock.GetElapsedTime(started).TotalSeconds;

        using var workload = Workload.Of(opened, request.Task ?? project?.Task ?? prepared.Variant.Task, request, clock, cancellationToken);
        workload.RequireMeaning(request, opened.Name);
        started = clock.GetTimestamp();
        workload.Requests.Answer(0, cancellationToken);
        var firstSeconds = clock.GetElapsedTime(started).TotalSeconds;

        var watch = Disturbances.Watch("/");
        using var meter = new EnergyMeter("/", onGpu, clock);
        var joulesBefore = 0.0;
        var result = new LoadGenerator(workload.Requests, request.Limits, clock) { Measuring = () => joulesBefore = meter.Joules(), Objectives = request.Objectives }
            .Run(request.Concurrency, request.Rate, workload.OutputTokens is not null, request.Seed, cancellationToken);
        var joules = meter.Joules() - joulesBefore;
        var disturbances = watch.Until(onGpu);
        var report = Report(result, request.Objectives);
        return report with
        {
            Task = workload.Task,
            LoadSeconds = loadSeconds,
            FirstInferenceSeconds = firstSeconds,
            InputTokens = workload.InputTokens,
            OutputTokens = workload.OutputTokens,
            InputDescription = workload.Description,
            // A generated text is many runs of other shapes.
            InputShapes = workload is { Example: { } example, OutputTokens: null } ? example.ToDictionary(input => input.Key, input => input.Value.Shape.Dimensions.ToArray()) : null,
            PeakMemory = PeakMemory(),
            DeviceMemory = onGpu ? DeviceMemory() : null,
            CacheBytes = workload.CacheBytes * request.Concurrency,
            WeightBytes = WeightBytes(prepared),
            Joules = meter.Name is null ? null : Math.Max(0, joules - (idleWatts ?? 0) * report.Seconds),
            IdleWatts = idleWatts,
            EnergySource = meter.Name,
            EnergyAbsence = meter.Absence,
            Threads = request.Threads > 0 ? request.Threads : new OpenOptions(options).Workers,
            Providers = Providers(opened.Session, workload, cancellationToken),
            Disturbances = disturbances,
        };
    }

    /// <summary>What a load says of itself.</summary>
    /// <param name="objectives">That were set for it; null for none.</param>
    internal static LaunchReport Report(LoadResult result, GoodputObjectives? objectives)
    {
        var recording = result.Recording;
        var stride = recording.Callers.Max(caller => caller.Stride);
        var tally = new RequestTally(objectives);
        foreach (var caller in recording.Callers)
            tally.Add(caller.TallyUntil(recording.MeasuringEnd));
        return new LaunchReport
        {
            WarmUpSeconds = recording.WarmUpSeconds,
            IsWarm = recording.IsWarm,
            IsPrecise = recording.IsPrecise,
            Seconds = NanosecondClock.Seconds(recording.MeasuringEnd - recording.MeasuringStart),
            Count = tally.Count,
            Due = result.Due,
            Failures = recording.Failures,
            Windows = recording.Windows,
            Samples = Series(recording.Callers, recording.WindowEnds, stride),
            Moments = tally.Moments,
            Good = objectives is null ? null : tally.Good,
            All = stride > 1 ? recording.Measured : null,
        };
    }

    /// <summary>The samples that were kept, window by window. Of callers that kept more than others so many are taken as these have: each value stands for as many requests.</summary>
    /// <param name="ends">Of windows.</param>
    /// <param name="stride">The greatest of a caller.</param>
    internal static List<SampleSeries> Series(IReadOnlyList<CallerSamples> callers, IReadOnlyList<long> ends, int stride)
    {
        var latencies = Lists(ends.Count);
        var (first, each) = (Lists(ends.Count), Lists(ends.Count));
        foreach (var caller in callers)
        {
            var tokens = caller.Tokens;
            var window = 0;
            for (var i = 0; i < caller.Samples.Length; i += stride / caller.Stride)
            {
                var (end, latency) = caller.Samples[i];
                while (window < ends.Count && end > ends[window])
                    window++;
                if (window == ends.Count)
                    break;
                latencies[window].Add(latency);
                if (tokens.IsEmpty)
                    continue;
                first[window].Add(tokens[i].First);
                if (tokens[i].Each is { } time)
                    each[window].Add(time);
            }
        }
        var series = new List<SampleSeries> { Of(Metric.Latency, latencies) };
        if (first.Any(list => list.Count > 0))
            series.Add(Of(Metric.TimeToFirstToken, first));
        if (each.Any(list => list.Count > 0))
            series.Add(Of(Metric.TimePerOutputToken, each));
        return series;

        static List<long>[] Lists(int count)
        {
            var lists = new List<long>[count];
            for (var i = 0; i < count; i++)
                lists[i] = [];
            return lists;
        }

        SampleSeries Of(Metric metric, List<long>[] values) => new(metric, [new LaunchSamples(stride, Array.ConvertAll(values, list => list.ToArray()))]);
    }

    private static PipelineModel OpenSession(PreparedModel prepared, ProjectFile? project, LaunchRequest request, CancellationToken cancellationToken)
    {
        var options = new SessionOptions
        {
            ExternalWeightsFolder = prepared.Variant.WeightsFolder,
            IntraOpThreads = request.Threads,
            ExecutionProviders = request.Provider is { } provider ? [new ExecutionProvider(provider)] : project is { Runtime.Backend: not null } ? [ProjectSession.Provider(project)] : [],
        };
        var session = prepared.Graph is { } graph ? InferenceSession.Open(graph.Span, options, cancellationToken)
            : InferenceSession.Open(prepared.Variant.ModelPath, options, cancellationToken);
        try
        {
            var overrides = project is null ? null : ProjectSession.Overrides(project, prepared.Files, session);
            return new PipelineModel(prepared.Manifest.Model.ToString(), prepared.Files, session, overrides: overrides);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private async Task<PipelineModel> OpenPipelineAsync(ModelReference model, PrepareOptions options, ProjectFile? project, LaunchRequest request, CancellationToken cancellationToken)
    {
        var pipeline = await library.OpenAsync(model, new OpenOptions(options, request.Task) { Provider = request.Provider, Project = project, Threads = request.Threads }, progress: null, cancellationToken);
        return pipeline.Model;
    }

    private double? IdleWatts(bool onGpu)
    {
        using var meter = new EnergyMeter("/", onGpu, clock);
        if (meter.Name is null)
            return null;
        var started = clock.GetTimestamp();
        Thread.Sleep(IdleTime);
        return meter.Joules() / clock.GetElapsedTime(started).TotalSeconds;
    }

    private static long? PeakMemory()
    {
        if (SystemFile.Lines("/proc/self/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) is { } line
            && long.TryParse(line.AsSpan("VmHWM:".Length).TrimEnd("kB "), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var kibibytes))
            return kibibytes << 10;
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64 > 0 ? self.PeakWorkingSet64 : null;
    }

    private static long? DeviceMemory() => NvidiaTool.Processes().Where(process => process.Process == Environment.ProcessId).Sum(process => process.Bytes) is > 0 and var bytes ? bytes : null;

    // The graph names weights in other files; where it holds them itself, it is their file.
    private static long WeightBytes(PreparedModel prepared) => prepared.Variant.Weights.Count > 0 ? prepared.Variant.Weights.Sum(weight => weight.SizeBytes)
        : new FileInfo(prepared.Variant.ModelPath) is { Exists: true } file ? file.Length : 0;

    private static List<ProviderShare> Providers(InferenceSession session, Workload workload, CancellationToken cancellationToken)
    {
        if (workload.Example is not { } example)
            return [];
        var nodes = session.ReportProviders(example, cancellationToken).Nodes;
        var all = Math.Max(1, nodes.Sum(node => node.Time.Ticks));
        return [.. nodes.GroupBy(node => node.Provider).Select(group => new ProviderShare(group.Key, group.Count(), (double)group.Sum(node => node.Time.Ticks) / all))
            .OrderByDescending(share => share.TimeShare)];
    }

    /// <summary>What is asked of an open model.</summary>
    private sealed record Workload(string Task, IRequests Requests) : IDisposable
    {
        public int? InputTokens { get; init; }
        public int? OutputTokens { get; init; }
        public string? Description { get; init; }
        public long? CacheBytes { get; init; }

        /// <summary>Inputs of one run, to see which nodes run where; null where none can be made.</summary>
        public IReadOnlyDictionary<string, Tensor>? Example { get; init; }

        public static Workload Of(PipelineModel model, string task, LaunchRequest request, TimeProvider clock, CancellationToken cancellationToken)
        {
            var generates = task == "text-generation" && GenerationRequests.Fit(model.Session);
            int? newTokens = generates ? NewTokens(model, request) : null;
            if (request.IsEndToEnd)
            {
                var requests = new PipelineRequests(PipelineCatalog.Create(task, model), generates ? BenchmarkInputs.Length(model, request.Sequence, newTokens ?? 0) : request.Sequence, newTokens, request.Seed, clock);
                return new Workload(task, requests) { InputTokens = requests.Tokens, OutputTokens = newTokens, Description = requests.Description };
            }
            if (newTokens is not { } count)
            {
                var inputs = BenchmarkInputs.Make(model, request.Batch, request.Sequence, request.Seed);
                return new Workload(task, new SessionRequests(model.Session, inputs.Tensors, request.Concurrency))
                {
                    InputTokens = inputs.Tokens, Description = inputs.Description, Example = inputs.Tensors,
                };
            }
            var length = BenchmarkInputs.Length(model, request.Sequence, count);
            var made = BenchmarkInputs.Make(model, request.Batch, length, request.Seed);
            var ids = made.Tensors["input_ids"].ElementType == ElementType.Int64 ? Array.ConvertAll(made.Tensors["input_ids"].AsSpan<long>().ToArray(), id => (int)id)
                : made.Tensors["input_ids"].AsSpan<int>().ToArray();
            var attended = new bool[ids.Length];
            attended.AsSpan().Fill(true);
            var prompt = new TokenBatch(request.Batch, length, ids, attended);
            return new Workload(task, new GenerationRequests(model.Session, model.Files, prompt, count, request.Concurrency, clock, cancellationToken))
            {
                InputTokens = length, OutputTokens = count, Example = made.Tensors, CacheBytes = GenerationRequests.CacheBytes(model.Session, request.Batch, length + count),
            };
        }

        /// <exception cref="UnfitWorkloadException">Something was asked for that this workload does not have, and would be measured without a word otherwise.</exception>
        public void RequireMeaning(LaunchRequest request, string model)
        {
            if (OutputTokens is null && request.Objectives is { NeedTokens: true } objectives)
                throw new UnfitWorkloadException($"{model} generates no tokens that could keep '{objectives}'.", "Bound the latency alone: --goodput latency=50ms.");
            if (OutputTokens is null && (request.NewTokens is not null || request.Task == "text-generation"))
                throw new UnfitWorkloadException($"{model} generates no tokens.", "Leave out --tokens and --task text-generation.");
            if (InputTokens is null && request.Sequence is not null)
                throw new UnfitWorkloadException($"{model} takes no tokens.", "Leave out --sequence.");
        }

        public void Dispose() => (Requests as IDisposable)?.Dispose();

        // Half of the positions are left to the prompt where nobody says otherwise.
        private static int NewTokens(PipelineModel model, LaunchRequest request) => request.NewTokens
            ?? Math.Min(BenchmarkInputs.UsualNewTokens, Math.Max(1, BenchmarkInputs.Positions(model) is { } positions ? request.Sequence is { } asked ? positions - asked : positions / 2 : int.MaxValue));
    }
}
