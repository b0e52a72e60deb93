using Gpux.Conversion.Architectures;
using Gpux.Conversion.Architectures.Text;
using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Architectures.Torchvision;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Precision;
using Gpux.Conversion.SentenceTransformers;
using Gpux.Onnx;
using Gpux.Onnx.Building;

namespace Gpux.Conversion;

/// <summary>Turns a checkpoint into an ONNX graph whose weights are the checkpoint itself.</summary>
public static class Converter
{
    public const string ModelFile = "model.onnx";
    public const string DataFile = "model.onnx.data";

    // An ONNX file holds at most 2 GiB, of which weights must leave some to the graph.
    private const long LargestEmbeddedBytes = 2_000_000_000;

    // What a graph file may hold of weights that cannot lie beside it: it is read whole when the model is opened.
    private const long MostInlineBytes = 256 << 20;

    /// <summary>The version that graph files name as their producer.</summary>
    public static string Version { get; } = typeof(Converter).Assembly.GetName().Version!.ToString(3); // the build sets one

    /// <summary>Changes whenever the same checkpoint might give another graph: with every change of this library's code.</summary>
    public static Guid Fingerprint => typeof(Converter).Module.ModuleVersionId;

    /// <summary>The families that can be built: model_type and a well-known repository of it.</summary>
    public static IEnumerable<(string ModelType, string Example, IReadOnlyList<string> Classes)> Supported =>
        ArchitectureCatalog.All.Select(architecture => (architecture.ModelType, architecture.Example,
            (IReadOnlyList<string>)[.. architecture.Heads.Select(head => head.ClassName)]));

    /// <summary>The classes that can be built: family, class as config.json states it, and what it is for.</summary>
    public static IEnumerable<(string ModelType, string ClassName, string Task)> SupportedClasses =>
        ArchitectureCatalog.All.SelectMany(architecture => architecture.Heads.Select(head => (architecture.ModelType, head.ClassName, head.Task)));

    /// <summary>The architectures of timm that can be built, by the names that its create_model and config.json know.</summary>
    public static IEnumerable<string> SupportedTimmArchitectures => TimmCatalog.All.SelectMany(family => family.Names);

    /// <summary>Builds the graph. Reads config.json and the headers of weight files, no weights.</summary>
    /// <param name="files">Of a weight file the header is enough: a sparse file of the right size will do.</param>
    /// <exception cref="UnsupportedModelException">Nothing builds such a model; says what is missing.</exception>
    /// <exception cref="GpuxException">Configuration or weights are damaged, or contradict each other.</exception>
    public static ConversionPlan Plan(ModelFiles files, ConversionOptions options)
    {
        var sentence = SentenceModel.IsOne(files) && options.ClassName is null or "SentenceTransformer" ? SentenceModel.Load(files) : null;
        var encoderFiles = sentence?.EncoderFiles ?? files;
        var stateDict = TorchvisionModel.Describe([.. files.Names], options.ClassName, options.Arguments);
        var config = stateDict ?? ModelConfig.Load(encoderFiles);
        var (architecture, head) = Choose(config, sentence is null && stateDict is null ? options.ClassName : null, bodyOnly: sentence is not null);
        var graph = new GraphBuilder(head.ClassName, options.Target);
        var weights = new Weights(graph, sentence?.ReadEncoder() ?? CheckpointCatalog.Read(files), head.ClassName, options.Precision);
        var outputs = head.Build(graph, config, weights);
        weights.RequireAllAccountedFor();
        if (sentence is not null)
            outputs = sentence.Append(graph, outputs);
        foreach (var (name, value) in outputs)
            graph.Output(name, value);
        var model = graph.ToModel();
        PrecisionRewriter.Apply(model, options.Precision);
        var task = sentence is not null ? ModelTask.SentenceSimilarity
            : head.Task == ModelTask.TextClassification && options.ClassName is null or "CrossEncoder" && SentenceModel.IsRanker(files, config) ? ModelTask.TextRanking : head.Task;
        return new ConversionPlan(model, architecture.ModelType, sentence is null ? head.ClassName : "SentenceTransformer", task);
    }

    /// <summary>Finds out from config.json, or a state dict's name, whether something builds the model.</summary>
    /// <param name="published">The names of all files of the repository.</param>
    /// <param name="className">The class that the user names; null for the model's own.</param>
    /// <exception cref="UnsupportedModelException">Nothing does; says what is missing.</exception>
    public static void RequireSupported(ModelFiles configuration, IReadOnlyCollection<string> published, string? className)
    {
        if (TorchvisionModel.Describe(published, className) is { } stateDict)
        {
            Choose(stateDict, className: null, bodyOnly: false);
            return;
        }
        var sentence = SentenceModel.IsOne(configuration) ? SentenceModel.Load(configuration) : null;
        Choose(ModelConfig.Load(sentence?.EncoderFiles ?? configuration), className: null, bodyOnly: true);
    }

    /// <summary>Writes the graph of a plan as model.onnx, and what it says of itself; nothing is written if any part fails.</summary>
    /// <param name="plan">Used up: its tensors name the places of their elements afterwards.</param>
    /// <param name="files">The weight files, whole.</param>
    /// <param name="folder">Made if it is not there. Existing files of the same names are replaced.</param>
    /// <param name="metadata">What the file says of itself besides its graph.</param>
    public static ConversionResult Write(ConversionPlan plan, ModelFiles files, string folder, WeightStorage storage,
        IReadOnlyList<KeyValuePair<string, string>> metadata, IProgress<Progress>? progress = null)
    {
        Directory.CreateDirectory(folder);
        var weights = plan.Model.Graph.Initializers.FindAll(tensor => tensor.External is not null);
        var data = Path.Combine(folder, DataFile);
        var temporary = $"{data}.{Path.GetRandomFileName()}";
        try
        {
            var copied = storage == WeightStorage.Copied ? weights : weights.FindAll(tensor => tensor.External is PreparedData || IsMisaligned(tensor));
            var copiedBytes = copied.Count > 0 ? WeightCopier.Copy(copied, files, temporary, progress) : 0;
            foreach (var tensor in copied)
                tensor.External = tensor.External! with { Location = DataFile }; // WeightCopier has set it
            var left = weights.Except(copied).ToArray();
            string[] weightFiles = [.. left.Select(tensor => tensor.External!.Location).Distinct()]; // filtered above
            WeightPlacement placement;
            if (storage == WeightStorage.Referenced && copied.Count == 0)
                placement = WeightPlacement.Reference(files, weightFiles, folder);
            else
            {
                try
                {
                    placement = WeightPlacement.Link(files, weightFiles, folder);
                }
                catch (WeightPlacementException) when (storage == WeightStorage.Referenced && copiedBytes <= MostInlineBytes)
                {
                    // The weights lie on another file system than the graph: what is copied becomes a part of it.
                    placement = WeightPlacement.Reference(files, weightFiles, folder);
                    Inline(copied, temporary);
                    copiedBytes = 0;
                }
            }
            foreach (var tensor in left)
                tensor.External = tensor.External! with { Location = placement.Locations[tensor.External.Location] }; // filtered above
            Complete(plan, metadata);
            if (copiedBytes > 0)
                File.Move(temporary, data, overwrite: true);
            var path = Path.Combine(folder, ModelFile);
            OnnxWriter.Write(plan.Model, path);
            return new ConversionResult(path, placement.Folder, plan.Model.Graph.Nodes.Count,
                new FileInfo(path).Length + copiedBytes, left.Sum(tensor => tensor.External!.Length ?? 0)); // filtered above
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes a plan as one file with its weights inside. If that would be 2 GiB or more, where the format ends, the weights lie
    /// in a second file beside it, of the same name and ".data".</summary>
    /// <param name="plan">Used up: its tensors hold their elements, or name their places, afterwards.</param>
    /// <param name="files">The weight files, whole.</param>
    /// <param name="path">Replaced if it is there, or written to if it is no regular file (see <see cref="OutputFile"/>); its folder is made if it is not.</param>
    public static ConversionResult WriteFile(ConversionPlan plan, ModelFiles files, string path,
        IReadOnlyList<KeyValuePair<string, string>> metadata, IProgress<Progress>? progress = null) =>
        WriteFile(plan, files, path, metadata, int.MaxValue, progress);

    /// <param name="limitBytes">The largest file, in bytes.</param>
    internal static ConversionResult WriteFile(ConversionPlan plan, ModelFiles files, string path,
        IReadOnlyList<KeyValuePair<string, string>> metadata, long limitBytes, IProgress<Progress>? progress)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!; // a file lies in a folder
        Directory.CreateDirectory(folder);
        Complete(plan, metadata);
        var weights = plan.Model.Graph.Initializers.FindAll(tensor => tensor.External is not null);
        var data = $"{Path.GetFullPath(path)}.data";
        long copiedBytes = 0, modelBytes;
        if (OnnxWriter.Measure(plan.Model) + weights.Sum(tensor => tensor.External!.Length!.Value + EmbeddedWeights.HeaderBytes) <= limitBytes) // weights state their length
        {
            using var embedded = new EmbeddedWeights(weights, files);
            modelBytes = OutputFile.Write(path, whole => OnnxWriter.Write(plan.Model, whole));
        }
        else
        {
            var temporary = $"{data}.{Path.GetRandomFileName()}";
            try
            {
                copiedBytes = WeightCopier.Copy(weights, files, temporary, progress);
                foreach (var tensor in weights)
                    tensor.External = tensor.External! with { Location = Path.GetFileName(data) }; // WeightCopier has set it
                File.Move(temporary, data, overwrite: true);
                modelBytes = OutputFile.Write(path, whole => OnnxWriter.Write(plan.Model, whole));
            }
            finally
            {
                File.Delete(temporary);
            }
        }
        return new ConversionResult(path, folder, plan.Model.Graph.Nodes.Count, modelBytes + copiedBytes, MappedBytes: 0);
    }

    /// <summary>The graph of a plan as the bytes of model.onnx, its weights named where they lie, for where nothing can be written.</summary>
    /// <param name="plan">Used up: its tensors name the places of their elements afterwards.</param>
    public static (ReadOnlyMemory<byte> Graph, ConversionResult Result) WriteInMemory(
        ConversionPlan plan, ModelFiles files, IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        var mappedBytes = plan.MappedBytes;
        // Weights that are not used where they lie become a part of the graph.
        var arranged = new CheckpointData(files);
        if (plan.Model.Graph.Initializers.Sum(tensor => tensor.External is PreparedData ? tensor.External.Length : 0) > LargestEmbeddedBytes)
            throw new WeightPlacementException("The weights of this checkpoint cannot be used where they lie, and are too many to be held in memory.",
                "Name a folder that can be written in GPUX_HOME, or convert the model into one: gpux convert -o FOLDER.");
        foreach (var tensor in plan.Model.Graph.Initializers)
        {
            if (tensor.External is PreparedData prepared)
            {
                tensor.Data = prepared.ToBytes(arranged);
                tensor.External = null;
                mappedBytes -= tensor.Data.Length;
            }
        }
        var placement = WeightPlacement.Reference(files, plan.WeightFiles, Environment.CurrentDirectory);
        foreach (var tensor in plan.Model.Graph.Initializers)
            if (tensor.External is { } external)
                tensor.External = external with { Location = placement.Locations[external.Location] };
        Complete(plan, metadata);
        var graph = new MemoryStream();
        OnnxWriter.Write(plan.Model, graph);
        return (graph.GetBuffer().AsMemory(0, (int)graph.Length),
            new ConversionResult("", placement.Folder, plan.Model.Graph.Nodes.Count, graph.Length, mappedBytes));
    }

    /// <summary>Makes hard links to files under the names that they have in the repository.</summary>
    /// <exception cref="WeightPlacementException">The file system does not allow it, such as across two of them.</exception>
    public static void Link(ModelFiles files, IReadOnlyList<string> names, string folder)
    {
        Directory.CreateDirectory(folder);
        WeightPlacement.Link(files, names, folder);
    }

    private static void Complete(ConversionPlan plan, IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        plan.Model.ProducerName = "gpux";
        plan.Model.ProducerVersion = Version;
        plan.Model.Metadata.AddRange(metadata);
        OnnxChecker.ThrowIfInvalid(plan.Model);
    }

    // Moves tensors from the file they were copied to into the graph.
    private static void Inline(IReadOnlyList<OnnxTensor> copied, string data)
    {
        var bytes = File.ReadAllBytes(data);
        foreach (var tensor in copied)
        {
            var place = tensor.External!; // WeightCopier has set it
            tensor.Data = bytes.AsMemory((int)place.Offset, (int)place.Length!.Value); // and stated its length
            tensor.External = null;
        }
    }

    // Some processors cannot read numbers at addresses that are no multiple of their size.
    private static bool IsMisaligned(OnnxTensor tensor) => tensor.External!.Offset % (tensor.ElementType.BitSize() / 8) != 0; // of external tensors only

    /// <summary>Finds what builds a model, from config.json alone.</summary>
    private static (Architecture Architecture, Head Head) Choose(ModelConfig config, string? className, bool bodyOnly)
    {
        // A cross-encoder is a sequence classifier of its own configuration.
        className = className == "CrossEncoder" ? null : className;
        var isTimm = TimmModel.IsOne(config);
        var stated = className ?? (isTimm ? TimmModel.ClassOf(config) : config.Architectures is [var first, ..] ? first : null);
        var architecture = isTimm ? TimmModel.Architecture : config.ModelType.Length > 0 ? ArchitectureCatalog.Find(config.ModelType)
            // The first configurations state no model_type: the class tells the family. The very first are BERT's, and state neither.
            : stated is null && config.Has("type_vocab_size") && config.Has("num_hidden_layers") ? Bert.Architecture
            : ArchitectureCatalog.All.FirstOrDefault(candidate => candidate.Heads.Any(head => head.ClassName == stated));
        if (architecture is null)
            throw UnknownFamily(config, stated);
        if (architecture == TimmModel.Architecture)
            TimmCatalog.Find(TimmArguments.EntryOf(config));
        if (bodyOnly || stated is null)
            return (architecture, architecture.Heads[0]);
        return architecture.Heads.FirstOrDefault(head => head.ClassName == stated) is { } found ? (architecture, found)
            : throw new UnsupportedModelException($"The class '{stated}' of the family '{architecture.ModelType}' is not built.",
                $"Classes that are: {string.Join(", ", architecture.Heads.Select(head => head.ClassName))}. Name one of them with --class if the weights fit it.");
    }

    private static UnsupportedModelException UnknownFamily(ModelConfig config, string? className)
    {
        var name = config.ModelType.Length > 0 ? config.ModelType : className ?? "";
        var known = ArchitectureCatalog.All.Select(architecture => architecture.ModelType).ToArray();
        var closest = known.Where(type => name.Length > 0 && (name.Contains(type, StringComparison.OrdinalIgnoreCase) || type.Contains(name, StringComparison.OrdinalIgnoreCase))).ToArray();
        return new UnsupportedModelException(
            name.Length > 0 ? $"Models of type '{name}' are not built yet." : "config.json states neither model_type nor architectures.",
            $"Take a model of one of the {known.Length} families that are built (docs/support.md){(closest.Length > 0 ? $", such as {string.Join(" or ", closest.Take(3))}" : "")}; "
                + "there is most often a fine-tuned one for the same task.");
    }
}

/// <param name="ModelPath">The graph file.</param>
/// <param name="WeightsFolder">What the graph's names of weight files are relative to.</param>
/// <param name="WrittenBytes">The size of the graph file, and of copied weights.</param>
/// <param name="MappedBytes">The size of weights that stay where they lie.</param>
public sealed record ConversionResult(string ModelPath, string WeightsFolder, int NodeCount, long WrittenBytes, long MappedBytes);
