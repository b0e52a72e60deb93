using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gpux.Conversion;
using Gpux.Conversion.Precision;
using Gpux.Models.Detection;
using Gpux.Models.Precision;
using Gpux.Models.Projects;
using Gpux.Models.Pulling;
using Gpux.Models.Suitability;
using Gpux.Models.Verification;
using Gpux.Onnx.Building;
using Gpux.Registries;
using Gpux.Registries.Store;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Models;

/// <param name="Lookup">Whom to ask what the reference means.</param>
/// <param name="Target">Which operators a graph may use.</param>
/// <param name="ClassName">The class to build; null for the one that the model states.</param>
public sealed record PrepareOptions(Lookup Lookup = Lookup.PreferStore, GraphTarget Target = GraphTarget.Cpu, string? ClassName = null)
{
    /// <summary>Which of several copies of the weights to use; null for the one that is best read.</summary>
    public WeightsChoice? Weights { get; init; }

    /// <summary>What the weights are stored in. Less than the published precision is measured against it.</summary>
    public WeightPrecision Precision { get; init; }

    /// <summary>Whether a precision that does more damage than its bound allows is kept all the same.</summary>
    public bool AllowsDamage { get; init; }

    internal ConversionOptions Conversion => new(Target, ClassName, Precision);
}

/// <param name="Task">The task to do; null for the one that the model is for.</param>
public sealed record OpenOptions(PrepareOptions Prepare, string? Task = null)
{
    /// <summary>An execution provider to prefer to the CPU; null for none.</summary>
    public string? Provider { get; init; }

    /// <summary>The gpux.yml to follow, where the options above say nothing; null for none.</summary>
    public ProjectFile? Project { get; init; }

    /// <summary>Whether a computation that falls back to the CPU is an error.</summary>
    public bool RequireGpu { get; init; }

    /// <summary>Whether one input is all that the model will answer: its weights are then used as they lie in the file, which opens
    /// ten times as fast and runs 10 to 20 % slower.</summary>
    public bool IsForOneInput { get; init; }

    /// <summary>Threads of the CPU; 0 for one on each core.</summary>
    public int Threads { get; init; }

    /// <summary>Whether many inputs will be answered side by side: where the task can, each run then takes one thread.</summary>
    public bool IsForManyInputs { get; init; }

    /// <summary>How many runs to have side by side for many inputs: one on each core; on another device one.</summary>
    public int Workers => HasDevice ? 1 : Threads > 0 ? Threads : Processors.DefaultThreads is > 0 and var cores ? cores : Environment.ProcessorCount;

    internal bool HasDevice => Provider is not null || Project?.Runtime.Backend is not null;
}

/// <summary>A model that is here, converted and ready to open.</summary>
/// <param name="Files">Its published files that are here.</param>
/// <param name="Conversion">What was built just now; null if it was ready before.</param>
public sealed record PreparedModel(ResolvedModel Resolved, ModelFiles Files, Variant Variant, ConversionResult? Conversion)
{
    public ModelManifest Manifest => Resolved.Manifest;

    /// <summary>The graph file itself, where there is no place to write it; null if it is at the variant's path.</summary>
    public ReadOnlyMemory<byte>? Graph { get; init; }
}

/// <summary>The calls that the command line, the server and the benchmarks share: from what a user calls a model to one that runs.</summary>
public sealed class ModelLibrary : IDisposable
{
    private static readonly string[] TokenizerFiles = ["tokenizer.json", "vocab.txt", "vocab.json", "0_Transformer/tokenizer.json", "0_Transformer/vocab.txt"];
    private readonly RegistryEnvironment _environment;

    public ModelLibrary(RegistryEnvironment environment)
    {
        _environment = environment;
        Store = new ModelStore(environment);
        Configurations = new HubConfigurations(environment, Store);
    }

    public ModelStore Store { get; }

    /// <summary>What ONNX files need besides their graphs.</summary>
    public HubConfigurations Configurations { get; }

    /// <summary>Where embeddings of files are kept; described in docs/guides/embeddings.md.</summary>
    public string EmbeddingsFolder => Path.Combine(Store.Layout.Home.Path, "embeddings");

    /// <summary>The database of benchmark results that is used where none is named.</summary>
    public string BenchmarksFile => Path.Combine(Store.Layout.Home.Path, "benchmarks.duckdb");

    /// <summary>The program's version, as files that it writes state it.</summary>
    public static string Version => Converter.Version;

    /// <summary>Sees to it that a model is here and converted. What was done before is not done again.</summary>
    /// <exception cref="UnsupportedModelException">Nothing builds it; told before any weights are fetched.</exception>
    /// <exception cref="GpuxException">It cannot be found, fetched or converted.</exception>
    public async Task<PreparedModel> PrepareAsync(
        ModelReference model, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        if (OnnxVariant.Find(model) is { } graph)
            return await OnnxVariant.PrepareAsync(graph, Configurations, progress, cancellationToken);
        return await PrepareAsync(await Store.ResolveAsync(model, options.Lookup, progress, cancellationToken), options, progress, cancellationToken);
    }

    private async Task<PreparedModel> PrepareAsync(
        ResolvedModel resolved, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var folder = VariantFolder(resolved.Manifest, options);
        if (Ready(resolved, folder) is { } ready)
            return ready;
        resolved = await WithEveryFileAsync(resolved, progress, cancellationToken);
        // The list of all files, which may be here only now, decides whether a choice of weights matters.
        folder = VariantFolder(resolved.Manifest, options);
        resolved = Unpacked(resolved);
        RequireChosen(resolved, options.Weights);
        var configuration = await FetchConfigurationAsync(resolved, options.Weights, progress, cancellationToken);
        IReadOnlyCollection<string> weights;
        ShippedGraph? shipped = null;
        try
        {
            weights = await PlanBeforeFetchAsync(resolved, configuration, options, progress, cancellationToken);
        }
        catch (GpuxException refusal) when (IsRefusal(refusal) && options.ClassName is null && (shipped = ShippedGraph.Find(resolved.Manifest, configuration)) is not null)
        {
            weights = [.. shipped.Files];
        }
        var files = await Store.FetchAsync(resolved, WithConfiguration(resolved, options.Weights, weights), progress, cancellationToken);
        try
        {
            using var alone = await Store.LockAsync(resolved.Manifest, cancellationToken);
            return Ready(resolved, folder) ?? (shipped is null ? Convert(resolved, files, folder, options, progress, cancellationToken) : Link(resolved, files, folder, shipped));
        }
        catch (NotWritableException) when (shipped is { Companions.Count: 0 })
        {
            return new PreparedModel(resolved, files, VariantOf("", files.Require(shipped.File), shipped), Conversion: null);
        }
        catch (NotWritableException)
        {
            // A home that may only be read still serves what is in it.
            return ConvertInMemory(resolved, files, options);
        }
    }

    /// <summary>Says what a pull would fetch. Only the configuration's small files are fetched for it.</summary>
    public async Task<PullPlan> PlanPullAsync(
        ModelReference model, PullOptions pull, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var resolved = await WithEveryFileAsync(await Store.ResolveAsync(model, options.Lookup, progress, cancellationToken), progress, cancellationToken);
        var (weights, refusal) = await FindWeightsAsync(resolved, options, progress, cancellationToken);
        var published = resolved.Manifest.Files;
        var selection = pull.IsChosen ? FileSelection.Matching(published, pull.Include, pull.Exclude) : FileSelection.Needed(published, weights);
        if (selection.Wanted.Count == 0)
            throw new NothingToFetchException(resolved.Manifest.Model.ToString(),
                published.Count == 0 ? "the registry lists no files." : "no file is left by what --include and --exclude say.");
        if (refusal is null && weights?.FirstOrDefault(weight => !selection.Wanted.Any(file => file.Path == weight)) is { } lacking)
            refusal = new MissingFileException(resolved.Manifest.Model.ToString(), lacking);
        return new PullPlan(resolved, selection, refusal) { Download = Store.PlanFetch(resolved, selection.Wanted) };
    }

    /// <summary>Fetches a model and, where something can, makes it ready to run.</summary>
    /// <exception cref="GpuxException">It cannot be found or fetched.</exception>
    public async Task<PulledModel> PullAsync(
        ModelReference model, PullOptions pull, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var plan = await PlanPullAsync(model, pull, options, progress, cancellationToken);
        var files = await Store.FetchAsync(plan.Resolved, plan.Selection.Wanted, progress, cancellationToken);
        var (prepared, refusal) = (default(PreparedModel), plan.Refusal);
        // What an archive holds is known only now.
        if (refusal is null || plan.Selection.Wanted.Any(file => file.IsArchive))
        {
            try
            {
                (prepared, refusal) = (await PrepareAsync(plan.Resolved, options, progress, cancellationToken), null);
            }
            catch (GpuxException exception) when (refusal is not null && IsRefusal(exception))
            {
                refusal = exception;
            }
        }
        return new PulledModel(plan, pull.IsChosen || prepared is null ? files : prepared.Files, prepared, refusal)
        {
            TestData = await TestDataCheck.RunAsync(Store, plan.Resolved, fetch: false, progress, cancellationToken),
        };
    }

    // As the registry lists it, but what archives hold in place of those that are here.
    private ResolvedModel Unpacked(ResolvedModel resolved) => !resolved.Manifest.Files.Any(file => file.IsArchive) ? resolved
        : resolved with { Manifest = Store.Unpacked(resolved.Manifest), FromStore = true };

    /// <summary>Says what a model is and takes, from configuration and headers, without fetching weights.</summary>
    public async Task<ModelDescription> DescribeAsync(
        ModelReference model, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var resolved = await WithEveryFileAsync(await Store.ResolveAsync(model, options.Lookup, progress, cancellationToken), progress, cancellationToken);
        var configuration = new ModelFiles(new Dictionary<string, string>(), resolved.Manifest.Model.ToString());
        try
        {
            configuration = await FetchConfigurationAsync(resolved, options.Weights, progress, cancellationToken);
            using var standIns = new HeaderStandIns();
            var files = await WithHeadersAsync(resolved, configuration, options.Weights, options.ClassName, standIns, mayFetch: false, progress, cancellationToken);
            var plan = Converter.Plan(files, options.Conversion);
            return Describe(plan, null, FileSelection.Needed(resolved.Manifest.Files, plan.WeightFiles));
        }
        catch (GpuxException refusal) when (IsRefusal(refusal) || refusal is GatedModelException)
        {
            return ShippedGraph.Find(resolved.Manifest, configuration) is { } shipped
                ? Describe(null, null, FileSelection.Needed(resolved.Manifest.Files, [.. shipped.Files])) with { Shipped = shipped.File, ShippedTask = shipped.Task }
                : Describe(null, refusal, FileSelection.Needed(resolved.Manifest.Files));
        }

        ModelDescription Describe(ConversionPlan? plan, GpuxException? refusal, FileSelection selection) =>
            new(resolved, plan, refusal, selection) { Config = ModelDescription.ReadConfig(configuration) };
    }

    /// <summary>Fetches a model's files but its weights: configuration, tokenizer, processor.</summary>
    public async Task<(ResolvedModel Resolved, ModelFiles Files)> FetchConfigurationAsync(
        ModelReference model, Lookup lookup, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var resolved = await WithEveryFileAsync(await Store.ResolveAsync(model, lookup, progress, cancellationToken), progress, cancellationToken);
        return (resolved, await FetchConfigurationAsync(resolved, weights: null, progress, cancellationToken));
    }

    /// <summary>Fetches a model's configuration and weights, after it is certain that they can be converted.</summary>
    public async Task<(ResolvedModel Resolved, ModelFiles Files)> FetchAsync(
        ModelReference model, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken) => await FetchNeededAsync(
            await Store.ResolveAsync(model, options.Lookup, progress, cancellationToken), options, progress, cancellationToken);

    /// <summary>Converts a model into a folder of the user's, with the files that its tokenizer and processor are read from.</summary>
    /// <returns>With what the precision costs; null for the published one.</returns>
    /// <exception cref="PrecisionDamageException">The precision does more damage than its bound allows. Nothing is written.</exception>
    public async Task<(ConversionPlan Plan, ConversionResult Result, PrecisionProof? Proof)> ConvertAsync(ModelReference model, PrepareOptions options, string folder,
        WeightStorage storage, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var (resolved, files) = await FetchAsync(model, options, progress, cancellationToken);
        var plan = Converter.Plan(files, options.Conversion);
        try
        {
            var metadata = Metadata(resolved.Manifest, files, plan);
            var (result, proof) = (default(ConversionResult), default(PrecisionProof));
            if (options.Precision == WeightPrecision.Float32)
                result = Converter.Write(plan, files, folder, storage, metadata, progress);
            else
                (result, proof) = WriteProved(resolved.Manifest, plan, files, folder, options, metadata, progress, cancellationToken);
            CopyConfiguration(resolved.Manifest, files, folder);
            return (plan, result, proof);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(folder, exception);
        }
    }

    // Beside its folder until it is known to be good.
    private static (ConversionResult, PrecisionProof) WriteProved(ModelManifest manifest, ConversionPlan plan, ModelFiles files, string folder, PrepareOptions options,
        IReadOnlyList<KeyValuePair<string, string>> metadata, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var unfinished = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))}.{Path.GetRandomFileName()}";
        try
        {
            // What is not smaller is copied too, lest a link keep the published file alive for it.
            var result = Converter.Write(plan, files, unfinished, WeightStorage.Copied, metadata, progress);
            var proof = PrecisionMeasurement.Measure(manifest, files, options, result, progress, cancellationToken).Require(options.AllowsDamage);
            proof.Write(unfinished);
            foreach (var file in Directory.GetFiles(unfinished, "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(folder, Path.GetRelativePath(unfinished, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!); // a file lies in a folder
                File.Move(file, target, overwrite: true);
            }
            return (result with { ModelPath = Path.Combine(folder, Converter.ModelFile), WeightsFolder = folder }, proof);
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }
    }

    /// <summary>Converts a model into one ONNX file, which says of itself which model it was made of; above 2 GiB its weights lie in a
    /// second file beside it.</summary>
    /// <param name="path">The file to write, which is replaced if it is there.</param>
    /// <param name="verifyHub">Whether the Hub must have the model, and call the commit that is recorded by the revision that was asked for.</param>
    /// <exception cref="HubVerificationException">The Hub does not confirm it. Nothing is written.</exception>
    public async Task<(ConversionPlan Plan, ConversionResult Result)> ExportAsync(ModelReference model, PrepareOptions options, string path,
        bool verifyHub, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var resolved = await Store.ResolveAsync(model, options.Lookup, progress, cancellationToken);
        if (verifyHub)
            await VerifyAsync(resolved, progress, cancellationToken);
        (resolved, var files) = await FetchNeededAsync(resolved, options, progress, cancellationToken);
        var plan = Converter.Plan(files, options.Conversion);
        // For people, in programs that show graphs.
        plan.Model.DocString = $"{plan.ClassName} for {plan.Task}, made of {resolved.Manifest.Model} at commit {resolved.Manifest.Commit}.";
        try
        {
            return (plan, Converter.WriteFile(plan, files, path, Metadata(resolved.Manifest, files, plan), progress));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(path, exception);
        }
    }

    /// <summary>Makes a model ready to answer: here, converted, in a session, with its tokenizer.</summary>
    /// <exception cref="GpuxException">It cannot be found, fetched, converted or opened, or there is no pipeline for its task.</exception>
    public async Task<Pipeline> OpenAsync(
        ModelReference model, OpenOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var project = options.Project;
        var prepared = await PrepareAsync(model, options.Prepare with { Weights = options.Prepare.Weights ?? project?.Weights }, progress, cancellationToken);
        var task = options.Task ?? project?.Task ?? prepared.Variant.Task;
        if (!PipelineCatalog.Has(task))
            throw new UnsupportedTaskException(task, PipelineCatalog.Tasks);
        // The tokenizer is read while the session opens; whichever model needs none has no file for it.
        var tokenizer = TokenizerFiles.Any(name => prepared.Files.Find(name) is not null) && PipelineCatalog.TakesText(task)
            ? System.Threading.Tasks.Task.Run(() => PipelineModel.LoadTokenizer(prepared.Files), cancellationToken) : null;
        var session = new SessionOptions
        {
            ExternalWeightsFolder = prepared.Variant.WeightsFolder,
            // Runs side by side do not wait for each other, as threads do that share the work of one.
            IntraOpThreads = options.IsForManyInputs && !options.HasDevice && PipelineCatalog.TakesBatches(task) ? 1 : options.Threads,
            RequireGpu = options.RequireGpu,
            // A generated text is many runs.
            DisablePrepacking = options.IsForOneInput && task != ModelTask.TextGeneration,
            ExecutionProviders = options.Provider is { } provider ? [new ExecutionProvider(provider)]
                : project is { Runtime.Backend: not null } ? [ProjectSession.Provider(project)] : [],
        };
        var opened = prepared.Graph is { } graph ? InferenceSession.Open(graph.Span, session, cancellationToken)
            : InferenceSession.Open(prepared.Variant.ModelPath, session, cancellationToken);
        try
        {
            var overrides = project is null ? null : ProjectSession.Overrides(project, prepared.Files, opened);
            return PipelineCatalog.Create(task, new PipelineModel(project?.Title ?? prepared.Manifest.Model.ToString(), prepared.Files, opened, tokenizer, overrides)
            {
                Identity = $"{prepared.Manifest.Model} {prepared.Manifest.Commit} {Path.GetFileName(prepared.Variant.Folder)}",
            });
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>What an ONNX file says of the model that it was made of.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata(ModelManifest manifest, ModelFiles files, ConversionPlan plan)
    {
        var metadata = new List<KeyValuePair<string, string>>();
        void Add(string key, string? value)
        {
            if (value is not null)
                metadata.Add(new(key, value));
        }
        var properties = manifest.Properties;
        var isOnHub = manifest.Model.Registry == ModelReference.HuggingFace;
        Add("hf_hub_id", isOnHub ? manifest.Model.Name
            : properties.GetValueOrDefault(Registries.Local.LocalRegistry.HubId) ?? manifest.Model.ToString());
        Add("hf_hub_revision", properties.GetValueOrDefault(Registries.Local.LocalRegistry.HubRevision) ?? manifest.Commit);
        Add("hf_model_type", isOnHub || properties.ContainsKey(Registries.Local.LocalRegistry.HubId) ? "hub" : "local");
        Add("hf_export_version", $"gpux {Converter.Version}");
        Add("hf_export_timestamp", ExportTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        Add("hf_pipeline_tag", plan.Task);
        foreach (var (key, property) in (ReadOnlySpan<(string, string)>)[("hf_library_name", "library_name"), ("hf_base_model", "base_model"),
            ("hf_model_downloads", "downloads"), ("hf_model_likes", "likes"), ("hf_private", "private"), ("hf_gated", "gated")])
            Add(key, properties.GetValueOrDefault(property));
        Add("hf_license", manifest.Licence);
        Add("hf_class", plan.ClassName);
        // With it the file alone is enough to know labels and limits.
        Add("hf_config", files.Find("config.json") is { } config && new FileInfo(config).Length <= 1 << 20 ? File.ReadAllText(config) : null);
        return metadata;
    }

    public void Dispose() => _environment.Dispose();

    private async Task VerifyAsync(ResolvedModel resolved, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var (manifest, isHub) = (resolved.Manifest, resolved.Manifest.Model.Registry == ModelReference.HuggingFace);
        // A folder of a Hub cache is of one commit, whatever branches mean by now.
        var source = new ModelSource(SourceKind.Hub, resolved.Asked.ToString())
        {
            Id = isHub ? manifest.Model.Name : manifest.Properties.GetValueOrDefault(Registries.Local.LocalRegistry.HubId),
            Commit = isHub ? manifest.Commit : manifest.Properties.GetValueOrDefault(Registries.Local.LocalRegistry.HubRevision),
            Revision = isHub ? resolved.Asked.Revision ?? "main" : null,
        };
        if (source.Id is null)
            throw new HubVerificationException(source, "it is no model of the Hub.");
        var answer = await source.VerifyAsync(Store, progress, cancellationToken);
        if (answer.Verification != HubVerification.Verified)
            throw new HubVerificationException(answer, answer.Verification == HubVerification.OtherCommit
                ? $"commit {answer.Commit} would be recorded. {answer.VerificationNote}" : answer.VerificationNote ?? "it does not answer.");
    }

    private PreparedModel? Ready(ResolvedModel resolved, string folder)
    {
        if (Variant.Read(folder) is not { } variant)
            return null;
        Store.Touch(resolved.Manifest);
        return new PreparedModel(resolved, Store.FindFiles(resolved.Manifest), variant, Conversion: null);
    }

    // With the list of all files, which another client's cache may lack.
    private async Task<ResolvedModel> WithEveryFileAsync(ResolvedModel resolved, IProgress<Progress>? progress, CancellationToken cancellationToken) =>
        resolved.ListsEveryFile ? resolved : await Store.ResolveAsync(resolved.Asked, Lookup.Registry, progress, cancellationToken);

    /// <summary>Whether an error says that a model cannot be converted, rather than that something went wrong.</summary>
    internal static bool IsRefusal(GpuxException exception) => (int)exception.Code is >= 2000 and < 3000;

    private static void RequireChosen(ResolvedModel resolved, WeightsChoice? weights)
    {
        if (weights?.File is { } chosen && resolved.Manifest.Find(chosen) is null)
            throw new FileNotInModelException(resolved.Manifest, chosen);
    }

    private static ModelFile[] WithConfiguration(ResolvedModel resolved, WeightsChoice? choice, IReadOnlyCollection<string> weights) =>
        [.. Chosen(resolved, choice).Where(file => WeightFiles.IsConfiguration(file) || weights.Contains(file.Path))];

    // A graph that was published as such is used as it is.
    private PreparedModel Link(ResolvedModel resolved, ModelFiles files, string folder, ShippedGraph shipped)
    {
        Store.Write(() => InNewFolder(folder, unfinished =>
        {
            // External data is found beside the graph under its name there; a graph that is whole stays where it is.
            var path = files.Require(shipped.File);
            if (shipped.Companions.Count > 0)
            {
                Converter.Link(files, [.. shipped.Files], unfinished);
                path = Path.Combine(unfinished, shipped.File.Replace('/', Path.DirectorySeparatorChar));
            }
            VariantOf(unfinished, path, shipped).Write();
        }));
        Store.Record(resolved);
        return Ready(resolved, folder) ?? throw new InvalidOperationException($"The variant just written to {folder} cannot be read.");
    }

    private static Variant VariantOf(string folder, string path, ShippedGraph shipped)
    {
        var weights = Path.GetDirectoryName(path)!; // a file lies in a folder
        return new Variant(folder, path, shipped.Task, ClassName: null, weights,
            [.. shipped.Companions.Select(name => Path.GetFileName(name)).Append(Path.GetFileName(path))
                .Select(name => new WeightFile(name, new FileInfo(Path.Combine(weights, name)).Length))]);
    }

    // Complete or not there: the folder gets its name when everything is in it.
    private static void InNewFolder(string folder, Action<string> fill)
    {
        var unfinished = $"{folder}.{Path.GetRandomFileName()}";
        try
        {
            Directory.CreateDirectory(unfinished);
            fill(unfinished);
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            Directory.Move(unfinished, folder);
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }
    }

    // Configuration first; weights when it is certain that they can be used.
    private async Task<(ResolvedModel Resolved, ModelFiles Files)> FetchNeededAsync(
        ResolvedModel resolved, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        resolved = await WithEveryFileAsync(resolved, progress, cancellationToken);
        RequireChosen(resolved, options.Weights);
        var configuration = await FetchConfigurationAsync(resolved, options.Weights, progress, cancellationToken);
        var weights = await PlanBeforeFetchAsync(resolved, configuration, options, progress, cancellationToken);
        var files = await Store.FetchAsync(resolved, WithConfiguration(resolved, options.Weights, weights), progress, cancellationToken);
        return (resolved, files);
    }

    private static void CopyConfiguration(ModelManifest manifest, ModelFiles files, string folder)
    {
        foreach (var name in manifest.Files.Where(WeightFiles.IsConfiguration).Select(file => file.Path))
        {
            var target = Path.Combine(folder, name.Replace('/', Path.DirectorySeparatorChar));
            if (Path.GetFullPath(target) == Path.GetFullPath(files.Require(name)))
                continue; // the graph is written beside its model
            Directory.CreateDirectory(Path.GetDirectoryName(target)!); // a file lies in a folder
            File.Copy(files.Require(name), target, overwrite: true);
        }
    }

    private static IEnumerable<ModelFile> Chosen(ResolvedModel resolved, WeightsChoice? weights) =>
        weights?.Of(resolved.Manifest.Files) ?? resolved.Manifest.Files;

    private async Task<ModelFiles> FetchConfigurationAsync(
        ResolvedModel resolved, WeightsChoice? weights, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var wanted = Chosen(resolved, weights).Where(WeightFiles.IsConfiguration).ToArray();
        return await Store.FetchAsync(resolved, wanted, progress, cancellationToken);
    }

    // The weight files that a conversion reads, or why there is none.
    private async Task<(IReadOnlyCollection<string>? Weights, GpuxException? Refusal)> FindWeightsAsync(
        ResolvedModel resolved, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        ModelFiles? configuration = null;
        try
        {
            configuration = await FetchConfigurationAsync(resolved, options.Weights, progress, cancellationToken);
            return (await PlanBeforeFetchAsync(resolved, configuration, options, progress, cancellationToken), null);
        }
        catch (GpuxException refusal) when (IsRefusal(refusal))
        {
            return options.ClassName is null && configuration is not null && ShippedGraph.Find(resolved.Manifest, configuration) is { } shipped
                ? ([.. shipped.Files], null) : (null, refusal);
        }
    }

    // The weight files that are needed, after it is certain that they can be used.
    private async Task<IReadOnlyCollection<string>> PlanBeforeFetchAsync(
        ResolvedModel resolved, ModelFiles configuration, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        using var standIns = new HeaderStandIns();
        var files = await WithHeadersAsync(resolved, configuration, options.Weights, options.ClassName, standIns, mayFetch: true, progress, cancellationToken);
        return Converter.Plan(files, options.Conversion).WeightFiles;
    }

    private async Task<ModelFiles> WithHeadersAsync(
        ResolvedModel resolved, ModelFiles configuration, WeightsChoice? weights, string? className, HeaderStandIns standIns,
        bool mayFetch, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        string[] published = [.. Chosen(resolved, weights).Select(file => file.Path)];
        Converter.RequireSupported(configuration, published, className);
        var here = Store.FindFiles(resolved.Manifest);
        var paths = configuration.Names.ToDictionary(name => name, configuration.Require);
        foreach (var name in WeightFiles.Choose(configuration, published))
        {
            if (here.Find(name) is { } path)
            {
                paths[name] = path;
                continue;
            }
            var file = resolved.Manifest.Find(name) ?? throw new FileNotInModelException(resolved.Manifest, name);
            // What says nothing of itself without its weights is fetched first, and planned then.
            paths[name] = await standIns.MakeAsync(Store, resolved.Manifest, file, cancellationToken)
                ?? (!mayFetch ? throw new UnsupportedModelException($"'{name}' says nothing of itself before it is fetched as a whole.", "Pull the model to see whether it runs: gpux pull.")
                : await Store.FetchAsync(resolved, [file], progress, cancellationToken)).Require(name);
        }
        return new ModelFiles(paths, resolved.Manifest.Model.ToString());
    }

    private PreparedModel Convert(
        ResolvedModel resolved, ModelFiles files, string folder, PrepareOptions options, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var plan = Converter.Plan(files, options.Conversion);
        var metadata = Metadata(resolved.Manifest, files, plan);
        // By the names in the repository, which placing the graph replaces.
        var project = ProjectWriter.Write(resolved.Manifest, files, plan);
        ConversionResult? result = null;
        Store.Write(() => InNewFolder(folder, unfinished =>
        {
            result = Converter.Write(plan, files, unfinished, WeightStorage.Referenced, metadata, progress);
            (VariantOf(unfinished, result, plan) with { WeightsChoice = options.Weights?.Key(resolved.Manifest.Files), Precision = options.Precision }).Write();
            if (options.Precision != WeightPrecision.Float32)
                PrecisionMeasurement.Measure(resolved.Manifest, files, options, result, progress, cancellationToken).Require(options.AllowsDamage).Write(unfinished);
            File.WriteAllText(Path.Combine(unfinished, ProjectFile.FileName), project);
        }));
        Store.Record(resolved);
        var variant = Variant.Read(folder) ?? throw new InvalidOperationException($"The variant just written to {folder} cannot be read.");
        return new PreparedModel(resolved, files, variant, result! with { ModelPath = variant.ModelPath }); // Write has run
    }

    private PreparedModel ConvertInMemory(ResolvedModel resolved, ModelFiles files, PrepareOptions options)
    {
        var plan = Converter.Plan(files, options.Conversion);
        var (graph, result) = Converter.WriteInMemory(plan, files, Metadata(resolved.Manifest, files, plan));
        return new PreparedModel(resolved, files, VariantOf("", result, plan), result) { Graph = graph };
    }

    // The plan's graph is placed: its weight files are named relative to the weights' folder.
    private static Variant VariantOf(string folder, ConversionResult result, ConversionPlan plan) =>
        new(folder, result.ModelPath, plan.Task, plan.ClassName, result.WeightsFolder,
            [.. plan.WeightFiles.Select(location => new WeightFile(location, new FileInfo(Path.Combine(result.WeightsFolder, location)).Length))]);

    private string VariantFolder(ModelManifest manifest, PrepareOptions options) =>
        Path.Combine(Store.FolderOf(manifest), VariantName(options.Target, options.ClassName, options.Weights?.Key(manifest.Files), options.Precision));

    /// <summary>The name of a variant's folder, which changes with everything that changes the graph: options, and the code that builds
    /// it.</summary>
    internal static string VariantName(GraphTarget target, string? className, string? weightsChoice, WeightPrecision precision)
    {
        var key = $"{Converter.Fingerprint}|{typeof(GraphBuilder).Module.ModuleVersionId}|{target}|{className}{(weightsChoice is null ? "" : $"|{weightsChoice}")}{(precision == WeightPrecision.Float32 ? "" : $"|{precision}")}";
        var hash = System.Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 4));
        return $"{target.ToString().ToLowerInvariant()}-{hash}";
    }

    // Builds that must be repeatable to the byte set SOURCE_DATE_EPOCH (reproducible-builds.org).
    private DateTimeOffset ExportTime() => long.TryParse(_environment.Variable("SOURCE_DATE_EPOCH"), out var seconds)
        ? DateTimeOffset.FromUnixTimeSeconds(seconds) : _environment.Clock.GetUtcNow();
}

/// <summary>A folder or file that the user named cannot be written.</summary>
/// <param name="option">By which it was named.</param>
public sealed class OutputException(string path, Exception inner, string option = "-o") : GpuxException(ErrorCode.Output,
    $"'{path}' cannot be written: {inner.Message}", $"Name another place with {option}, or free some space.", inner);
