using System.Text.Json;
using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Verification;

/// <summary>What an original framework computed for a model, tokenizer or processor: docs/formats/reference-recording.md.</summary>
public sealed class Recording
{
    private readonly Checkpoint? _tensors;
    private readonly CheckpointData _data;

    private Recording(string folder, JsonElement root)
    {
        Folder = folder;
        Root = root;
        var files = new ModelFiles(new Dictionary<string, string> { [TensorFile] = Path.Combine(folder, TensorFile) }, folder);
        _data = new CheckpointData(files);
        _tensors = File.Exists(files.Require(TensorFile)) ? SafetensorsReader.Read(files, TensorFile) : null;
        Runs = [.. Entries("runs").Select(run => new RecordedRun(this, run))];
        Generations = [.. Entries("generation").Select(run => new RecordedRun(this, run))];
    }

    public const string DescriptionFile = "case.json";
    public const string TensorFile = "tensors.safetensors";

    public string Folder { get; }

    /// <summary>case.json as it is.</summary>
    public JsonElement Root { get; }
    public string Name => Text("name") ?? Path.GetFileName(Folder);

    /// <summary>What is judged: "models", "tokenizers", "processors" and so on.</summary>
    public string Area => Text("area") ?? "models";
    public string? Task => Text("task");
    public string? ModelType => Text("model_type");

    /// <summary>The class of the original library; null if none or several are stated.</summary>
    public string? ClassName => Text("class");

    /// <summary>What a class was called with that a state dict does not tell, as JSON; null where nothing is stated.</summary>
    public string? Arguments => Root.TryGetProperty("arguments", out var arguments) && arguments.ValueKind == JsonValueKind.Object ? arguments.GetRawText() : null;
    public Tolerance Tolerance => ReadTolerance(Root) ?? Tolerance.Exact;

    /// <summary>Whether a cached decoder must give the same logits token by token.</summary>
    public bool Stepwise => Root.TryGetProperty("steps", out var steps) && steps.ValueKind == JsonValueKind.True;

    /// <summary>Whether the original refuses the input, so that whatever reads it must refuse it too.</summary>
    public bool IsToBeRefused => Text("expect") == "refuse";
    public IReadOnlyList<RecordedRun> Runs { get; }
    public IReadOnlyList<RecordedRun> Generations { get; }

    /// <summary>The repository that was recorded, where it lies beside the recording.</summary>
    public string RepositoryFolder => Path.Combine(Folder, "repo");

    /// <summary>The path of a file that is named relative to the corpus, two folders up.</summary>
    /// <exception cref="InvalidRecordingException">The name leads out of the corpus.</exception>
    public string BesideArea(string file)
    {
        var corpus = Path.GetFullPath(Path.Combine(Folder, "..", ".."));
        var path = Path.GetFullPath(Path.Combine(corpus, file));
        return path.StartsWith(corpus + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? path
            : throw new InvalidRecordingException(Folder, $"it names '{file}', which is outside of the corpus");
    }

    /// <exception cref="InvalidRecordingException">No recording, or a damaged one.</exception>
    public static Recording Load(string folder)
    {
        var path = Path.Combine(folder, DescriptionFile);
        if (!File.Exists(path))
            throw new InvalidRecordingException(folder, $"there is no {DescriptionFile} in it");
        try
        {
            var root = JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var format) || format.GetInt32() != 1)
                throw new InvalidRecordingException(folder, $"{DescriptionFile} states no \"format\": 1");
            return new Recording(folder, root);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidRecordingException(folder, $"{DescriptionFile} is damaged: {exception.Message}", exception);
        }
    }

    public string? Text(string name) => Root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The objects of a list in case.json; none if it is not there.</summary>
    public IEnumerable<JsonElement> Entries(string name) =>
        Root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    /// <summary>A recorded tensor by its name in the file, such as "run/in/input_ids".</summary>
    /// <exception cref="InvalidRecordingException">It is not there.</exception>
    public Tensor Open(string name) => Find(name) ?? throw new InvalidRecordingException(Folder, $"{TensorFile} lacks '{name}'");

    public Tensor? Find(string name) => _tensors?.Tensors.GetValueOrDefault(name) is { } tensor ? _data.Open(tensor) : null;

    internal static Tolerance? ReadTolerance(JsonElement element) =>
        element.TryGetProperty("tolerance", out var tolerance) && tolerance.ValueKind == JsonValueKind.Object
            ? new Tolerance(tolerance.GetProperty("abs").GetDouble(), tolerance.GetProperty("rel").GetDouble()) : null;
}

/// <summary>One call of the original with its inputs and outputs.</summary>
public sealed class RecordedRun
{
    private readonly Recording _recording;

    internal RecordedRun(Recording recording, JsonElement root)
    {
        _recording = recording;
        Root = root;
        Name = root.GetProperty("name").GetString() ?? "";
        InputNames = Names("inputs");
        OutputNames = Names("outputs");
    }

    public JsonElement Root { get; }
    public string Name { get; }
    public IReadOnlyList<string> InputNames { get; }
    public IReadOnlyList<string> OutputNames { get; }
    public Tolerance Tolerance => Recording.ReadTolerance(Root) ?? _recording.Tolerance;

    /// <summary>Arguments of the call besides its tensors; undefined if there are none.</summary>
    public JsonElement Arguments => Root.TryGetProperty("arguments", out var arguments) ? arguments : default;

    /// <summary>What a class is called when another method of it is run, or when it is given an argument that is true or false:
    /// "CLIPModel.get_image_features", "BlipForImageTextRetrieval(use_itm_head=false)". Null if the run is a plain one.</summary>
    public string? Variant(string className)
    {
        if (Root.TryGetProperty("method", out var method) && method.GetString() is { } name)
            return $"{className}.{name}";
        if (Arguments.ValueKind == JsonValueKind.Object)
            foreach (var argument in Arguments.EnumerateObject())
                if (argument.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
                    return $"{className}({argument.Name}={argument.Value.GetRawText()})";
        return null;
    }

    /// <summary>The input that marks which positions of the outputs count; null if all do.</summary>
    public Tensor? Where => Root.TryGetProperty("compare_where", out var mask) && mask.GetString() is { } name ? Input(name) : null;

    public Tensor Input(string name) => _recording.Open($"{Name}/in/{name}");

    public Tensor Output(string name) => _recording.Open($"{Name}/out/{name}");

    private string[] Names(string list) => Root.TryGetProperty(list, out var names)
        ? [.. names.EnumerateArray().Select(name => name.GetString() ?? "")] : [];
}

/// <summary>A folder is no reference recording, or a damaged one.</summary>
public sealed class InvalidRecordingException(string folder, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidRecording, $"'{folder}' is no usable reference recording: {problem}.",
    "See docs/formats/reference-recording.md for the format and a script that writes it.", inner);
